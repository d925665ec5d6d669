"""One record that cannot be processed stops its shard until it expires.

## What it finds

A Kinesis or DynamoDB stream source with neither `MaximumRetryAttempts` nor `MaximumRecordAgeInSeconds`: Lambda's default for both
is -1, without end.

## Why it matters

A batch that fails is tried again, and nothing behind it in the shard is read before it succeeds or expires: a day for a table's
stream, up to a year for Kinesis. When the database is the reason, the retries come from every shard at once and keep it down. The
records behind expire unseen.

## What it cannot see

Handlers that catch every error themselves, and partial batch responses, which shorten what is tried again but do not end it.
Kafka sources, whose offset moves on by their own rules.

## Bad

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Clicks:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: 4}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Clicks.Arn
      StartingPosition: LATEST
      ParallelizationFactor: 2
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: 4}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Clicks:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Clicks.Arn
            StartingPosition: LATEST
            ParallelizationFactor: 2
```

```python cdk
from aws_cdk import Duration, aws_kinesis as kinesis, aws_lambda as lambda_, aws_lambda_event_sources as sources

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30), reserved_concurrent_executions=10,
)
clicks = kinesis.Stream(stack, "Clicks", stream_mode=kinesis.StreamMode.PROVISIONED, shard_count=4)
worker.add_event_source(
    sources.KinesisEventSource(
        clicks, starting_position=lambda_.StartingPosition.LATEST, parallelization_factor=2,
    )
)
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 30
  reserved_concurrent_executions = 10
}
resource "aws_kinesis_stream" "clicks" {
  name        = "clicks"
  shard_count = 4
}
resource "aws_lambda_event_source_mapping" "clicks" {
  function_name          = aws_lambda_function.worker.arn
  event_source_arn       = aws_kinesis_stream.clicks.arn
  starting_position      = "LATEST"
  parallelization_factor = 2
}
```

## Good

```yaml cloudformation
Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, ReservedConcurrentExecutions: 10}
  Clicks:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: 4}
  Source:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      FunctionName: !Ref Worker
      EventSourceArn: !GetAtt Clicks.Arn
      StartingPosition: LATEST
      ParallelizationFactor: 2
      MaximumRetryAttempts: 5
```

```yaml sam
Transform: AWS::Serverless-2016-10-31
Resources:
  Clicks:
    Type: AWS::Kinesis::Stream
    Properties: {ShardCount: 4}
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: src/
      Timeout: 30
      ReservedConcurrentExecutions: 10
      Events:
        Clicks:
          Type: Kinesis
          Properties:
            Stream: !GetAtt Clicks.Arn
            StartingPosition: LATEST
            ParallelizationFactor: 2
            MaximumRetryAttempts: 5
```

```python cdk
from aws_cdk import Duration, aws_kinesis as kinesis, aws_lambda as lambda_, aws_lambda_event_sources as sources

worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(30), reserved_concurrent_executions=10,
)
clicks = kinesis.Stream(stack, "Clicks", stream_mode=kinesis.StreamMode.PROVISIONED, shard_count=4)
worker.add_event_source(
    sources.KinesisEventSource(
        clicks, starting_position=lambda_.StartingPosition.LATEST, parallelization_factor=2, retry_attempts=5,
    )
)
```

```hcl terraform
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 30
  reserved_concurrent_executions = 10
}
resource "aws_kinesis_stream" "clicks" {
  name        = "clicks"
  shard_count = 4
}
resource "aws_lambda_event_source_mapping" "clicks" {
  function_name          = aws_lambda_function.worker.arn
  event_source_arn       = aws_kinesis_stream.clicks.arn
  starting_position      = "LATEST"
  parallelization_factor = 2
  maximum_retry_attempts = 5
}
```

## How to fix

Set `MaximumRetryAttempts` (a handful) or `MaximumRecordAgeInSeconds`, with `BisectBatchOnFunctionError` to single the record out
and an `OnFailure` destination so that it is not lost.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
- https://docs.aws.amazon.com/lambda/latest/dg/services-ddb-params.html
- https://awslabs.github.io/serverless-rules/rules/lambda/eventsourcemapping_failure_destination/
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import STREAMS
from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function with a stream that never gives up."""
    for consumer in fleet.consumers:
        endless = [source for source in consumer.event_sources if _is_endless(source)]
        if endless:
            yield _finding(rule, consumer, endless)


def _is_endless(source: EventSource) -> bool:
    bounds = (source.maximum_retry_attempts, source.maximum_record_age_seconds)
    return source.kind in STREAMS and source.enabled and bounds == (None, None)


def _finding(rule: Rule, consumer: Consumer, endless: list[EventSource]) -> Finding:
    names = listed(source.id for source in endless)
    retries = "retries" if len(endless) == 1 else "retry"
    return rule.finding(
        consumer.id,
        f"{names} {retries} a failing batch of {consumer.id} until its records expire; the shard waits behind it",
        arithmetic=[f"{source.id}: MaximumRetryAttempts and MaximumRecordAgeInSeconds not set" for source in endless],
        fix=f"set MaximumRetryAttempts or MaximumRecordAgeInSeconds of {names}, with an OnFailure destination",
        origin=endless[0].origin,
    )


RULE = Rule(
    code="PP505",
    name="stream-retries-forever",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
