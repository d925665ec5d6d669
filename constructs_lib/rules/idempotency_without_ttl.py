"""A table of idempotency or session records keeps them for ever.

## What it finds

A table without time to live whose purpose is to remember for a while:

- *Warning*: idempotency records, by the table's name, its partition key, or the environment variable a function knows it by
  (`IDEMPOTENCY_TABLE`, `POWERTOOLS_IDEMPOTENCY_TABLE` …).
- *Info*: sessions, by name only: a chat's or a game's session may be the very thing to keep.

## Why it matters

The library writes an expiry into each record and never deletes one: DynamoDB does, once time to live is switched on for that
attribute. Without it the table grows by one item for each request for ever. Powertools still ignores records past their expiry, so
nobody notices but the bill; other libraries take an old record for a duplicate.

## What it cannot see

Whether the attribute named is the one the library writes (`expiration` in Powertools, `ttl` in others). Tables that hold such records
beside others under a name that does not say so.

## Bad

```yaml cloudformation
Resources:
  Idempotency:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
```

```hcl terraform
resource "aws_dynamodb_table" "idempotency" {
  name         = "idempotency"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
}
```

```python cdk
from aws_cdk import aws_dynamodb as dynamodb

dynamodb.TableV2(stack, "Idempotency", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING))
```

## Good

```yaml cloudformation
Resources:
  Idempotency:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      TimeToLiveSpecification: {AttributeName: expiration, Enabled: true}
```

```hcl terraform
resource "aws_dynamodb_table" "idempotency" {
  name         = "idempotency"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  ttl {
    attribute_name = "expiration"
    enabled        = true
  }
}
```

```python cdk
from aws_cdk import aws_dynamodb as dynamodb

dynamodb.TableV2(
    stack, "Idempotency", partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
    time_to_live_attribute="expiration",
)
```

## How to fix

Switch time to live on for the attribute that the library writes: `expiration` for Powertools unless told otherwise. In the CDK,
`time_to_live_attribute="expiration"`; `SingleTableStore` has it by default.

## References

- https://docs.aws.amazon.com/powertools/python/latest/utilities/idempotency/
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Store
from constructs_lib.model.purpose import IDEMPOTENCY, purpose
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each table of passing records that nothing expires."""
    for store in fleet.stores:
        if store.table is None or store.table.time_to_live is not False:
            continue
        known = purpose(store)
        if known is not None:
            yield _finding(rule, store, *known)


def _finding(rule: Rule, store: Store, records: str, shown: str) -> Finding:
    attribute = "the attribute of the expiry" + (" (expiration in Powertools)" if records == IDEMPOTENCY else "")
    return rule.finding(
        store.id,
        f"{store.id} holds {records} records by {shown}, and nothing expires them",
        arithmetic=["time to live: off"],
        fix=f"switch time to live of {store.id} on, for {attribute} in epoch seconds",
        origin=store.origin,
        confidence=Confidence.LIKELY,
        severity=Severity.WARNING if records == IDEMPOTENCY else Severity.INFO,
    )


RULE = Rule(
    code="PP705",
    name="idempotency-without-ttl",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
