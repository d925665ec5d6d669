"""A database password stands in a function's environment.

## What it finds

An environment variable that holds a database password: written there, passed by a parameter (`NoEcho` does not help), copied from a
secret when the stack is deployed (`{{resolve:secretsmanager:…}}`, `secret_value.unsafe_unwrap()`), or inside a connection string. A
variable that is only called `PASSWORD` counts, as a warning, where the function uses a database. Placeholders, addresses of secrets
and passwords for localhost do not count.

## Why it matters

Everybody who may look at the function's configuration reads the password, and it stands in the template's history. A copy is made once:
when the secret is rotated, the function keeps the old password and is locked out until the next deploy.

## What it cannot see

A password under another name, in code, in a layer or in an SSM parameter that the function reads.

## Bad

```yaml cloudformation
Parameters:
  Password: {Type: String, NoEcho: true}
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, PGPASSWORD: !Ref Password}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
password = orders.secret.secret_value_from_json("password").unsafe_unwrap()
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=40, vpc=vpc, vpc_subnets=isolated,
    environment={"PGHOST": orders.db_instance_endpoint_address, "PGPASSWORD": password},
)
orders.connections.allow_default_port_from(api)
```

```hcl terraform
variable "pgpassword" {
  default = "correct horse battery"
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
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, PGPASSWORD = var.pgpassword }
  }
}
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
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 40
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, PGUSER: api}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), reserved_concurrent_executions=40, vpc=vpc, vpc_subnets=isolated,
    environment={"PGHOST": orders.db_instance_endpoint_address, "PGUSER": "api"},
)
orders.connections.allow_default_port_from(api)
orders.grant_connect(api, "api")
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
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 10
  reserved_concurrent_executions = 40
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, PGUSER = "api" }
  }
}
```

## How to fix

Log in with an RDS IAM token, which the function signs by itself, or pass the ARN of the secret and read it when the environment starts,
again when a login fails.

## References

- https://docs.aws.amazon.com/securityhub/latest/userguide/lambda-controls.html
- https://docs.aws.amazon.com/secretsmanager/latest/userguide/retrieving-secrets_lambda.html
- https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.IAMDBAuth.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

_HOW = {
    "literal": "written there in plain text",
    "parameter": "passed there by a parameter of the stack",
    "secret": "a copy of a secret, made when the stack is deployed",
    "connection-string": "inside a connection string",
}


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function with a database password in its environment."""
    for consumer in fleet.consumers:
        if consumer.exposed_passwords:
            yield _finding(rule, consumer)


def _finding(rule: Rule, consumer: Consumer) -> Finding:
    certain = any(not exposed.likely for exposed in consumer.exposed_passwords)
    names = [exposed.variable for exposed in consumer.exposed_passwords]
    holds = "holds" if len(names) == 1 else "hold"
    return rule.finding(
        consumer.id,
        f"{listed(names)} of {consumer.id} {holds} a database password",
        arithmetic=[f"{exposed.variable}: {_HOW[exposed.kind]}" for exposed in consumer.exposed_passwords],
        fix=f"pass the secret's ARN instead and read it in {consumer.id} when it starts, or log in with an RDS IAM token",
        origin=consumer.origin,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        severity=Severity.ERROR if certain else Severity.WARNING,
    )


RULE = Rule(
    code="PP605",
    name="password-in-environment",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
