"""The subnets of a proxy have fewer free addresses than it should find there.

## What it finds

Proxies whose subnets together have fewer addresses than AWS asks to keep free: 10 for a database of class xlarge or smaller, 25 for a
4xlarge, 110 for a 24xlarge, the same for every reader, 3 for a further endpoint, 215 at most. Five addresses of every subnet are AWS's;
one each goes to what is placed there: functions by subnet and set of security groups, database instances, interface endpoints, NAT
gateways.

## Why it matters

A proxy grows with its database and with the connections it carries. Where it finds no address it cannot grow, and RDS says so in an
event (RDS-EVENT-0243) after the deploy. A subnet cannot be enlarged later.

## What it cannot see

Whatever else takes addresses there, such as load balancers, containers and other stacks; room for a deploy. Functions themselves need
little: Lambda shares one interface between all environments of a subnet and a set of security groups, for 65,000 connections.

## Bad

```yaml cloudformation
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/28, AvailabilityZone: eu-west-1a}}
  SubnetB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/28, AvailabilityZone: eu-west-1b}}
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, VpcSubnetIds: [!Ref SubnetA, !Ref SubnetB]}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

isolated = ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=28)
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, max_azs=2, subnet_configuration=[isolated])
subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=subnets, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
orders.add_proxy("Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=subnets, max_connections_percent=50)
```

```hcl terraform
resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.0.0/28"
}
resource "aws_subnet" "b" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.1.0/28"
}
resource "aws_db_proxy" "orders" {
  name           = "orders"
  engine_family  = "POSTGRESQL"
  require_tls    = true
  vpc_subnet_ids = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
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
```

## Good

```yaml cloudformation
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: eu-west-1a}}
  SubnetB: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.1.0/24, AvailabilityZone: eu-west-1b}}
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, VpcSubnetIds: [!Ref SubnetA, !Ref SubnetB]}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

isolated = ec2.SubnetConfiguration(name="isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24)
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0, max_azs=2, subnet_configuration=[isolated])
subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=subnets, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
orders.add_proxy("Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=subnets, max_connections_percent=50)
```

```hcl terraform
resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_subnet" "b" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.1.0/24"
}
resource "aws_db_proxy" "orders" {
  name           = "orders"
  engine_family  = "POSTGRESQL"
  require_tls    = true
  vpc_subnet_ids = [aws_subnet.a.id, aws_subnet.b.id]
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
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
```

## How to fix

Give the proxy subnets of a size that leaves the addresses free at the largest class the database will have; /24 is a good start.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-network-prereqs.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-network-prereqs.html
- https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
- https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.addresses import Room, addresses_of, rooms, unread_blocks
from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each set of subnets in which proxies do not find the addresses they should; gaps where nobody can count."""
    yield from unread_blocks(fleet)
    for room in rooms(fleet):
        if room.needed > room.free:
            yield _finding(rule, room)


def _finding(rule: Rule, room: Room) -> Finding:
    pools = [pool.id for pool, _ in room.needs]
    whose = "its" if len(pools) == 1 else "their"
    return rule.finding(
        pools[0],
        f"{listed(pools)} should find {room.needed} free addresses in {whose} subnets, but there are {room.free}",
        arithmetic=[
            *(f"{subnet.id}, {subnet.cidr}: {addresses_of(subnet)}" for subnet in room.subnets),
            *(f"taken by {name}: 1" for name in room.taken),
            f"free: {room.free}",
            *(f"{pool.id}: {count}" for pool, count in room.needs),
        ],
        fix=f"give {listed(pools)} larger subnets, /24 say, in at least two availability zones",
        origin=room.needs[0][0].origin,
        confidence=Confidence.CERTAIN,
    )


RULE = Rule(
    code="PP604",
    name="subnet-too-small",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
