"""A stream asks for more executions at a time than the function reserves.

## What it finds

A function with reserved concurrency whose streams surely ask for more than that at a time: shards × `ParallelizationFactor` of
Kinesis streams, five times `MaximumPollers` of Kafka sources with provisioned pollers, all sources together.

## Why it matters

Every shard is read by as many executions as the parallelization factor says. What the reservation does not admit is throttled and
tried again; the shards that lose wait, their records grow old, and the lag of the stream has no reason in the code. Whoever then
lifts the reservation has a connection budget to look at first.

## What it cannot see

How many shards an on-demand stream or a table's stream has, and how many partitions a Kafka topic: those are listed as not
decided. Other invokers of the function, which take from the same reservation.

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
      ParallelizationFactor: 5
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
            ParallelizationFactor: 5
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
        clicks, starting_position=lambda_.StartingPosition.LATEST, parallelization_factor=5, retry_attempts=5,
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
  parallelization_factor = 5
  maximum_retry_attempts = 5
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

Lower `ParallelizationFactor` or the number of shards until their product fits, or reserve more when the connection budget carries
it. Larger batches get the same records through with fewer executions.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-create.html
- https://docs.aws.amazon.com/lambda/latest/dg/kafka-scaling-modes.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.arrivals import fan_out, stream_sources
from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import ONE, Quantity, total
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each capped function whose streams ask for more."""
    for consumer in fleet.consumers:
        reserved, sources = consumer.reserved_concurrency, stream_sources(consumer)
        if reserved is None or reserved.high == 0 or not sources:
            continue
        together = total([fan_out(source) for source in sources])
        if together.surely_above(reserved):
            yield _finding(rule, consumer, sources, together, reserved)


def _finding(
    rule: Rule, consumer: Consumer, sources: list[EventSource], together: Quantity, reserved: Quantity
) -> Finding:
    return rule.finding(
        consumer.id,
        f"streams of {consumer.id} ask for {together} executions at a time, it reserves {reserved}",
        arithmetic=[
            *(Term(_label(source), fan_out(source), source.origin) for source in sources),
            Term(f"reserved by {consumer.id}", reserved, consumer.origin),
        ],
        fix=_fix(consumer, sources, together, reserved),
        origin=sources[0].origin if len(sources) == 1 else consumer.origin,
    )


def _label(source: EventSource) -> str:
    if source.kind == "kafka":
        return f"{source.id} ({source.provisioned_pollers} pollers)"
    return f"{source.id} ({source.shards} shards × {source.parallelization_factor or ONE})"


def _fix(consumer: Consumer, sources: list[EventSource], together: Quantity, reserved: Quantity) -> str:
    """The largest factor that fits, where there is one stream to ask."""
    shards = sources[0].shards if len(sources) == 1 else None
    factor = int(reserved.low / shards.low) if shards is not None and shards.low else 0
    if factor:
        return f"set ParallelizationFactor of {sources[0].id} to at most {factor}, or reserve {together} when the budget carries it"
    return (
        f"ask for at most {reserved} together (fewer shards or pollers), or reserve {together} for {consumer.id} when the "
        "budget carries it"
    )


RULE = Rule(
    code="PP504",
    name="stream-fan-out-uncounted",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
