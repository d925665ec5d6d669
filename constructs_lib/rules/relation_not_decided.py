"""Something stands in the way of a judgement: an import, a token, a parameter, a foreign stack.

## What it finds

Every place where a relation or a number that a verdict hangs on could not be read: a function whose database is named by an import
or a parameter without a value, a reservation that is a token, an edge that is only possible, a pool whose target is elsewhere. One
finding for each, with what to declare. Numbers that cannot change the verdict are not asked for.

A limit of a database that nobody knows is `unknown-capacity` (PP902).

## Why it matters

Whatever is not decided is neither a pass nor a violation. Said aloud it can be closed, often with one line; passed over in silence it
would be the one function that takes the database down.

## What it cannot see

What leaves no trace in the template at all, such as an address that the code looks up at run time.

## Bad

The reservation is a parameter without a value.

```yaml cloudformation
Parameters:
  Concurrency: {Type: Number}
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
      Timeout: 20
      ReservedConcurrentExecutions: !Ref Concurrency
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "random_integer" "concurrency" {
  min = 10
  max = 40
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
  timeout                        = 20
  reserved_concurrent_executions = random_integer.concurrency.result
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import CfnParameter, Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

concurrency = CfnParameter(stack, "Concurrency", type="Number")
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20),
    reserved_concurrent_executions=concurrency.value_as_number, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Parameters:
  Concurrency: {Type: Number, Default: 40}
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
      Timeout: 20
      ReservedConcurrentExecutions: !Ref Concurrency
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
variable "concurrency" {
  default = 40
}
variable "db_pool_size" {
  default = 1
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
  timeout                        = 20
  reserved_concurrent_executions = var.concurrency
  environment {
    variables = { PGHOST = aws_db_instance.orders.address, DB_POOL_SIZE = var.db_pool_size }
  }
}
```

```python cdk
from aws_cdk import CfnParameter, Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

concurrency = CfnParameter(stack, "Concurrency", type="Number", default=40)
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20),
    reserved_concurrent_executions=concurrency.value_as_number, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Do what the finding says: give the missing document too, give the parameter's value, write a literal, or declare the connection under
the metadata key `poolproof:connections` of the function and the store under `poolproof:stores`.

## References

- https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/metadata-section-structure.html
- https://docs.aws.amazon.com/cdk/v2/guide/tokens.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.model.undecided import unread_inputs
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each gap."""
    for gap in unread_inputs(fleet, budget):
        yield rule.finding(gap.subject, gap.sentence, fix=gap.declare, origin=gap.origin)


RULE = Rule(
    code="PP901",
    name="relation-not-decided",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
