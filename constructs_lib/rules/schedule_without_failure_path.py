"""A scheduled function that fails leaves no trace.

## What it finds

A function that a schedule starts and that uses a store, where nothing keeps or reports what fails:

- *Warning*: no dead-letter queue and no on-failure destination of the function, no dead-letter queue of the schedule's target, and no
  alarm on the function's `Errors`.
- *Info*: only the schedule's target has a dead-letter queue. It takes starts that could not be delivered. Lambda accepts nearly every
  start, so runs that fail never get there.

## Why it matters

EventBridge invokes a function asynchronously. When the function fails, Lambda tries twice more and then drops the event. A nightly
job can fail for weeks before somebody misses its result, and nobody knows which nights.

## What it cannot see

What the code reports by itself, and alarms on metrics of another kind (log filters, custom metrics). Schedules that start something
else than a function. Whether anybody reads the queue or the alarm.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Orders.Arn}]}
  Cleanup:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 60, Role: !GetAtt Role.Arn}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn}]
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:Query"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "cleanup" {
  name = "cleanup"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.cleanup.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_lambda_function" "cleanup" {
  function_name = "cleanup"
  role          = aws_iam_role.cleanup.arn
  timeout       = 60
}
resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "rate(1 day)"
}
resource "aws_cloudwatch_event_target" "cleanup" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_lambda_function.cleanup.arn
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
cleanup = lambda_.Function(
    stack, "Cleanup", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(60),
)
orders.grant(cleanup, "dynamodb:Query")
events.Rule(stack, "Nightly", schedule=events.Schedule.rate(Duration.days(1)), targets=[targets.LambdaFunction(cleanup)])
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
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Orders.Arn}]}
  Failed:
    Type: AWS::SQS::Queue
  Cleanup:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 60, Role: !GetAtt Role.Arn, DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn}]
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:Query"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "cleanup" {
  name = "cleanup"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.cleanup.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "cleanup" {
  function_name = "cleanup"
  role          = aws_iam_role.cleanup.arn
  timeout       = 60
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "nightly" {
  name                = "nightly"
  schedule_expression = "rate(1 day)"
}
resource "aws_cloudwatch_event_target" "cleanup" {
  rule = aws_cloudwatch_event_rule.nightly.name
  arn  = aws_lambda_function.cleanup.arn
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
cleanup = lambda_.Function(
    stack, "Cleanup", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(60), dead_letter_queue=sqs.Queue(stack, "Failed"),
)
orders.grant(cleanup, "dynamodb:Query")
events.Rule(stack, "Nightly", schedule=events.Schedule.rate(Duration.days(1)), targets=[targets.LambdaFunction(cleanup)])
```

## How to fix

Give the function an on-failure destination (`EventInvokeConfig`) or a dead-letter queue, and an alarm on the queue's visible
messages; or at least an alarm on `Errors`. `AnalyticalProjector` comes with both.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
- https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html
- https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import schedules
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each scheduled function whose failures go nowhere."""
    for consumer in fleet.consumers:
        started = [source.schedule for source in schedules(consumer) if source.schedule is not None]
        if not started or consumer.keeps_failures or consumer.deploy_time or consumer.generated:
            continue
        uses = [item for item in fleet.connections_by_consumer.get(consumer.id, ()) if item.certainty != "possible"]
        if not uses or _is_watched(fleet, consumer):
            continue
        if any(schedule.dead_letters is None for schedule in started):
            continue
        yield _finding(rule, consumer, queued=all(schedule.dead_letters for schedule in started))


def _is_watched(fleet: Fleet, consumer: Consumer) -> bool:
    alarms = fleet.alarms_by_metric.get(("AWS/Lambda", "Errors"), ())
    return any(alarm.watches("AWS/Lambda", "Errors", "FunctionName", consumer.id) for alarm in alarms)


def _finding(rule: Rule, consumer: Consumer, *, queued: bool) -> Finding:
    names = ", ".join(source.id for source in schedules(consumer))
    message = f"runs of {consumer.id} that {names} starts fail without a trace"
    if queued:
        message += ": the schedule's queue takes only what could not be delivered"
    return rule.finding(
        consumer.id,
        message,
        arithmetic=[
            "dead-letter queue or on-failure destination of the function: none",
            f"dead-letter queue of the schedule: {'yes' if queued else 'none'}",
            "alarm on Errors: none",
        ],
        fix=f"give {consumer.id} an on-failure destination or a dead-letter queue with an alarm on it, or an alarm on its Errors",
        origin=consumer.origin,
        confidence=Confidence.CERTAIN,
        severity=Severity.INFO if queued else Severity.WARNING,
    )


RULE = Rule(
    code="PP803",
    name="schedule-without-failure-path",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
