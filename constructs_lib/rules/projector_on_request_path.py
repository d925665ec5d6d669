"""A scheduled projection reads where the request path writes.

## What it finds

A function that only schedules start and that by its name (`projector`, `report`, `export`, `etl`, `rollup` …) or its permissions
(Athena, Glue, Firehose, Redshift Data API, writing to a bucket named like a lake) makes reports, and that connects to the writer of a
database which functions behind an API use too, directly, through their proxy or through the Data API.

A job whose hold is declared and enforced by the database, and that runs once at a time, is left out: it takes one connection for a
bounded time, and the budget counts it.

## Why it matters

A report reads much and long. On the writer it competes with every request for memory and I/O, keeps its connection the whole time,
and an old snapshot keeps PostgreSQL from cleaning up behind everybody's updates. Requests time out at five past the hour, and nothing
in their own code explains why.

## What it cannot see

How much the job reads: names and permissions are signs, hence likely. Jobs that also write to the database need the writer. Whether a
replica's lag is acceptable.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties:
      Family: aurora-postgresql17
      Description: limits
      Parameters: {max_connections: 200, statement_timeout: 20000, idle_in_transaction_session_timeout: 20000, idle_session_timeout: 600000}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.large}
  Reader:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.large}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 8
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "1"}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Api, AuthType: AWS_IAM}
  Failed: {Type: AWS::SQS::Queue}
  SalesProjector:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 1
      DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "1"}}
  Hourly:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 hour), Targets: [{Id: projector, Arn: !GetAtt SalesProjector.Arn}]}
  Stale:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: shop, MetricName: ProjectionAgeSeconds, Statistic: Minimum, Period: 3600, EvaluationPeriods: 3,
      Threshold: 10800, ComparisonOperator: GreaterThanThreshold, TreatMissingData: breaching}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "200"
  }
  parameter {
    name  = "statement_timeout"
    value = "20000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "20000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "600000"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  cluster_identifier              = "orders"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
}
resource "aws_rds_cluster_instance" "orders" {
  count              = 2
  cluster_identifier = aws_rds_cluster.orders.cluster_identifier
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 25
  reserved_concurrent_executions = 8
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "sales_projector" {
  function_name                  = "sales-projector"
  timeout                        = 25
  reserved_concurrent_executions = 1
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "projector" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.sales_projector.arn
}
resource "aws_cloudwatch_metric_alarm" "stale" {
  alarm_name          = "stale"
  namespace           = "shop"
  metric_name         = "ProjectionAgeSeconds"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds
from aws_cdk import aws_cloudwatch as cloudwatch, aws_events as events, aws_events_targets as targets

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
size = ec2.InstanceType("r6g.large")
limits = {"max_connections": "200", "statement_timeout": "20000", "idle_session_timeout": "600000"}
limits["idle_in_transaction_session_timeout"] = "20000"
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters=limits,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=size),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=size)],
)
code = {"runtime": lambda_.Runtime.PYTHON_3_13, "handler": "index.handler", "code": lambda_.Code.from_inline("handler = print")}
code |= {"vpc": vpc, "vpc_subnets": isolated}
api = lambda_.Function(
    stack, "Api", **code, timeout=Duration.seconds(25), reserved_concurrent_executions=8,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
api.add_function_url()
projector = lambda_.Function(
    stack, "SalesProjector", **code, timeout=Duration.seconds(25), reserved_concurrent_executions=1,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
projector.metric_errors().create_alarm(stack, "Failed", threshold=1, evaluation_periods=1)
for function in (api, projector):
    orders.connections.allow_default_port_from(function)
events.Rule(stack, "Hourly", schedule=events.Schedule.rate(Duration.hours(1)), targets=[targets.LambdaFunction(projector)])
cloudwatch.Alarm(
    stack, "Stale", threshold=10_800, evaluation_periods=3, metric=cloudwatch.Metric(namespace="shop", metric_name="ProjectionAgeSeconds"),
)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties:
      Family: aurora-postgresql17
      Description: limits
      Parameters: {max_connections: 200, statement_timeout: 20000, idle_in_transaction_session_timeout: 20000, idle_session_timeout: 600000}
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", DBClusterParameterGroupName: !Ref Limits}
  Writer:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.large}
  Reader:
    Type: AWS::RDS::DBInstance
    Properties: {DBClusterIdentifier: !Ref Orders, Engine: aurora-postgresql, DBInstanceClass: db.r6g.large}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 8
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "1"}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref Api, AuthType: AWS_IAM}
  Failed: {Type: AWS::SQS::Queue}
  SalesProjector:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 1
      DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}
      Environment: {Variables: {PGHOST: !GetAtt Orders.ReadEndpoint.Address, DB_POOL_SIZE: "1"}}
  Hourly:
    Type: AWS::Events::Rule
    Properties: {ScheduleExpression: rate(1 hour), Targets: [{Id: projector, Arn: !GetAtt SalesProjector.Arn}]}
  Stale:
    Type: AWS::CloudWatch::Alarm
    Properties: {Namespace: shop, MetricName: ProjectionAgeSeconds, Statistic: Minimum, Period: 3600, EvaluationPeriods: 3,
      Threshold: 10800, ComparisonOperator: GreaterThanThreshold, TreatMissingData: breaching}
```

```hcl terraform
resource "aws_rds_cluster_parameter_group" "limits" {
  family = "aurora-postgresql17"
  parameter {
    name  = "max_connections"
    value = "200"
  }
  parameter {
    name  = "statement_timeout"
    value = "20000"
  }
  parameter {
    name  = "idle_in_transaction_session_timeout"
    value = "20000"
  }
  parameter {
    name  = "idle_session_timeout"
    value = "600000"
  }
}
resource "aws_rds_cluster" "orders" {
  engine                          = "aurora-postgresql"
  engine_version                  = "17.5"
  cluster_identifier              = "orders"
  db_cluster_parameter_group_name = aws_rds_cluster_parameter_group.limits.name
}
resource "aws_rds_cluster_instance" "orders" {
  count              = 2
  cluster_identifier = aws_rds_cluster.orders.cluster_identifier
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 25
  reserved_concurrent_executions = 8
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_lambda_function_url" "api" {
  function_name      = aws_lambda_function.api.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "sales_projector" {
  function_name                  = "sales-projector"
  timeout                        = 25
  reserved_concurrent_executions = 1
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.reader_endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "projector" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.sales_projector.arn
}
resource "aws_cloudwatch_metric_alarm" "stale" {
  alarm_name          = "stale"
  namespace           = "shop"
  metric_name         = "ProjectionAgeSeconds"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 3
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds
from aws_cdk import aws_cloudwatch as cloudwatch, aws_events as events, aws_events_targets as targets

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
size = ec2.InstanceType("r6g.large")
limits = {"max_connections": "200", "statement_timeout": "20000", "idle_session_timeout": "600000"}
limits["idle_in_transaction_session_timeout"] = "20000"
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters=limits,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=size),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=size)],
)
code = {"runtime": lambda_.Runtime.PYTHON_3_13, "handler": "index.handler", "code": lambda_.Code.from_inline("handler = print")}
code |= {"vpc": vpc, "vpc_subnets": isolated}
api = lambda_.Function(
    stack, "Api", **code, timeout=Duration.seconds(25), reserved_concurrent_executions=8,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
api.add_function_url()
projector = lambda_.Function(
    stack, "SalesProjector", **code, timeout=Duration.seconds(25), reserved_concurrent_executions=1,
    environment={"PGHOST": orders.cluster_read_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
projector.metric_errors().create_alarm(stack, "Failed", threshold=1, evaluation_periods=1)
for function in (api, projector):
    orders.connections.allow_default_port_from(function)
events.Rule(stack, "Hourly", schedule=events.Schedule.rate(Duration.hours(1)), targets=[targets.LambdaFunction(projector)])
cloudwatch.Alarm(
    stack, "Stale", threshold=10_800, evaluation_periods=3, metric=cloudwatch.Metric(namespace="shop", metric_name="ProjectionAgeSeconds"),
)
```

## How to fix

Read from a reader: the cluster's reader endpoint, a read-only endpoint of the proxy, or a replica. In the constructs,
`AnalyticalProjector(role=Role.READER)`. Without a reader, declare and enforce the hold (`hold=`), or export from a snapshot.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/rds-proxy-endpoints.html
- https://www.postgresql.org/docs/current/routine-vacuuming.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.quantity import ONE
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import only_scheduled, projecting, requests_beside
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each projection from the writer that requests use too."""
    for consumer in fleet.consumers:
        shown = projecting(consumer)
        if shown is None or not only_scheduled(consumer) or consumer.deploy_time or consumer.generated:
            continue
        for connection in fleet.connections_by_consumer.get(consumer.id, ()):
            requests = [other.id for other in requests_beside(fleet, connection)]
            if requests and not _is_bounded(consumer, connection):
                yield _finding(rule, consumer, connection, requests, shown)


def _is_bounded(consumer: Consumer, connection: Connection) -> bool:
    """Whether it takes one connection for a time that the database ends."""
    once = consumer.reserved_concurrency is not None and consumer.reserved_concurrency.surely_at_most(ONE)
    return once and connection.hold_enforced and connection.hold_seconds is not None


def _finding(rule: Rule, consumer: Consumer, connection: Connection, requests: list[str], shown: str) -> Finding:
    way = {"proxy": f" through {connection.pool}", "data-api": " through the Data API"}.get(connection.via, "")
    return rule.finding(
        consumer.id,
        f"{consumer.id}, by all signs a projection, works on the writer of {connection.store}{way} beside the requests of "
        f"{listed(requests)}",
        arithmetic=[f"signs of a projection: {shown}", *connection.evidence],
        fix=f"let {consumer.id} read from a reader of {connection.store}, or declare and enforce how long it holds its connection",
        origin=connection.origin,
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code="PP801",
    name="projector-on-request-path",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
