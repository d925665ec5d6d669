"""Clients of a pool may wait longer for a connection than the pool or their own timeout allows.

## What it finds

A pool with more clients than connections where the longest wait cannot be proven to end in time. With N clients, P connections and
transactions that hold a connection for at most h seconds, a newcomer waits at most

    W = ceil((N − P) / P) × h

(with different holds, the least loaded connection of a list of the others' holds). The pool passes when W stays below the borrow
timeout and, for each function, `transactions × (W + h) + other work` stays within its timeout. Sessions that pin their connection are
taken off both N and P.

*Certain* when a schedule of requests that outwaits the limit surely exists. *Likely* when it rests on an assumption, which the message
names: without a declared hold that the database enforces, a transaction may last as long as its function.

## Why it matters

A queue of bounded length in front of the database turns load into waiting, not into failures: that is what the proxy is for. The
promise holds only while the wait ends before somebody gives up. Beyond that point every request times out although the database is
healthy, and each timeout brings a retry.

## What it cannot see

Time lost when the proxy must first open a connection, a failover, a query that runs on after its function was ended. Averages are
far shorter than the bound: it is a proof, not a forecast.

## Bad

400 clients on 50 connections, one second each: seven rounds before the last one, five seconds allowed.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Metadata:
      "poolproof:connections":
        - {store: Orders, pool: Proxy, via: proxy, connections_per_environment: 1, hold_seconds: 1, hold_enforced: true}
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 400
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent   = 50
    connection_borrow_timeout = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 400
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_db_instance.orders", pool = "aws_db_proxy.orders", via = "proxy"
      connections_per_environment = 1, hold_seconds = 1, hold_enforced = true
    }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=400, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
declared = {"via": "proxy", "connections_per_environment": 1, "hold_seconds": 1, "hold_enforced": True}
ids = {"store": stack.get_logical_id(orders.node.default_child), "pool": stack.get_logical_id(proxy.node.default_child)}
api.node.default_child.add_metadata("poolproof:connections", [{**ids, **declared}])
```

## Good

200 clients: three rounds.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Metadata:
      "poolproof:connections":
        - {store: Orders, pool: Proxy, via: proxy, connections_per_environment: 1, hold_seconds: 1, hold_enforced: true}
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 200
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent   = 50
    connection_borrow_timeout = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 200
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:connections" = [{
      consumer = "aws_lambda_function.api", store = "aws_db_instance.orders", pool = "aws_db_proxy.orders", via = "proxy"
      connections_per_environment = 1, hold_seconds = 1, hold_enforced = true
    }]
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=200, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
declared = {"via": "proxy", "connections_per_environment": 1, "hold_seconds": 1, "hold_enforced": True}
ids = {"store": stack.get_logical_id(orders.node.default_child), "pool": stack.get_logical_id(proxy.node.default_child)}
api.node.default_child.add_metadata("poolproof:connections", [{**ids, **declared}])
```

## How to fix

Enforce a short hold (`transaction_timeout` from PostgreSQL 17, else `statement_timeout` with `idle_in_transaction_session_timeout`) and
declare it; reserve fewer concurrent executions; widen the pool within what the database carries; or raise the borrow timeout below
every client's own timeout.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://github.com/sequelize/sequelize/issues/14433
- https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.chains import Chain
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import Number, Quantity, format_number
from constructs_lib.model.queueing import bounded_wait
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each pool whose wait is not proven although every input was read, or surely too long."""
    for _, item in budget.pools:
        decided = item.verdict is Verdict.EXCEEDS
        if not decided and not _unproven(item):
            continue
        yield rule.finding(
            item.pool.id,
            f"{item.pool.id}: {_problem(item)}{'' if decided else _assumption(item)}",
            arithmetic=[*item.terms, *(_chain_line(chain) for chain in item.chains)],
            fix=_fix(item),
            origin=item.pool.origin,
            confidence=confidence(item.demands, decided=decided),
        )


def _unproven(item: PoolBudget) -> bool:
    """Whether the proof fails for want of a short hold or a pinned limit; inputs that nobody read are gaps, not findings."""
    read = [item.clients, item.borrow_timeout, *(demand.consumer.timeout_seconds for demand in item.demands)]
    holds = [demand.connection.hold_seconds for demand in item.demands]
    return (
        item.verdict is Verdict.UNDECIDED
        and item.connections.low > 0
        and all(quantity.is_exact for quantity in read)
        and all(hold is None or hold.is_exact for hold in holds)
    )


def _problem(item: PoolBudget) -> str:
    if not item.nobody_waits and item.pinned.low > 0 and not item.connections.surely_above(item.pinned):
        return f"{counted(item.pinned, 'session')} may each pin one of {counted(item.connections, 'connection')} and starve the rest"
    shared = f"{counted(item.clients, 'client')} share {counted(item.connections, 'connection')}"
    if item.connections.high != 0 and not item.nobody_waits and not item.wait.surely_below(item.borrow_timeout):
        return f"{shared} and one may wait {_at_worst(item.wait)}; the borrow timeout is {item.borrow_timeout} s"
    late = next((chain for chain in item.chains if chain.verdict is not Verdict.FITS), None)
    if late is None or item.connections.high == 0:
        return f"{shared}: nobody is surely served"
    name, timeout = late.demand.consumer.id, late.demand.consumer.timeout_seconds
    return f"{shared} and {name} may need {_at_worst(late.needed)} with its waits; its timeout is {timeout} s"


def _at_worst(quantity: Quantity) -> str:
    return f"{quantity} s" if quantity.high is None else f"{Quantity.exact(quantity.high)} s"


def _assumption(item: PoolBudget) -> str:
    if item.hold_assumed:
        return " (assumed: a transaction lasts as long as its function; no shorter hold is declared and enforced)"
    return " (at the lowest limit the unpinned database may have)"


def _chain_line(chain: Chain) -> str:
    consumer = chain.demand.consumer
    return f"{consumer.id}: {chain.formula} = {chain.needed} s; its timeout is {consumer.timeout_seconds} s"


def _fix(item: PoolBudget) -> str:
    name = item.pool.id
    if item.pinned.low > 0:
        return f"stop the sessions of {name} from pinning, or reserve so little that all of them fit the pool; or widen the pool"
    if item.connections.high == 0:
        return f"widen {name} to one connection or more: its share of max_connections rounds down to none"
    if item.hold_assumed:
        first = "enforce and declare a hold (transaction_timeout, hold_seconds) that is shorter than the function"
    else:
        first = "shorten the transactions"
    if not item.hold_assumed and not _ends_in_time(item, 1, int(item.connections.low)):
        return "shorten the transactions, or raise the function's timeout: it ends before its work does, even without waiting"
    most = _largest_clients(item)
    then = "then nobody waits" if most <= item.connections.low else "then the wait ends in time"
    return f"{first}, or let at most {format_number(most)} clients share {name}, {then}; or widen the pool"


def _largest_clients(item: PoolBudget) -> int:
    """The most clients whose wait is proven with the longest hold; the pool itself when a hold is only assumed."""
    pool = int(item.connections.low)
    most = pool if item.hold_assumed else int(item.clients.high or 0)
    least = min(pool, most)
    while least < most:
        middle = (least + most + 1) // 2
        if _ends_in_time(item, middle, pool):
            least = middle
        else:
            most = middle - 1
    return least


def _ends_in_time(item: PoolBudget, clients: int, pool: int) -> bool:
    wait = bounded_wait(clients, pool, item.hold.high or 0)
    if wait is None or (wait > 0 and wait >= item.borrow_timeout.low):
        return False
    return all(_chain_ends(chain, wait) for chain in item.chains)


def _chain_ends(chain: Chain, wait: Number) -> bool:
    needed = chain.transactions * (Quantity.exact(wait) + chain.hold) + chain.work + chain.elsewhere
    return needed.surely_at_most(chain.demand.consumer.timeout_seconds)


RULE = Rule(
    code="PP202",
    name="borrow-wait-unbounded",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
