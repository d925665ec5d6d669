"""A proxy may keep more connections idle than it may open, or its idle share stands without the share it is part of.

## What it finds

A target group whose `MaxIdleConnectionsPercent` is surely above its `MaxConnectionsPercent`, or is set where
`MaxConnectionsPercent` is not.

## Why it matters

AWS allows an idle share from 0 to `MaxConnectionsPercent`, and asks for `MaxConnectionsPercent` wherever the idle share is set. A
template that breaks this is found out by the service during the deploy, not by the synth.

## What it cannot see

A percentage that comes from a parameter without a default: nothing is said about it.

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
      ConnectionPoolConfigurationInfo:
        {MaxConnectionsPercent: 50, MaxIdleConnectionsPercent: 60, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
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
    max_connections_percent      = 50
    max_idle_connections_percent = 60
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, max_idle_connections_percent=60, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
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
      ConnectionPoolConfigurationInfo:
        {MaxConnectionsPercent: 50, MaxIdleConnectionsPercent: 25, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
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
    max_connections_percent      = 50
    max_idle_connections_percent = 25
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, max_idle_connections_percent=25, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## How to fix

Set `MaxConnectionsPercent` to what the budget gives the proxy, and `MaxIdleConnectionsPercent` to at most that, or leave the idle
share out: AWS then takes half.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet, Pool
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.unread import unread
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule, Said


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Said]:
    """One finding for each proxy whose idle share cannot be part of its share, a gap where nobody can tell."""
    for pool in fleet.pools:
        idle, percent = pool.idle_percent, pool.percent
        if pool.kind != "rds-proxy" or idle is None:
            continue
        if percent is None:
            yield _alone(rule, pool, idle)
        elif percent.high is not None and idle.low > percent.high:
            yield _above(rule, pool, idle, percent)
        elif not idle.surely_at_most(percent):
            yield from unread(pool.id, f"MaxIdleConnectionsPercent of {pool.id}", idle, pool.origin)
            yield from unread(pool.id, f"MaxConnectionsPercent of {pool.id}", percent, pool.origin)


def _alone(rule: Rule, pool: Pool, idle: Quantity) -> Finding:
    return rule.finding(
        pool.id,
        f"{pool.id} sets MaxIdleConnectionsPercent to {idle} without MaxConnectionsPercent, which AWS asks for with it",
        arithmetic=[Term("MaxIdleConnectionsPercent", idle, pool.origin), "MaxConnectionsPercent: not set"],
        fix=f"set MaxConnectionsPercent of {pool.id} too, at least as high as MaxIdleConnectionsPercent and at most 100",
        origin=pool.origin,
    )


def _above(rule: Rule, pool: Pool, idle: Quantity, percent: Quantity) -> Finding:
    return rule.finding(
        pool.id,
        f"{pool.id} may keep {idle} % of max_connections idle, but may open only {percent} %",
        arithmetic=[
            Term("MaxIdleConnectionsPercent", idle, pool.origin),
            Term("MaxConnectionsPercent", percent, pool.origin),
        ],
        fix=f"set MaxIdleConnectionsPercent of {pool.id} to 0 to {percent}, or leave it out: AWS then takes half",
        origin=pool.origin,
    )


RULE = Rule(
    code="PP206",
    name="idle-percent-inconsistent",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
