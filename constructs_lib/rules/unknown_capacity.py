"""Nobody knows how many connections a database accepts, although functions connect to it.

## What it finds

A store with direct clients or a pool whose `max_connections` is unknown: its class or capacity comes from a parameter or an import, the
class or engine is not in the facts, the limit is a formula of its own, or the store lives outside the documents.

## Why it matters

Without a capacity there is no budget: no sum of connections can be too large or small enough. The functions on this store are not
checked until the limit is declared.

## What it cannot see

The value the server reports: no AWS API returns the limit in force, and this check never connects to anything.

## Bad

```yaml cloudformation
Parameters:
  Class: {Type: String}
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: !Ref Class}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 20
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "terraform_data" "class" {
  input = "db.r6g.large"
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = terraform_data.class.output
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 20
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import CfnParameter, Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

size = CfnParameter(stack, "Size")
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), instance_type=ec2.InstanceType(size.value_as_string),
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=20, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## Good

```yaml cloudformation
Parameters:
  Class: {Type: String}
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: !Ref Class, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 20
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
resource "terraform_data" "class" {
  input = "db.r6g.large"
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = terraform_data.class.output
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 20
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import CfnParameter, Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

size = CfnParameter(stack, "Size")
vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType(size.value_as_string), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=20, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

## How to fix

Pin `max_connections` in the store's parameter group; or declare it, in the settings (`declared_max_connections`) or under the
metadata key `poolproof:stores`. For a class that is missing from the facts, `select setting from pg_settings where name =
'max_connections'` on such a server gives the number.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
- https://github.com/app-sre/aws-resource-exporter/pull/333
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.model.undecided import unknown_limits
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import counted, store_label, store_origin


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, that is used without a known limit."""
    for item, gap in unknown_limits(budget):
        clients = len({demand.consumer.id for demand in item.demands})
        yield rule.finding(
            item.store.id,
            f"{store_label(item)}: max_connections is unknown, {counted(clients, 'function')} cannot be judged ({gap.missing})",
            arithmetic=item.capacity.terms,
            fix=gap.declare,
            origin=store_origin(item),
        )


RULE = Rule(
    code="PP902",
    name="unknown-capacity",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
