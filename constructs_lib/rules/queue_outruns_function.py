"""A queue may deliver to more executions than its function reserves.

## What it finds

A function with reserved concurrency and SQS event sources:

- *Error* when the sources' own maxima together exceed the reservation: `MaximumConcurrency`, or ten times the pollers of provisioned
  mode.
- *Warning* when a source has no maximum: it starts with five pollers, adds 300 a minute and goes up to 1,250.

Disabled sources do not count; a reservation of 0 is `concurrency-zero` (PP402).

## Why it matters

A message whose invocation is throttled goes back to the queue with its receive count raised. Under load the pollers keep trying, the
counts run out, and messages end in the dead-letter queue although the handler never saw them. With a maximum on the source, the queue
simply waits: that is what it is for.

## What it cannot see

Other invokers of the function that take from the same reservation. Sources of other kinds: streams are bounded by their shards.

## Bad

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 180}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Worker, EventSourceArn: !GetAtt Jobs.Arn}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 180}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn}
```

```python cdk
from aws_cdk import aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=10,
)
worker.add_event_source(sources.SqsEventSource(sqs.Queue(stack, "Jobs"), max_concurrency=20))
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 30
  reserved_concurrent_executions = 10
}
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 180
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name    = aws_lambda_function.worker.arn
  event_source_arn = aws_sqs_queue.jobs.arn
}
```

## Good

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 180}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Jobs.Arn
      ScalingConfig: {MaximumConcurrency: 10}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 180}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Jobs:
          Type: SQS
          Properties: {Queue: !GetAtt Jobs.Arn, ScalingConfig: {MaximumConcurrency: 10}}
```

```python cdk
from aws_cdk import aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    reserved_concurrent_executions=10,
)
worker.add_event_source(sources.SqsEventSource(sqs.Queue(stack, "Jobs"), max_concurrency=10))
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 30
  reserved_concurrent_executions = 10
}
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 180
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name    = aws_lambda_function.worker.arn
  event_source_arn = aws_sqs_queue.jobs.arn
  scaling_config {
    maximum_concurrency = 10
  }
}
```

## How to fix

Set `ScalingConfig.MaximumConcurrency` (2 to 1,000) on every queue source so that the sum is at most the reservation, leaving room for
other invokers.

## References

- https://github.com/seek-oss/skuba/issues/1408
- https://github.com/adobe/spacecat-audit-worker/pull/2876
- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import ZERO, Quantity, format_number, total
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

#: Concurrent invocations of one provisioned poller, and the least MaximumConcurrency (Lambda guide, services-sqs-scaling, 2026-11-21).
INVOCATIONS_PER_POLLER = Quantity.exact(10)
SMALLEST_MAXIMUM = 2


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """At most one finding for each capped function: its queues deliver too much, or without a maximum."""
    for consumer in fleet.consumers:
        queues, reserved = _queues(consumer), consumer.reserved_concurrency
        if not queues or reserved is None or reserved.high == 0:
            continue
        open_ended = [queue.id for queue in queues if _maximum(queue) is None]
        together = _together(queues)
        if together.surely_above(reserved):
            message = f"queues of {consumer.id} may deliver to {together} executions at a time, it reserves {reserved}"
            yield _finding(rule, consumer, message, Severity.ERROR)
        elif open_ended:
            message = f"{listed(open_ended)} may deliver to {consumer.id} without a maximum, it reserves {reserved}"
            yield _finding(rule, consumer, message, Severity.WARNING)


def _queues(consumer: Consumer) -> list[EventSource]:
    return [source for source in consumer.event_sources if source.kind == "sqs" and source.enabled]


def _together(queues: list[EventSource]) -> Quantity:
    return total([maximum for queue in queues if (maximum := _maximum(queue)) is not None])


def _maximum(queue: EventSource) -> Quantity | None:
    if queue.maximum_concurrency is not None:
        return queue.maximum_concurrency
    return None if queue.provisioned_pollers is None else queue.provisioned_pollers * INVOCATIONS_PER_POLLER


def _finding(rule: Rule, consumer: Consumer, message: str, severity: Severity) -> Finding:
    queues, reserved = _queues(consumer), consumer.reserved_concurrency or ZERO
    maxima = [(queue, _maximum(queue)) for queue in queues]
    return rule.finding(
        consumer.id,
        message,
        arithmetic=[
            *(f"maximum of {queue.id}: none" for queue, maximum in maxima if maximum is None),
            *(
                Term(f"maximum of {queue.id}", maximum, queue.origin)
                for queue, maximum in maxima
                if maximum is not None
            ),
            *([Term("maxima together", _together(queues))] if _together(queues) != ZERO else []),
            Term(f"reserved by {consumer.id}", reserved, consumer.origin),
        ],
        fix=_fix(consumer, reserved, len(queues)),
        origin=queues[0].origin if len(queues) == 1 else consumer.origin,
        severity=severity,
    )


def _fix(consumer: Consumer, reserved: Quantity, queues: int) -> str:
    each = int(reserved.low) // queues
    if each < SMALLEST_MAXIMUM:
        return (
            f"reserve at least {SMALLEST_MAXIMUM * queues} for {consumer.id} and set MaximumConcurrency of each queue to "
            f"{SMALLEST_MAXIMUM}, the least AWS accepts"
        )
    together = f" each, {format_number(reserved.low)} together" if queues > 1 else ""
    return f"set MaximumConcurrency to at most {format_number(each)}{together}, or reserve more when the connection budget carries it"


RULE = Rule(
    code="PP501",
    name="queue-outruns-function",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
