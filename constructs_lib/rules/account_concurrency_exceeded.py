"""Functions reserve more concurrency together than the account may give away.

## What it finds

The sum of reserved concurrency over every function of the documents given, against the account's quota of concurrent executions
minus the part AWS keeps unreserved: 100, or the whole quota of a smaller account.

*Certain* when the quota was declared (`account_concurrency`); *likely* when AWS's default of 1,000 is assumed, because many accounts
had theirs raised and new accounts start with less.

## Why it matters

CloudFormation refuses the function that goes too far with `decreases account's UnreservedConcurrentExecution below its minimum
value`, often half an hour and several stacks into a deploy. The rollback then takes as long again. And every reservation is taken
from the functions that reserve nothing: they share what is left.

## What it cannot see

Reservations of other stacks in the same account and region; documents that go to different accounts or regions, which share no quota:
check those apart. Provisioned concurrency of functions that reserve nothing.

## Bad

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 600}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 600}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, CodeUri: src/, ReservedConcurrentExecutions: 600}
Resources:
  Api:
    Type: AWS::Serverless::Function
  Worker:
    Type: AWS::Serverless::Function
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 600
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  reserved_concurrent_executions = 600
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=600,
)
lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=600,
)
```

## Good

```yaml cloudformation
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 600}
  Worker:
    Type: AWS::Lambda::Function
    Properties: {ReservedConcurrentExecutions: 300}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, CodeUri: src/, ReservedConcurrentExecutions: 300}
Resources:
  Api:
    Type: AWS::Serverless::Function
  Worker:
    Type: AWS::Serverless::Function
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 600
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  reserved_concurrent_executions = 300
}
```

```python cdk
from aws_cdk import aws_lambda as lambda_

lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=600,
)
lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=300,
)
```

## How to fix

Reserve what the functions need at their peak (requests per second × seconds), not a round number. Or have the quota raised (Service
Quotas, Lambda, concurrent executions) and declare it as `account_concurrency`.

## References

- https://github.com/aws/context-ontology-accelerator/issues/48
- https://github.com/aws-samples/siem-on-amazon-opensearch-service/issues/175
- https://github.com/govuk-one-login/authentication-api/pull/4772
- https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
- https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.quantity import ZERO, Quantity, format_number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule

#: What a finding about the whole account is about.
SUBJECT = "account"


def search(rule: Rule, fleet: Fleet, budget: Budget, settings: Settings) -> Iterator[Finding]:
    """At most one finding; it points at the largest reservation."""
    if not budget.reserved.surely_above(budget.reservable):
        return
    reserving = sorted((c for c in fleet.consumers if _reserved(c) != ZERO), key=lambda c: (-_reserved(c).low, c.id))
    assumed = "" if settings.account_concurrency_declared else " (the default, assumed)"
    yield rule.finding(
        SUBJECT,
        f"functions reserve {budget.reserved} concurrent executions together; {budget.reservable} of the account's "
        f"{settings.account_concurrency:,}{assumed} can be reserved",
        arithmetic=[
            *(Term(consumer.id, _reserved(consumer), consumer.origin) for consumer in reserving),
            Term("reserved together", budget.reserved),
            Term(f"account concurrency{assumed}", Quantity.exact(settings.account_concurrency)),
            Term("kept unreserved by AWS", Quantity.exact(settings.unreservable)),
            Term("reservable", budget.reservable),
        ],
        fix=_fix(budget, settings, reserving[0]),
        origin=reserving[0].origin,
        confidence=Confidence.CERTAIN if settings.account_concurrency_declared else Confidence.LIKELY,
    )


def _reserved(consumer: Consumer) -> Quantity:
    return consumer.reserved_concurrency or ZERO


def _fix(budget: Budget, settings: Settings, largest: Consumer) -> str:
    excess = budget.reserved.low - budget.reservable.value
    alone = _reserved(largest).low - excess
    lower = f"lower the reservations by {format_number(excess)} in all"
    if alone > 0:
        lower += f" (for example {largest.id} to {format_number(alone)})"
    needed = format_number(budget.reserved.low + settings.unreservable)
    return f"{lower}, or have the quota raised to {needed} or more and declare it as account_concurrency"


RULE = Rule(
    code="PP401",
    name="account-concurrency-exceeded",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
