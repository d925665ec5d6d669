"""Requests and batch work log in to a database as the same user.

## What it finds

A secret that both a function behind an API or URL and a function that only a schedule starts use for the same store.

## Why it matters

PostgreSQL and MySQL can limit connections by user. With a user of its own, a batch run that goes wrong takes its own connections, not
those of the request path; its statements can have another timeout; and it can be locked out alone.

## What it cannot see

Users inside a secret that no document shows, and logins by RDS IAM.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        {max_connections: "100", statement_timeout: 8000, idle_in_transaction_session_timeout: 8000, idle_session_timeout: 300000}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}
  OfOrders:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Login, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 30
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !GetAtt Api.Arn}
  Cleanup:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 60
      ReservedConcurrentExecutions: 1
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}]
  Failed: {Type: AWS::SQS::Queue}
  FailedRuns:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Cleanup
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
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
    value = "8000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "8000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "300000"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_secretsmanager_secret" "login" {
  name = "login"
}
resource "aws_secretsmanager_secret_version" "login" {
  secret_id     = aws_secretsmanager_secret.login.id
  secret_string = jsonencode({ username = "login", host = aws_db_instance.orders.address })
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 30
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, DB_SECRET_ARN = aws_secretsmanager_secret.login.arn }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_lambda_function" "cleanup" {
  function_name                  = "cleanup"
  timeout                        = 60
  reserved_concurrent_executions = 1
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, DB_SECRET_ARN = aws_secretsmanager_secret.login.arn }
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_sqs_queue" "failed" {}
resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "rate(1 day)"
}
resource "aws_cloudwatch_event_target" "nightly" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_lambda_function.cleanup.arn
  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_events as events, aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_, aws_rds as rds, aws_sqs as sqs

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
vpc.add_interface_endpoint("Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
timeouts = {"statement_timeout": "8000", "idle_in_transaction_session_timeout": "8000", "idle_session_timeout": "300000"}
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100", **timeouts},
)
failed = sqs.Queue(stack, "Failed")
def function(name, login, timeout, reserved, **more):
    host = {"PGHOST": orders.db_instance_endpoint_address, "DB_SECRET_ARN": login.secret_arn}
    made = lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
        vpc=vpc, vpc_subnets=isolated, environment=host, timeout=Duration.seconds(timeout),
        reserved_concurrent_executions=reserved, **more,
    )
    orders.connections.allow_default_port_from(made)
    login.grant_read(made)
    return made

function("Api", orders.secret, 10, 30).add_function_url()
cleanup = function("Cleanup", orders.secret, 60, 1, dead_letter_queue=failed)
nightly = events.Rule(stack, "Nightly", schedule=events.Schedule.rate(Duration.days(1)))
nightly.add_target(targets.LambdaFunction(cleanup, dead_letter_queue=failed))
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
        {max_connections: "100", statement_timeout: 8000, idle_in_transaction_session_timeout: 8000, idle_session_timeout: 300000}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}
  OfOrders:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Login, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  ReportLogin:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}

  OfReports:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref ReportLogin, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 30
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !GetAtt Api.Arn}
  Cleanup:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 60
      ReservedConcurrentExecutions: 1
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref ReportLogin}}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}]
  Failed: {Type: AWS::SQS::Queue}
  FailedRuns:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Cleanup
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
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
    value = "8000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "8000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "300000"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_secretsmanager_secret" "login" {
  name = "login"
}
resource "aws_secretsmanager_secret_version" "login" {
  secret_id     = aws_secretsmanager_secret.login.id
  secret_string = jsonencode({ username = "login", host = aws_db_instance.orders.address })
}
resource "aws_secretsmanager_secret" "reports" {
  name = "reports"
}
resource "aws_secretsmanager_secret_version" "reports" {
  secret_id     = aws_secretsmanager_secret.reports.id
  secret_string = jsonencode({ username = "reports", host = aws_db_instance.orders.address })
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 30
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, DB_SECRET_ARN = aws_secretsmanager_secret.login.arn }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_lambda_function" "cleanup" {
  function_name                  = "cleanup"
  timeout                        = 60
  reserved_concurrent_executions = 1
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, DB_SECRET_ARN = aws_secretsmanager_secret.reports.arn }
  }
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_sqs_queue" "failed" {}
resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "rate(1 day)"
}
resource "aws_cloudwatch_event_target" "nightly" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_lambda_function.cleanup.arn
  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_events as events, aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_, aws_rds as rds, aws_sqs as sqs

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
vpc.add_interface_endpoint("Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
timeouts = {"statement_timeout": "8000", "idle_in_transaction_session_timeout": "8000", "idle_session_timeout": "300000"}
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100", **timeouts},
)
reports = rds.DatabaseSecret(stack, "Reports", username="reports").attach(orders)
failed = sqs.Queue(stack, "Failed")
def function(name, login, timeout, reserved, **more):
    host = {"PGHOST": orders.db_instance_endpoint_address, "DB_SECRET_ARN": login.secret_arn}
    made = lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
        vpc=vpc, vpc_subnets=isolated, environment=host, timeout=Duration.seconds(timeout),
        reserved_concurrent_executions=reserved, **more,
    )
    orders.connections.allow_default_port_from(made)
    login.grant_read(made)
    return made

function("Api", orders.secret, 10, 30).add_function_url()
cleanup = function("Cleanup", reports, 60, 1, dead_letter_queue=failed)
nightly = events.Rule(stack, "Nightly", schedule=events.Schedule.rate(Duration.days(1)))
nightly.add_target(targets.LambdaFunction(cleanup, dead_letter_queue=failed))
```

## How to fix

Make a database user and a secret for the batch work, with `ALTER ROLE … CONNECTION LIMIT n` or `MAX_USER_CONNECTIONS`.

## References

- https://www.postgresql.org/docs/current/sql-alterrole.html
- https://dev.mysql.com/doc/refman/8.4/en/user-resources.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import on_request_path, only_scheduled
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each secret with which both requests and batch work log in."""
    users: dict[tuple[str, str], dict[str, Consumer]] = {}
    for edge in fleet.connections:
        consumer = fleet.consumer_by_id.get(edge.consumer)
        if consumer is None or consumer.deploy_time or edge.certainty == "possible":
            continue
        for secret in edge.secrets if edge.via in ("direct", "proxy") else ():
            users.setdefault((edge.store, secret), {})[consumer.id] = consumer
    for (store, secret), found in users.items():
        requests = [name for name, consumer in found.items() if on_request_path(consumer)]
        batch = [name for name, consumer in found.items() if _is_batch(consumer)]
        if requests and batch:
            yield _finding(rule, store, secret, requests, [found[name] for name in batch])


def _is_batch(consumer: Consumer) -> bool:
    return consumer.kind == "job" or only_scheduled(consumer)


def _finding(rule: Rule, store: str, secret: str, requests: list[str], batch: list[Consumer]) -> Finding:
    names = [consumer.id for consumer in batch]
    return rule.finding(
        store,
        f"{listed(requests)} and {listed(names)} log in to {store} with the same user, that of {secret}",
        arithmetic=[*(f"{name}: request path" for name in requests), *(f"{name}: batch" for name in names)],
        fix=f"give {listed(names)} a database user and secret of its own, with a connection limit (ALTER ROLE … CONNECTION LIMIT n)",
        origin=batch[0].origin,
        confidence=Confidence.CERTAIN,
    )


RULE = Rule(
    code="PP607",
    name="shared-credentials",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
