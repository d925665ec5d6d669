"""A function with a reserved concurrency of zero never runs.

## What it finds

Any function, with a database or without, whose reserved concurrency is exactly 0.

## Why it matters

Zero does not mean "no reservation": it stops the function. Every invocation is throttled, queued events end in the dead-letter queue
or expire, and the template deploys without a word. It is often left over from a tool where 0 meant unreserved, or from an incident in
which somebody stopped a function on purpose and the template took the value over.

## What it cannot see

Whether the function is stopped on purpose: acknowledge the finding with the reason.

## Bad

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 0}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src/, ReservedConcurrentExecutions: 0}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 0
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=0,
)
```

## Good

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 10}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: src/}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 10
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=10,
)
```

## How to fix

Reserve what the function needs, or remove the property when no limit is wanted. To keep the function stopped, acknowledge
`poolproof::PP402` with the reason and when it may start again.

## References

- https://github.com/claranet/terraform-aws-lambda/issues/40
- https://docs.aws.amazon.com/lambda/latest/api/API_PutFunctionConcurrency.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import ZERO
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function that is stopped."""
    for consumer in fleet.consumers:
        if (
            consumer.kind == "function"
            and consumer.reserved_concurrency is not None
            and consumer.reserved_concurrency.high == 0
        ):
            yield rule.finding(
                consumer.id,
                f"{consumer.id} reserves 0 concurrent executions: every invocation is throttled, it never runs",
                arithmetic=[Term(f"reserved concurrency of {consumer.id}", ZERO, consumer.origin)],
                fix="reserve at least 1, or remove the property when no limit is wanted; acknowledge it when it is stopped on purpose",
                origin=consumer.origin,
            )


RULE = Rule(
    code="PP402",
    name="concurrency-zero",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
