"""What engine, operators and declared clients keep back is already more than the database's whole limit.

## What it finds

A store whose `max_connections` is smaller than the slots the engine reserves, the operator reserve and the declared other clients
together: nothing is left for any function or pool, whatever they open.

## Why it matters

Such a database refuses the first function. With 10 connections and the 9 slots that PostgreSQL on RDS keeps from an application role,
one client is admitted and the person who wants to look into it is not.

## What it cannot see

Whether the declared reserve is ever used in full.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "10"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "10"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "10"},
)
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
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
```

## How to fix

Pin a higher limit, or lower the operator reserve (`operator_reserve`) where the engine's slots are not to blame.

## References

- https://www.postgresql.org/docs/current/runtime-config-connection.html
- https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-versions.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import format_number
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said
from constructs_lib.rules._wording import store_label, store_origin


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each store, or readers of a store, of which nothing is left, a gap where a declared client keeps that open."""
    for item in budget.stores:
        capacity = item.capacity
        kept = capacity.reserved + capacity.set_aside
        if kept.surely_above(capacity.max_connections):
            yield rule.finding(
                item.store.id,
                f"{store_label(item)}: {kept} connections are kept back ({capacity.reserved} by the engine, {capacity.set_aside} for "
                f"operators and declared clients), but there are only {capacity.max_connections}",
                arithmetic=capacity.terms,
                fix=f"pin max_connections of {item.store.id} above {format_number(kept.low)}, or declare a smaller reserve",
                origin=store_origin(item),
            )
        elif not kept.surely_at_most(capacity.max_connections):
            for name, count in item.store.other_connections:
                yield from unread(item.store.id, f"connections of the declared client {name}", count, item.store.origin)


RULE = Rule(
    code="PP114",
    name="reserve-over-limit",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
