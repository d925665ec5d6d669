"""A borrow timeout is 0, which nobody defines, or longer than AWS allows.

## What it finds

A target group whose `ConnectionBorrowTimeout` is surely 0, or surely above 300 seconds.

## Why it matters

AWS's API allows 0 to 300 seconds and does not say what 0 does: whether a client that finds no free connection fails at once or waits
without end, and what happens while the database fails over, when every client waits. A value above 300 is refused by the service during
the deploy, not by the synth; Terraform's own validation lets values up to 3,600 pass.

## What it cannot see

A timeout that comes from a parameter without a default. Whether the value suits the clients: that is
`borrow-timeout-outlives-function` (PP201) and `borrow-wait-unbounded` (PP202).

## Bad

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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 0}
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
    connection_borrow_timeout = 600
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50,
)
group = proxy.node.find_child("ProxyTargetGroup")
group.add_property_override("ConnectionPoolConfigurationInfo.ConnectionBorrowTimeout", 0)
```

## Good

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
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## How to fix

Set `ConnectionBorrowTimeout` to a few seconds on a request path, to at most 300 for jobs, and below the timeout of every client.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/db_proxy_default_target_group
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.pools import longest_borrow_timeout
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each proxy whose borrow timeout surely lies outside of 1 to 300 seconds, a gap for each that may."""
    longest = longest_borrow_timeout()
    for pool in fleet.pools:
        timeout = pool.borrow_timeout_seconds
        if pool.kind != "rds-proxy" or timeout is None:
            continue
        if not (timeout.high == 0 or timeout.low > longest):
            if timeout.high is None or timeout.high > longest or not timeout.low:
                yield from unread(pool.id, f"ConnectionBorrowTimeout of {pool.id}", timeout, pool.origin)
            continue
        yield rule.finding(
            pool.id,
            f"{pool.id} has a borrow timeout of {timeout} s{_why(timeout, longest)}",
            arithmetic=[Term("borrow timeout, seconds", timeout, pool.origin), f"allowed: 1 to {longest}"],
            fix=f"set ConnectionBorrowTimeout of {pool.id} to 1 to {longest} s, a few seconds where somebody waits for an answer",
            origin=pool.origin,
        )


def _why(timeout: Quantity, longest: int) -> str:
    return ", and AWS does not say what 0 means" if timeout.high == 0 else f", but AWS allows at most {longest} s"


RULE = Rule(
    code="PP216",
    name="borrow-timeout-out-of-range",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
