"""A function connects to the database itself although a proxy stands in front of it.

## What it finds

A function whose environment holds the address of a database, or of a cluster's reader, while an RDS proxy that serves that role targets
the same database, and the function does not use the proxy. Functions that run only while a stack deploys (migrations, custom resources,
rotation), scheduled jobs, and functions that cannot run beside themselves are left out.

## Why it matters

A proxy protects a database only from the clients that go through it. The one that goes past it opens a connection for every environment,
keeps it while the environment is frozen, doubles it during a deploy, and takes these connections from the share the proxy counts on. It
is usually an accident: an older function that was there before the proxy, or a variable that names the cluster.

## What it cannot see

A function that needs what a proxy cannot give, such as LISTEN, logical replication or session locks over many statements: acknowledge
the finding with that reason. Functions that reach the database by a secret alone, which may hold either address. A function that uses
both ways; one that holds the proxy's address as well, but whose code is not seen to take it, is found as likely.

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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
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
    max_connections_percent   = 50
    connection_borrow_timeout = 5
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
  reserved_concurrent_executions = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
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
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=10, vpc=vpc, environment={"PGHOST": orders.instance_endpoint.hostname},
)
orders.connections.allow_default_port_from(api)
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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
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
    max_connections_percent   = 50
    connection_borrow_timeout = 5
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
  reserved_concurrent_executions = 10
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
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=10, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## How to fix

Give the function the proxy's endpoint, and for reads the endpoint of a `DBProxyEndpoint` with `TargetRole: READ_ONLY`. Let the function's
security group reach the proxy's, and take away its path to the database so that the detour cannot come back.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-endpoints.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Pool
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function, store and role that goes past a proxy."""
    told: set[tuple[str, str, str]] = set()
    for connection in fleet.connections:
        consumer = fleet.consumer_by_id.get(connection.consumer)
        pool = _proxy(fleet, connection)
        key = (connection.consumer, connection.store, connection.role)
        if consumer is None or pool is None or key in told or not _counts(consumer, connection):
            continue
        beside = _beside(fleet, connection)
        if "surely" not in beside:
            told.add(key)
            sure = connection.certainty == "certain" and not beside
            yield _finding(rule, connection, pool, Confidence.CERTAIN if sure else Confidence.LIKELY)


def _counts(consumer: Consumer, connection: Connection) -> bool:
    """Whether many of its environments go to the database at once, by an address that somebody gave them."""
    if connection.via != "direct" or not connection.addressed or connection.certainty == "possible" or connection.bound:
        return False
    if consumer.kind != "function" or consumer.deploy_time or consumer.generated:
        return False
    reserved = consumer.reserved_concurrency
    alone = reserved is not None and reserved.high is not None and reserved.high <= 1
    scheduled = bool(consumer.event_sources) and all(source.kind == "schedule" for source in consumer.event_sources)
    return not (alone or scheduled)


def _proxy(fleet: Fleet, connection: Connection) -> Pool | None:
    """A proxy that serves the connection's role; without a reader endpoint it serves the writer only."""
    pools = fleet.pools_by_store.get(connection.store, ())
    serving = [
        pool for pool in pools if pool.kind == "rds-proxy" and (connection.role == "writer" or pool.has_reader_endpoint)
    ]
    return serving[0] if serving else None


def _beside(fleet: Fleet, connection: Connection) -> set[str]:
    """How it uses a proxy for the same role beside this: ``surely``, ``possibly`` (an address its code does not take), or not."""
    way = ("proxy", connection.store, connection.role)
    others = fleet.connections_by_consumer.get(connection.consumer, ())
    through = [other for other in others if (other.via, other.store, other.role) == way]
    return {"possibly" if other.certainty == "possible" else "surely" for other in through}


def _finding(rule: Rule, connection: Connection, pool: Pool, confidence: Confidence) -> Finding:
    where = connection.store if connection.role == "writer" else f"the readers of {connection.store}"
    endpoint = "endpoint" if connection.role == "writer" else "reader endpoint"
    return rule.finding(
        connection.consumer,
        f"{connection.consumer} connects to {where} itself, past the proxy {pool.id}",
        arithmetic=[*connection.evidence, f"proxy of {connection.store}: {pool.id}  [{pool.origin}]"],
        fix=f"give {connection.consumer} the {endpoint} of {pool.id}, or acknowledge why it cannot use a proxy",
        origin=connection.origin,
        confidence=confidence,
    )


RULE = Rule(
    code="PP212",
    name="bypasses-proxy",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
