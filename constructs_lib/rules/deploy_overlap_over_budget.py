"""Direct connections fit the database once, but not while a deploy brings up the next version.

## What it finds

A store whose sum of connections provably fits in ordinary times, and does not provably fit when the environments of two versions
hold connections at once (the setting `deploy_overlap`, 2 by default). Only direct connections, and sessions that pin a proxy,
count twice: a client that waits at a proxy without a transaction holds nothing.

The finding is certain when the sum during a deploy, counting of pools no more than their clients make them open, exceeds the highest
limit the store may have, else likely.

## Why it matters

A deploy does not close the old environments: Lambda freezes them, their sockets stay open, and no hook runs that could close them.
The new version opens its own. For some minutes both count, on the very occasion when people watch the service. Deploys of
hundreds of functions show as a hill in `DatabaseConnections`.

## What it cannot see

How long AWS keeps the old environments, which is not documented; several deploys in a row, which overlap more than twice. A linear or
canary deploy (CodeDeploy, `DeploymentPreference`, weights of an alias) is seen: it keeps two versions serving for as long as it lasts.

## Bad

60 connections in ordinary times, 120 during a deploy, 86 usable.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 60
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
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
  timeout                        = 20
  reserved_concurrent_executions = 60
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
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=60, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## Good

43 × 2 = 86.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 43
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
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
  timeout                        = 20
  reserved_concurrent_executions = 43
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
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=43, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Lower the reserved concurrency to the value proposed, connect through a proxy, or raise `max_connections`. Server-side idle timeouts
(`idle_session_timeout`, `wait_timeout`) shorten the overlap; they do not remove it.

## References

- https://github.com/sidorares/node-mysql2/issues/3020
- https://github.com/govuk-one-login/authentication-api/pull/4816
- https://github.com/jeremydaly/serverless-mysql/issues/16
- https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._fit import largest_direct, shares, spelled
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import (
    by_clients,
    confidence,
    counted,
    proxy_for,
    store_label,
    store_origin,
    usable_sum,
)


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, that only a deploy overfills."""
    for item in budget.stores:
        if item.verdict_once is not Verdict.FITS or item.verdict is Verdict.FITS:
            continue
        if not all(demand.bounded for demand in item.direct):
            continue  # that a function has no bound at all is unbounded-database-function's finding
        yield rule.finding(
            item.store.id,
            f"{store_label(item)}: {counted(item.opened_once, 'connection')} fit, but {item.opened} may be open while "
            f"{max(demand.overlap for demand in item.demands)} versions overlap during a deploy; {usable_sum(item)}"
            + (by_clients(item) if item.ceiling_exceeds and item.verdict is not Verdict.EXCEEDS else ""),
            arithmetic=item.terms,
            fix=_fix(item),
            origin=store_origin(item),
            confidence=confidence(item.demands, decided=item.verdict is Verdict.EXCEEDS),
        )


def _fix(item: StoreBudget) -> str:
    given = shares(largest_direct(item), item.direct)
    return (
        f"reserve at most {spelled(given)} (the largest values that fit together during a deploy), "
        f"connect through {proxy_for(item.store)}, or {'raise max_connections' if item.store.on_rds else 'take a larger size'}"
    )


RULE = Rule(
    code="PP107",
    name="deploy-overlap-over-budget",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
