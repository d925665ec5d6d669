"""A message may go to the dead-letter queue without the handler having seen it.

## What it finds

A function with reserved concurrency and an SQS source whose queue gives up after fewer than five receives. *Error* at one
receive, *warning* at two to four. Silent where only queues invoke the function and their maxima together fit the reservation:
then Lambda never throttles what they deliver.

## Why it matters

A delivery that Lambda throttles counts as a receive. With `maxReceiveCount` 1 a single throttle is enough: the message is in the
dead-letter queue, the handler never ran, and no error was logged. AWS advises at least five receives for that reason.

## What it cannot see

Throttling by the account's quota, which hits functions without a reservation too. Who reads the dead-letter queue.

## Bad

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Jobs.Arn
      ScalingConfig: {MaximumConcurrency: 10}
  News:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Worker.Arn}
  Topic:
    Type: AWS::SNS::Topic
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 1}
  Topic:
    Type: AWS::SNS::Topic
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, ScalingConfig: {MaximumConcurrency: 10}}}
        News: {Type: SNS, Properties: {Topic: !Ref Topic}}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sns as sns, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30), reserved_concurrent_executions=10,
)
jobs = sqs.Queue(
    stack, "Jobs", visibility_timeout=Duration.seconds(180),
    dead_letter_queue=sqs.DeadLetterQueue(queue=sqs.Queue(stack, "Dead"), max_receive_count=1),
)
worker.add_event_source(sources.SqsEventSource(jobs, max_concurrency=10))
worker.add_event_source(sources.SnsEventSource(sns.Topic(stack, "Topic")))
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
  redrive_policy = jsonencode({
    deadLetterTargetArn = "arn:aws:sqs:eu-central-1:111122223333:dead"
    maxReceiveCount     = 1
  })
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name    = aws_lambda_function.worker.arn
  event_source_arn = aws_sqs_queue.jobs.arn
  scaling_config {
    maximum_concurrency = 10
  }
}
resource "aws_sns_topic" "news" {
  name = "news"
}
resource "aws_sns_topic_subscription" "news" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.worker.arn
}
```

## Good

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Jobs.Arn
      ScalingConfig: {MaximumConcurrency: 10}
  News:
    Type: AWS::SNS::Subscription
    Properties: {Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt Worker.Arn}
  Topic:
    Type: AWS::SNS::Topic
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Dead:
    Type: AWS::SQS::Queue
  Jobs:
    Type: AWS::SQS::Queue
    Properties:
      VisibilityTimeout: 180
      RedrivePolicy: {deadLetterTargetArn: !GetAtt Dead.Arn, maxReceiveCount: 5}
  Topic:
    Type: AWS::SNS::Topic
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Jobs: {Type: SQS, Properties: {Queue: !GetAtt Jobs.Arn, ScalingConfig: {MaximumConcurrency: 10}}}
        News: {Type: SNS, Properties: {Topic: !Ref Topic}}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_, aws_lambda_event_sources as sources, aws_sns as sns, aws_sqs as sqs

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30), reserved_concurrent_executions=10,
)
jobs = sqs.Queue(
    stack, "Jobs", visibility_timeout=Duration.seconds(180),
    dead_letter_queue=sqs.DeadLetterQueue(queue=sqs.Queue(stack, "Dead"), max_receive_count=5),
)
worker.add_event_source(sources.SqsEventSource(jobs, max_concurrency=10))
worker.add_event_source(sources.SnsEventSource(sns.Topic(stack, "Topic")))
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
  redrive_policy = jsonencode({
    deadLetterTargetArn = "arn:aws:sqs:eu-central-1:111122223333:dead"
    maxReceiveCount     = 5
  })
}
resource "aws_lambda_event_source_mapping" "jobs" {
  function_name    = aws_lambda_function.worker.arn
  event_source_arn = aws_sqs_queue.jobs.arn
  scaling_config {
    maximum_concurrency = 10
  }
}
resource "aws_sns_topic" "news" {
  name = "news"
}
resource "aws_sns_topic_subscription" "news" {
  topic_arn = aws_sns_topic.news.arn
  protocol  = "lambda"
  endpoint  = aws_lambda_function.worker.arn
}
```

## How to fix

Set `maxReceiveCount` to at least 5, and `MaximumConcurrency` of the source so that the queue waits instead of being throttled,
see `queue-outruns-function` (PP501). A handler that must not see a message twice needs an idempotency check, not a receive count
of one.

## References

- https://github.com/adobe/spacecat-audit-worker/pull/2876
- https://github.com/DataBiosphere/azul/issues/3708
- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import QUEUES, throttled_beside
from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import ONE, Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule

#: AWS's advice for queues in front of functions (Lambda guide, services-sqs-configure, 2026-11-21).
LEAST_ADVISED = Quantity.exact(5)


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each queue that gives up too soon for a function that may be throttled."""
    for consumer in fleet.consumers:
        reserved = consumer.reserved_concurrency
        if reserved is None or reserved.high == 0 or not throttled_beside(consumer):
            continue
        for source in consumer.event_sources:
            receives = source.max_receive_count if source.enabled and source.kind == QUEUES else None
            if receives is not None and receives.surely_below(LEAST_ADVISED):
                yield _finding(rule, consumer, source, receives, reserved)


def _finding(rule: Rule, consumer: Consumer, source: EventSource, receives: Quantity, reserved: Quantity) -> Finding:
    once = receives.surely_at_most(ONE)
    after = "one throttle" if once else f"{receives} throttles"
    return rule.finding(
        consumer.id,
        f"a message of {source.id} is given up after {after}, whether or not {consumer.id} ever saw it",
        arithmetic=[
            Term("maxReceiveCount", receives, source.origin),
            Term(f"reserved by {consumer.id}", reserved, consumer.origin),
        ],
        fix=f"set maxReceiveCount of the queue to at least {LEAST_ADVISED}, and MaximumConcurrency of {source.id} to at most {reserved}",
        origin=source.origin,
        severity=Severity.ERROR if once else Severity.WARNING,
    )


RULE = Rule(
    code="PP502",
    name="throttle-eats-retries",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
