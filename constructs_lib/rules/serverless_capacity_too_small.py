"""The capacity range of Aurora Serverless v2 cannot carry the connections that are pinned or opened.

## What it finds

- Aurora PostgreSQL with a minimum capacity of 0 or 0.5 ACU and more than 2,000 connections pinned: AWS admits 2,000 at most, so the pin
  is not in force (an *error*; *likely* when the minimum is not known).
- A pin above what AWS's table gives for the maximum capacity (a *warning*, like `max-connections-over-memory` (PP106)).
- Direct connections beyond the default of an unpinned cluster, with the maximum capacity that would carry them (an *error*, beside
  `connections-over-budget` (PP101), which shows the sum).

## Why it matters

The limit of a serverless cluster does not follow its load: it comes from the *maximum* capacity and stays until a reboot. A small
minimum caps it silently. Nothing in a load test with few clients shows either.

## What it cannot see

Whether the cluster was rebooted since its maximum capacity changed: until then the old limit is in force.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "3000"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EngineVersion: "17.5"
      DBClusterParameterGroupName: !Ref Limits
      ServerlessV2ScalingConfiguration: {MinCapacity: 0.5, MaxCapacity: 64}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.serverless}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 50
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "3000"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 64
  }
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 50
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, writer=rds.ClusterInstance.serverless_v2("Writer"),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), parameters={"max_connections": "3000"},
    serverless_v2_min_capacity=0.5, serverless_v2_max_capacity=64,
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=50, vpc=vpc, environment={"PGHOST": orders.cluster_endpoint.hostname},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "1800"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EngineVersion: "17.5"
      DBClusterParameterGroupName: !Ref Limits
      ServerlessV2ScalingConfiguration: {MinCapacity: 0.5, MaxCapacity: 64}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.serverless}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 50
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "1800"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
  serverlessv2_scaling_configuration {
    min_capacity = 0.5
    max_capacity = 64
  }
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 50
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, writer=rds.ClusterInstance.serverless_v2("Writer"),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), parameters={"max_connections": "1800"},
    serverless_v2_min_capacity=0.5, serverless_v2_max_capacity=64,
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=50, vpc=vpc, environment={"PGHOST": orders.cluster_endpoint.hostname},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Raise the minimum capacity to 1 ACU, raise the maximum, or pin a limit that the range carries; reboot once after a changed maximum.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import SERVERLESS, Term, serverless_cap
from constructs_lib.model.carrying import capacity_units_for, carried_by
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Store
from constructs_lib.model.quantity import Quantity, format_number
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, store_label, store_origin


def search(rule: Rule, fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """Findings for serverless clusters: of their pins, then of what is opened on unpinned ones."""
    for store in fleet.stores:
        pin = store.max_connections
        if pin is not None and not pin.is_unknown and _serverless(store):
            yield from _pinned(rule, store, pin)
    for item in budget.stores:
        if _serverless(item.store) and not item.capacity.pinned and item.direct and item.ceiling_exceeds_once:
            yield _opened(rule, item)


def _serverless(store: Store) -> bool:
    return store.kind == "aurora-cluster" and any(instance.instance_class == SERVERLESS for instance in store.instances)


def _pinned(rule: Rule, store: Store, pin: Quantity) -> Iterator[Finding]:
    cap = serverless_cap(store, store.instances)
    if cap is not None and pin.low > cap.low:
        yield _capped(rule, store, pin, cap)
        return
    instance = next(instance for instance in store.instances if instance.instance_class == SERVERLESS)
    carried = carried_by(store, instance)
    if carried is not None and pin.low > carried.low:
        yield _over_maximum(rule, store, pin, carried)


def _capped(rule: Rule, store: Store, pin: Quantity, cap: Quantity) -> Finding:
    return rule.finding(
        store.id,
        f"{store.id}: max_connections is pinned at {pin}; with a minimum capacity of {_units(store.serverless_min)} AWS admits "
        f"{format_number(cap.low)} at most",
        arithmetic=[
            Term("max_connections, pinned", pin, store.max_connections_origin),
            Term("admitted with a minimum of 0 or 0.5 ACU", Quantity.exact(cap.low), store.origin),
        ],
        fix=f"raise MinCapacity of {store.id} to 1, or pin max_connections at {format_number(cap.low)} or less",
        origin=store.origin,
        confidence=Confidence.CERTAIN if cap.is_exact else Confidence.LIKELY,
    )


def _units(capacity: Quantity | None) -> str:
    return "an unknown number of ACU" if capacity is None or not capacity.is_exact else f"{capacity} ACU"


def _over_maximum(rule: Rule, store: Store, pin: Quantity, carried: Quantity) -> Finding:
    units = capacity_units_for(store, pin.low)
    larger = "" if units is None else f", or raise MaxCapacity to {units}"
    return rule.finding(
        store.id,
        f"{store.id}: max_connections is pinned at {pin}; {_units(store.serverless_max)} at most carry {carried}",
        arithmetic=[
            Term("max_connections, pinned", pin, store.max_connections_origin),
            Term(f"AWS's table for {_units(store.serverless_max)}", carried, store.origin),
        ],
        fix=f"pin max_connections of {store.id} at {format_number(carried.low)} or less{larger}",
        origin=store.origin,
        severity=Severity.WARNING,
        confidence=Confidence.CERTAIN if pin.surely_above(carried) else Confidence.LIKELY,
    )


def _opened(rule: Rule, item: StoreBudget) -> Finding:
    store = item.store
    needed = item.opened.low + item.capacity.reserved.low + item.capacity.set_aside.low
    units = capacity_units_for(store, needed)
    capped = serverless_cap(store, store.instances) is not None
    if units is not None:
        advice = f"raise MaxCapacity of {store.id} to at least {units} ACU and reboot"
    else:
        advice = "no maximum capacity carries that many" + (
            " with such a minimum: raise MinCapacity to 1" if capped else ""
        )
    return rule.finding(
        store.id,
        f"{store_label(item)}: {counted(item.opened, 'connection')} may be opened; {_units(store.serverless_max)} at most offer "
        f"{item.capacity.max_connections}, {item.capacity.usable} usable",
        arithmetic=item.terms,
        fix=f"{advice}, or let at most {format_number(item.capacity.usable.low)} connections be opened",
        origin=store_origin(item),
        confidence=confidence(item.demands, decided=item.verdict_once is Verdict.EXCEEDS),
    )


RULE = Rule(
    code="PP112",
    name="serverless-capacity-too-small",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
