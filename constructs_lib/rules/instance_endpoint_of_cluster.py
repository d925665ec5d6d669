"""A function connects to one instance of a cluster instead of the cluster.

## What it finds

A function whose environment holds the address of a member of an Aurora, DocumentDB or Neptune cluster, and not the cluster's own.

## Why it matters

The cluster's endpoint follows the writer. After a failover the instance that the function knows is a reader: every write fails with
"cannot execute … in a read-only transaction" until somebody deploys. When the instance is replaced, its name is gone.

## What it cannot see

Addresses outside the given documents. A function that must watch one instance, such as a monitor: acknowledge it with that reason.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "200"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}
  Standby:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Writer.Endpoint.Address}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, parameters={"max_connections": "200"},
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=40, vpc=vpc, vpc_subnets=isolated,
    environment={"PGHOST": orders.instance_endpoints[0].hostname},
)
orders.connections.allow_default_port_from(api)
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
}
resource "aws_rds_cluster_instance" "writer" {
  engine             = "aurora-postgresql"
  cluster_identifier = aws_rds_cluster.orders.id
  instance_class     = "db.r6g.4xlarge"
}

resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_rds_cluster_instance.writer.endpoint }
  }
}
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties: {Family: aurora-postgresql17, Description: limits, Parameters: {max_connections: "200"}}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}
  Standby:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, parameters={"max_connections": "200"},
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=40, vpc=vpc, vpc_subnets=isolated,
    environment={"PGHOST": orders.cluster_endpoint.hostname},
)
orders.connections.allow_default_port_from(api)
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
}
resource "aws_rds_cluster_instance" "writer" {
  engine             = "aurora-postgresql"
  cluster_identifier = aws_rds_cluster.orders.id
  instance_class     = "db.r6g.4xlarge"
}

resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint }
  }
}
```

## How to fix

Use the cluster's endpoint to write and its reader endpoint to read; a custom endpoint where only some readers are meant.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
- https://docs.aws.amazon.com/documentdb/latest/developerguide/endpoints.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function that holds the address of a single member of a cluster."""
    for connection in fleet.connections:
        if connection.instance is not None and connection.certainty != "possible":
            yield _finding(rule, fleet, connection, connection.instance)


def _finding(rule: Rule, fleet: Fleet, connection: Connection, instance: str) -> Finding:
    store = fleet.store_by_id.get(connection.store)
    members = [f"{item.id}: {item.role}" for item in store.instances] if store is not None else []
    return rule.finding(
        connection.consumer,
        f"{connection.consumer} connects to instance {instance} of {connection.store}, not to the cluster's endpoint",
        arithmetic=[*members, *connection.evidence],
        fix=f"use the endpoint of {connection.store} for writes and its reader endpoint for reads",
        origin=connection.origin,
        confidence=Confidence.CERTAIN if connection.certainty == "certain" else Confidence.LIKELY,
    )


RULE = Rule(
    code="PP606",
    name="instance-endpoint-of-cluster",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
