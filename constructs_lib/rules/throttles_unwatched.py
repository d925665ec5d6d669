"""The reservation of a database's function turns requests away, and nobody is told.

## What it finds

A function that holds connections of a database, directly or at a proxy, with reserved concurrency and no CloudWatch alarm on the
`Throttles` metric of AWS/Lambda, neither for that function nor for all together.

## Why it matters

A reservation hides what it turns away: concurrent executions never exceed it, so the graph looks full, not short. A budget sized
from that graph stays too small for ever. `Throttles` is the one metric that shows the missing part.

## What it cannot see

Alarms that another tool holds, and alarms in documents that were not given. An alarm whose metric or function could not be read
is taken for one that may watch: nothing is found, and what is missing is listed. Reservations of functions that reach no database
are nobody's budget here: they pass. Functions whose relation to a database is only possible.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge}
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
)
worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=10,
    vpc=vpc, vpc_subnets=isolated, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(worker)
```

```hcl terraform
resource "aws_db_instance" "orders" {
  engine         = "postgres"
  engine_version = "17.5"
  instance_class = "db.m6g.4xlarge"
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 20
  reserved_concurrent_executions = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

## Good

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge}
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 10
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
  Throttled:
    Type: AWS::CloudWatch::Alarm
    Properties:
      Namespace: AWS/Lambda
      MetricName: Throttles
      Dimensions: [{Name: FunctionName, Value: !Ref Worker}]
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 0
      ComparisonOperator: GreaterThanThreshold
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"),
    engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
)
worker = lambda_.Function(
    stack, "Worker", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler",
    code=lambda_.Code.from_inline("handler = print"), timeout=Duration.seconds(20), reserved_concurrent_executions=10,
    vpc=vpc, vpc_subnets=isolated, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(worker)
worker.metric_throttles().create_alarm(stack, "Throttled", threshold=1, evaluation_periods=1)
```

```hcl terraform
resource "aws_db_instance" "orders" {
  engine         = "postgres"
  engine_version = "17.5"
  instance_class = "db.m6g.4xlarge"
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 20
  reserved_concurrent_executions = 10
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "worker-throttled"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  dimensions          = { FunctionName = aws_lambda_function.worker.function_name }
  statistic           = "Sum"
  period              = 60
  evaluation_periods  = 1
  threshold           = 0
  comparison_operator = "GreaterThanThreshold"
}
```

## How to fix

Add an alarm on `Throttles` (`Sum` over a minute, above 0 or above what callers tolerate), or use `ConnectionDashboard`, which
adds one for each function of a store.

## References

- https://github.com/kirill-markin/flashcards-open-source-app/pull/1922
- https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.throttle_alarms import capped, perhaps_watched, watched
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each capped function of a database without such an alarm."""
    if perhaps_watched(fleet):
        return
    for consumer, reserved in capped(fleet):
        if not watched(consumer, fleet):
            yield _finding(rule, consumer, reserved)


def _finding(rule: Rule, consumer: Consumer, reserved: Quantity) -> Finding:
    return rule.finding(
        consumer.id,
        f"{consumer.id} reserves {reserved}, and no alarm tells when that turns requests away",
        arithmetic=[Term(f"reserved by {consumer.id}", reserved, consumer.origin), "alarms on its Throttles: none"],
        fix=f"add an alarm on the metric Throttles (AWS/Lambda, Sum) of {consumer.id}",
        origin=consumer.origin,
    )


RULE = Rule(
    code="PP405",
    name="throttles-unwatched",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
