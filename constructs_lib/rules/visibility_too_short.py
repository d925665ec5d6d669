"""A message becomes visible again while Lambda still works on it, or waits for a free execution.

## What it finds

An SQS source whose queue hides a received message for less than six times the function's timeout plus the batching window (30
seconds where `VisibilityTimeout` is not set).

## Why it matters

Lambda takes messages from the queue before an execution is free, and tries again when it is throttled, all within the visibility
timeout. When that runs out, another poller takes the same message: the work is done twice, and each round counts as a receive
until the message is in the dead-letter queue. Six times the timeout is what AWS advises; below one time the deploy fails.

## What it cannot see

How long the function really takes. Queues that are not in the given documents.

## Bad

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Jobs.Arn
      MaximumBatchingWindowInSeconds: 20
      ScalingConfig: {MaximumConcurrency: 10}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 60}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, MaximumBatchingWindowInSeconds: 20}}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30),
)
jobs = sqs.Queue(stack, "Jobs", visibility_timeout=Duration.seconds(60))
worker.add_event_source(sources.SqsEventSource(jobs, max_batching_window=Duration.seconds(20)))
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name = "worker"
  timeout       = 30
}
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 60
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name                      = aws_lambda_function.worker.arn
  event_source_arn                   = aws_sqs_queue.jobs.arn
  maximum_batching_window_in_seconds = 20
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
    Properties: {VisibilityTimeout: 200}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Jobs.Arn
      MaximumBatchingWindowInSeconds: 20
      ScalingConfig: {MaximumConcurrency: 10}
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Jobs:
    Type: AWS::SQS::Queue
    Properties: {VisibilityTimeout: 200}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, MaximumBatchingWindowInSeconds: 20}}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30),
)
jobs = sqs.Queue(stack, "Jobs", visibility_timeout=Duration.seconds(200))
worker.add_event_source(sources.SqsEventSource(jobs, max_batching_window=Duration.seconds(20)))
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name = "worker"
  timeout       = 30
}
resource "aws_sqs_queue" "jobs" {
  name                       = "jobs"
  visibility_timeout_seconds = 200
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name                      = aws_lambda_function.worker.arn
  event_source_arn                   = aws_sqs_queue.jobs.arn
  maximum_batching_window_in_seconds = 20
}
```

## How to fix

Set `VisibilityTimeout` of the queue to at least six times the function's timeout plus `MaximumBatchingWindowInSeconds`, or
shorten the function's timeout to what a batch needs.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
- https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-visibility-timeout.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import QUEUES, visibility, visibility_wanted
from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet, Gap
from constructs_lib.model.quantity import format_number
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said
from constructs_lib.rules._wording import counted


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each function, with every queue that hides its messages too briefly for it; gaps where a time is open."""
    for consumer in fleet.consumers:
        short = [source for source in consumer.event_sources if _is_short(consumer, source)]
        if short:
            yield _finding(rule, consumer, short)
        for source in consumer.event_sources:
            if source not in short:
                yield from _open(consumer, source)


def _is_short(consumer: Consumer, source: EventSource) -> bool:
    hidden, wanted = visibility(source), visibility_wanted(consumer, source)
    return source.kind == QUEUES and source.enabled and hidden.surely_below(wanted)


def _open(consumer: Consumer, source: EventSource) -> Iterator[Gap]:
    """What keeps open whether the queue hides its messages long enough."""
    if (
        source.kind == QUEUES
        and source.enabled
        and not visibility_wanted(consumer, source).surely_at_most(visibility(source))
    ):
        yield from unread(consumer.id, f"timeout of {consumer.id}", consumer.timeout_seconds, consumer.origin)
        window = source.batching_window_seconds
        yield from unread(consumer.id, f"batching window of {source.id}", window, source.origin)


def _finding(rule: Rule, consumer: Consumer, short: list[EventSource]) -> Finding:
    first = min(short, key=lambda source: visibility(source).low)
    wanted = visibility_wanted(consumer, first)
    default = ", the default" if first.visibility_timeout_seconds is None else ""
    others = f" ({counted(len(short) - 1, 'more such queue')})" if len(short) > 1 else ""
    return rule.finding(
        consumer.id,
        f"the queue of {first.id} hides a message for {visibility(first)} s{default}; AWS advises {wanted} s for {consumer.id}{others}",
        arithmetic=[
            Term(f"timeout of {consumer.id}, seconds", consumer.timeout_seconds, consumer.origin),
            *(line for source in short for line in _lines(consumer, source)),
        ],
        fix=_fix(consumer, short, first),
        origin=first.origin if len(short) == 1 else consumer.origin,
    )


def _lines(consumer: Consumer, source: EventSource) -> Iterator[Term]:
    if source.batching_window_seconds is not None:
        yield Term(f"batching window of {source.id}, seconds", source.batching_window_seconds, source.origin)
    yield Term(f"advised for {source.id}: 6 × timeout + window, seconds", visibility_wanted(consumer, source))
    yield Term(f"visibility timeout of the queue of {source.id}, seconds", visibility(source), source.origin)


def _fix(consumer: Consumer, short: list[EventSource], first: EventSource) -> str:
    most = max(visibility_wanted(consumer, source).low for source in short)
    whose = f"the queue of {first.id}" if len(short) == 1 else f"these {len(short)} queues"
    return f"set VisibilityTimeout of {whose} to at least {format_number(most)} s"


RULE = Rule(
    code="PP503",
    name="visibility-too-short",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
