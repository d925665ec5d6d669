"""A proxy may open connections that the engine, operators or other clients need.

## What it finds

Pools whose percentages, together, reach into what is not theirs:

- *Error* when the pools alone exceed `max_connections` minus the slots the engine keeps back. At 100 %, the service default, that is
  so for every PostgreSQL database, whatever its limit.
- *Warning* when they only displace the operator reserve or other declared clients; a *likely* one when they do so, or worse, only at
  the lowest limit an unpinned database may have.

Either is *certain* when clients that certainly may come make the pools open that many. While only the size of the pools allows it,
the finding is *likely* and names how many the declared clients make them open.

Each percentage is taken of each target's `max_connections` and rounded up. Direct connections of functions are
`connections-over-budget` (PP101). Several proxies whose percentages add up to more than 100 are `proxies-share-target-over-100`
(PP203), which then speaks instead of this rule.

## Why it matters

PostgreSQL keeps slots for superusers, for members of its reserved roles and, on RDS, for AWS's own administration. A proxy logs in
as an ordinary role: at 100 % it asks for slots it can never get, and clients see `remaining connection slots are reserved` while the
proxy still believes in room. A person with psql, a migration or a monitoring agent then finds the door closed during the incident.

## What it cannot see

How many connections AWS's proxy keeps for its own monitoring: the number is not published. Proxies in documents not given.

## Bad

100 % of 100, although the engine keeps 9.

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
      ConnectionPoolConfigurationInfo: {ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
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
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

## Good

80 for the proxy, 9 for the engine, 5 for operators.

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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 80, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
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
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=80, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
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
    max_connections_percent   = 80
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

## How to fix

Set `MaxConnectionsPercent` to the value proposed. AWS advises to keep it at least 30 % above the most connections recently used.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
- https://www.postgresql.org/docs/current/runtime-config-connection.html
- https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.openings import compare_ceilings, compare_openings
from constructs_lib.model.quantity import ZERO, Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._shares import largest_share, over_the_whole, share_label
from constructs_lib.rules._wording import by_clients, listed, store_label


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, whose pools alone are too large."""
    for item in budget.stores:
        if over_the_whole(item):
            continue
        if item.pools and _may_go_beyond(item, item.capacity.reserved):
            yield _sized(rule, item, item.capacity.reserved, f"the engine keeps {item.capacity.reserved}")
            continue
        kept = item.capacity.reserved + item.capacity.set_aside
        needed = f"the engine, operators and declared clients need {kept}"
        if item.pools and _may_go_beyond(item, kept):
            yield _sized(rule, item, kept, needed, Severity.WARNING)
        elif item.pools and _at_its_lowest(item):
            yield _finding(
                rule, item, f"{needed}, too much if the limit is at its lowest", Severity.WARNING, Confidence.LIKELY
            )


def _may_go_beyond(item: StoreBudget, kept: Quantity) -> bool:
    return compare_ceilings(item.capacity.max_connections, item.pools, ZERO, kept) is Verdict.EXCEEDS


def _sized(rule: Rule, item: StoreBudget, kept: Quantity, why: str, severity: Severity = Severity.ERROR) -> Finding:
    """Certain when clients that were read without doubt make the pools open too much, likely when only the pools' size allows it."""
    opened = compare_openings(item.capacity.max_connections, item.pools, ZERO, kept, read_only=True)
    if opened is Verdict.EXCEEDS:
        return _finding(rule, item, why, severity)
    return _finding(rule, item, why + by_clients(item, kept), severity, Confidence.LIKELY)


def _at_its_lowest(item: StoreBudget) -> bool:
    """Whether the pools alone surely exceed what is usable at the lowest limit the store may have."""
    return not item.capacity.max_connections.is_unknown and item.pools_opening.low > item.capacity.usable.low


def _finding(
    rule: Rule,
    item: StoreBudget,
    why: str,
    severity: Severity = Severity.ERROR,
    confidence: Confidence = Confidence.CERTAIN,
) -> Finding:
    pool = item.pools[0].pool
    names = listed(budget.pool.id for budget in item.pools)
    limit = item.capacity.max_connections
    verb = "may open" if len(item.pools) == 1 else "together may open"
    opened = "its whole limit" if limit.is_unknown else f"{item.pools_opening} of {limit} connections"
    return rule.finding(
        pool.id,
        f"{names} {verb} {opened} of {store_label(item)}, where {why}",
        arithmetic=[
            *item.capacity.terms,
            Term("usable", item.capacity.usable),
            *(Term(share_label(budget), budget.opening, budget.pool.origin) for budget in item.pools),
            Term("pools may open", item.pools_opening),
        ],
        fix=largest_share(item, names),
        origin=pool.origin,
        severity=severity,
        confidence=confidence,
    )


RULE = Rule(
    code="PP204",
    name="proxy-takes-reserved-slots",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
