"""The database's limit rests on a default formula instead of a number in its parameter group.

## What it finds

A store that something connects to, whose `max_connections` is the engine's default and therefore

- only known in bounds, because AWS takes an unpublished part of the class's memory before the formula sees it, or
- tied to the maximum capacity of Aurora Serverless v2, where a changed maximum only counts after a reboot.

Aurora MySQL on a listed class, and classes so large that the formula reaches its cap, have one documented value: no finding. An
unknown limit is `unknown-capacity` (PP902).

## Why it matters

Whoever does the sum by hand takes the nominal memory: 112 connections for a PostgreSQL db.t4g.micro, of which the server offers 79.
A db.t3.small reports 191 where the formula gives 225. The limit moves silently with the next class, engine version or capacity, and
every number that rests on it (pool percentages, reserved concurrency) moves or breaks with it.

## What it cannot see

A limit that was changed by hand outside the template.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.t4g.micro}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.t4g.micro"
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), instance_type=ec2.InstanceType("t4g.micro"),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=10, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "60"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.t4g.micro, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "60"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.t4g.micro"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("t4g.micro"), parameters={"max_connections": "60"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=10, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Put `max_connections` into a parameter group of your own (the cluster's for Aurora), at most at the lowest default of the class, and
reboot once: the parameter is static in PostgreSQL. `RelationalStore` does so by itself.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Performance.html
- https://github.com/app-sre/aws-resource-exporter/pull/86
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import format_number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, listed, store_label, store_origin


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, whose known limit is no pinned number."""
    for item in budget.stores:
        capacity = item.capacity
        if capacity.pinned or capacity.max_connections.is_unknown or not (item.direct or item.pools):
            continue
        if capacity.max_connections.is_exact and not _serverless(item):
            continue
        yield rule.finding(
            item.store.id,
            f"{store_label(item)}: max_connections rests on the engine's default for {_classes(item)}: "
            f"{capacity.max_connections}{_moves(item)}",
            arithmetic=capacity.terms,
            fix=_fix(item),
            origin=store_origin(item),
            confidence=confidence(item.demands) if item.demands else Confidence.CERTAIN,
        )


def _serverless(item: StoreBudget) -> bool:
    return any(instance.instance_class == "db.serverless" for instance in item.store.instances)


def _classes(item: StoreBudget) -> str:
    if _serverless(item) and item.store.serverless_max is not None:
        return f"at most {item.store.serverless_max} ACU"
    names = [instance.instance_class for instance in item.store.instances if instance.instance_class]
    return listed(dict.fromkeys(names)) if names else "its class"


def _moves(item: StoreBudget) -> str:
    return ", after a reboot when the maximum capacity changed" if _serverless(item) else ""


def _fix(item: StoreBudget) -> str:
    """A pin at the low end: what the class surely carries."""
    group = "cluster parameter group" if item.store.kind.endswith("cluster") else "parameter group"
    low = format_number(item.capacity.max_connections.low)
    return f"pin max_connections at {low} or less in a {group} of your own, or declare it"


RULE = Rule(
    code="PP105",
    name="max-connections-not-pinned",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
