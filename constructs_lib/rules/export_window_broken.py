"""Incremental exports run more often or more seldom than DynamoDB accepts.

## What it finds

A table that is exported in increments on a schedule whose time between two starts lies outside 15 minutes to 24 hours:

- *Error* when the schedule or a state machine calls DynamoDB itself and asks for `INCREMENTAL_EXPORT`.
- *Warning* when a function may export the table and its name or its environment speaks of increments.

Weekday-only schedules count with their weekend: from Friday to Monday are 72 hours.

## Why it matters

One incremental export covers at least 15 minutes and at most 24 hours. A shorter window is refused. A longer pause cannot be covered
by one export: it fails, or changes between two windows are missing from the lake, for good once they are older than the recovery
window.

## What it cannot see

Code that splits a long pause into several exports: acknowledge the finding then. Full exports, which have no window. Schedules whose
expression is only known at deploy time.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Role:
    Type: AWS::IAM::Role
    Properties: {}
  Export:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(7 days)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:dynamodb:exportTableToPointInTime
        RoleArn: !GetAtt Role.Arn
        Input: !Sub '{"TableArn": "${Orders.Arn}", "S3Bucket": "lake", "ExportType": "INCREMENTAL_EXPORT"}'
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  point_in_time_recovery {
    enabled = true
  }
}
data "aws_iam_policy_document" "export" {
  statement {
    actions   = ["dynamodb:ExportTableToPointInTime"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "export" {
  name = "export"
}
resource "aws_iam_role_policy" "export" {
  role   = aws_iam_role.export.id
  policy = data.aws_iam_policy_document.export.json
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "incremental_export" {
  function_name = "incremental-export"
  role          = aws_iam_role.export.arn
  timeout       = 30
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "export" {
  name                = "export"
  schedule_expression = "rate(7 days)"
}
resource "aws_cloudwatch_event_target" "export" {
  rule = aws_cloudwatch_event_rule.export.name
  arn  = aws_lambda_function.incremental_export.arn
}
```

```python cdk
from aws_cdk import aws_dynamodb as dynamodb, aws_iam as iam, aws_scheduler as scheduler

orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
)
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
scheduler.CfnSchedule(
    stack, "Export", schedule_expression="rate(7 days)",
    flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
    target=scheduler.CfnSchedule.TargetProperty(
        arn="arn:aws:scheduler:::aws-sdk:dynamodb:exportTableToPointInTime", role_arn=role.role_arn,
        input=stack.to_json_string({"TableArn": orders.table_arn, "S3Bucket": "lake", "ExportType": "INCREMENTAL_EXPORT"}),
    ),
)
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
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
  Role:
    Type: AWS::IAM::Role
    Properties: {}
  Export:
    Type: AWS::Scheduler::Schedule
    Properties:
      ScheduleExpression: rate(1 hour)
      FlexibleTimeWindow: {Mode: "OFF"}
      Target:
        Arn: arn:aws:scheduler:::aws-sdk:dynamodb:exportTableToPointInTime
        RoleArn: !GetAtt Role.Arn
        Input: !Sub '{"TableArn": "${Orders.Arn}", "S3Bucket": "lake", "ExportType": "INCREMENTAL_EXPORT"}'
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
  point_in_time_recovery {
    enabled = true
  }
}
data "aws_iam_policy_document" "export" {
  statement {
    actions   = ["dynamodb:ExportTableToPointInTime"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "export" {
  name = "export"
}
resource "aws_iam_role_policy" "export" {
  role   = aws_iam_role.export.id
  policy = data.aws_iam_policy_document.export.json
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "incremental_export" {
  function_name = "incremental-export"
  role          = aws_iam_role.export.arn
  timeout       = 30
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "export" {
  name                = "export"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "export" {
  rule = aws_cloudwatch_event_rule.export.name
  arn  = aws_lambda_function.incremental_export.arn
}
```

```python cdk
from aws_cdk import aws_dynamodb as dynamodb, aws_iam as iam, aws_scheduler as scheduler

orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
)
role = iam.Role(stack, "Role", assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com"))
scheduler.CfnSchedule(
    stack, "Export", schedule_expression="rate(1 hour)",
    flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
    target=scheduler.CfnSchedule.TargetProperty(
        arn="arn:aws:scheduler:::aws-sdk:dynamodb:exportTableToPointInTime", role_arn=role.role_arn,
        input=stack.to_json_string({"TableArn": orders.table_arn, "S3Bucket": "lake", "ExportType": "INCREMENTAL_EXPORT"}),
    ),
)
```

## How to fix

Export every 15 minutes to 24 hours, each window starting where the last one ended: `rate(1 hour)` is a good middle. For a weekly
picture, take a full export.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/S3DataExport_Requesting.html
- https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_IncrementalExportSpecification.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.cadence import Cadence, duration
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Gap, Store
from constructs_lib.model.key_value import Export
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import WRITE
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said

#: The window of one incremental export, in seconds (DynamoDB guide, S3DataExport_Requesting, 2026-11-21).
SHORTEST, LONGEST = 15 * 60, 24 * 3_600


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each schedule of incremental exports that does not fit the window, a gap where its times were not read."""
    for store in fleet.stores:
        for export in store.table.exports if store.table is not None else ():
            for schedule in export.schedules if export.incremental else ():
                cadence = schedule.cadence
                if (
                    cadence is not None
                    and not SHORTEST <= cadence.shortest_seconds <= cadence.longest_seconds <= LONGEST
                ):
                    asked = export.id not in fleet.consumer_by_id
                    yield _finding(rule, store, export, schedule.expression or "", cadence, asked=asked)
                elif schedule.expression is None:
                    missing = f"how often {export.id} exports increments of {store.id}: its schedule could not be read"
                    yield Gap(export.id, missing, WRITE, export.origin)


def _finding(rule: Rule, store: Store, export: Export, expression: str, cadence: Cadence, *, asked: bool) -> Finding:
    return rule.finding(
        export.id,
        f"{export.id} exports increments of {store.id} every {cadence}; one covers 15 min to 24 h",
        arithmetic=[
            f"{expression}: every {cadence}",
            f"window of one incremental export: {duration(SHORTEST)} to {duration(LONGEST)}",
        ],
        fix=f"start {export.id} every 15 min to 24 h without a longer pause, such as rate(1 hour), or take full exports",
        origin=export.origin,
        confidence=Confidence.CERTAIN if asked else Confidence.LIKELY,
        severity=Severity.ERROR if asked else Severity.WARNING,
    )


RULE = Rule(
    code="PP805",
    name="export-window-broken",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
