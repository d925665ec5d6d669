"""A function that needs a database runs with Lambda's default timeout of three seconds.

## What it finds

A function that holds connections of a database, directly or at a proxy, and sets no `Timeout`.

## Why it matters

Three seconds were not chosen for this function. A cold start, the TLS handshake, a wait at the proxy or one slow statement use
them up; Lambda then ends the environment in the middle of a transaction, and the next invocation pays for a new environment and a
new connection. Under load that turns a slow database into a storm of connections.

## What it cannot see

Three seconds written down are a choice: they pass. Functions whose relation to a database is only possible.

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
        idle_session_timeout: "3600000"
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

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
    code=lambda_.Code.from_inline("handler = print"), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
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
  reserved_concurrent_executions = 40
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
```

## How to fix

Set `Timeout` to what one invocation may take at its worst: connect, wait at the proxy (its borrow timeout), transaction, retry.
Behind an API stay below what the API waits, see `function-outlives-trigger` (PP301).

## References

- https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html
- https://awslabs.github.io/serverless-rules/rules/lambda/default_timeout/
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.clients import database_functions
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each such function."""
    for consumer, held in database_functions(fleet):
        if consumer.timeout_is_default:
            yield _finding(rule, consumer, held)


def _finding(rule: Rule, consumer: Consumer, held: tuple[Connection, ...]) -> Finding:
    stores = listed(dict.fromkeys(connection.store for connection in held))
    certain = any(connection.certainty == "certain" for connection in held)
    return rule.finding(
        consumer.id,
        f"{consumer.id} works on {stores} and sets no timeout: Lambda ends it after {consumer.timeout_seconds} s",
        arithmetic=[
            Term(f"timeout of {consumer.id}, seconds (AWS's default)", consumer.timeout_seconds, consumer.origin)
        ],
        fix=f"set Timeout of {consumer.id} to what its slowest invocation needs: connect, wait, transaction and one retry",
        origin=consumer.origin,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
    )


RULE = Rule(
    code="PP306",
    name="default-timeout-on-database-function",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
