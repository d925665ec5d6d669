"""A limit beside the number of connections binds first: cursors, active connections, the rate of new ones, clients of a pooler.

## What it finds

- DocumentDB: more functions at work than the smallest instance admits *active connections* (certain), or *cursors* (likely: a query
  that needs a second batch of results keeps one open). On a db.t4g.medium these are 102 and 30, of 1,000 connections.
- Aurora DSQL: more new environments at once than its burst of 1,000 new connections. One function of Lambda meets the rate exactly
  (1,000 environments each ten seconds against 100 connections a second); two exceed it.
- A pooler with more clients than it admits, such as PgBouncer's `max_client_conn` (100 by default).

Redshift's 500 or 2,000 sessions, Neptune's and ElastiCache's connections are capacities like any other: `connections-over-budget` (PP101).

## Why it matters

The sum of connections fits, and requests fail all the same: `Cursor limit reached`, `53400 connection rate limit exceeded`, `no more
connections allowed`. The monitoring of connections shows nothing.

## What it cannot see

How many cursors a query opens, and how long it keeps them.

## Bad

PgBouncer as it is installed: 20 connections, 100 clients.

```yaml cloudformation
Metadata:
  "poolproof:pools":
    - {id: Bouncer, store: Orders, preset: pgbouncer, borrow_timeout_seconds: 5}
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
    Metadata:
      "poolproof:connections":
        - {store: Orders, pool: Bouncer, via: proxy, connections_per_environment: 1, hold_seconds: 0.05, hold_enforced: true}
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 150}
```

```hcl terraform
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
  timeout                        = 10
  reserved_concurrent_executions = 150
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:pools" = [{ id = "bouncer", store = "aws_db_instance.orders", preset = "pgbouncer", borrow_timeout_seconds = 5 }]
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_db_instance.orders", pool = "bouncer", via = "proxy"
      connections_per_environment = 1, hold_seconds = 0.05, hold_enforced = true
    }]
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
store = stack.get_logical_id(orders.node.default_child)
stack.add_metadata("poolproof:pools", [{"id": "Bouncer", "store": store, "preset": "pgbouncer", "borrow_timeout_seconds": 5}])
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=150,
)
api.node.default_child.add_metadata("poolproof:connections", [{
    "store": store, "pool": "Bouncer", "via": "proxy", "connections_per_environment": 1, "hold_seconds": 0.05, "hold_enforced": True,
}])
```

## Good

```yaml cloudformation
Metadata:
  "poolproof:pools":
    - {id: Bouncer, store: Orders, preset: pgbouncer, borrow_timeout_seconds: 5}
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
    Metadata:
      "poolproof:connections":
        - {store: Orders, pool: Bouncer, via: proxy, connections_per_environment: 1, hold_seconds: 0.05, hold_enforced: true}
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 90}
```

```hcl terraform
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
  timeout                        = 10
  reserved_concurrent_executions = 90
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:pools" = [{ id = "bouncer", store = "aws_db_instance.orders", preset = "pgbouncer", borrow_timeout_seconds = 5 }]
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_db_instance.orders", pool = "bouncer", via = "proxy"
      connections_per_environment = 1, hold_seconds = 0.05, hold_enforced = true
    }]
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
store = stack.get_logical_id(orders.node.default_child)
stack.add_metadata("poolproof:pools", [{"id": "Bouncer", "store": store, "preset": "pgbouncer", "borrow_timeout_seconds": 5}])
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=90,
)
api.node.default_child.add_metadata("poolproof:connections", [{
    "store": store, "pool": "Bouncer", "via": "proxy", "connections_per_environment": 1, "hold_seconds": 0.05, "hold_enforced": True,
}])
```

## How to fix

Reserve no more concurrency than the finding admits, or take the class whose limits carry it. Fetch results in one batch where cursors
bind. Spread the start of functions on Aurora DSQL with provisioned concurrency.

## References

- https://docs.aws.amazon.com/documentdb/latest/developerguide/limits.html
- https://docs.aws.amazon.com/aurora-dsql/latest/userguide/CHAP_quotas.html
- https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
- https://github.com/pgbouncer/pgbouncer/blob/master/doc/config.md
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.session_limits import SessionLimit, session_limits
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import store_origin


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each limit that surely is exceeded."""
    for item in budget.stores:
        sure = all(demand.connection.certainty == "certain" for demand in item.demands)
        for limit in session_limits(item):
            if limit.exceeded:
                origin = limit.origin if str(limit.origin) else store_origin(item)
                yield _finding(rule, limit, origin, certain=sure and not limit.assumed)


def _finding(rule: Rule, limit: SessionLimit, origin: Origin, *, certain: bool) -> Finding:
    return rule.finding(
        limit.subject,
        f"{limit.subject}: {limit.wanted} {limit.name} may be needed; {limit.admitted} are admitted",
        arithmetic=[*limit.terms, Term("may be needed", limit.wanted), Term("admitted", limit.admitted)],
        fix=_fix(limit),
        origin=origin,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
    )


def _fix(limit: SessionLimit) -> str:
    return (
        f"reserve at most {Quantity.exact(limit.admitted.low)} for all functions on {limit.subject} together, "
        "or take a size that admits more"
    )


RULE = Rule(
    code="PP113",
    name="cursor-or-session-limit",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
