"""More readers share a table's stream than one shard serves.

## What it finds

A table whose stream has more than two readers: enabled Lambda event source mappings and EventBridge pipes. For a table with replicas
in other regions, more than one, because replication may read the stream too.

## Why it matters

Two processes may read a shard of a DynamoDB stream at a time; with a third `GetRecords` is throttled. All readers fall behind
together, and records that nobody read within 24 hours are gone.

## What it cannot see

Readers outside the documents given: the Kinesis adapter in a container, other stacks' mappings. A mapping whose source is only known
at deploy time is not counted.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Search: {Type: AWS::Lambda::Function, Properties: {Timeout: 10}}
  Mails: {Type: AWS::Lambda::Function, Properties: {Timeout: 10}}
  Audit: {Type: AWS::Lambda::Function, Properties: {Timeout: 10}}
  ToSearch:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      {FunctionName: !Ref Search, EventSourceArn: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumRetryAttempts: 5}
  ToMails:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      {FunctionName: !Ref Mails, EventSourceArn: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumRetryAttempts: 5}
  ToAudit:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      {FunctionName: !Ref Audit, EventSourceArn: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumRetryAttempts: 5}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "PK"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
}
resource "aws_lambda_function" "reader" {
  function_name = "reader"
  timeout       = 10
}
resource "aws_lambda_event_source_mapping" "search" {
  function_name          = aws_lambda_function.reader.arn
  event_source_arn       = aws_dynamodb_table.orders.stream_arn
  starting_position      = "LATEST"
  maximum_retry_attempts = 5
}
resource "aws_lambda_event_source_mapping" "mails" {
  function_name          = aws_lambda_function.reader.arn
  event_source_arn       = aws_dynamodb_table.orders.stream_arn
  starting_position      = "LATEST"
  maximum_retry_attempts = 5
}
resource "aws_lambda_event_source_mapping" "audit" {
  function_name          = aws_lambda_function.reader.arn
  event_source_arn       = aws_dynamodb_table.orders.stream_arn
  starting_position      = "LATEST"
  maximum_retry_attempts = 5
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_, aws_lambda_event_sources as sources

orders = dynamodb.Table(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST, stream=dynamodb.StreamViewType.NEW_IMAGE,
)
for name in ("Search", "Mails", "Audit"):
    reader = lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
        timeout=Duration.seconds(10),
    )
    reader.add_event_source(sources.DynamoEventSource(orders, starting_position=lambda_.StartingPosition.LATEST, retry_attempts=5))
```

## Good

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      StreamSpecification: {StreamViewType: NEW_IMAGE}
  Search: {Type: AWS::Lambda::Function, Properties: {Timeout: 10}}
  Publisher: {Type: AWS::Lambda::Function, Properties: {Timeout: 10}}
  ToSearch:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      {FunctionName: !Ref Search, EventSourceArn: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumRetryAttempts: 5}
  ToPublisher:
    Type: AWS::Lambda::EventSourceMapping
    Properties:
      {FunctionName: !Ref Publisher, EventSourceArn: !GetAtt Orders.StreamArn, StartingPosition: LATEST, MaximumRetryAttempts: 5}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name             = "orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "PK"
  stream_enabled   = true
  stream_view_type = "NEW_IMAGE"
}
resource "aws_lambda_function" "reader" {
  function_name = "reader"
  timeout       = 10
}
resource "aws_lambda_event_source_mapping" "search" {
  function_name          = aws_lambda_function.reader.arn
  event_source_arn       = aws_dynamodb_table.orders.stream_arn
  starting_position      = "LATEST"
  maximum_retry_attempts = 5
}
resource "aws_lambda_event_source_mapping" "publisher" {
  function_name          = aws_lambda_function.reader.arn
  event_source_arn       = aws_dynamodb_table.orders.stream_arn
  starting_position      = "LATEST"
  maximum_retry_attempts = 5
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_, aws_lambda_event_sources as sources

orders = dynamodb.Table(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST, stream=dynamodb.StreamViewType.NEW_IMAGE,
)
for name in ("Search", "Publisher"):
    reader = lambda_.Function(
        stack, name, runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
        timeout=Duration.seconds(10),
    )
    reader.add_event_source(sources.DynamoEventSource(orders, starting_position=lambda_.StartingPosition.LATEST, retry_attempts=5))
```

## How to fix

Let one reader publish the changes to an EventBridge bus or an SNS topic and subscribe the others there, or stream the table to
Kinesis, where each consumer may have throughput of its own.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Limits.html
- https://docs.aws.amazon.com/lambda/latest/dg/with-ddb.html
- https://notes.paulswail.com/public/DynamoDB+streams
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

#: Simultaneous readers of one shard, and of one in a global table (Lambda guide, with-ddb, 2026-11-21).
READERS, READERS_WITH_REPLICAS = 2, 1


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each table whose stream has too many readers."""
    for store in fleet.stores:
        table = store.table
        if table is None:
            continue
        most = READERS if table.replicas == 1 else READERS_WITH_REPLICAS
        readers = table.stream_readers
        if len(readers) > most:
            replicated = "" if table.replicas == 1 else f", which is replicated to {table.replicas} regions"
            yield rule.finding(
                store.id,
                f"{len(readers)} readers share the stream of {store.id}{replicated}: {listed(readers)}",
                arithmetic=[f"readers: {len(readers)}", f"readers of one shard at a time: {most}"],
                fix=f"keep {most} on the stream and let one of them publish the changes to a bus or topic for the others",
                origin=store.origin,
            )


RULE = Rule(
    code="PP704",
    name="stream-readers-over-two",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
