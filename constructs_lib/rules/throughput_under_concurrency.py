"""A table's throughput is below what its functions ask for at full concurrency.

## What it finds

A table with a cap on its throughput (provisioned, scaled up to a maximum, or an on-demand maximum) and functions whose use of it is
declared: reserved concurrency R, operations for each invocation, and how long they and the other work of an invocation take. At full
concurrency they ask for R × operations / duration operations a second, at least, because the duration is the longest.

The cap carries at most two reads for each read unit (eventually consistent, up to 4 KB) and one write for each write unit (up to 1
KB). What is asked above even that is a finding. Between that and the worst mix nothing is decided, and without declared numbers
nothing is said.

## Why it matters

DynamoDB throttles what exceeds the cap. The SDK retries with growing pauses, invocations take longer, and a function whose
concurrency was meant to protect something ends in time-outs instead.

## What it cannot see

Sizes of items and the mix of reads and writes; both can only make it worse. Bursts from unused capacity of the last five minutes,
which help for seconds. Caps of the account and of one partition. Scans and queries that return many items.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::DynamoDB::Table
    Properties:
      KeySchema: [{AttributeName: PK, KeyType: HASH}]
      AttributeDefinitions: [{AttributeName: PK, AttributeType: S}]
      ProvisionedThroughput: {ReadCapacityUnits: 100, WriteCapacityUnits: 50}
  Api:
    Type: AWS::Lambda::Function
    Metadata:
      poolproof:connections:
        - {store: Orders, via: http, transactions_per_invocation: 3, hold_seconds: 0.01, other_work_seconds: 0.07}
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 50, Environment: {Variables: {TABLE_NAME: !Ref Orders}}}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name           = "orders"
  hash_key       = "PK"
  read_capacity  = 100
  write_capacity = 50
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 50
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_dynamodb_table.orders", via = "http"
      transactions_per_invocation = 3, hold_seconds = 0.01, other_work_seconds = 0.07
    }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.Table(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING), read_capacity=100, write_capacity=50,
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=50,
)
declared = {"via": "http", "transactions_per_invocation": 3, "hold_seconds": 0.01, "other_work_seconds": 0.07}
table = stack.get_logical_id(orders.node.default_child)
api.node.default_child.add_metadata("poolproof:connections", [{"store": table, **declared}])
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
      OnDemandThroughput: {MaxReadRequestUnits: 1500, MaxWriteRequestUnits: 1500}
  Api:
    Type: AWS::Lambda::Function
    Metadata:
      poolproof:connections:
        - {store: Orders, via: http, transactions_per_invocation: 3, hold_seconds: 0.01, other_work_seconds: 0.07}
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 50, Environment: {Variables: {TABLE_NAME: !Ref Orders}}}
```

```hcl terraform
resource "aws_dynamodb_table" "orders" {
  name         = "orders"
  hash_key     = "PK"
  billing_mode = "PAY_PER_REQUEST"
  on_demand_throughput {
    max_read_request_units  = 1500
    max_write_request_units = 1500
  }
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 50
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_dynamodb_table.orders", via = "http"
      transactions_per_invocation = 3, hold_seconds = 0.01, other_work_seconds = 0.07
    }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_dynamodb as dynamodb, aws_lambda as lambda_

orders = dynamodb.TableV2(
    stack, "Orders", partition_key=dynamodb.Attribute(name="PK", type=dynamodb.AttributeType.STRING),
    billing=dynamodb.Billing.on_demand(max_read_request_units=1500, max_write_request_units=1500),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=50,
)
declared = {"via": "http", "transactions_per_invocation": 3, "hold_seconds": 0.01, "other_work_seconds": 0.07}
table = stack.get_logical_id(orders.node.default_child)
api.node.default_child.add_metadata("poolproof:connections", [{"store": table, **declared}])
```

## How to fix

Raise the maximum to what full concurrency asks for, or lower the functions' concurrency to what the cap carries. A cap is there to
stop a runaway: let it lie above the sum of the functions' limits, not below.

## References

- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
- https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode-max-throughput.html
- https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Gap, Store
from constructs_lib.model.grants import allowing
from constructs_lib.model.key_value import KeyValueTable
from constructs_lib.model.quantity import ZERO, Quantity, total
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said

#: Eventually consistent reads of up to 4 KB that one read unit pays for (DynamoDB guide, read-write-operations, 2026-11-21).
READS_PER_UNIT = Quantity.exact(2)
_READS = ("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PartiQLSelect")
_WRITES = (
    "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete",
)  # fmt: skip


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each table whose functions ask for more operations than its caps can carry; gaps where a number is open."""
    for store in fleet.stores:
        if store.table is None:
            continue
        asking = [
            (consumer, connection, rate)
            for connection in fleet.connections_by_store.get(store.id, ())
            if (consumer := fleet.consumer_by_id.get(connection.consumer)) is not None
            and (rate := _least_rate(consumer, connection)) is not None
        ]
        carried = _carried(store.table, [connection for _, connection, _ in asking])
        asked = total([rate for _, _, rate in asking])
        if asking and carried is not None and carried.surely_below(asked):
            yield _finding(rule, store, asking, asked, carried)
        elif store.table.read_units is not None or store.table.write_units is not None:
            for connection in fleet.connections_by_store.get(store.id, ()):
                yield from _unread(fleet, connection)


def _unread(fleet: Fleet, connection: Connection) -> Iterator[Gap]:
    """Numbers of a declared rate that are set and that nobody could read."""
    name = connection.consumer
    consumer = fleet.consumer_by_id.get(name)
    declared = {
        "transactions_per_invocation": connection.transactions_per_invocation,
        "hold_seconds": connection.hold_seconds,
        "other_work_seconds": connection.other_work_seconds,
    }
    if consumer is None or consumer.reserved_concurrency is None or None in declared.values():
        return
    for word, quantity in declared.items():
        yield from unread(name, f"{word} of {name}", quantity, connection.origin)
    yield from unread(name, f"reserved concurrency of {name}", consumer.reserved_concurrency, consumer.origin)


def _least_rate(consumer: Consumer, connection: Connection) -> Quantity | None:
    """Operations a second at full concurrency, at least; ``None`` where a number is missing."""
    reserved, operations = consumer.reserved_concurrency, connection.transactions_per_invocation
    takes, work = connection.hold_seconds, connection.other_work_seconds
    if reserved is None or operations is None or takes is None or work is None:
        return None
    longest = operations * takes + work
    if longest.high is None or longest.high == 0:
        return None
    return Quantity.bounded(reserved.low * operations.low / Fraction(longest.high), None)


def _carried(table: KeyValueTable, connections: list[Connection]) -> Quantity | None:
    """Operations a second that the caps carry at most; ``None`` when a direction in use has no cap."""
    reads = any(_may(connection, _READS) for connection in connections)
    writes = any(_may(connection, _WRITES) for connection in connections)
    if (reads and table.read_units is None) or (writes and table.write_units is None):
        return None
    read = (table.read_units or ZERO) * READS_PER_UNIT if reads else ZERO
    return read + ((table.write_units or ZERO) if writes else ZERO)


def _may(connection: Connection, actions: tuple[str, ...]) -> bool:
    """Whether the grants allow any of the actions; without known grants everything counts as allowed."""
    return not connection.grants or any(allowing(connection.grants, action) for action in actions)


def _finding(
    rule: Rule, store: Store, asking: list[tuple[Consumer, Connection, Quantity]], asked: Quantity, carried: Quantity
) -> Finding:
    least, table = Quantity.exact(math.ceil(asked.low)), store.table or KeyValueTable()
    units = (("read units", table.read_units), ("write units", table.write_units))
    return rule.finding(
        store.id,
        f"functions at full concurrency ask {store.id} for at least {least} operations a second; its caps carry at most {carried}",
        arithmetic=[
            *(_line(consumer, connection, rate) for consumer, connection, rate in asking),
            *(Term(label, value, store.origin) for label, value in units if value is not None),
            f"carried: 2 × read units + write units, as far as the roles allow reads and writes: {carried}",
        ],
        fix=_fix(store, asking, asked, carried),
        origin=store.origin,
        confidence=Confidence.CERTAIN
        if all(connection.certainty == "certain" for _, connection, _ in asking)
        else Confidence.LIKELY,
    )


def _line(consumer: Consumer, connection: Connection, rate: Quantity) -> str:
    takes = (
        f"{connection.transactions_per_invocation} × {connection.hold_seconds} s + {connection.other_work_seconds} s"
    )
    return (
        f"{consumer.id}: {consumer.reserved_concurrency} × {connection.transactions_per_invocation} operations / ({takes})"
        f" = {Quantity.exact(math.ceil(rate.low))} a second"
    )


def _fix(store: Store, asking: list[tuple[Consumer, Connection, Quantity]], asked: Quantity, carried: Quantity) -> str:
    raised = f"raise the caps of {store.id} to carry {math.ceil(asked.low)} operations a second"
    if len(asking) > 1:
        return f"{raised}, or lower the reserved concurrency of its functions"
    consumer, _, rate = asking[0]
    reserved = consumer.reserved_concurrency or ZERO
    fits = math.floor(reserved.low * (carried.high or 0) / Fraction(rate.low))
    return f"{raised}, or reserve at most {fits} for {consumer.id}"


RULE = Rule(
    code="PP702",
    name="throughput-under-concurrency",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
