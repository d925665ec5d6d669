"""Frozen functions keep their connections, and the database never closes an idle one.

## What it finds

A database of RDS or Aurora to which functions connect directly and which keeps an idle session for more than an hour:
`idle_session_timeout` of PostgreSQL (14 and later; never, where it is not set), `wait_timeout` of MySQL and MariaDB (8 hours).

## Why it matters

Between two invocations Lambda freezes the environment: timers of the client do not run, so its own idle timeout closes nothing.
An environment that Lambda takes away closes nothing either. After a burst or a deploy such sessions stay until the server ends
them, and the next burst finds the slots taken.

## What it cannot see

Keep-alive settings of the operating system that find dead peers. Functions behind a proxy: there `IdleClientTimeout` does this.
Functions on a schedule, and functions that nothing in the given documents invokes, are left out: they keep few sessions.

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
        statement_timeout: "15000"
        idle_in_transaction_session_timeout: "15000"
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
        idle_session_timeout: "900000"
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
        "idle_session_timeout": "900000",
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
    value = "900000"
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

Set `idle_session_timeout` (milliseconds) or `wait_timeout` (seconds) to some minutes, longer than the usual pause between two
requests. The client must expect it: where it finds its connection closed before a transaction began, it opens a new one. With a
proxy on the same database, stay above its `IdleClientTimeout`, see `database-closes-before-proxy` (PP305). Or put a proxy in
between.

## References

- https://github.com/brianc/node-postgres/issues/2718
- https://github.com/sequelize/sequelize/issues/4938
- https://www.postgresql.org/docs/current/runtime-config-client.html
- https://dev.mysql.com/doc/refman/8.4/en/server-system-variables.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.clients import busy_clients
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Store
from constructs_lib.model.quantity import Quantity, format_number
from constructs_lib.model.server_timeouts import ServerTimeout, server_timeout
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import only_scheduled
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import counted

#: Environments live for some tens of minutes after their last invocation: whatever is idle for an hour belongs to nobody.
LONGEST_SECONDS = Quantity.exact(3600)


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each database that keeps the idle sessions of functions."""
    for store in fleet.stores:
        limit = server_timeout(store, "idle session")
        if limit is None or (limit.seconds is not None and not limit.seconds.surely_above(LONGEST_SECONDS)):
            continue
        clients = {
            consumer.id: (connection, consumer)
            for connection, consumer in busy_clients(fleet, store)
            if connection.via == "direct" and connection.bound is None and not only_scheduled(consumer)
        }
        if clients:
            yield _finding(rule, store, limit, list(clients.values()))


def _finding(rule: Rule, store: Store, limit: ServerTimeout, clients: list[tuple[Connection, Consumer]]) -> Finding:
    more = f" and {counted(len(clients) - 1, 'more function')}" if len(clients) > 1 else ""
    own = "theirs" if more else "its own"
    default = "" if limit.written else ", the default"
    kept = "for ever" if limit.seconds is None else f"for {limit.seconds} s{default}"
    return rule.finding(
        store.id,
        f"{store.id} keeps idle sessions {kept}; {clients[0][1].id}{more} cannot close {own} while frozen",
        arithmetic=[
            f"{limit.parameter}: never"
            if limit.seconds is None
            else Term(f"{limit.parameter}, seconds", limit.seconds),
            *(f"direct: {consumer.id}" for _, consumer in clients),
        ],
        fix=_fix(store, limit),
        origin=store.origin,
        confidence=Confidence.LIKELY,
    )


def _fix(store: Store, limit: ServerTimeout) -> str:
    most = LONGEST_SECONDS.low
    amount = f"{format_number(most)} s" if limit.unit == "s" else f"{format_number(most * 1000)} ms"
    return f"set {limit.parameter} in a parameter group of {store.id} to at most {amount}, or connect through a proxy"


RULE = Rule(
    code="PP304",
    name="idle-sessions-kept",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
