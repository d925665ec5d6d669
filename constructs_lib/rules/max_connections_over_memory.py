"""More connections are pinned than the memory of the instance carries.

## What it finds

A literal `max_connections` in a parameter group above what the engine's own default gives for the class that writes:

- *certain* when it exceeds the highest value the memory can mean, *likely* when it only exceeds the lowest (AWS keeps an unpublished part
  of the memory to itself) or when the engine is Aurora MySQL, whose table is a default and no measure of memory.
- The cap of a default (5,000 for PostgreSQL) is not held against a pin: large classes carry more than the engine offers by itself.

Instances that may take over after a failover are `failover-target-too-small` (PP111), Aurora Serverless `serverless-capacity-too-small`
(PP112).

## Why it matters

Every connection is a process or thread with memory of its own. A limit beyond the memory does not refuse the client too many: the
instance swaps, or the engine is killed and all connections are lost at once. AWS warns that too high a value puts an instance into
`incompatible-parameters`, and that PostgreSQL may not start at all.

## What it cannot see

How much memory one connection of this app takes: few short queries need less than the default assumes, large sorts much more.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "500"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.t4g.micro, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 5
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "500"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.t4g.micro"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 5
  timeout                        = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("t4g.micro"), parameters={"max_connections": "500"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=5, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "60"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.t4g.micro, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 5
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "60"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.t4g.micro"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 5
  timeout                        = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("t4g.micro"), parameters={"max_connections": "60"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=5, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Pin at most what the finding says, or take a class with the memory it names. A proxy in front needs far fewer connections.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Appendix.PostgreSQL.CommonDBATasks.Parameters.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraMySQL.Managing.Performance.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import SERVERLESS, Term
from constructs_lib.model.carrying import carried_by, memory_for
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Instance, Store
from constructs_lib.model.quantity import Quantity, format_number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store that pins more than its writer's memory carries."""
    for store in fleet.stores:
        pin = store.max_connections
        if pin is None or pin.is_unknown:
            continue
        for instance in store.instances:
            carried = (
                carried_by(store, instance)
                if instance.role == "writer" and instance.instance_class != SERVERLESS
                else None
            )
            if carried is not None and pin.low > carried.low:
                yield _finding(rule, store, instance, pin, carried)


def _finding(rule: Rule, store: Store, instance: Instance, pin: Quantity, carried: Quantity) -> Finding:
    sure = pin.surely_above(carried) and not carried.is_exact
    return rule.finding(
        store.id,
        f"{store.id}: max_connections is pinned at {pin}; the memory of {instance.instance_class} carries {carried}",
        arithmetic=[
            Term("max_connections, pinned", pin, store.max_connections_origin),
            Term(f"default of {instance.instance_class} without a cap", carried, instance.origin),
        ],
        fix=_fix(store, pin, carried),
        origin=store.origin,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
    )


def _fix(store: Store, pin: Quantity, carried: Quantity) -> str:
    gibibytes = memory_for(store, pin.low)
    larger = "" if gibibytes is None else f", or take a class with {gibibytes} GiB of memory or more"
    return f"pin max_connections of {store.id} at {format_number(carried.low)} or less{larger}"


RULE = Rule(
    code="PP106",
    name="max-connections-over-memory",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
