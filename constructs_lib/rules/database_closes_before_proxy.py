"""The database closes idle sessions while the proxy still lends them out.

## What it finds

A database whose idle timeout, set on purpose, is surely shorter than `IdleClientTimeout` of a proxy in front of it (1,800 seconds
where nothing is set): `idle_session_timeout` of PostgreSQL, `wait_timeout` of MySQL and MariaDB. Certain where a client is known
to pin its session, likely otherwise.

## Why it matters

A client whose session is pinned keeps one connection of the database for as long as the proxy lets it be idle. When the database
closes that connection first, the client's next statement fails with a closed connection although the proxy is up. Where nothing
is pinned the proxy loses the warm connections it is there to keep, and opens new ones in the next burst.

## What it cannot see

How long clients are really idle. A timeout that the database user has from a migration. Timeouts of a database in other hands.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        max_connections: "100"
        statement_timeout: "15000"
        idle_in_transaction_session_timeout: "15000"
        idle_session_timeout: "300000"
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties:
      DBProxyName: orders
      EngineFamily: POSTGRESQL
      RequireTLS: true
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
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !Ref Api}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    parameters={
        "max_connections": "100",
        "statement_timeout": "15000",
        "idle_in_transaction_session_timeout": "15000",
        "idle_session_timeout": "300000",
    },
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50,
    borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
api.add_function_url()
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
  parameter {
    name  = "statement_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "300000"
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        max_connections: "100"
        statement_timeout: "15000"
        idle_in_transaction_session_timeout: "15000"
        idle_session_timeout: "3600000"
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties:
      DBProxyName: orders
      EngineFamily: POSTGRESQL
      RequireTLS: true
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
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !Ref Api}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    parameters={
        "max_connections": "100",
        "statement_timeout": "15000",
        "idle_in_transaction_session_timeout": "15000",
        "idle_session_timeout": "3600000",
    },
)
proxy = orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=50,
    borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
api.add_function_url()
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
  parameter {
    name  = "statement_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "15000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "3600000"
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
```

## How to fix

Let the outer timeout end first: client, then proxy (`IdleClientTimeout`), then database. Raise the timeout of the database above
that of the proxy, or lower the proxy's below it.

## References

- https://github.com/aws-samples/dify-self-hosted-on-aws/issues/5
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://www.postgresql.org/docs/current/runtime-config-client.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Pool, Store
from constructs_lib.model.server_timeouts import ServerTimeout, client_idle_timeout, server_timeout
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each proxy whose clients the database cuts off."""
    for pool in fleet.pools:
        store = fleet.store_by_id.get(pool.store)
        limit = server_timeout(store, "idle session") if store is not None and pool.kind == "rds-proxy" else None
        if store is None or limit is None or limit.seconds is None or not limit.written:
            continue
        if limit.seconds.surely_below(client_idle_timeout(pool)):
            pinned = any(connection.pins_session for connection in fleet.connections if connection.pool == pool.id)
            yield _finding(rule, pool, store, limit, Confidence.CERTAIN if pinned else Confidence.LIKELY)


def _finding(rule: Rule, pool: Pool, store: Store, limit: ServerTimeout, confidence: Confidence) -> Finding:
    keeps, seconds, parameter = client_idle_timeout(pool), limit.seconds, limit.parameter
    default = ", the service default" if pool.idle_client_timeout_seconds is None else ""
    return rule.finding(
        pool.id,
        f"{store.id} closes idle sessions after {seconds} s, but {pool.id} lets its clients be idle for {keeps} s{default}",
        arithmetic=[
            f"{parameter}, seconds: {seconds}  [{store.id}]",
            Term("IdleClientTimeout, seconds", keeps, pool.origin),
        ],
        fix=f"set {parameter} of {store.id} above {keeps} s, or IdleClientTimeout of {pool.id} below {seconds} s",
        origin=pool.origin,
        confidence=confidence,
    )


RULE = Rule(
    code="PP305",
    name="database-closes-before-proxy",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
