"""Nothing at the database ends a statement before the function that sent it is gone.

## What it finds

A database of RDS or Aurora whose parameters end no statement (`statement_timeout` and, from PostgreSQL 17 on,
`transaction_timeout`; `max_execution_time` of MySQL; `max_statement_time` of MariaDB), or end it only when the timeout of a
function that uses it has passed.

## Why it matters

Lambda ends a function at its timeout. The statement it sent runs on: the database notices the missing client only when it wants
to answer. The caller tries again, a new function sends the same statement, and the connections of both stay taken. In one outage
3,505 such searches an hour, each without anybody waiting for it, kept two processors busy.

## What it cannot see

A timeout that a database user has from a migration (`ALTER ROLE … SET statement_timeout`) or that the code sets: declare the hold
as enforced under `poolproof:connections`, and the rule is silent. Functions that nothing in the given documents invokes, such as
migrations run by hand, are left out. `max_execution_time` of MySQL ends `SELECT` only.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        max_connections: "100"
        idle_in_transaction_session_timeout: "15000"
        idle_session_timeout: "3600000"
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
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !Ref Api}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    parameters={
        "max_connections": "100",
        "idle_in_transaction_session_timeout": "15000",
        "idle_session_timeout": "3600000",
    },
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
api.add_function_url()
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "3600000"
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
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        max_connections: "100"
        statement_timeout: "15000"
        idle_in_transaction_session_timeout: "15000"
        idle_session_timeout: "3600000"
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
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !Ref Api}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    parameters={
        "max_connections": "100",
        "statement_timeout": "15000",
        "idle_in_transaction_session_timeout": "15000",
        "idle_session_timeout": "3600000",
    },
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
api.add_function_url()
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
  parameter {
    name  = "statement_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "3600000"
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
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

## How to fix

Set the parameter to less than the shortest timeout of the functions, so that they get an error they can still answer with: a
second less, or the time one statement may need on a request path. Give reports and migrations a database user of their own with a
longer one.

## References

- https://github.com/NASA-IMPACT/veda-backend/issues/646
- https://github.com/kirill-markin/flashcards-open-source-app/pull/1680
- https://www.postgresql.org/docs/current/runtime-config-client.html
- https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.clients import busy_clients
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Store
from constructs_lib.model.quantity import Number, format_number
from constructs_lib.model.server_timeouts import ServerTimeout, server_timeout
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import counted


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each database where a statement may outlive the function that sent it."""
    for store in fleet.stores:
        limit = server_timeout(store, "statement")
        clients = {
            consumer.id: (connection, consumer)
            for connection, consumer in busy_clients(fleet, store)
            if not connection.hold_enforced and limit is not None and _outlived(consumer, limit)
        }
        if clients and limit is not None:
            yield _finding(rule, store, limit, list(clients.values()))


def _outlived(consumer: Consumer, limit: ServerTimeout) -> bool:
    return limit.seconds is None or consumer.timeout_seconds.surely_at_most(limit.seconds)


def _finding(rule: Rule, store: Store, limit: ServerTimeout, clients: list[tuple[Connection, Consumer]]) -> Finding:
    _, soonest = min(clients, key=lambda pair: (pair[1].timeout_seconds.is_unknown, pair[1].timeout_seconds.low))
    when = "at its timeout" if soonest.timeout_seconds.is_unknown else f"after {soonest.timeout_seconds} s"
    others = f" ({counted(len(clients) - 1, 'more such function')})" if len(clients) > 1 else ""
    ends = "never ends a statement" if limit.seconds is None else f"ends a statement after {limit.seconds} s"
    sure = limit.seconds is not None and all(connection.certainty == "certain" for connection, _ in clients)
    return rule.finding(
        store.id,
        f"{store.id} {ends}; Lambda ends {soonest.id} {when} and leaves its statement running{others}",
        arithmetic=[
            f"{limit.parameter}: not set"
            if limit.seconds is None
            else Term(f"{limit.parameter}, seconds", limit.seconds),
            *(Term(f"timeout of {item.id}, seconds", item.timeout_seconds, item.origin) for _, item in clients),
        ],
        fix=_fix(store, limit, soonest.timeout_seconds.low),
        origin=store.origin,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
    )


def _fix(store: Store, limit: ServerTimeout, shortest: Number) -> str:
    """One second less than the shortest timeout, or half of a timeout that has no second to spare."""
    room = shortest - 1 if shortest > 1 else Fraction(shortest) / 2
    if not room:
        return f"set {limit.parameter} in a parameter group of {store.id} below the shortest timeout of its functions"
    amount = f"{format_number(room)} s" if limit.unit == "s" else f"{format_number(int(room * 1000))} ms"
    return (
        f"set {limit.parameter} in a parameter group of {store.id} to at most {amount}, or declare the hold as enforced"
    )


RULE = Rule(
    code="PP302",
    name="statements-unbounded",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
