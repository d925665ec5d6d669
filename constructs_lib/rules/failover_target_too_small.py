"""The instance that would take over after a failover carries less than the writer.

## What it finds

A cluster with clients, of which any reader may be promoted, where a smaller instance

- carries fewer connections by its memory than `max_connections` pins for the whole cluster, although the writer carries them; or
- has a lower default limit, so that the direct connections fit the writer and do not fit it.

The sum of the report already judges a cluster by its smallest instance: this finding says which one that is.

## Why it matters

Aurora promotes a reader within a minute whenever the writer fails, at the latest at the next patch. All clients reconnect at once, to an
instance that refuses part of them, or that accepts them and runs out of memory: a failover of seconds becomes an outage that lasts
until somebody changes the class.

## What it cannot see

Readers that are added by hand or by auto scaling. A reader of a lower promotion tier is promoted only when no other is left; it still is.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "800"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.4xlarge, PromotionTier: 0}
  Reader:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.t4g.medium, PromotionTier: 1}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 5
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "800"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.4xlarge"
  promotion_tier     = 0
}
resource "aws_rds_cluster_instance" "reader" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.t4g.medium"
  promotion_tier     = 1
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 5
  timeout                        = 10
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
engine = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4)
orders = rds.DatabaseCluster(
    stack, "Orders", engine=engine, vpc=vpc, vpc_subnets=isolated,
    parameter_group=rds.ParameterGroup(stack, "Limits", engine=engine, parameters={"max_connections": "800"}),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=ec2.InstanceType("t4g.medium"), promotion_tier=1)],
)
function = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    vpc=vpc, vpc_subnets=isolated, timeout=Duration.seconds(10), reserved_concurrent_executions=5,
    environment={"PGHOST": orders.cluster_endpoint.hostname},
)
orders.connections.allow_default_port_from(function)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "800"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.4xlarge, PromotionTier: 0}
  Reader:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.4xlarge, PromotionTier: 1}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 5
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "800"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
}
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.4xlarge"
  promotion_tier     = 0
}
resource "aws_rds_cluster_instance" "reader" {
  cluster_identifier = aws_rds_cluster.orders.id
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.4xlarge"
  promotion_tier     = 1
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 5
  timeout                        = 10
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
engine = rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_16_4)
orders = rds.DatabaseCluster(
    stack, "Orders", engine=engine, vpc=vpc, vpc_subnets=isolated,
    parameter_group=rds.ParameterGroup(stack, "Limits", engine=engine, parameters={"max_connections": "800"}),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=ec2.InstanceType("r6g.4xlarge"), promotion_tier=1)],
)
function = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    vpc=vpc, vpc_subnets=isolated, timeout=Duration.seconds(10), reserved_concurrent_executions=5,
    environment={"PGHOST": orders.cluster_endpoint.hostname},
)
orders.connections.allow_default_port_from(function)
```

## How to fix

Give every instance that may be promoted the writer's class, or pin a limit that the smallest carries and size pools and reserved
concurrency to it.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Concepts.AuroraHighAvailability.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/AuroraPostgreSQL.Managing.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term, capacity_of
from constructs_lib.model.carrying import carried_by
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Instance
from constructs_lib.model.openings import compare_openings
from constructs_lib.model.quantity import Quantity, format_number, total
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence


def search(rule: Rule, _fleet: Fleet, budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each cluster in use whose smallest promotable instance is too small."""
    for item in budget.stores:
        writer = next((instance for instance in item.store.instances if instance.role == "writer"), None)
        others = [instance for instance in item.store.instances if instance.role == "reader"]
        if item.role == "writer" and writer is not None and others and (item.direct or item.pools):
            yield from _over_memory(rule, item, writer, others)
            yield from _over_default(rule, item, writer, others, settings)


def _smallest(item: StoreBudget, instances: list[Instance]) -> tuple[Instance, Quantity] | None:
    """The instance whose memory carries least; ``None`` while that of one is unknown."""
    carried = [(instance, carried_by(item.store, instance)) for instance in instances]
    known = [(instance, limit) for instance, limit in carried if limit is not None]
    return min(known, key=lambda pair: pair[1].low) if len(known) == len(carried) and known else None


def _over_memory(rule: Rule, item: StoreBudget, writer: Instance, others: list[Instance]) -> Iterator[Finding]:
    pin, own, found = item.store.max_connections, carried_by(item.store, writer), _smallest(item, others)
    if pin is None or pin.is_unknown or own is None or found is None:
        return
    target, carried = found
    if pin.low <= carried.low or pin.low > own.low:
        return  # it carries the pin, or the writer does not either: that is another rule's finding
    sure = pin.surely_above(carried) and not carried.is_exact
    yield rule.finding(
        target.id,
        f"{item.store.id}: {target.id} ({target.instance_class}) may become the writer and carries {carried} connections; "
        f"max_connections is pinned at {pin}",
        arithmetic=[Term("max_connections, pinned", pin), *_carried_terms(writer, own, target, carried)],
        fix=f"give {target.id} the class of {writer.id} ({writer.instance_class}), "
        f"or pin max_connections at {format_number(carried.low)} or less",
        origin=target.origin,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
    )


def _over_default(
    rule: Rule, item: StoreBudget, writer: Instance, others: list[Instance], settings: Settings
) -> Iterator[Finding]:
    """Without a pin each instance has a limit of its own: the direct connections fit the writer's and not the smallest."""
    found = None if item.capacity.pinned or item.pools or item.verdict is Verdict.FITS else _smallest(item, others)
    if found is None:
        return
    alone = capacity_of(item.store._replace(instances=(writer,)), settings)
    opened = total([demand.connections for demand in item.direct])
    if compare_openings(alone.max_connections, (), opened, alone.reserved + alone.set_aside) is not Verdict.FITS:
        return
    target, carried = found
    yield rule.finding(
        target.id,
        f"{item.store.id}: {target.id} ({target.instance_class}) may become the writer and offers {item.capacity.usable} usable "
        f"connections; {opened} may be opened, which only {writer.id} ({writer.instance_class}) carries",
        arithmetic=[Term("may be opened", opened), *_carried_terms(writer, alone.max_connections, target, carried)],
        fix=f"give {target.id} the class of {writer.id} ({writer.instance_class}), or let at most "
        f"{format_number(item.capacity.usable.low)} connections be opened",
        origin=target.origin,
        confidence=confidence(item.direct, decided=item.verdict is Verdict.EXCEEDS),
    )


def _carried_terms(writer: Instance, own: Quantity, target: Instance, carried: Quantity) -> list[Term]:
    return [
        Term(f"{writer.id} ({writer.instance_class})", own, writer.origin),
        Term(f"{target.id} ({target.instance_class})", carried, target.origin),
    ]


RULE = Rule(
    code="PP111",
    name="failover-target-too-small",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
