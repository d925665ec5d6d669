"""A function sets its session up at a proxy, which then keeps a connection for it alone, or refuses it.

## What it finds

A function that connects through an RDS proxy and whose environment asks for session settings: start-up options (`PGOPTIONS`, `options=-c …`
in a connection string), a first statement of the driver (`init_command`, `sessionVariables`), or a variable that holds a `SET` statement.
On MySQL the variables that the proxy tracks (character set, time zone, SQL mode, isolation level and the like) do no harm and are left
out. The proxy's own `InitQuery` does not pin and is never meant.

## Why it matters

On PostgreSQL every `SET` pins: the proxy cannot give the changed session to anybody else, so each function environment keeps one database
connection to itself, also while it is frozen. That is the situation without a proxy, with one more thing to pay. Start-up options do not
even get that far: the proxy refuses the login with `RDS Proxy currently doesn't support command-line options`.

## What it cannot see

`SET` statements in the code, in an ORM's or driver's configuration, or in a file. Variables of a function that uses several
databases, unless the value names the proxy.

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
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint, PGOPTIONS: "-c search_path=shop"}}
```

```hcl terraform
variable "pgoptions" {
  default = "-c search_path=shop"
}
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
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_proxy.orders.endpoint, PGOPTIONS = var.pgoptions }
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
    timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": proxy.endpoint, "PGOPTIONS": "-c search_path=shop"},
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
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5, InitQuery: SET search_path=shop}
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
    max_connections_percent   = 50
    connection_borrow_timeout = 5
    init_query                = "SET search_path=shop"
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
    max_connections_percent=50, borrow_timeout=Duration.seconds(5), init_query="SET search_path=shop",
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## How to fix

Move what every session needs to the proxy's `InitQuery`, which runs once for each database connection, or to the database user:
`ALTER ROLE app SET search_path = shop`. What belongs to one transaction goes into it: `SET LOCAL` after `BEGIN`.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
- https://github.com/psycopg/psycopg2/issues/1577
- https://github.com/stac-utils/pgstac/issues/156
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Fleet, Pool
from constructs_lib.model.session_settings import keeps_sharing
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each connection through a proxy whose environment sets its sessions up."""
    for connection in fleet.connections:
        pool = fleet.pool_by_id.get(connection.pool or "") if connection.via == "proxy" else None
        if pool is not None and pool.kind == "rds-proxy":
            asked = [text for text in connection.session_setup if not _harmless(pool, text)]
            if asked:
                yield _finding(rule, connection, pool, asked)


def _statement(text: str) -> str:
    return text.partition(": ")[2]


def _harmless(pool: Pool, text: str) -> bool:
    """Whether the proxy follows all that is set. Start-up options are PostgreSQL's, so that they mean nothing to other families."""
    statement = _statement(text)
    if statement.startswith("options "):
        return pool.engine_family != "POSTGRESQL"
    return pool.engine_family is not None and keeps_sharing(statement, pool.engine_family)


def _finding(rule: Rule, connection: Connection, pool: Pool, asked: list[str]) -> Finding:
    refused = any(_statement(text).startswith("options ") for text in asked)
    effect = "refuses start-up options" if refused else "keeps a connection for each of its environments"
    return rule.finding(
        connection.consumer,
        f"{connection.consumer} sets its session up with '{_statement(asked[0])}', and {pool.id} therefore {effect}",
        arithmetic=asked,
        fix=f"move it to the InitQuery of {pool.id}, or make it a default of the database user",
        origin=connection.origin,
        confidence=Confidence.CERTAIN if refused and connection.certainty == "certain" else Confidence.LIKELY,
    )


RULE = Rule(
    code="PP217",
    name="session-setup-pins",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
