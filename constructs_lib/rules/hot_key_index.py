"""An index is spread by an attribute that takes few values.

## What it finds

A global secondary index whose partition key is named like an attribute of few values: `status`, `state`, `type`, `kind`, `category`,
`topic`, `date`, `day`, `month`, `year`, `country`, `region`, `gender`, `priority`, `level`, `active`, `enabled`, `deleted` and the
like, alone or with a word before it (`order_status`, `entityType`).

## Why it matters

All items with one value of the partition key share a partition, which takes 1,000 write units and 3,000 read units a second at most.
An index that cannot keep up with its writes throttles the writes of the table itself: one busy `status` slows every order down.

## What it cannot see

Values and traffic. A sparse index, whose attribute only a few items carry, is fine; so is one with little traffic. Names are no
proof: hence Info.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: order_id, KeyType: HASH}]
      AttributeDefinitions:
        - {AttributeName: order_id, AttributeType: S}
        - {AttributeName: status, AttributeType: S}
        - {AttributeName: created_at, AttributeType: S}
      GlobalSecondaryIndexes:
        - IndexName: by-status
          KeySchema: [{AttributeName: status, KeyType: HASH}, {AttributeName: created_at, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "order_id"
  global_secondary_index {
    name            = "by-status"
    hash_key        = "status"
    range_key       = "created_at"
    projection_type = "ALL"
  }
}
```

```python cdk
from aws_cdk import RemovalPolicy, aws_dynamodb as dynamodb

text = dynamodb.AttributeType.STRING
orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="order_id", type=text), removal_policy=RemovalPolicy.DESTROY,
)
orders.add_global_secondary_index(
    index_name="by-status",
    partition_key=dynamodb.Attribute(name="status", type=text),
    sort_key=dynamodb.Attribute(name="created_at", type=text),
)
```

## Good

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: order_id, KeyType: HASH}]
      AttributeDefinitions:
        - {AttributeName: order_id, AttributeType: S}
        - {AttributeName: customer_id, AttributeType: S}
        - {AttributeName: status_created_at, AttributeType: S}
      GlobalSecondaryIndexes:
        - IndexName: by-customer
          KeySchema: [{AttributeName: customer_id, KeyType: HASH}, {AttributeName: status_created_at, KeyType: RANGE}]
          Projection: {ProjectionType: ALL}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "order_id"
  global_secondary_index {
    name            = "by-customer"
    hash_key        = "customer_id"
    range_key       = "status_created_at"
    projection_type = "ALL"
  }
}
```

```python cdk
from aws_cdk import RemovalPolicy, aws_dynamodb as dynamodb

text = dynamodb.AttributeType.STRING
orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="order_id", type=text), removal_policy=RemovalPolicy.DESTROY,
)
orders.add_global_secondary_index(
    index_name="by-customer",
    partition_key=dynamodb.Attribute(name="customer_id", type=text),
    sort_key=dynamodb.Attribute(name="status_created_at", type=text),
)
```

## How to fix

Spread the index by something of many values (tenant, customer, device) and put the status into the sort key. Where the question
really is "all open orders", add a suffix of a few shards to the key (`OPEN#0` to `OPEN#9`) and query each, or index only items that
are open.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-uniform-load.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-indexes-gsi-sharding.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/GSI.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Gap, Store
from constructs_lib.model.key_value import Index
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import WRITE
from constructs_lib.model.wordings import words
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said

_FEW_VALUES = frozenset(
    {
        *(
            "status",
            "state",
            "stage",
            "type",
            "kind",
            "category",
            "topic",
            "role",
            "tier",
            "level",
            "severity",
            "priority",
            "environment",
        ),
        *("date", "day", "week", "month", "year", "country", "region", "gender", "sex"),
        *("active", "enabled", "deleted", "archived", "published", "flag"),
    }
)


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each index whose partition key is named like something of few values, a gap where the key was not read."""
    for store in fleet.stores:
        for index in store.table.indexes if store.table is not None else ():
            if few_values(index.partition_key):
                yield _finding(rule, store, index)
            elif index.partition_key is None:
                missing = f"by which attribute {index.name} of {store.id} is spread: its key could not be read"
                yield Gap(store.id, missing, WRITE, store.origin)


def few_values(attribute: str | None) -> bool:
    """Whether the last word of an attribute's name says that it takes few values."""
    parts = words(attribute)
    return bool(parts) and (parts[-1] in _FEW_VALUES or (len(parts) > 1 and parts[0] == "is"))


def _finding(rule: Rule, store: Store, index: Index) -> Finding:
    return rule.finding(
        store.id,
        f"index {index.name} of {store.id} is spread by {index.partition_key}, which by its name takes few values",
        arithmetic=["one value of a partition key: at most 1,000 write units and 3,000 read units a second"],
        fix=(
            f"spread {index.name} by an attribute of many values and move {index.partition_key} into its sort key, "
            "or add a few shards to the key"
        ),
        origin=store.origin,
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code="PP703",
    name="hot-key-index",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
