"""A proxy's target group is made before the cluster has an instance that could answer.

## What it finds

An `AWS::RDS::DBProxyTargetGroup` whose target is an Aurora cluster with instances in the same template, and which neither depends on nor
refers to any of them, directly or through other resources.

## Why it matters

A reference to the cluster makes CloudFormation wait for the cluster, and a cluster is complete before its first instance is. The target
group is then made while the writer is still being created: it waits for a target that cannot become available and times out, or meets
the instance in a state it refuses, such as `CONFIGURING_ENHANCED_MONITORING`. The whole stack rolls back, after half an hour, sometimes:
it is a race, and the next attempt may win it. Updates are not affected, so it shows in the next account or the recovery drill.

## What it cannot see

A security group that keeps the proxy away from the database has the same symptom and is not looked at here. Instances in another template.
Terraform, whose provider tries again for five minutes while an instance is being created and does not wait for the target.

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
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBClusterIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters={"max_connections": "200"},
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
)
proxy = rds.CfnDBProxy(
    stack, "Proxy", db_proxy_name="orders", engine_family="POSTGRESQL", require_tls=True, role_arn="arn:aws:iam::123456789012:role/proxy",
    auth=[{"secretArn": orders.secret.secret_arn}], vpc_subnet_ids=[subnet.subnet_id for subnet in vpc.isolated_subnets],
)
targets = rds.CfnDBProxyTargetGroup(
    stack, "Targets", db_proxy_name=proxy.ref, target_group_name="default", db_cluster_identifiers=[orders.cluster_identifier],
    connection_pool_configuration_info={"maxConnectionsPercent": 50, "connectionBorrowTimeout": 5},
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
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: aurora-postgresql, DBClusterIdentifier: !Ref Orders, DBInstanceClass: db.r6g.4xlarge}
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

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters={"max_connections": "200"},
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=ec2.InstanceType("r6g.4xlarge")),
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
)
proxy = rds.CfnDBProxy(
    stack, "Proxy", db_proxy_name="orders", engine_family="POSTGRESQL", require_tls=True, role_arn="arn:aws:iam::123456789012:role/proxy",
    auth=[{"secretArn": orders.secret.secret_arn}], vpc_subnet_ids=[subnet.subnet_id for subnet in vpc.isolated_subnets],
)
targets = rds.CfnDBProxyTargetGroup(
    stack, "Targets", db_proxy_name=proxy.ref, target_group_name="default", db_cluster_identifiers=[orders.cluster_identifier],
    connection_pool_configuration_info={"maxConnectionsPercent": 50, "connectionBorrowTimeout": 5},
)
targets.node.add_dependency(orders.node.find_child("Writer"))
```

## How to fix

Add `DependsOn` with the writer instance (or all instances) to the target group. The CDK's `DatabaseProxy` does so since 2.158 for
clusters with a `writer`; update it rather than patch the template.

## References

- https://github.com/aws/aws-cdk/issues/31304
- https://github.com/aws/aws-cdk/pull/31354
- https://github.com/aws/aws-cdk/issues/8919
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each proxy whose target group may be made before every instance of its cluster."""
    for pool in fleet.pools:
        if not pool.unawaited_instances:
            continue
        names = listed(pool.unawaited_instances)
        yield rule.finding(
            pool.id,
            f"the target group of {pool.id} does not wait for any instance of {pool.store} ({names})",
            arithmetic=[f"instances of {pool.store}: {names}", "waited for: none of them"],
            fix=f"add DependsOn: {pool.unawaited_instances[0].rpartition('/')[2]} to the target group of {pool.id}",
            origin=pool.origin,
        )


RULE = Rule(
    code="PP214",
    name="proxy-target-not-ready",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
