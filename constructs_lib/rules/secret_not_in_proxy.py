"""A function logs in at a proxy with a secret that the proxy does not know.

## What it finds

A function that connects through an RDS proxy and whose environment names a secret of the same database which is not in the proxy's
`Auth` list. Certain when both the function's user and all users of the proxy's secrets are written in the template; likely when a name
is not shown.

## Why it matters

A proxy admits the users whose secrets it was given, and no others, whatever the database would say. The function's login fails with
`This RDS proxy has no credentials for the role …` on its first call: the template deploys, the health of the proxy is good, and the
same secret works when somebody tries it against the database itself.

## What it cannot see

Users that the proxy knows by a secret with another ARN but the same name. Proxies where clients log in with IAM, and those with a
secret that no given template makes: nothing is said about them. A secret that a function may read but that its environment does not name.

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
  AppUser:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username":"app"}', GenerateStringKey: password}
  AppUserAttachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref AppUser, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}
  ReportUser:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username":"report"}', GenerateStringKey: password}
  ReportUserAttachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref ReportUser, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, Auth: [{SecretArn: !Ref AppUser}]}
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
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint, SECRET_ARN: !Ref ReportUser}}
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
resource "aws_secretsmanager_secret" "app_user" {
  name = "orders/app"
}
resource "aws_secretsmanager_secret_version" "app_user" {
  secret_id     = aws_secretsmanager_secret.app_user.id
  secret_string = jsonencode({ username = "app", host = aws_db_instance.orders.address })
}
resource "aws_secretsmanager_secret" "report_user" {
  name = "orders/report"
}
resource "aws_secretsmanager_secret_version" "report_user" {
  secret_id     = aws_secretsmanager_secret.report_user.id
  secret_string = jsonencode({ username = "report", host = aws_db_instance.orders.address })
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
  auth {
    iam_auth   = "DISABLED"
    secret_arn = aws_secretsmanager_secret.app_user.arn
  }
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
    variables = { PGHOST = aws_db_proxy.orders.endpoint, SECRET_ARN = aws_secretsmanager_secret.report_user.arn }
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
app_user = rds.DatabaseSecret(stack, "AppUser", username="app")
report_user = rds.DatabaseSecret(stack, "ReportUser", username="report")
app_user.attach(orders), report_user.attach(orders)
proxy = orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": proxy.endpoint, "SECRET_ARN": report_user.secret_arn},
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
  AppUser:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username":"app"}', GenerateStringKey: password}
  AppUserAttachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref AppUser, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}
  ReportUser:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username":"report"}', GenerateStringKey: password}
  ReportUserAttachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref ReportUser, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, Auth: [{SecretArn: !Ref AppUser}]}
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
      Environment: {Variables: {PGHOST: !GetAtt Proxy.Endpoint, SECRET_ARN: !Ref AppUser}}
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
resource "aws_secretsmanager_secret" "app_user" {
  name = "orders/app"
}
resource "aws_secretsmanager_secret_version" "app_user" {
  secret_id     = aws_secretsmanager_secret.app_user.id
  secret_string = jsonencode({ username = "app", host = aws_db_instance.orders.address })
}
resource "aws_secretsmanager_secret" "report_user" {
  name = "orders/report"
}
resource "aws_secretsmanager_secret_version" "report_user" {
  secret_id     = aws_secretsmanager_secret.report_user.id
  secret_string = jsonencode({ username = "report", host = aws_db_instance.orders.address })
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
  auth {
    iam_auth   = "DISABLED"
    secret_arn = aws_secretsmanager_secret.app_user.arn
  }
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
    variables = { PGHOST = aws_db_proxy.orders.endpoint, SECRET_ARN = aws_secretsmanager_secret.app_user.arn }
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
app_user = rds.DatabaseSecret(stack, "AppUser", username="app")
report_user = rds.DatabaseSecret(stack, "ReportUser", username="report")
app_user.attach(orders), report_user.attach(orders)
proxy = orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40,
    vpc=vpc, environment={"PGHOST": proxy.endpoint, "SECRET_ARN": app_user.secret_arn},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
```

## How to fix

Add the secret to the proxy's `Auth` list and let the proxy's role read it, or give the function the secret of a user the proxy knows.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.troubleshooting.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-secrets-arns.html
- https://github.com/aws/aws-cdk/issues/9098
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Fleet, Pool
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each connection through a proxy with secrets that the proxy was not given."""
    for connection in fleet.connections:
        pool = fleet.pool_by_id.get(connection.pool or "") if connection.via == "proxy" else None
        if pool is None or pool.iam_auth is not False or not pool.secrets or not connection.secrets:
            continue
        if connection.certainty == "possible" or set(connection.secrets) & set(pool.secrets):
            continue
        users, known = _users(fleet, connection.secrets), _users(fleet, pool.secrets)
        if not (users - {None}) & (known - {None}):
            yield _finding(rule, connection, pool, sure=None not in users | known)


def _users(fleet: Fleet, secrets: tuple[str, ...]) -> set[str | None]:
    found = [fleet.credential_by_id.get(name) for name in secrets]
    return {None if secret is None else secret.user for secret in found}


def _finding(rule: Rule, connection: Connection, pool: Pool, *, sure: bool) -> Finding:
    mine, known = listed(connection.secrets), listed(pool.secrets or ())
    certain = sure and connection.certainty == "certain"
    return rule.finding(
        connection.consumer,
        f"{connection.consumer} logs in at {pool.id} with {mine}, but the proxy knows only {known}",
        arithmetic=[f"secrets of {pool.id}: {known}", *connection.evidence],
        fix=f"add {mine} to the Auth of {pool.id} and let its role read it, or give {connection.consumer} a secret that the proxy knows",
        origin=connection.origin,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
    )


RULE = Rule(
    code="PP210",
    name="secret-not-in-proxy",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
