"""A transaction that nobody goes on with keeps its connection and its locks.

## What it finds

A PostgreSQL or MariaDB database of RDS or Aurora that lets a transaction stand idle for more than 15 minutes, the longest a
function can run: neither `idle_in_transaction_session_timeout` nor, from PostgreSQL 17 on, `transaction_timeout` ends it sooner
(`idle_transaction_timeout` of MariaDB). RDS for PostgreSQL starts with 24 hours; that default counts.

## Why it matters

A function that ends, fails or is frozen between two statements leaves its transaction open. Nothing comes any more, but the
connection is not free, at a proxy neither, its locks stop others, and vacuum cannot clean up behind it.

## What it cannot see

A timeout that a database user has from a migration, or that the code sets: declare the hold as enforced. MySQL has no such
parameter: `wait_timeout` ends the whole session. Functions that nothing in the given documents invokes are left out.

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

Set `idle_in_transaction_session_timeout` to the longest time a transaction may wait for its own code, a few seconds where
functions are the only clients and at most the longest timeout of theirs. From PostgreSQL 17 on `transaction_timeout` ends the
transaction as a whole.

## References

- https://github.com/polarsource/polar/pull/14345
- https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.clients import LONGEST_SECONDS, busy_clients
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet, Store
from constructs_lib.model.quantity import Number, format_number
from constructs_lib.model.server_timeouts import ServerTimeout, server_timeout
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each database that waits too long for a transaction nobody goes on with."""
    for store in fleet.stores:
        limit = server_timeout(store, "idle transaction")
        if limit is None or (limit.seconds is not None and not limit.seconds.surely_above(LONGEST_SECONDS)):
            continue
        clients = {item.id: item for edge, item in busy_clients(fleet, store) if not edge.hold_enforced}
        if clients:
            yield _finding(rule, store, limit, list(clients.values()))


def _finding(rule: Rule, store: Store, limit: ServerTimeout, clients: list[Consumer]) -> Finding:
    longest = _longest(clients)
    default = "" if limit.written else " (the default)"
    waits = "for ever" if limit.seconds is None else f"{limit.seconds} s{default}"
    return rule.finding(
        store.id,
        f"{store.id} waits {waits} for an idle transaction; no function that opens one runs for more than {format_number(longest)} s",
        arithmetic=[
            f"{limit.parameter}: never"
            if limit.seconds is None
            else Term(f"{limit.parameter}, seconds", limit.seconds),
            *(Term(f"timeout of {item.id}, seconds", item.timeout_seconds, item.origin) for item in clients),
        ],
        fix=_fix(store, limit, longest),
        origin=store.origin,
        confidence=Confidence.LIKELY,
    )


def _longest(clients: list[Consumer]) -> Number:
    """Seconds the longest of the functions may run: Lambda's maximum where a timeout is open."""
    return max(LONGEST_SECONDS.at_most(item.timeout_seconds).high or LONGEST_SECONDS.low for item in clients)


def _fix(store: Store, limit: ServerTimeout, longest: Number) -> str:
    amount = f"{format_number(longest)} s" if limit.unit == "s" else f"{format_number(int(longest * 1000))} ms"
    return (
        f"set {limit.parameter} in a parameter group of {store.id} to at most {amount}, or declare the hold as enforced"
    )


RULE = Rule(
    code="PP303",
    name="idle-in-transaction-unbounded",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
