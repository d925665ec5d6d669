"""A proxy takes a smaller share of a small database than AWS says it needs.

## What it finds

An RDS proxy whose `MaxConnectionsPercent` is surely below the minimum that AWS's guides recommend in front of the smallest instance
registered with it, where `max_connections` is the class's default: on RDS 30 % in front of a small class and 20 % in front of a larger
one; on Aurora 100 % (small), 55 % (medium), 35 % (large) of the T classes and 20 % of the others.

## Why it matters

A proxy runs on several hosts and divides its share among them, moves parts of it from one to another, and keeps connections of its own
for watching the database. Of too small a share nothing useful is left to one host: clients wait for a connection although the database
is idle. The recommended percentages stand for about fifty connections; that is why Aurora, whose small classes admit far fewer
connections than the same classes on RDS, needs larger ones.

## What it cannot see

Databases with a `max_connections` of their own: the percentages are meant for the defaults, so nothing is said about them; keep the
pool at some fifty connections or more. Classes that are not known, and Serverless v2, for which AWS gives no minimum. Percentages
that come from an open parameter.

## Bad

30 % of the 45 connections that Aurora MySQL admits on this class.

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-mysql, EngineVersion: 8.0.mysql_aurora.3.08.0}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-mysql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.t3.small}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: MYSQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    DependsOn: Writer
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBClusterIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 30, ConnectionBorrowTimeout: 5}
```

```hcl terraform
resource "aws_rds_cluster" "orders" {
  engine         = "aurora-mysql"
  engine_version = "8.0.mysql_aurora.3.08.0"
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-mysql"
  instance_class     = "db.t3.small"
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "MYSQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent      = 30
    max_idle_connections_percent = 10
    connection_borrow_timeout    = 5
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
    stack, "Orders", vpc=vpc, vpc_subnets=isolated,
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("t3.small")),
    engine=rds.DatabaseClusterEngine.aurora_mysql(version=rds.AuroraMysqlEngineVersion.VER_3_08_0),
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=30, borrow_timeout=Duration.seconds(5),
)
```

## Good

A class that carries a proxy, with a limit of its own: 100 of 200 connections.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-mysql8.0, Description: limits, Parameters: {max_connections: "200"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-mysql, EngineVersion: 8.0.mysql_aurora.3.08.0, DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-mysql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: MYSQL, RequireTLS: true}
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
  family = "aurora-mysql8.0"
  parameter {
    name  = "max_connections"
    value = "200"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-mysql"
  engine_version                  = "8.0.mysql_aurora.3.08.0"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-mysql"
  instance_class     = "db.r6g.4xlarge"
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "MYSQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent      = 50
    max_idle_connections_percent = 10
    connection_borrow_timeout    = 5
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
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters={"max_connections": "200"},
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
    engine=rds.DatabaseClusterEngine.aurora_mysql(version=rds.AuroraMysqlEngineVersion.VER_3_08_0),
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## How to fix

Raise `MaxConnectionsPercent` to the value given, or pin `max_connections` in a parameter group at what the database can carry and size
the pool in connections: AWS's two guides disagree about the same class only because its default limits differ. Where so many
connections are more than the processors can work on, which `pool-outgrows-cpu` (PP104) says, the class is too small for a proxy.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-connections.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet, Pool, Store
from constructs_lib.model.pools import least_percent
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each RDS proxy whose share is surely below AWS's minimum for its target."""
    for pool in fleet.pools:
        store = fleet.store_by_id.get(pool.store)
        if pool.kind != "rds-proxy" or pool.percent is None or store is None or _pinned(store, settings):
            continue
        smallest = max(_classes(store), key=lambda name: least_percent(store, name), default=None)
        least = 0 if smallest is None else least_percent(store, smallest)
        if pool.percent.high is not None and pool.percent.high < least:
            yield _finding(rule, pool, store, f"{least} % for {smallest}")


def _pinned(store: Store, settings: Settings) -> bool:
    written = store.max_connections is not None or store.max_connections_expression is not None
    return written or store.id in settings.declared_max_connections


def _classes(store: Store) -> list[str]:
    return [
        item.instance_class
        for item in store.instances
        if item.instance_class and item.instance_class != "db.serverless"
    ]


def _finding(rule: Rule, pool: Pool, store: Store, least: str) -> Finding:
    return rule.finding(
        pool.id,
        f"{pool.id} takes {pool.percent} % of max_connections of {store.id}; AWS recommends at least {least}",
        arithmetic=[f"MaxConnectionsPercent: {pool.percent}", f"recommended at least: {least}"],
        fix=f"give {pool.id} at least {least}, or pin max_connections of {store.id} and size the pool in connections",
        origin=pool.origin,
    )


RULE = Rule(
    code="PP205",
    name="proxy-percent-under-floor",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
