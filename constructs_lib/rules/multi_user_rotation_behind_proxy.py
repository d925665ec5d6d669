"""A secret that a proxy logs in with changes to another user at every rotation.

## What it finds

A secret in the `Auth` list of an RDS proxy that is rotated with the alternating-users strategy: a `RotationSchedule` with a hosted
rotation of a `…MultiUser` type, or with AWS's `SecretsManagerRDS…RotationMultiUser` application, which is what the CDK's
`addRotationMultiUser` deploys.

## Why it matters

Alternating users exist so that clients with the old password can go on until they read the new one. A proxy undoes that: it admits
only the users that its secrets name at the moment. A rotation writes `app_clone` where `app` stood, and from then on the proxy refuses
`app`: it ends the connections of that user, and every function that still holds the name and password it read at its start is refused,
with the right password, until it happens to read the secret again.

## What it cannot see

Rotation functions of your own, whatever they do. Schedules that are set up by hand. Secrets that the proxy names by an ARN that no given
template makes.

## Bad

```yaml cloudformation
Transform: AWS::SecretsManager-2020-07-23
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
  Rotation:
    Type: AWS::SecretsManager::RotationSchedule
    DependsOn: AppUserAttachment
    Properties:
      SecretId: !Ref AppUser
      HostedRotationLambda: {RotationType: PostgreSQLMultiUser}
      RotationRules: {AutomaticallyAfterDays: 30}
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
resource "aws_serverlessapplicationrepository_cloudformation_stack" "rotation" {
  name           = "rotation"
  application_id = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotationMultiUser"
  capabilities   = ["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"]
  parameters     = { functionName = "rotation", endpoint = "https://secretsmanager.eu-central-1.amazonaws.com" }
}
resource "aws_secretsmanager_secret_rotation" "app_user" {
  secret_id           = aws_secretsmanager_secret.app_user.id
  rotation_lambda_arn = aws_serverlessapplicationrepository_cloudformation_stack.rotation.outputs.RotationLambdaARN
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
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
app_user = rds.DatabaseSecret(stack, "AppUser", username="app", master_secret=orders.secret)
orders.add_rotation_multi_user("Rotation", secret=app_user.attach(orders))
orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## Good

```yaml cloudformation
Transform: AWS::SecretsManager-2020-07-23
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
  Rotation:
    Type: AWS::SecretsManager::RotationSchedule
    DependsOn: AppUserAttachment
    Properties:
      SecretId: !Ref AppUser
      HostedRotationLambda: {RotationType: PostgreSQLSingleUser}
      RotationRules: {AutomaticallyAfterDays: 30}
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
resource "aws_serverlessapplicationrepository_cloudformation_stack" "rotation" {
  name           = "rotation"
  application_id = "arn:aws:serverlessrepo:us-east-1:297356227824:applications/SecretsManagerRDSPostgreSQLRotationSingleUser"
  capabilities   = ["CAPABILITY_IAM", "CAPABILITY_RESOURCE_POLICY"]
  parameters     = { functionName = "rotation", endpoint = "https://secretsmanager.eu-central-1.amazonaws.com" }
}
resource "aws_secretsmanager_secret_rotation" "app_user" {
  secret_id           = aws_secretsmanager_secret.app_user.id
  rotation_lambda_arn = aws_serverlessapplicationrepository_cloudformation_stack.rotation.outputs.RotationLambdaARN
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
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
app_user = rds.DatabaseSecret(stack, "AppUser", username="app")
app_user.attach(orders)
orders.add_rotation_single_user()
orders.add_proxy(
    "Proxy", secrets=[app_user], vpc=vpc, vpc_subnets=isolated,
    max_connections_percent=50, borrow_timeout=Duration.seconds(5),
)
```

## How to fix

Rotate secrets behind a proxy with the single-user strategy: the proxy reads the new password by itself, and clients that use IAM to log
in to the proxy hold no password at all. Keep alternating users for secrets whose clients connect to the database directly.

## References

- https://github.com/aws/aws-cdk/issues/25568
- https://github.com/aws-samples/aws-secrets-manager-rotation-lambdas/issues/108
- https://docs.aws.amazon.com/secretsmanager/latest/userguide/tutorials_rotation-alternating.html
- https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-secretsmanager-rotationschedule-hostedrotationlambda.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each secret of a proxy that alternates between two users."""
    for pool in fleet.pools:
        for name in pool.secrets or ():
            secret = fleet.credential_by_id.get(name)
            if secret is None or secret.rotation != "alternating-users":
                continue
            user = secret.user or "the user"
            yield rule.finding(
                pool.id,
                f"{pool.id} logs in with {name}, whose rotation changes the user: after it the proxy refuses {user}, or {user}_clone",
                arithmetic=[f"rotation of {name}: alternating users  [{secret.rotation_origin}]"],
                fix=f"rotate {name} with the single-user strategy, or let clients log in to {pool.id} with IAM",
                origin=pool.origin,
            )


RULE = Rule(
    code="PP209",
    name="multi-user-rotation-behind-proxy",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
