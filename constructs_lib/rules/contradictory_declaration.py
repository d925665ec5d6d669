"""Two places say different things of the same store, pool or function.

## What it finds

- The same id declared twice under `poolproof:stores` or `poolproof:pools` with different values; the first one counts.
- A declaration under `poolproof:stores` or `poolproof:pools` for something that is a resource of a template; the resource counts.
- A limit declared under `poolproof:store` beside another one in the parameter group; the parameter group counts.
- A limit in the settings (`max_connections` of a store) beside another one in the parameter group; the settings count.

## Why it matters

One of the two is wrong, and every sum rests on whichever happened to count. A declared limit that outlived a change of the parameter
group makes a fleet pass that no longer fits.

## What it cannot see

Which of the two is true.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Metadata:
      "poolproof:store": {max_connections: 400}
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
resource "terraform_data" "declared" {
  input = {
    "poolproof:store" = [{ store = "aws_db_instance.orders", max_connections = 400 }]
  }
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
orders.node.default_child.add_metadata("poolproof:store", {"max_connections": 400})
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

Delete the declaration, or correct it. A limit that a parameter group pins needs no declaration.

## References

- https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.outsiders import Contradiction
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each contradiction."""
    for said in (*fleet.contradictions, *_against_settings(fleet, settings), *_twice(fleet)):
        yield rule.finding(
            said.subject,
            f"{said.subject}: {said.what} is {said.counts}, and {said.passed_over} elsewhere; the first counts",
            fix=f"delete or correct one of the two for {said.subject}",
            origin=said.origin,
        )


def _against_settings(fleet: Fleet, settings: Settings) -> Iterator[Contradiction]:
    for store in fleet.stores:
        declared, pinned = settings.declared_max_connections.get(store.id), store.max_connections
        if declared is not None and pinned is not None and pinned.is_exact and pinned != Quantity.exact(declared):
            counts = f"{Quantity.exact(declared)} in the settings"
            place = f"{pinned} in its parameter group or declaration"
            yield Contradiction(store.id, "max_connections", counts, place, store.max_connections_origin)


def _twice(fleet: Fleet) -> Iterator[Contradiction]:
    """Ids that stand for several things: whoever filled the fleet mixed them up."""
    for what, items in (("store", fleet.stores), ("pool", fleet.pools), ("consumer", fleet.consumers)):
        counted = Counter(item.id for item in items)
        for item in {item.id: item for item in items}.values():
            if counted[item.id] > 1:
                yield Contradiction(item.id, f"the {what} of that id", "read once", "read again", item.origin)


RULE = Rule(
    code="PP903",
    name="contradictory-declaration",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
