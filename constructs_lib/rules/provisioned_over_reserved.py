"""A function's provisioned concurrency does not fit into its reserved concurrency.

## What it finds

The sum of provisioned concurrency over all aliases and versions of a function, against its reserved concurrency:

- *Error* when the sum is larger: the deploy fails.
- *Warning* when the two are equal: nothing is left for `$LATEST` or any version without provisioned concurrency, every invocation of
  them is throttled.

Functions that reserve nothing are not compared.

## Why it matters

Lambda refuses provisioned concurrency beyond the reservation, with a message that names neither number, after the function itself
was updated. When both are equal the deploy succeeds and whoever invokes the unqualified name, a test, a forgotten trigger, is
throttled for good.

## What it cannot see

Scheduled or target-tracking scaling that raises provisioned concurrency later.

## Bad

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 5}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Api}
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref Api
      FunctionVersion: !GetAtt Version.Version
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 10}
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
      AutoPublishAlias: live
      ReservedConcurrentExecutions: 5
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 10}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 5
  publish                        = true
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.api.function_name
  function_version = aws_lambda_function.api.version
}
resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_alias.live.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = 10
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=5,
)
api.add_alias("live", provisioned_concurrent_executions=10)
```

## Good

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 15}
  Version:
    Type: AWS::Lambda::Version
    Properties: {FunctionName: !Ref Api}
  Live:
    Type: AWS::Lambda::Alias
    Properties:
      Name: live
      FunctionName: !Ref Api
      FunctionVersion: !GetAtt Version.Version
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 10}
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
      AutoPublishAlias: live
      ReservedConcurrentExecutions: 15
      ProvisionedConcurrencyConfig: {ProvisionedConcurrentExecutions: 10}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 15
  publish                        = true
}
resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.api.function_name
  function_version = aws_lambda_function.api.version
}
resource "aws_lambda_provisioned_concurrency_config" "live" {
  function_name                     = aws_lambda_alias.live.function_name
  qualifier                         = aws_lambda_alias.live.name
  provisioned_concurrent_executions = 10
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=15,
)
api.add_alias("live", provisioned_concurrent_executions=10)
```

## How to fix

Provision less, or reserve more when the database carries it. The reservation is what the connection budget counts: environments that
are provisioned hold their connections all the time, within it.

## References

- https://github.com/serverless/serverless/issues/13154
- https://docs.aws.amazon.com/lambda/latest/dg/provisioned-concurrency.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.quantity import ZERO, Quantity, format_number, total
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function whose provisioned concurrency leaves nothing of the reservation, or goes beyond it."""
    for consumer in fleet.consumers:
        reserved = consumer.reserved_concurrency
        if reserved is None or not consumer.provisioned:
            continue
        provisioned = total([item.executions for item in consumer.provisioned])
        name = consumer.id
        if provisioned.surely_above(reserved):
            message = f"{name} provisions {provisioned} concurrent executions but reserves {reserved}: the deploy fails"
            yield _finding(rule, consumer, message, Severity.ERROR)
        elif provisioned.is_exact and provisioned.low == reserved.low == reserved.high and provisioned.low > 0:
            message = f"{name} provisions all {reserved} concurrent executions it reserves: unqualified invocations are throttled"
            yield _finding(rule, consumer, message, Severity.WARNING)


def _finding(rule: Rule, consumer: Consumer, message: str, severity: Severity) -> Finding:
    reserved = consumer.reserved_concurrency or ZERO
    provisioned = total([item.executions for item in consumer.provisioned])
    return rule.finding(
        consumer.id,
        message,
        arithmetic=[
            *(Term(f"provisioned on {item.id}", item.executions, item.origin) for item in consumer.provisioned),
            Term("provisioned together", provisioned),
            Term("reserved", reserved, consumer.origin),
        ],
        fix=_fix(reserved, provisioned),
        origin=consumer.origin,
        severity=severity,
    )


def _fix(reserved: Quantity, provisioned: Quantity) -> str:
    raise_to = f"reserve at least {format_number(provisioned.low + 1)}"
    if reserved.high is None or reserved.high < 2:
        return f"{raise_to}, or provision nothing"
    return f"provision at most {format_number(reserved.high - 1)} together, or {raise_to} when the connection budget carries it"


RULE = Rule(
    code="PP403",
    name="provisioned-over-reserved",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
