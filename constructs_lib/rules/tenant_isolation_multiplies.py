"""Tenant isolation keeps more environments with open connections than the reserved concurrency says.

## What it finds

A function with `TenancyConfig.TenantIsolationMode: PER_TENANT` whose environments keep database connections of their own: it connects
directly, or its sessions pin their proxy. The sum of the report counts 2.5 environments for each unit of concurrency, rounded up.

## Why it matters

An environment serves one tenant only. Lambda keeps environments of other tenants frozen beside the busy ones, up to 2,500 for 1,000 of
concurrency, and a frozen environment keeps its sockets. Reserved concurrency of 20 then means 50 connections, and 100 during a
deploy. Through a proxy that multiplexes, a frozen client holds no database connection: only executions count.

## What it cannot see

How many tenants there are: with fewer tenants than the bound, fewer environments exist.

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
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 20
      TenancyConfig: {TenantIsolationMode: PER_TENANT}
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
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
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 20
  tenancy_config {
    tenant_isolation_mode = "PER_TENANT"
  }
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
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=20, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
api.node.default_child.add_property_override("TenancyConfig.TenantIsolationMode", "PER_TENANT")
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 25, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 20
      TenancyConfig: {TenantIsolationMode: PER_TENANT}
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
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
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  reserved_concurrent_executions = 20
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
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=20, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Put the function behind a proxy and keep its sessions from pinning. When the direct connections are counted and wanted, acknowledge
`poolproof::PP110` with the number of tenants.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/tenant-isolation.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.demand import TENANT_ISOLATION_FACTOR, Demand, executions_of
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import Number
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, proxy_for, store_label


def search(rule: Rule, fleet: Fleet, budget: Budget, settings: Settings) -> Iterator[Finding]:
    """One finding for each isolated function and store on which its environments keep connections."""
    for item in budget.stores:
        for demand in item.demands:
            if _keeps_sockets(demand):
                yield _finding(rule, item, demand, fleet, settings)


def _keeps_sockets(demand: Demand) -> bool:
    holds = demand.connection.via == "direct" or demand.connection.pins_session
    isolated = demand.consumer.tenant_isolation and not demand.consumer.managed_instances
    return isolated and holds and demand.environments.high != 0 and demand.per_environment.high != 0


def _finding(rule: Rule, item: StoreBudget, demand: Demand, fleet: Fleet, settings: Settings) -> Finding:
    name = demand.consumer.id
    executions, _ = executions_of(demand.consumer, fleet, settings)
    many = _most(demand.environments.high, "environment")
    return rule.finding(
        name,
        f"{name}: tenant isolation keeps up to {many} for {_most(executions.high, 'concurrent execution')}, "
        f"each with its connection to {store_label(item)}",
        arithmetic=[
            f"{executions} executions × {TENANT_ISOLATION_FACTOR} = {demand.environments} environments",
            demand.term,
        ],
        fix=f"connect {name} through {proxy_for(item.store)} without pinning: there only executions count, "
        "frozen environments hold no connection",
        origin=demand.consumer.origin,
        confidence=confidence([demand]),
    )


def _most(count: Number | None, noun: str) -> str:
    return f"an unknown number of {noun}s" if count is None else counted(count, noun)


RULE = Rule(
    code="PP110",
    name="tenant-isolation-multiplies",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
