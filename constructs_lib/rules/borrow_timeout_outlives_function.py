"""A client gives up, or is ended, before its proxy stops letting it wait for a connection.

## What it finds

A pool whose borrow timeout is at least as long as the timeout of a function that uses it, or of the HTTP trigger in front of that
function. RDS Proxy waits 120 seconds where `ConnectionBorrowTimeout` is not set; that default counts.

## Why it matters

When the pool is busy, the client should get an error while it still can answer: 503 with Retry-After, a retry, a message put back.
With a borrow timeout longer than the function, Lambda ends the function first: the caller sees a bare 502 or 504 with nothing in the
log, the environment is thrown away, and the next one makes the burst worse. A timeout set in the client does not help: the wait at
the proxy follows the proxy's own setting.

## What it cannot see

A deadline inside the function that gives up earlier. The time the function needs after it got its connection: leave room for it.

## Bad

The proxy lets clients wait for 120 seconds; the function ends after 20.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy("Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
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
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
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
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
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
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent   = 50
    connection_borrow_timeout = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

## How to fix

Set `ConnectionBorrowTimeout` to what a caller may wait, a few seconds on a request path, below every client's timeout minus the time
it needs to work and answer. Keep it above the bounded wait that `borrow-wait-unbounded` (PP202) computes.

## References

- https://github.com/sequelize/sequelize/issues/14433
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.demand import Demand
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.patience import patience_of
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import Number, format_number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each pool that a client cannot outwait, with every such client in its arithmetic."""
    for _, item in budget.pools:
        short = [
            (demand, limit) for demand in item.demands for limit in patience_of(demand.consumer) if _ends(item, limit)
        ]
        if short:
            yield _finding(rule, item, short)


def _ends(item: PoolBudget, limit: Term) -> bool:
    """Whether the limit surely ends the wait no later than the pool would."""
    return limit.quantity.surely_at_most(item.borrow_timeout)


def _finding(rule: Rule, item: PoolBudget, short: list[tuple[Demand, Term]]) -> Finding:
    read = [pair for pair in short if pair[0].connection.certainty == "certain"]
    demand, limit = min(read or short, key=lambda pair: pair[1].quantity.high or 0)
    others = len({other.consumer.id for other, _ in short}) - 1
    more = f" ({others} more such client{'' if others == 1 else 's'})" if others else ""
    default = ", the service default" if item.pool.borrow_timeout_seconds is None else ""
    return rule.finding(
        item.pool.id,
        f"{item.pool.id}: a client may wait {item.borrow_timeout} s for a connection{default}, "
        f"but the {limit.label} is {limit.quantity} s{more}",
        arithmetic=[
            *(Term(f"{term.label}, seconds", term.quantity, term.origin) for _, term in short),
            Term("borrow timeout, seconds", item.borrow_timeout, item.pool.origin),
        ],
        fix=_fix(item, min(term.quantity.low for _, term in short)),
        origin=item.pool.origin,
        confidence=confidence([demand]),
    )


def _fix(item: PoolBudget, shortest: Number) -> str:
    largest = math.ceil(shortest) - 1
    if largest < 1:
        return f"raise that timeout above 1 s and set ConnectionBorrowTimeout of {item.pool.id} below it"
    return f"set ConnectionBorrowTimeout of {item.pool.id} to at most {format_number(largest)} s, less the time the client needs to answer"


RULE = Rule(
    code="PP201",
    name="borrow-timeout-outlives-function",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
