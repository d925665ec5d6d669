"""The caller was answered with an error long ago, and the function still works with a database connection.

## What it finds

A function that holds connections of a database and may run longer than the API in front of it waits: 29 seconds for a REST API,
30 for an HTTP API or AppSync, or the timeout the integration sets. REST integrations that hand the request on without waiting
(`X-Amz-Invocation-Type: 'Event'`) do not count.

## Why it matters

API Gateway answers 504 when its time is up; Lambda goes on until the function's own timeout. The caller tries again, and the work
is done twice, with two connections. What the function writes after the 504 surprises everybody.

## What it cannot see

Function URLs and load balancers: what waits there is the client. A function that other sources invoke too may need the longer
timeout for those; the finding is only likely then, and where only a permission for API Gateway shows the API.

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
      Timeout: 60
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: shop, ProtocolType: HTTP}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Http
      StageName: $default
      AutoDeploy: true
      DefaultRouteSettings: {ThrottlingRateLimit: 100, ThrottlingBurstLimit: 40}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      {ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Api.Arn, PayloadFormatVersion: "2.0"}
```

```python cdk
from aws_cdk import Duration, aws_apigateway as apigateway, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

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
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(60), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
apigateway.LambdaRestApi(
    stack, "Rest", handler=api,
    deploy_options=apigateway.StageOptions(throttling_rate_limit=100, throttling_burst_limit=40),
)
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
  timeout                        = 60
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_stage" "http" {
  api_id = aws_apigatewayv2_api.http.id
  name   = "$default"
  default_route_settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 40
  }
}
resource "aws_apigatewayv2_integration" "api" {
  api_id           = aws_apigatewayv2_api.http.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.api.invoke_arn
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
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: shop, ProtocolType: HTTP}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Http
      StageName: $default
      AutoDeploy: true
      DefaultRouteSettings: {ThrottlingRateLimit: 100, ThrottlingBurstLimit: 40}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      {ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Api.Arn, PayloadFormatVersion: "2.0"}
```

```python cdk
from aws_cdk import Duration, aws_apigateway as apigateway, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

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
apigateway.LambdaRestApi(
    stack, "Rest", handler=api,
    deploy_options=apigateway.StageOptions(throttling_rate_limit=100, throttling_burst_limit=40),
)
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
resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_stage" "http" {
  api_id = aws_apigatewayv2_api.http.id
  name   = "$default"
  default_route_settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 40
  }
}
resource "aws_apigatewayv2_integration" "api" {
  api_id           = aws_apigatewayv2_api.http.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.api.invoke_arn
}
```

## How to fix

Set the function's timeout below the integration's, with a second or two to answer with an error of your own. What takes longer
belongs behind a queue: accept, answer 202, work later.

## References

- https://github.com/aws/chalice/issues/1580
- https://github.com/awslabs/fhir-works-on-aws-deployment/pull/625
- https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
- https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.clients import database_functions
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import Quantity, format_number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function, with every trigger that gives up before it."""
    for consumer, held in database_functions(fleet):
        early = [(source, wait) for source, wait in _waits(consumer) if consumer.timeout_seconds.surely_above(wait)]
        if early and not consumer.deploy_time:
            yield _finding(rule, consumer, early, read=any(edge.certainty == "certain" for edge in held))


def _waits(consumer: Consumer) -> Iterator[tuple[EventSource, Quantity]]:
    for source in consumer.event_sources:
        if source.enabled and source.timeout_seconds is not None:
            yield source, source.timeout_seconds


def _finding(rule: Rule, consumer: Consumer, early: list[tuple[EventSource, Quantity]], *, read: bool) -> Finding:
    source, wait = min(early, key=lambda pair: pair[1].low)
    others = any(item.enabled and item.timeout_seconds is None for item in consumer.event_sources)
    shown = all(item.kind != "api-gateway" for item, _ in early)
    return rule.finding(
        consumer.id,
        f"{consumer.id} may run for {consumer.timeout_seconds} s, but the API of {source.id} gives up after {wait} s",
        arithmetic=[
            Term(f"timeout of {consumer.id}, seconds", consumer.timeout_seconds, consumer.origin),
            *dict.fromkeys(str(Term(f"{item.id} waits, seconds", seconds, item.origin)) for item, seconds in early),
        ],
        fix=f"set Timeout of {consumer.id} to at most {format_number(wait.low)} s, or put the long work behind a queue",
        origin=consumer.origin,
        confidence=Confidence.CERTAIN if read and shown and not others else Confidence.LIKELY,
    )


RULE = Rule(
    code="PP301",
    name="function-outlives-trigger",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
