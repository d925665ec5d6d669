"""A function on managed instances connects to a database without a maximum of execution environments.

## What it finds

A function with a `CapacityProviderConfig` that holds connections to a store, directly or through a pool, and sets no
`FunctionScalingConfig.MaxExecutionEnvironments`.

## Why it matters

Managed instances have no default maximum: Lambda adds environments while the load grows. Each environment runs several requests side
by side (for Python, up to 16 processes for each vCPU), every one with connections of its own, and none of them is ever frozen. Reserved
concurrency does not express that bound; only

    MaxExecutionEnvironments × concurrency of an environment × connections

does. At least three environments run for each published version at all times.

## What it cannot see

A maximum that was set outside the template by `PutFunctionScalingConfig`.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      CapacityProviderConfig:
        LambdaManagedInstancesCapacityProviderConfig:
          CapacityProviderArn: !Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:capacity-provider:shop"
          PerExecutionEnvironmentMaxConcurrency: 8
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "400"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_capacity_provider" "shop" {
  name = "shop"
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  timeout       = 10
  capacity_provider_config {
    lambda_managed_instances_capacity_provider_config {
      capacity_provider_arn                     = aws_lambda_capacity_provider.shop.arn
      per_execution_environment_max_concurrency = 8
    }
  }
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    vpc=vpc, vpc_subnets=isolated, timeout=Duration.seconds(10), environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
shop = "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:shop"
api.node.default_child.add_property_override("CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig", {
    "CapacityProviderArn": shop, "PerExecutionEnvironmentMaxConcurrency": 8,
})
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "400"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      CapacityProviderConfig:
        LambdaManagedInstancesCapacityProviderConfig:
          CapacityProviderArn: !Sub "arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:capacity-provider:shop"
          PerExecutionEnvironmentMaxConcurrency: 8
      FunctionScalingConfig: {MinExecutionEnvironments: 3, MaxExecutionEnvironments: 6}
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "400"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_capacity_provider" "shop" {
  name = "shop"
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  timeout       = 10
  capacity_provider_config {
    lambda_managed_instances_capacity_provider_config {
      capacity_provider_arn                     = aws_lambda_capacity_provider.shop.arn
      per_execution_environment_max_concurrency = 8
    }
  }
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
resource "aws_lambda_function_scaling_config" "api" {
  function_name = aws_lambda_function.api.function_name
  qualifier     = "$LATEST.PUBLISHED"
  function_scaling_config {
    min_execution_environments = 3
    max_execution_environments = 6
  }
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "400"},
)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    vpc=vpc, vpc_subnets=isolated, timeout=Duration.seconds(10), environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
shop = "arn:aws:lambda:eu-west-1:111122223333:capacity-provider:shop"
api.node.default_child.add_property_override("CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig", {
    "CapacityProviderArn": shop, "PerExecutionEnvironmentMaxConcurrency": 8,
})
api.node.default_child.add_property_override("FunctionScalingConfig.MaxExecutionEnvironments", 6)
```

## How to fix

Set `FunctionScalingConfig.MaxExecutionEnvironments`; the finding says how many environments fit. The `aws_lambda_function` of
Terraform and the L2 construct of the CDK have no argument for it; in CDK, add a property override.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/lambda-managed-instances-scaling.html
- https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-lambda-function-functionscalingconfig.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.demand import Demand
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._fit import largest_direct
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import confidence, counted, store_label


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function and store."""
    for item in budget.stores:
        for demand in item.demands:
            consumer = demand.consumer
            if (
                consumer.managed_instances
                and consumer.maximum_environments is None
                and demand.per_environment.high != 0
            ):
                yield rule.finding(
                    consumer.id,
                    f"{consumer.id} runs on managed instances without a maximum of execution environments "
                    f"and connects to {store_label(item)}",
                    arithmetic=_arithmetic(item, demand),
                    fix=_fix(item, demand),
                    origin=consumer.origin,
                    confidence=confidence([demand]),
                )


def _arithmetic(item: StoreBudget, demand: Demand) -> Iterator[Term]:
    yield Term("usable", item.capacity.usable)
    if demand.consumer.concurrency_per_environment is not None:
        yield Term("requests at once in an environment", demand.consumer.concurrency_per_environment)
    yield Term("connections for each of them", demand.per_environment)


def _fix(item: StoreBudget, demand: Demand) -> str:
    setting = f"set FunctionScalingConfig.MaxExecutionEnvironments of {demand.consumer.id}"
    at_once = demand.consumer.concurrency_per_environment
    if demand.connection.via != "direct" or at_once is None or at_once.high is None:
        return setting
    each = max(1, at_once.high) * max(1, demand.per_environment.high or 1) * demand.overlap
    most = int(largest_direct(item) // each)
    if most < 1:
        return f"{setting} and lower PerExecutionEnvironmentMaxConcurrency: not even one environment surely fits {item.store.id}"
    return f"{setting} to at most {counted(most, 'environment')} for what is usable of {item.store.id}"


RULE = Rule(
    code="PP109",
    name="managed-instances-unbounded",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
