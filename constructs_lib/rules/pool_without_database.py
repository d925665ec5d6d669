"""A pool hands its clients to another pool: in a circle, or to a pooler whose own connections nobody counts.

## What it finds

A declared or read pool whose target is no store but another pool. When the way from pool to pool comes back to where it began, no
database is ever reached: an *error*. A chain that ends at a database is a *warning*: only the last pool of it is counted, its
clients are not.

## Why it matters

The sum of a database counts the pools that stand directly in front of it. What lies behind a second pooler is neither on its list of
clients nor on anybody's: an empty sum looks like one that fits.

## What it cannot see

A pooler that is not declared.

## Bad

```yaml cloudformation
Metadata:
  "poolproof:pools":
    - {id: Near, store: Far, connections: 20}
    - {id: Far, store: Near, connections: 20}
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 10}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 10
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:pools" = [{ id = "Near", store = "Far", connections = 20 }, { id = "Far", store = "Near", connections = 20 }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_

stack.add_metadata("poolproof:pools", [
    {"id": "Near", "store": "Far", "connections": 20}, {"id": "Far", "store": "Near", "connections": 20},
])
lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=10,
)
```

## Good

```yaml cloudformation
Metadata:
  "poolproof:stores":
    - {id: Orders, engine: postgres, max_connections: 100}
  "poolproof:pools":
    - {id: Near, store: Orders, connections: 20, borrow_timeout_seconds: 5}
Resources:
  Api:
    Type: AWS::Lambda::Function
    Properties: {Timeout: 10, ReservedConcurrentExecutions: 10}
```

```hcl terraform
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 10
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:stores" = [{ id = "Orders", engine = "postgres", max_connections = 100 }]
    "poolproof:pools" = [{ id = "Near", store = "Orders", connections = 20, borrow_timeout_seconds = 5 }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_lambda as lambda_

stack.add_metadata("poolproof:stores", [{"id": "Orders", "engine": "postgres", "max_connections": 100}])
stack.add_metadata("poolproof:pools", [{"id": "Near", "store": "Orders", "connections": 20, "borrow_timeout_seconds": 5}])
lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=10,
)
```

## How to fix

Name the database as the pool's `store`. Of poolers in a row, declare the one in front of the database, and the outer one as its client
(`other_connections` of the store, with the connections the outer pooler opens).

## References

- https://github.com/pgbouncer/pgbouncer/blob/master/doc/config.md
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet, Pool
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each pool whose target is a pool."""
    ends: dict[str, bool] = {}
    for pool in fleet.pools:
        if pool.store in fleet.pool_by_id and pool.store not in fleet.store_by_id:
            yield _finding(rule, pool, circular=_circular(pool, fleet, ends))


def _circular(pool: Pool, fleet: Fleet, ends: dict[str, bool]) -> bool:
    """Whether the way from pool to pool never ends; each pool is followed once."""
    way: dict[str, None] = {}
    name = pool.id
    while name not in way and name not in ends:
        way[name] = None
        target = fleet.pool_by_id[name].store
        if target in fleet.store_by_id or target not in fleet.pool_by_id:
            ends[name] = False
        name = target if name not in ends else name
    answer = ends.get(name, True)
    ends.update(dict.fromkeys(way, answer))
    return answer


def _finding(rule: Rule, pool: Pool, *, circular: bool) -> Finding:
    if circular:
        message = (
            f"{pool.id}: its target '{pool.store}' is a pool that leads back to pools only; no database is ever reached"
        )
    else:
        message = f"{pool.id}: its target '{pool.store}' is a pool itself; clients of {pool.id} are in no sum"
    return rule.finding(
        pool.id,
        message,
        fix=f"name the database as the store of {pool.id}, and an outer pooler under other_connections of that database",
        origin=pool.origin,
        severity=Severity.ERROR if circular else Severity.WARNING,
    )


RULE = Rule(
    code="PP905",
    name="pool-without-database",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
