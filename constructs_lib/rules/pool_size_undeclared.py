"""An environment may open more connections than the one it can use, or nobody says how many it opens.

## What it finds

- A function whose environments may each open several connections to one store, because an environment variable of its pool (such as
  `DB_POOL_SIZE`), its connection string or a declaration says so: a *warning*. It is *likely* when the number was set but cannot be read.
- For each store, the functions for which nobody says it: an *info*, one for all of them. One connection is assumed then, and every sum
  of this report rests on it.

Managed instances run several requests in one environment and are left alone.

## Why it matters

An environment of Lambda works on one request at a time. A pool of ten, which is what most drivers open by default, multiplies the
function's demand by ten: 50 environments are 500 connections, of which 450 idle in frozen processes that no client-side idle timeout
can reach. Reserved concurrency alone bounds nothing then.

## What it cannot see

What the code passes to its driver. A number in code has to be declared (`poolproof:connections`, `connections_per_environment`) or
moved into an environment variable that the code reads. A function that truly queries in parallel may need its pool: acknowledge it.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "10"}}
```

```hcl terraform
variable "db_pool_size" {
  default = "10"
}
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "400"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 10
  timeout                        = 10
  environment {
    variables = {
      PGHOST       = aws_db_instance.orders.address
      DB_POOL_SIZE = var.db_pool_size
    }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=10,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address, "DB_POOL_SIZE": "10"},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "1"}}
```

```hcl terraform
variable "db_pool_size" {
  default = "1"
}
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "400"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 10
  timeout                        = 10
  environment {
    variables = {
      PGHOST       = aws_db_instance.orders.address
      DB_POOL_SIZE = var.db_pool_size
    }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=10,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address, "DB_POOL_SIZE": "1"},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Give the driver a pool of one and create the client outside the handler; the `datastores` runtime does both. Where the number stands in
code, declare it under `poolproof:connections` with `connections_per_environment`.

## References

- https://github.com/boardsesh/boardsesh/issues/4861
- https://github.com/Kilo-Org/cloud/pull/554
- https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.demand import Demand
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, listed, store_label, store_origin

#: Names a sentence still can carry.
_SHOWN = 5


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each connection that multiplies, and one for each store whose clients' pools are assumed."""
    for item in budget.stores:
        demands = [demand for demand in item.demands if not demand.consumer.managed_instances]
        for demand in demands:
            if demand.per_environment.high is None or demand.per_environment.high > 1:
                yield _multiplied(rule, item, demand)
        assumed = [demand for demand in demands if demand.assumed and _holds(demand)]
        if assumed:
            yield _assumed(rule, item, assumed)


def _holds(demand: Demand) -> bool:
    return demand.connection.via in ("direct", "proxy")


def _multiplied(rule: Rule, item: StoreBudget, demand: Demand) -> Finding:
    name, each = demand.consumer.id, demand.per_environment
    size = (
        counted(each, "connection")
        if each.high is not None and each.low > 1
        else f"a number of connections that is {each}"
    )
    return rule.finding(
        name,
        f"{name}: each environment may open {size} to {store_label(item)}, but works on one request at a time",
        arithmetic=[demand.term],
        fix=f"set the connection pool of {name} to 1, or declare connections_per_environment where the code says so",
        origin=demand.consumer.origin,
        confidence=confidence([demand], decided=each.low > 1),
    )


def _assumed(rule: Rule, item: StoreBudget, demands: list[Demand]) -> Finding:
    names = list(dict.fromkeys(demand.consumer.id for demand in demands))
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} more"]
    return rule.finding(
        item.store.id,
        f"{store_label(item)}: nobody says how many connections an environment of {listed(shown)} opens; one is assumed",
        arithmetic=dict.fromkeys(demand.term for demand in demands),
        fix="set the pool to 1 in code and declare connections_per_environment, "
        "or put it into an environment variable such as DB_POOL_SIZE",
        origin=store_origin(item),
        severity=Severity.INFO,
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code="PP103",
    name="pool-size-undeclared",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
