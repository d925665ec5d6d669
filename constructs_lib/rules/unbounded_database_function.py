"""A function that connects to a database has no reserved concurrency.

## What it finds

A function that connects to a store, directly or through a pool, and reserves no concurrency: only the account's quota limits how
many environments, and so how many connections, it brings.

- *Error* when it connects directly and may open more connections than are usable.
- *Warning* when it connects directly, but the account's quota keeps all clients below what is usable (a cache of 65,000 clients), or
  when how many are usable is unknown.
- *Warning* when a pool stands between: the proxy keeps the database safe, but the clients that queue in front of it have no bound,
  so no wait can be proven.
- *Warning* when something else limits it in practice: every event source has a maximum of its own (`MaximumConcurrency` of a queue),
  or the reader says why concurrency is naturally small (a schedule). The warning stays, because direct invocations and the retries
  of asynchronous events go past that limit.

Functions that only run while a stack deploys (custom resources, rotation) and those the CDK adds by itself are left out; so are the
Data API and HTTP, which hold no connection.

## Why it matters

Lambda adds up to 1,000 environments every ten seconds. A burst, a retry storm or a slow query, which keeps environments busy and
so calls for more of them, turns into as many connections as the account allows, and the database refuses everybody, also the
functions that behave. A queue that was let loose on an Aurora cluster produced `53300` within seconds.

## What it cannot see

Limits in front of the function, such as an API throttle: they bound requests, not environments. Whether the function opens its
connection on every path.

## Bad

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
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 20
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
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
    timeout=Duration.seconds(20), vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
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
  function_name = "api"
  timeout       = 20
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

## Good

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
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, CodeUri: src/, Timeout: 20, ReservedConcurrentExecutions: 40}
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
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
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

## How to fix

Reserve concurrency: at most what the finding says still fits. Reserving also takes that many executions away from every other
function of the account, which `account-concurrency-exceeded` (PP401) adds up.

## References

- https://github.com/spreaker/poduptime/issues/20
- https://github.com/cds-snc/platform-forms-client/issues/5653
- https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
- https://docs.aws.amazon.com/lambda/latest/dg/scaling-behavior.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.demand import Demand, polled_concurrency
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.settings import Settings
from constructs_lib.rules._fit import largest_direct, shares
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, proxy_for, store_label, usable_sum


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each way an unbounded function has into a store or its readers."""
    for item in budget.stores:
        yield from _direct(rule, item)
        for pool in item.pools:
            yield from _pooled(rule, item, pool)


def _reserves_nothing(demand: Demand) -> bool:
    consumer = demand.consumer
    if consumer.kind != "function" or consumer.deploy_time or consumer.generated or consumer.managed_instances:
        return False
    return consumer.reserved_concurrency is None


def _limited_elsewhere(demand: Demand) -> str:
    """What limits the function in practice although it reserves nothing; empty when nothing does."""
    if demand.connection.bound:
        return demand.connection.bound
    polled = polled_concurrency(demand.consumer)
    if polled is not None:
        return f"its event sources deliver to at most {polled} at a time"
    return ""


def _most(demand: Demand, noun: str) -> str:
    high = demand.connections.high
    return f"any number of {noun}s" if high is None else f"up to {counted(high, noun)}"


def _direct(rule: Rule, item: StoreBudget) -> Iterator[Finding]:
    unbounded = [demand for demand in item.direct if _reserves_nothing(demand)]
    if not unbounded:
        return
    given = dict(shares(_left(largest_direct(item), item.direct), unbounded))
    for demand in unbounded:
        name, limited = demand.consumer.id, _limited_elsewhere(demand)
        but = f" ({limited}, but direct invocations and retries do not)" if limited else ""
        yield rule.finding(
            name,
            f"{name} reserves no concurrency and connects to {store_label(item)}: "
            f"{_most(demand, 'connection')}{but}; {usable_sum(item)}",
            arithmetic=[*item.capacity.terms, Term("usable", item.capacity.usable), demand.term],
            fix=_fix_direct(item, name, given[name], len(unbounded)),
            origin=demand.consumer.origin,
            confidence=confidence([demand]),
            severity=_severity(item, demand, limited),
        )


def _severity(item: StoreBudget, demand: Demand, limited: str) -> Severity:
    """An error only where they may be too many: not while the account's limit keeps them below an ample one, nor when none is known."""
    highs = [other.connections.high for other in item.direct]
    fits = None not in highs and sum(high or 0 for high in highs) <= item.capacity.usable.low
    unsure = bool(limited) or demand.connection.via == "proxy" or item.capacity.usable.is_unknown
    return Severity.WARNING if unsure or fits else Severity.ERROR


def _left(room: int, demands: tuple[Demand, ...]) -> int:
    """What the bounded clients leave of the room."""
    bounded = [demand.connections.high or 0 for demand in demands if not _reserves_nothing(demand)]
    return max(0, math.floor(room - sum(bounded)))


def _fix_direct(item: StoreBudget, name: str, most: int, sharing: int) -> str:
    """Unbounded functions share equally what the bounded ones leave."""
    if item.capacity.usable.is_unknown:
        return f"reserve concurrency for {name}, and declare max_connections of {item.store.id} to learn how much fits"
    if not most:
        return f"reserve concurrency for {name}; nothing is left beside the other clients of {item.store.id}"
    shared = f", shared equally by the {sharing} functions without a reservation" if sharing > 1 else ""
    return f"reserve at most {most} for {name} (what is left{shared}), or connect through {proxy_for(item.store)}"


def _pooled(rule: Rule, item: StoreBudget, pool: PoolBudget) -> Iterator[Finding]:
    unbounded = [demand for demand in pool.demands if _reserves_nothing(demand)]
    if not unbounded:
        return
    given = dict(shares(_left(math.floor(pool.connections.low), pool.demands), unbounded))
    for demand in unbounded:
        name = demand.consumer.id
        yield rule.finding(
            name,
            f"{name} reserves no concurrency and connects to {store_label(item)} through {pool.pool.id}: "
            f"{_most(demand, 'client')} for a pool {_size(pool)}, so no wait can be proven",
            arithmetic=[Term(f"pool of {pool.pool.id}", pool.connections, pool.pool.origin), demand.term],
            fix=_fix_pooled(pool, name, given[name]),
            origin=demand.consumer.origin,
            confidence=confidence([demand]),
            severity=Severity.WARNING,
        )


def _size(pool: PoolBudget) -> str:
    """A number, or that nobody knows it; why stands in the arithmetic."""
    return "of unknown size" if pool.connections.is_unknown else f"of {pool.connections}"


def _fix_pooled(pool: PoolBudget, name: str, most: int) -> str:
    if not most:
        return f"reserve concurrency for {name} and declare how long its transactions hold a connection"
    return (
        f"reserve at most {most} for {name}, then nobody waits at {pool.pool.id}; "
        "more when its transactions are short and the hold is declared"
    )


RULE = Rule(
    code="PP102",
    name="unbounded-database-function",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
