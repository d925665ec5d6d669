"""An API lets through what the function behind it must turn away.

## What it finds

A function with reserved concurrency behind an API Gateway API whose stage sets no rate or no burst limit, or one that is more
than ten times the reservation: Lambda starts at most ten times as many invocations a second as it reserves executions, however
short they are. Stage settings, settings of single methods and routes, and usage plans count.

## Why it matters

Without a limit of its own the API passes on whatever comes, up to the account's 10,000 requests a second. What exceeds the
reservation is throttled by Lambda and reaches the caller as 500 or 503: an error that looks like a fault, is logged nowhere, and
is repeated at once. The API's own limit answers 429 before the function is asked, which clients know how to wait for.

## What it cannot see

Limits in front of the API: a web application firewall, a content network. How long a request takes: with 10 executions and half a
second each, 20 requests a second are all there is. Stages that are not in the given documents.

## Bad

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 20, ReservedConcurrentExecutions: 10}
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: shop, ProtocolType: HTTP}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Http
      StageName: $default
      AutoDeploy: true
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      {ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Api.Arn, PayloadFormatVersion: "2.0"}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Events:
        Orders: {Type: Api, Properties: {Path: /orders, Method: get}}
```

```python cdk
from aws_cdk import Duration, aws_apigateway as apigateway, aws_lambda as lambda_

api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=10,
)
apigateway.LambdaRestApi(stack, "Rest", handler=api)
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 10
}
resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_stage" "http" {
  api_id = aws_apigatewayv2_api.http.id
  name   = "$default"
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
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 20, ReservedConcurrentExecutions: 10}
  Http:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: shop, ProtocolType: HTTP}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties:
      ApiId: !Ref Http
      StageName: $default
      AutoDeploy: true
      DefaultRouteSettings: {ThrottlingRateLimit: 50, ThrottlingBurstLimit: 10}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      {ApiId: !Ref Http, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Api.Arn, PayloadFormatVersion: "2.0"}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Globals:
  Api:
    MethodSettings:
      - {HttpMethod: "*", ResourcePath: "/*", ThrottlingRateLimit: 50, ThrottlingBurstLimit: 10}
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Events:
        Orders: {Type: Api, Properties: {Path: /orders, Method: get}}
```

```python cdk
from aws_cdk import Duration, aws_apigateway as apigateway, aws_lambda as lambda_

api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=10,
)
apigateway.LambdaRestApi(
    stack, "Rest", handler=api,
    deploy_options=apigateway.StageOptions(throttling_rate_limit=50, throttling_burst_limit=10),
)
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 10
}
resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_stage" "http" {
  api_id = aws_apigatewayv2_api.http.id
  name   = "$default"
  default_route_settings {
    throttling_rate_limit  = 50
    throttling_burst_limit = 10
  }
}
resource "aws_apigatewayv2_integration" "api" {
  api_id           = aws_apigatewayv2_api.http.id
  integration_type = "AWS_PROXY"
  integration_uri  = aws_lambda_function.api.invoke_arn
}
```

## How to fix

Set `ThrottlingBurstLimit` to about the reservation, and `ThrottlingRateLimit` to the reservation divided by the seconds a request
takes, on the stage (`MethodSettings` with `*` and `/*`, or `DefaultRouteSettings`), and divide both where several functions share
them.

## References

- https://github.com/kirill-markin/flashcards-open-source-app/pull/1922
- https://github.com/kirill-markin/expense-budget-tracker/pull/265
- https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
- https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import APIS, admitted_per_second
from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each capped function that an API may flood."""
    for consumer in fleet.consumers:
        reserved = consumer.reserved_concurrency
        if reserved is None or reserved.high in (0, None) or consumer.generated:
            continue
        for source in consumer.event_sources:
            problem = _problem(source, reserved) if source.enabled and source.kind in APIS else ""
            if problem:
                yield _finding(rule, consumer, source, reserved, problem)
                break


def _problem(source: EventSource, reserved: Quantity) -> str:
    """What is wrong with the throttle; empty when nothing surely is."""
    rate, burst = source.throttle_rate, source.throttle_burst
    if rate is None or burst is None:
        missing = (
            "no throttle" if rate is None and burst is None else "no rate limit" if rate is None else "no burst limit"
        )
        return f"sets {missing}"
    most = admitted_per_second(reserved)
    if rate.surely_above(most):
        return f"lets {rate} requests a second through"
    return f"lets {burst} requests through at once" if burst.surely_above(most) else ""


def _finding(rule: Rule, consumer: Consumer, source: EventSource, reserved: Quantity, problem: str) -> Finding:
    return rule.finding(
        consumer.id,
        f"the API of {source.id} {problem}; {consumer.id} reserves {reserved}",
        arithmetic=[
            Term(f"reserved by {consumer.id}", reserved, consumer.origin),
            Term("invocations a second that Lambda starts at most", admitted_per_second(reserved)),
            _line("rate limit, requests a second", source.throttle_rate),
            _line("burst limit, requests", source.throttle_burst),
        ],
        fix=f"set ThrottlingBurstLimit of the stage to at most {reserved}, and ThrottlingRateLimit to at most "
        f"{admitted_per_second(reserved)} or {reserved} divided by the seconds a request takes",
        origin=source.origin,
    )


def _line(label: str, limit: Quantity | None) -> object:
    return f"{label}: not set" if limit is None else Term(label, limit)


RULE = Rule(
    code="PP404",
    name="api-throttle-missing",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
