"""A function that answers requests may scan a table.

## What it finds

For each function behind an API, a load balancer or a function URL and the tables it uses: whether its role allows `dynamodb:Scan`, or
PartiQL reads (`dynamodb:PartiQLSelect`), whose statements without a key scan as well.

- *Warning* when somebody wrote the action into a policy. Likely, because a permission is no proof of use; certain when Scan is the
  only way the role gives to read the table.
- *Info* when it comes with a ready-made grant or a wildcard: `grantReadData` and `grantReadWriteData` of the CDK, SAM's
  `DynamoDBReadPolicy` and `DynamoDBCrudPolicy`, AWS managed policies and `dynamodb:*` always hold Scan, so it says little about the
  code.

## Why it matters

A Scan reads and bills every item, 1 MB a page: its time and price grow with the table, not with the answer. It works in the first
month and takes the throughput of all other requests in the twelfth. Without the permission the mistake shows in the first test.

## What it cannot see

Whether the code scans, and how small the table is. A `Deny` on Scan without a condition counts; roles that the function assumes do
not. A Terraform plan shows no action of a policy whose JSON text holds the address of a table still to be made: write it as a policy
document.

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
          PolicyDocument:
            Statement: [{Effect: Allow, Action: [dynamodb:Query, dynamodb:Scan], Resource: !GetAtt Orders.Arn}]
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 10, Role: !GetAtt Role.Arn, Environment: {Variables: {TABLE_NAME: !Ref Orders}}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Api, AuthType: AWS_IAM}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:Query", "dynamodb:Scan"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "api" {
  name = "api"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.api.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  role          = aws_iam_role.api.arn
  timeout       = 10
  environment {
    variables = { TABLE_NAME = aws_dynamodb_table.orders.name }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), environment={"TABLE_NAME": orders.table_name},
)
orders.grant(api, "dynamodb:Query", "dynamodb:Scan")
api.add_function_url()
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
          PolicyDocument:
            Statement: [{Effect: Allow, Action: [dynamodb:Query, dynamodb:GetItem], Resource: !GetAtt Orders.Arn}]
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 10, Role: !GetAtt Role.Arn, Environment: {Variables: {TABLE_NAME: !Ref Orders}}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Api, AuthType: AWS_IAM}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "PK"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["dynamodb:Query", "dynamodb:GetItem"]
    resources = [aws_dynamodb_table.orders.arn]
  }
}
resource "aws_iam_role" "api" {
  name = "api"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.api.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  role          = aws_iam_role.api.arn
  timeout       = 10
  environment {
    variables = { TABLE_NAME = aws_dynamodb_table.orders.name }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.TableV2(stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING))
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), environment={"TABLE_NAME": orders.table_name},
)
orders.grant(api, "dynamodb:Query", "dynamodb:GetItem")
api.add_function_url()
```

## How to fix

Grant the item operations the function needs: `GetItem` and `Query` on the table and the index that answers the question. In the CDK,
`table.grant(fn, "dynamodb:GetItem", "dynamodb:Query")` instead of `grant_read_data`; `SingleTableStore.connect` never grants Scan.
Lists of everything belong on an index with a cursor, reports into the analytical store.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-query-scan.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ql-iam.html
- https://github.com/aws/aws-cdk/issues/7617
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.grants import Grant, allowing
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import on_request_path
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

SCANS = ("dynamodb:Scan", "dynamodb:PartiQLSelect")
_BY_KEY = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query")


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """For each function on the request path one finding on tables somebody let it scan, and one on those a ready-made grant does."""
    for consumer in fleet.consumers:
        if consumer.generated or not on_request_path(consumer):
            continue
        used = [item for item in fleet.connections_by_consumer.get(consumer.id, ()) if item.certainty != "possible"]
        ways = [Way(item, found) for item in used if (found := _ways(item))]
        for written in (True, False):
            group = [way for way in ways if way.written is written]
            if group:
                yield _finding(rule, consumer, group)


class Way(NamedTuple):
    """A table that a function may read without a key: by which actions, and the statements that allow each."""

    connection: Connection
    allowed: dict[str, tuple[Grant, ...]]

    @property
    def written(self) -> bool:
        """Whether somebody wrote an action down: no ready-made grant, no wildcard over all actions."""
        grants = [grant for found in self.allowed.values() for grant in found]
        return any(not grant.ready_made and "*" not in "".join(grant.actions) for grant in grants)

    @property
    def only(self) -> bool:
        """Whether scanning is the only way to read the table that the role gives."""
        return "dynamodb:Scan" in self.allowed and not any(allowing(self.connection.grants, key) for key in _BY_KEY)


def _ways(connection: Connection) -> dict[str, tuple[Grant, ...]]:
    return {action: grants for action in SCANS if (grants := allowing(connection.grants, action))}


def _finding(rule: Rule, consumer: Consumer, group: list[Way]) -> Finding:
    written = group[0].written
    actions = [action for action in SCANS if any(action in way.allowed for way in group)]
    tables = [way.connection.store for way in group]
    how = "" if written else ", by a ready-made grant or a wildcard"
    return rule.finding(
        consumer.id,
        f"{consumer.id} answers requests and may use {listed(actions)} on {listed(tables)}{how}",
        arithmetic=[f"on {way.connection.store} together with: {_others(way)}" for way in group],
        fix=f"grant {consumer.id} only the item operations it needs there, such as dynamodb:GetItem and dynamodb:Query",
        origin=consumer.origin,
        confidence=Confidence.CERTAIN if written and all(way.only for way in group) else Confidence.LIKELY,
        severity=Severity.WARNING if written else Severity.INFO,
    )


def _others(way: Way) -> str:
    grants = [grant for found in way.allowed.values() for grant in found]
    actions = dict.fromkeys(action for grant in grants for action in grant.actions if action not in way.allowed)
    return ", ".join(sorted(actions)) or "nothing else"


RULE = Rule(
    code="PP701",
    name="scan-on-request-path",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
