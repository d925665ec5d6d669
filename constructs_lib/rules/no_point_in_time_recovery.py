"""A table that needs point-in-time recovery does not have it.

## What it finds

A DynamoDB table without point-in-time recovery:

- *Error* when something exports it to S3: a function whose role names `dynamodb:ExportTableToPointInTime`, a schedule or a state
  machine that calls it. DynamoDB refuses the export without point-in-time recovery.
- *Warning* when the table is protected against deletion: somebody holds its items dear, and a bad deploy destroys items, not tables.
- *Info* when the table outlives its stack (`DeletionPolicy: Retain`, the default of the CDK) and nothing expires its items. That
  default is nobody's decision, so it does not warn.

Tables of idempotency or session records by name are left out.

## Why it matters

Deletion protection guards the table, not the items. A wrong condition in one release overwrites a million of them, and without
point-in-time recovery there is nothing to go back to. With it, any second of the last 35 days is there.

## What it cannot see

Backup plans that select tables by tag or by account. Tables whose items can be made anew.

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
        - PolicyName: export
          PolicyDocument:
            Statement: [{Effect: Allow, Action: dynamodb:ExportTableToPointInTime, Resource: !GetAtt Orders.Arn}]
  Export:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, Role: !GetAtt Role.Arn}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
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
resource "aws_lambda_function" "export" {
  function_name = "export"
  role          = aws_iam_role.export.arn
  timeout       = 30
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
export = lambda_.Function(
    stack, "Export", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(30),
)
orders.grant(export, "dynamodb:ExportTableToPointInTime")
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
    Properties:
      Policies:
        - PolicyName: export
          PolicyDocument:
            Statement: [{Effect: Allow, Action: dynamodb:ExportTableToPointInTime, Resource: !GetAtt Orders.Arn}]
  Export:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 30, Role: !GetAtt Role.Arn}
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
resource "aws_lambda_function" "export" {
  function_name = "export"
  role          = aws_iam_role.export.arn
  timeout       = 30
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(point_in_time_recovery_enabled=True),
)
export = lambda_.Function(
    stack, "Export", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(30),
)
orders.grant(export, "dynamodb:ExportTableToPointInTime")
```

## How to fix

Enable point-in-time recovery; it is billed by the size of the table. `SingleTableStore` has it by default. For a table whose items
can be made anew, acknowledge the finding with that reason.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_ExportTableToPointInTime.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/PointInTimeRecovery.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Store
from constructs_lib.model.key_value import KeyValueTable
from constructs_lib.model.purpose import purpose
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each table that needs to go back in time and cannot."""
    for store in fleet.stores:
        table = store.table
        if table is None or table.point_in_time_recovery is not False:
            continue
        if table.exports:
            yield _exported(rule, store, table)
        elif table.deletion_protection and purpose(store) is None:
            message = f"{store.id} is protected against deletion, but its items cannot be brought back"
            yield _finding(rule, store, message, "deletion protection: on", Severity.WARNING)
        elif table.kept and table.time_to_live is False and purpose(store) is None:
            message = f"{store.id} outlives its stack, but its items cannot be brought back"
            yield _finding(rule, store, message, "deletion policy: retain", Severity.INFO)


def _exported(rule: Rule, store: Store, table: KeyValueTable) -> Finding:
    names = listed(export.id for export in table.exports)
    return rule.finding(
        store.id,
        f"{names} may export {store.id}, which DynamoDB refuses without point-in-time recovery",
        arithmetic=["point-in-time recovery: off", *(f"exported by {export.id}" for export in table.exports)],
        fix=f"enable point-in-time recovery of {store.id}",
        origin=store.origin,
        severity=Severity.ERROR,
    )


def _finding(rule: Rule, store: Store, message: str, why: str, severity: Severity) -> Finding:
    return rule.finding(
        store.id,
        message,
        arithmetic=["point-in-time recovery: off", why],
        fix=f"enable point-in-time recovery of {store.id}",
        origin=store.origin,
        confidence=Confidence.LIKELY,
        severity=severity,
    )


RULE = Rule(
    code="PP706",
    name="no-point-in-time-recovery",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
