"""A proxy asks for IAM logins, and a function that uses it has no permission to log in.

## What it finds

A function that connects through an RDS proxy whose every secret has `IAMAuth: REQUIRED`, or whose default scheme is IAM, while nothing in
the function's role allows `rds-db:connect`, on any resource. Only roles that can be read whole are judged: with a managed policy that is
not known, a policy with unresolved parts, or a role from elsewhere, nothing is said.

## Why it matters

The function makes a token without asking anybody, and the proxy refuses it: `PAM authentication failed`, or `access denied`, on the
first call after a deploy that went well. The password it may also have does not help: a proxy that requires IAM takes no other login.

## What it cannot see

Whether the permission names the right proxy and user. Permissions that boundaries or organization policies take away. A function that
takes on another role first is left out.

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
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, Auth: [{IAMAuth: REQUIRED, SecretArn: !Ref AppUser}]}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: api
          PolicyDocument:
            Statement: {Effect: Allow, Action: "logs:PutLogEvents", Resource: "*"}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Role: !GetAtt Role.Arn
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
resource "aws_secretsmanager_secret" "app_user" {
  name = "orders/app"
}
resource "aws_secretsmanager_secret_version" "app_user" {
  secret_id     = aws_secretsmanager_secret.app_user.id
  secret_string = jsonencode({ username = "app", host = aws_db_instance.orders.address })
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
  auth {
    iam_auth   = "REQUIRED"
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
resource "aws_iam_role" "api" {
  name               = "api"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy" "api" {
  role   = aws_iam_role.api.name
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "logs:PutLogEvents", Resource = "*" }]
  })
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  role                           = aws_iam_role.api.arn
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
app_user = rds.DatabaseSecret(stack, "AppUser", username="app")
app_user.attach(orders)
proxy = orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    iam_auth=True, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
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
  AppUser:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString: {SecretStringTemplate: '{"username":"app"}', GenerateStringKey: password}
  AppUserAttachment:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref AppUser, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}
  Proxy:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: orders, EngineFamily: POSTGRESQL, RequireTLS: true, Auth: [{IAMAuth: REQUIRED, SecretArn: !Ref AppUser}]}
  Targets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Proxy
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: api
          PolicyDocument:
            Statement: {Effect: Allow, Action: "rds-db:connect", Resource: "arn:aws:rds-db:*:*:dbuser:prx-0a1b2c/app"}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 40
      Role: !GetAtt Role.Arn
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
resource "aws_secretsmanager_secret" "app_user" {
  name = "orders/app"
}
resource "aws_secretsmanager_secret_version" "app_user" {
  secret_id     = aws_secretsmanager_secret.app_user.id
  secret_string = jsonencode({ username = "app", host = aws_db_instance.orders.address })
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
  require_tls   = true
  auth {
    iam_auth   = "REQUIRED"
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
resource "aws_iam_role" "api" {
  name               = "api"
  assume_role_policy = "{}"
}
resource "aws_iam_role_policy" "api" {
  role   = aws_iam_role.api.name
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "rds-db:connect", Resource = "arn:aws:rds-db:*:*:dbuser:prx-0a1b2c/app" }]
  })
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 40
  role                           = aws_iam_role.api.arn
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
app_user = rds.DatabaseSecret(stack, "AppUser", username="app")
app_user.attach(orders)
proxy = orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    iam_auth=True, max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": proxy.endpoint},
)
proxy.connections.allow_from(api, ec2.Port.tcp(5432))
proxy.grant_connect(api, "app")
```

## How to fix

Allow `rds-db:connect` on `arn:aws:rds-db:REGION:ACCOUNT:dbuser:PROXY-ID/USER`; `PROXY-ID` is the last part of the proxy's ARN, which starts
with `prx-`. In the CDK: `proxy.grant_connect(function, "user")`.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-iam-setup.html
- https://github.com/aws/aws-cdk/issues/12416
- https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-rds-dbproxy.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function that a proxy will surely refuse."""
    for connection in fleet.connections:
        pool = fleet.pool_by_id.get(connection.pool or "") if connection.via == "proxy" else None
        if (
            pool is None
            or pool.iam_auth is not True
            or connection.iam_login is not False
            or connection.certainty == "possible"
        ):
            continue
        yield rule.finding(
            connection.consumer,
            f"{connection.consumer} connects through {pool.id}, which requires IAM logins, but its role does not allow rds-db:connect",
            arithmetic=[*connection.evidence, "rds-db:connect: allowed by no policy of its role"],
            fix=f"allow {connection.consumer} rds-db:connect on the user it logs in as at {pool.id}",
            origin=connection.origin,
            confidence=Confidence.CERTAIN if connection.certainty == "certain" else Confidence.LIKELY,
        )


RULE = Rule(
    code="PP213",
    name="iam-auth-without-grant",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
