"""More connections may work at once than the database's vCPUs can run.

## What it finds

A store whose pools and direct clients may together open more than κ connections per vCPU, where κ is the setting
`connections_per_vcpu` (8 by default) and the vCPUs are those of the smallest instance that may serve. Frozen environments of an old
version do not count: they hold sockets, but run nothing.

Certain when the excess holds for every limit the store may have, likely when only the highest one exceeds.

## Why it matters

`max_connections` is sized by memory; queries run on vCPUs. Beyond a few busy connections per vCPU every further query only makes the
others slower, timeouts fire, clients retry, and the load feeds itself. A public map service was down for 33 minutes at 38 requests
a second: its proxy could open 1,700 connections on 2 vCPUs. A small pool turns the same burst into a short wait.

## What it cannot see

How many of the connections are busy at once: when most are idle, raise κ and say so. What a query costs. Aurora Serverless, whose
vCPUs follow the load, and classes that are not in the facts.

## Bad

200 connections on 2 vCPUs.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.r6g.large, DBParameterGroupName: !Ref Limits}
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
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 16
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "400"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.r6g.large"
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
  reserved_concurrent_executions = 16
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("r6g.large"), parameters={"max_connections": "400"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=16, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## Good

A pool of 16 on the same 2 vCPUs.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "32"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.r6g.large, DBParameterGroupName: !Ref Limits}
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
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 16
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "32"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.r6g.large"
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
  reserved_concurrent_executions = 16
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("r6g.large"), parameters={"max_connections": "32"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=16, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## How to fix

Pin `max_connections` lower rather than the percentage: AWS recommends a floor for `MaxConnectionsPercent` (20 % on larger classes).
Or take a class with more vCPUs, or raise `connections_per_vcpu` when measurements show that most connections are idle.

## References

- https://github.com/NASA-IMPACT/veda-backend/pull/649
- https://github.com/NASA-IMPACT/veda-backend/issues/646
- https://github.com/developmentseed/eoapi-cdk/issues/2
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, store_label, store_origin


def search(rule: Rule, _fleet: Fleet, budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, that may run more than its vCPUs carry."""
    for item in budget.stores:
        vcpus = item.capacity.vcpus
        if vcpus is None or not item.demands:
            continue
        ceiling = vcpus * Quantity.exact(settings.connections_per_vcpu)
        decided = item.opened_once.surely_above(ceiling)
        if not decided and not _may_exceed(item, ceiling):
            continue
        yield rule.finding(
            item.store.id,
            f"{store_label(item)}: {counted(item.opened_once, 'connection')} may work at once on "
            f"{counted(vcpus, 'vCPU')}; {ceiling} are advisable ({vcpus} × {settings.connections_per_vcpu})",
            arithmetic=_arithmetic(item, vcpus, ceiling),
            fix=_fix(item, ceiling, settings),
            origin=store_origin(item),
            confidence=confidence(item.demands, decided=decided),
        )


def _may_exceed(item: StoreBudget, ceiling: Quantity) -> bool:
    """Whether the highest limit exceeds; functions without a bound are another rule's finding, unknown limits too."""
    bounded = all(demand.bounded for demand in item.direct)
    return bounded and item.opened_once.high is not None and not item.opened_once.surely_at_most(ceiling)


def _arithmetic(item: StoreBudget, vcpus: Quantity, ceiling: Quantity) -> Iterator[Term]:
    for pool in item.pools:
        yield Term(f"pool of {pool.pool.id}", pool.opening, pool.pool.origin)
    for demand in item.direct:
        yield Term(
            f"{demand.consumer.id} ({demand.environments} × {demand.per_environment})",
            demand.once,
            demand.consumer.origin,
        )
    yield Term("may work at once", item.opened_once)
    yield Term("vCPUs of the smallest instance", vcpus, item.store.origin)
    yield Term("advisable", ceiling)


def _fix(item: StoreBudget, ceiling: Quantity, settings: Settings) -> str:
    needed = math.ceil(item.opened_once.low / settings.connections_per_vcpu)
    kept = item.capacity.reserved + item.capacity.set_aside
    pin = f"pin max_connections of {item.store.id} at {ceiling + kept} and " if item.store.on_rds else ""
    return (
        f"let at most {ceiling} be opened: {pin}size pools and reserved concurrency to it, or take a class with "
        f"{counted(max(1, needed), 'vCPU')} or more, or raise connections_per_vcpu when most connections are idle"
    )


RULE = Rule(
    code="PP104",
    name="pool-outgrows-cpu",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
