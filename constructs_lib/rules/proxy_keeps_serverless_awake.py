"""A proxy holds connections to a database that is meant to sleep.

## What it finds

An RDS proxy in front of an Aurora Serverless v2 cluster whose minimum capacity is 0.

## Why it matters

A cluster with a minimum of 0 capacity units pauses when nothing is connected to it, and costs only its storage then. A proxy keeps a
connection to each instance open all the time, so the cluster never pauses: it is paid as if the minimum were above 0, and the proxy
with it, although the template says the opposite. The first sign is the bill.

## What it cannot see

Other things that keep a cluster awake: functions with direct connections that never close, replication, monitoring.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "200"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EngineVersion: "17.5"
      DBClusterParameterGroupName: !Ref Limits
      ServerlessV2ScalingConfiguration: {MinCapacity: 0, MaxCapacity: 32}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.serverless}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    DependsOn: Writer
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBClusterIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "200"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
  serverlessv2_scaling_configuration {
    min_capacity = 0
    max_capacity = 32
  }
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
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
  db_proxy_name         = aws_db_proxy.orders.name
  target_group_name     = aws_db_proxy_default_target_group.orders.name
  db_cluster_identifier = aws_rds_cluster.orders.id
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, writer=rds.ClusterInstance.serverless_v2("Writer"),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    serverless_v2_min_capacity=0, serverless_v2_max_capacity=32, parameters={"max_connections": "200"},
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "200"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties:
      Engine: aurora-postgresql
      EngineVersion: "17.5"
      DBClusterParameterGroupName: !Ref Limits
      ServerlessV2ScalingConfiguration: {MinCapacity: 1, MaxCapacity: 32}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.serverless}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    DependsOn: Writer
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBClusterIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "200"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
  serverlessv2_scaling_configuration {
    min_capacity = 1
    max_capacity = 32
  }
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.serverless"
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
  db_proxy_name         = aws_db_proxy.orders.name
  target_group_name     = aws_db_proxy_default_target_group.orders.name
  db_cluster_identifier = aws_rds_cluster.orders.id
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, writer=rds.ClusterInstance.serverless_v2("Writer"),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    serverless_v2_min_capacity=1, serverless_v2_max_capacity=32, parameters={"max_connections": "200"},
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## How to fix

Decide which of the two it is. A database that should pause takes no proxy: use the Data API, which holds no connections, or direct
connections of few functions that close. A database behind a proxy takes the minimum it needs, 0.5 or more.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2-auto-pause.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/aurora-serverless-v2.setting-capacity.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each RDS proxy in front of a cluster that may scale to nothing, a gap where the minimum is open."""
    for pool in fleet.pools:
        store = fleet.store_by_id.get(pool.store)
        if pool.kind != "rds-proxy" or store is None or store.serverless_min is None:
            continue
        if store.serverless_min.high != 0:
            if not store.serverless_min.low:
                yield from unread(store.id, f"minimum capacity of {store.id}", store.serverless_min, store.origin)
            continue
        yield rule.finding(
            pool.id,
            f"{pool.id} keeps connections open to {store.id}, which therefore never pauses although its minimum capacity is 0",
            arithmetic=[Term(f"minimum capacity of {store.id}, ACU", store.serverless_min, store.origin)],
            fix=f"take {pool.id} away and use the Data API, or raise the minimum capacity of {store.id} to 0.5 ACU or more",
            origin=pool.origin,
        )


RULE = Rule(
    code="PP211",
    name="proxy-keeps-serverless-awake",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
