"""A proxy shares sessions although clients change them, or is told to where the setting means nothing.

## What it finds

A target group with `EXCLUDE_VARIABLE_SETS` among its `SessionPinningFilters`. On MySQL and MariaDB it makes the proxy hand a session
to the next client although the one before changed variables in it. On any other engine family AWS does not support the filter.

## Why it matters

A proxy pins a client to its connection when the client changes session state, so that nobody else inherits that state. The filter
switches the protection off for `SET` statements: a time zone, an SQL mode, a role-like variable `@tenant_id` that one request sets is
then what the next request, of another client, starts with. That is a wrong answer, not an error, and no test with one client sees it.
Pinning costs connections and shows in a metric; a leaked variable shows nowhere.

## What it cannot see

Whether all clients set the very same variables to the same values, the one case in which the filter does no harm. If they do,
acknowledge the finding with that reason.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: mysql8.4, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: mysql, EngineVersion: "8.4.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: MYSQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, SessionPinningFilters: [EXCLUDE_VARIABLE_SETS]}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "mysql8.4"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "mysql"
  engine_version       = "8.4.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "MYSQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
    session_pinning_filters = ["EXCLUDE_VARIABLE_SETS"]
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.of("8.4.5", "8.4")),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, session_pinning_filters=[rds.SessionPinningFilter.EXCLUDE_VARIABLE_SETS],
)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: mysql8.4, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: mysql, EngineVersion: "8.4.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: MYSQL, RequireTLS: true}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, InitQuery: SET sort_buffer_size=1048576}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "mysql8.4"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "mysql"
  engine_version       = "8.4.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "MYSQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
    init_query              = "SET sort_buffer_size=1048576"
  }
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
```

```python cdk
from aws_cdk import aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.mysql(version=rds.MysqlEngineVersion.of("8.4.5", "8.4")),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
orders.add_proxy(
    "Proxy", secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, init_query="SET sort_buffer_size=1048576",
)
```

## How to fix

Take the filter out and set what every session needs where it belongs to no client: in the proxy's `InitQuery`, which runs once on each
new database connection, in the parameter group, or as a default of the database user. What differs from request to request goes into
the statement itself.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-pinning.html
- https://github.com/spack/spack-infrastructure/pull/1382
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet, Pool
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule

FILTER = "EXCLUDE_VARIABLE_SETS"


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each proxy that shares sessions whose variables were changed."""
    for pool in fleet.pools:
        if FILTER in pool.session_pinning_filters:
            yield rule.finding(
                pool.id,
                f"{pool.id} {_what(pool)}",
                arithmetic=[f"SessionPinningFilters: {', '.join(pool.session_pinning_filters)}"],
                fix=f"remove {FILTER} from {pool.id} and set what every session needs in its InitQuery or the parameter group",
                origin=pool.origin,
            )


def _what(pool: Pool) -> str:
    if pool.engine_family in (None, "MYSQL"):
        return f"hands sessions on with the variables that the client before set ({FILTER})"
    return f"has the filter {FILTER}, which AWS supports for MySQL and MariaDB only, not for {pool.engine_family}"


RULE = Rule(
    code="PP208",
    name="pinning-filter-unsafe",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
