"""Nobody notices when the output of a projector grows old.

## What it finds

A function that only schedules start, that uses a store, and that by its name (`projector`, `report`, `export`, `etl`, `rollup` …) or
by its permissions (Athena, Glue, Firehose, Redshift Data API, writing to a bucket named like a lake) fills an analytical store, in
documents without an alarm on how old the last good output is: no metric outside the `AWS/` namespaces whose name speaks of freshness,
age, lag, delay, staleness or the last success, and none on the function's `Invocations`.

## Why it matters

A dashboard shows old numbers as readily as fresh ones. Errors of the function tell nothing when the schedule is switched off, when
runs are throttled, or when a run ends well and writes nothing. The age of the newest output tells all of that, and missing data is
the worst of it.

## What it cannot see

Alarms outside the documents given, and watching by other tools. Whether the function is a projector: names and permissions are signs,
hence likely.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
  Failed:
    Type: AWS::SQS::Queue
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Orders.Arn}]}
  SalesProjector:
    Type: AWS::Lambda::Function
    Properties:
      {Timeout: 60, ReservedConcurrentExecutions: 1, Role: !GetAtt Role.Arn, DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}}
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{Id: projector, Arn: !GetAtt SalesProjector.Arn}]
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
resource "aws_iam_role" "sales_projector" {
  name = "sales_projector"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.sales_projector.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "sales_projector" {
  function_name = "sales_projector"
  role          = aws_iam_role.sales_projector.arn
  timeout       = 60

  reserved_concurrent_executions = 1
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "sales_projector" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.sales_projector.arn
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
projector = lambda_.Function(
    stack, "SalesProjector", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(60), dead_letter_queue=sqs.Queue(stack, "Failed"), reserved_concurrent_executions=1,
)
orders.grant(projector, "dynamodb:Query")
events.Rule(stack, "Hourly", schedule=events.Schedule.rate(Duration.hours(1)), targets=[targets.LambdaFunction(projector)])
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
  Failed:
    Type: AWS::SQS::Queue
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: dynamodb:Query, Resource: !GetAtt Orders.Arn}]}
  SalesProjector:
    Type: AWS::Lambda::Function
    Properties:
      {Timeout: 60, ReservedConcurrentExecutions: 1, Role: !GetAtt Role.Arn, DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}}
  Hourly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 hour)
      Targets: [{Id: projector, Arn: !GetAtt SalesProjector.Arn}]
  Stale:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: shop
      MetricName: ProjectionAgeSeconds
      Statistic: Minimum
      Period: 3600
      EvaluationPeriods: 3
      Threshold: 10800
      ComparisonOperator: GreaterThanThreshold
      TreatMissingData: breaching
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
resource "aws_iam_role" "sales_projector" {
  name = "sales_projector"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.sales_projector.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "sales_projector" {
  function_name = "sales_projector"
  role          = aws_iam_role.sales_projector.arn
  timeout       = 60

  reserved_concurrent_executions = 1
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "sales_projector" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.sales_projector.arn
}
resource "aws_cloudwatch_metric_alarm" "stale" {
  alarm_name          = "stale"
  namespace           = "shop"
  metric_name         = "ProjectionAgeSeconds"
  statistic           = "Minimum"
  period              = 3600
  evaluation_periods  = 3
  threshold           = 10800
  comparison_operator = "GreaterThanThreshold"
  treat_missing_data  = "breaching"
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_
from aws_cdk import aws_cloudwatch as cloudwatch, aws_sqs as sqs

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
projector = lambda_.Function(
    stack, "SalesProjector", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(60), dead_letter_queue=sqs.Queue(stack, "Failed"), reserved_concurrent_executions=1,
)
orders.grant(projector, "dynamodb:Query")
events.Rule(stack, "Hourly", schedule=events.Schedule.rate(Duration.hours(1)), targets=[targets.LambdaFunction(projector)])
cloudwatch.Alarm(
    stack, "Stale", threshold=10_800,
    metric=cloudwatch.Metric(namespace="shop", metric_name="ProjectionAgeSeconds", statistic="Minimum", period=Duration.hours(1)),
    evaluation_periods=3, comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
    treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
)
```

## How to fix

Report the age of the watermark with every run that ends well, and let an alarm ring when it exceeds what readers can bear or when
nobody reports (`TreatMissingData: breaching`). `AnalyticalProjector` does both.

## References

- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
- https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/publishingMetrics.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.schedules import Schedule
from constructs_lib.model.settings import Settings
from constructs_lib.model.wordings import words
from constructs_lib.regex import regex
from constructs_lib.rules._invocation import only_scheduled, projecting, schedules
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule

_FRESHNESS = regex(
    r"\b(fresh\w*|age|lag|delay|stale\w*|behind|watermark|last (?:success\w*|good|run|output|projection))\b"
)


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each projector without an alarm on the age of its output."""
    for consumer in fleet.consumers:
        shown = projecting(consumer)
        if shown is None or not only_scheduled(consumer) or consumer.deploy_time or consumer.generated:
            continue
        uses = [item for item in fleet.connections_by_consumer.get(consumer.id, ()) if item.certainty != "possible"]
        if uses and not any(_watches(alarm, consumer) for alarm in fleet.alarms):
            yield _finding(rule, consumer, shown)


def _watches(alarm: Alarm, consumer: Consumer) -> bool:
    """Whether an alarm looks at how old some output is, or at whether the function runs at all."""
    if alarm.watches("AWS/Lambda", "Invocations", "FunctionName", consumer.id):
        return True
    foreign = not (alarm.namespace or "").startswith("AWS/")
    return foreign and _FRESHNESS.search(" ".join(words(alarm.metric))) is not None


def _finding(rule: Rule, consumer: Consumer, shown: str) -> Finding:
    return rule.finding(
        consumer.id,
        f"no alarm tells when the output of {consumer.id} grows old ({shown})",
        arithmetic=[
            *(f"started by {source.id}: {_expression(source.schedule)}" for source in schedules(consumer)),
            "alarm on the age of the last good output: none",
        ],
        fix=f"report the age of {consumer.id}'s output with every good run, and alarm on it with missing data as breaching",
        origin=consumer.origin,
        confidence=Confidence.LIKELY,
    )


def _expression(schedule: Schedule | None) -> str:
    return "not shown" if schedule is None or schedule.expression is None else schedule.expression


RULE = Rule(
    code="PP804",
    name="freshness-unwatched",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
