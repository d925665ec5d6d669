"""A task, job or machine holds a store's address or secret, but nobody counts its connections.

## What it finds

A container, batch job, build, crawler, replication task or EC2 instance that is told the endpoint or the secret of a database (or of
its proxy), while no other clients of that database are declared. One finding for each store, with all such clients.

## Why it matters

The budget of a store is only as true as its list of clients. A service of ten tasks with a pool of twenty takes 200 connections, more than
all functions together, and an autoscaling policy doubles it at the worst moment. What is not in the sum is what breaks it.

## What it cannot see

Clients outside the documents given: a laptop, a dashboard, a service of another team. How many tasks run, and with which pool: that
has to be declared.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: web, Image: web, Environment: [{Name: PGHOST, Value: !GetAtt Orders.Endpoint.Address}]}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
web = ecs.FargateTaskDefinition(stack, "Web")
web.add_container(
    "web", image=ecs.ContainerImage.from_registry("web"), environment={"PGHOST": orders.db_instance_endpoint_address}
)
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
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_ecs_task_definition" "web" {
  family = "web"
  container_definitions = jsonencode([{
    name = "web", image = "web", environment = [{ name = "PGHOST", value = aws_db_instance.orders.address }]
  }])
}
```

## Good

Ten tasks with a pool of twenty each.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Metadata:
      "poolproof:store": {other_connections: [{name: Web, connections: 200}]}
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Web:
    Type: AWS::ECS::TaskDefinition
    Properties:
      ContainerDefinitions:
        - {Name: web, Image: web, Environment: [{Name: PGHOST, Value: !GetAtt Orders.Endpoint.Address}]}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
orders.node.default_child.add_metadata("poolproof:store", {"other_connections": [{"name": "Web", "connections": 200}]})
web = ecs.FargateTaskDefinition(stack, "Web")
web.add_container(
    "web", image=ecs.ContainerImage.from_registry("web"), environment={"PGHOST": orders.db_instance_endpoint_address}
)
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
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_ecs_task_definition" "web" {
  family = "web"
  container_definitions = jsonencode([{
    name = "web", image = "web", environment = [{ name = "PGHOST", value = aws_db_instance.orders.address }]
  }])
}
resource "terraform_data" "declared" {
  input = {
    "poolproof:store" = [{ store = "aws_db_instance.orders", other_connections = [{ name = "Web", connections = 200 }] }]
  }
}
```

## How to fix

Declare tasks × pool size: under the metadata key `poolproof:store` of the database (`other_connections`), or in `.poolproof.toml`
(`[stores."Orders".other_connections]`), which also serves Terraform. `RelationalStore` takes the same as `other_connections`.

## References

- https://github.com/Embassy-of-the-Free-Mind/sourcelibrary-v2/issues/147
- https://docs.aws.amazon.com/AmazonECS/latest/developerguide/service-auto-scaling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.outsiders import Outsider
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

#: Clients a sentence still can carry.
_SHOWN = 5


def search(rule: Rule, fleet: Fleet, _budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each store whose other clients nobody declared."""
    by_store: dict[str, list[Outsider]] = {}
    for client in fleet.outsiders:
        if not settings.declared_consumers.get(client.store):
            by_store.setdefault(client.store, []).append(client)
    for store, clients in by_store.items():
        yield _finding(rule, store, clients)


def _finding(rule: Rule, store: str, clients: list[Outsider]) -> Finding:
    names = [f"{client.id} ({client.kind})" for client in clients]
    shown = names if len(names) <= _SHOWN else [*names[: _SHOWN - 1], f"{len(names) - _SHOWN + 1} more"]
    verb = "holds" if len(clients) == 1 else "hold"
    return rule.finding(
        store,
        f"{store}: {listed(shown)} {verb} its address or secret, but no connections of theirs are counted",
        arithmetic=[f"{name}: unknown  [{client.origin}]" for name, client in zip(names, clients, strict=True)],
        fix=f"declare tasks × pool size under other_connections of {store}, 0 where a client never connects",
        origin=clients[0].origin,
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code="PP108",
    name="consumer-outside-budget",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
