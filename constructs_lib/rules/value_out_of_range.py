"""A number that AWS does not accept, or that makes no sense: negative, zero where something must be, beyond the allowed range.

## What it finds

Literals outside what the service takes: a function's timeout (1 to 900 s), `MaxConnectionsPercent` (1 to 100), `max_connections` of an
engine, `MaximumConcurrency` of a queue's mapping (2 to 1,000), a minimum capacity above the maximum; a pool whose share rounds down to
no connection at all; and every negative number, wherever it stands.

Reserved concurrency of 0 is `concurrency-zero` (PP402); a borrow timeout of 0 or above 300 s is
`borrow-timeout-out-of-range` (PP216).

## Why it matters

The deployment fails, late, at the resource; or, with a declaration, the arithmetic of this report would rest on a slip. A share of 1 % of
79 connections is a pool of zero: every client waits until its borrow timeout.

## What it cannot see

Numbers behind parameters without a value, imports and tokens: those of what is in use are named under *not decided*.

## Bad

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 0, ReservedConcurrentExecutions: 20}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 1200
  reserved_concurrent_executions = 20
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.CfnFunction(
    stack, "Api", code={"zipFile": "handler = print"}, handler="index.handler", runtime="python3.13",
    role="arn:aws:iam::111122223333:role/api", timeout=0, reserved_concurrent_executions=20,
)
```

## Good

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 20}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 20
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.CfnFunction(
    stack, "Api", code={"zipFile": "handler = print"}, handler="index.handler", runtime="python3.13",
    role="arn:aws:iam::111122223333:role/api", timeout=10, reserved_concurrent_executions=20,
)
```

## How to fix

Write a number from the range that the finding names.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.ranges import OutOfRange, out_of_range, perhaps_out_of_range
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said


def search(rule: Rule, fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each number, each once, and a gap for each that may or may not be accepted."""
    yield from perhaps_out_of_range(fleet, budget)
    for slip in dict.fromkeys(out_of_range(fleet, budget)):
        yield rule.finding(
            slip.subject, slip.message, arithmetic=[f"allowed: {slip.allowed}"], fix=_fix(slip), origin=slip.origin
        )


def _fix(slip: OutOfRange) -> str:
    return slip.fix or f"write {slip.allowed} there"


RULE = Rule(
    code="PP904",
    name="value-out-of-range",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
