"""Requests for reports are answered from the request path's database.

## What it finds

A function behind an API whose name says that it makes reports (`report`, `analytics`, `export`, `statistics`, `rollup` …) and that
connects to the writer of a relational or document database which other functions behind an API use too.

A template shows no queries: the name is the only sign, hence Info. Profiles can say it outright (`access_pattern: report`), and get
better advice.

## Why it matters

An order is one row, a report all of them. On the database of the request path the report holds a connection for seconds and fills the
cache with pages that no order needs. Its time grows with the data until a gateway gives up after 29 seconds, while the query runs on.

## What it cannot see

The query. A report that reads one prepared row is fine: acknowledge it with that reason.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties:
      Family: aurora-postgresql17
      Description: limits
      Parameters:
        {max_connections: "200", statement_timeout: "20000", idle_in_transaction_session_timeout: "20000", idle_session_timeout: "600000"}
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
  SalesReport:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 2
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_POOL_SIZE: "1"}}
  ReportUrl:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref SalesReport, AuthType: AWS_IAM}
  Throttled:
    Type: AWS::CloudWatch::Alarm
    Properties:
      {Namespace: AWS/Lambda, MetricName: Throttles, Statistic: Sum, Period: 60, EvaluationPeriods: 5, Threshold: 1,
        ComparisonOperator: GreaterThanThreshold}
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
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.cluster_identifier
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster_instance" "reader" {
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
resource "aws_lambda_function" "sales_report" {
  function_name                  = "sales-report"
  timeout                        = 25
  reserved_concurrent_executions = 2
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_lambda_function_url" "report" {
  function_name      = aws_lambda_function.sales_report.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "throttled"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 5
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
size = ec2.InstanceType("r6g.large")
limits = {
    "max_connections": "200", "statement_timeout": "20000",
    "idle_in_transaction_session_timeout": "20000", "idle_session_timeout": "600000",
}
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters=limits,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=size),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=size)],
)
code = {"runtime": lambda_.Runtime.PYTHON_3_13, "handler": "index.handler", "code": lambda_.Code.from_inline("handler = print")}
place = {"vpc": vpc, "vpc_subnets": isolated}
api = lambda_.Function(
    stack, "Api", **code, **place, timeout=Duration.seconds(25), reserved_concurrent_executions=8,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
api.add_function_url()
report = lambda_.Function(
    stack, "SalesReport", **code, **place, timeout=Duration.seconds(25), reserved_concurrent_executions=2,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
report.add_function_url()
for function in (api, report):
    orders.connections.allow_default_port_from(function)
lambda_.Function.metric_all_throttles().create_alarm(stack, "Throttled", threshold=1, evaluation_periods=5)
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBClusterParameterGroup
    Properties:
      Family: aurora-postgresql17
      Description: limits
      Parameters:
        {max_connections: "200", statement_timeout: "20000", idle_in_transaction_session_timeout: "20000", idle_session_timeout: "600000"}
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
  SalesReport:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 25
      ReservedConcurrentExecutions: 2
      Environment: {Variables: {PGHOST: !GetAtt Orders.ReadEndpoint.Address, DB_POOL_SIZE: "1"}}
  ReportUrl:
    Type: AWS::Lambda::Url
    Properties: {TargetFunctionArn: !Ref SalesReport, AuthType: AWS_IAM}
  Throttled:
    Type: AWS::CloudWatch::Alarm
    Properties:
      {Namespace: AWS/Lambda, MetricName: Throttles, Statistic: Sum, Period: 60, EvaluationPeriods: 5, Threshold: 1,
        ComparisonOperator: GreaterThanThreshold}
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
resource "aws_rds_cluster_instance" "writer" {
  cluster_identifier = aws_rds_cluster.orders.cluster_identifier
  engine             = "aurora-postgresql"
  instance_class     = "db.r6g.large"
}
resource "aws_rds_cluster_instance" "reader" {
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
resource "aws_lambda_function" "sales_report" {
  function_name                  = "sales-report"
  timeout                        = 25
  reserved_concurrent_executions = 2
  environment {
    variables = { PGHOST = aws_rds_cluster.orders.reader_endpoint, DB_POOL_SIZE = "1" }
  }
}
resource "aws_lambda_function_url" "report" {
  function_name      = aws_lambda_function.sales_report.function_name
  authorization_type = "AWS_IAM"
}
resource "aws_cloudwatch_metric_alarm" "throttled" {
  alarm_name          = "throttled"
  namespace           = "AWS/Lambda"
  metric_name         = "Throttles"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 5
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
size = ec2.InstanceType("r6g.large")
limits = {
    "max_connections": "200", "statement_timeout": "20000",
    "idle_in_transaction_session_timeout": "20000", "idle_session_timeout": "600000",
}
orders = rds.DatabaseCluster(
    stack, "Orders", vpc=vpc, vpc_subnets=isolated, parameters=limits,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
    writer=rds.ClusterInstance.provisioned("Writer", instance_type=size),
    readers=[rds.ClusterInstance.provisioned("Reader", instance_type=size)],
)
code = {"runtime": lambda_.Runtime.PYTHON_3_13, "handler": "index.handler", "code": lambda_.Code.from_inline("handler = print")}
place = {"vpc": vpc, "vpc_subnets": isolated}
api = lambda_.Function(
    stack, "Api", **code, **place, timeout=Duration.seconds(25), reserved_concurrent_executions=8,
    environment={"PGHOST": orders.cluster_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
api.add_function_url()
report = lambda_.Function(
    stack, "SalesReport", **code, **place, timeout=Duration.seconds(25), reserved_concurrent_executions=2,
    environment={"PGHOST": orders.cluster_read_endpoint.hostname, "DB_POOL_SIZE": "1"},
)
report.add_function_url()
for function in (api, report):
    orders.connections.allow_default_port_from(function)
lambda_.Function.metric_all_throttles().create_alarm(stack, "Throttled", threshold=1, evaluation_periods=5)
```

## How to fix

Project what the report needs into an analytical table (`AnalyticalProjector`) and ask that, or let the report read from a reader.
Keep on the relational store what one transaction needs.

## References

- https://docs.aws.amazon.com/prescriptive-guidance/latest/modernization-data-persistence/cqrs-pattern.html
- https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/Aurora.Overview.Endpoints.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Connection, Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import on_request_path, reporting_name, requests_beside
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each report that requests wait for on the writer of other requests."""
    for consumer in fleet.consumers:
        word = reporting_name(consumer)
        if word is None or not on_request_path(consumer) or consumer.generated:
            continue
        for connection in fleet.connections_by_consumer.get(consumer.id, ()):
            others = [other.id for other in requests_beside(fleet, connection) if reporting_name(other) is None]
            if others:
                yield _finding(rule, consumer, connection, word, others)


def _finding(rule: Rule, consumer: Consumer, connection: Connection, word: str, others: list[str]) -> Finding:
    return rule.finding(
        consumer.id,
        f"{consumer.id} answers requests, by its name a report, from the writer of {connection.store} that other requests use",
        arithmetic=[
            f"its name says '{word}'",
            *(f"on the same writer: {other}" for other in others),
            *connection.evidence,
        ],
        fix=f"project what {consumer.id} needs into an analytical table, or let it read from a reader of {connection.store}",
        origin=connection.origin,
        confidence=Confidence.LIKELY,
    )


RULE = Rule(
    code="PP806",
    name="analytical-scan-on-relational",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
