"""A scheduled database job may run beside itself.

## What it finds

A function that a schedule starts, that uses a database, and that is not limited to one execution:

- the schedule starts it again before its timeout ends the run before, or
- it is a projection by its name or permissions: EventBridge delivers a start at least once, so even a daily run may start twice.

Reserved concurrency of 1 makes both impossible: a second start waits in Lambda's own queue and is retried for up to six hours.

## Why it matters

Jobs overlap just when the database is slow, and each run makes it slower: the pile of runs is what then takes the connections. Two
runs of a projection read the same window and write the same rows twice.

## What it cannot see

Locks in the code or the database that let the second run end at once. Step Functions and other schedulers. Cron expressions only
known at deploy time are reported as not decided.

## Bad

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", EnableHttpEndpoint: true}
  Failed:
    Type: AWS::SQS::Queue
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: rds-data:ExecuteStatement, Resource: !GetAtt Orders.DBClusterArn}]}
  Sync:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 300
      ReservedConcurrentExecutions: 5
      Role: !GetAtt Role.Arn
      DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}
      Environment: {Variables: {CLUSTER_ARN: !GetAtt Orders.DBClusterArn}}
  Often:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 minute)
      Targets: [{Id: sync, Arn: !GetAtt Sync.Arn}]
```

```hcl terraform
resource "aws_rds_cluster" "orders" {
  engine               = "aurora-postgresql"
  engine_version       = "17.5"
  enable_http_endpoint = true
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["rds-data:ExecuteStatement"]
    resources = [aws_rds_cluster.orders.arn]
  }
}
resource "aws_iam_role" "sync" {
  name = "sync"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.sync.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_lambda_function" "sync" {
  function_name                  = "sync"
  role                           = aws_iam_role.sync.arn
  timeout                        = 300
  reserved_concurrent_executions = 5
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "often" {
  name                = "often"
  schedule_expression = "rate(1 minute)"
}
resource "aws_cloudwatch_event_target" "sync" {
  rule = aws_cloudwatch_event_rule.often.name
  arn  = aws_lambda_function.sync.arn
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_, aws_rds as rds
from aws_cdk import aws_sqs as sqs

orders = rds.DatabaseCluster(
    stack, "Orders", vpc=ec2.Vpc(stack, "Vpc", nat_gateways=0), enable_data_api=True, writer=rds.ClusterInstance.serverless_v2("Writer"),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), serverless_v2_min_capacity=1,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
)
sync = lambda_.Function(
    stack, "Sync", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(300), reserved_concurrent_executions=5, dead_letter_queue=sqs.Queue(stack, "Failed"),
)
orders.grant_data_api_access(sync)
events.Rule(stack, "Often", schedule=events.Schedule.rate(Duration.minutes(1)), targets=[targets.LambdaFunction(sync)])
```

## Good

```yaml cloudformation
Resources:
  Orders:
    Type: AWS::RDS::DBCluster
    Properties: {Engine: aurora-postgresql, EngineVersion: "17.5", EnableHttpEndpoint: true}
  Failed:
    Type: AWS::SQS::Queue
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies:
        - PolicyName: orders
          PolicyDocument: {Statement: [{Effect: Allow, Action: rds-data:ExecuteStatement, Resource: !GetAtt Orders.DBClusterArn}]}
  Sync:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 300
      ReservedConcurrentExecutions: 1
      Role: !GetAtt Role.Arn
      DeadLetterConfig: {TargetArn: !GetAtt Failed.Arn}
      Environment: {Variables: {CLUSTER_ARN: !GetAtt Orders.DBClusterArn}}
  Often:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 minute)
      Targets: [{Id: sync, Arn: !GetAtt Sync.Arn}]
```

```hcl terraform
resource "aws_rds_cluster" "orders" {
  engine               = "aurora-postgresql"
  engine_version       = "17.5"
  enable_http_endpoint = true
}
resource "aws_sqs_queue" "failed" {
  name = "failed"
}
data "aws_iam_policy_document" "orders" {
  statement {
    actions   = ["rds-data:ExecuteStatement"]
    resources = [aws_rds_cluster.orders.arn]
  }
}
resource "aws_iam_role" "sync" {
  name = "sync"
}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.sync.id
  policy = data.aws_iam_policy_document.orders.json
}
resource "aws_lambda_function" "sync" {
  function_name                  = "sync"
  role                           = aws_iam_role.sync.arn
  timeout                        = 300
  reserved_concurrent_executions = 1
  dead_letter_config {
    target_arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_cloudwatch_event_rule" "often" {
  name                = "often"
  schedule_expression = "rate(1 minute)"
}
resource "aws_cloudwatch_event_target" "sync" {
  rule = aws_cloudwatch_event_rule.often.name
  arn  = aws_lambda_function.sync.arn
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_events as events, aws_events_targets as targets, aws_lambda as lambda_, aws_rds as rds
from aws_cdk import aws_sqs as sqs

orders = rds.DatabaseCluster(
    stack, "Orders", vpc=ec2.Vpc(stack, "Vpc", nat_gateways=0), enable_data_api=True, writer=rds.ClusterInstance.serverless_v2("Writer"),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED), serverless_v2_min_capacity=1,
    engine=rds.DatabaseClusterEngine.aurora_postgres(version=rds.AuroraPostgresEngineVersion.VER_17_5),
)
sync = lambda_.Function(
    stack, "Sync", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(300), reserved_concurrent_executions=1, dead_letter_queue=sqs.Queue(stack, "Failed"),
)
orders.grant_data_api_access(sync)
events.Rule(stack, "Often", schedule=events.Schedule.rate(Duration.minutes(1)), targets=[targets.LambdaFunction(sync)])
```

## How to fix

Reserve 1 for the job, or let it start less often than its timeout. `AnalyticalProjector` reserves 1 and refuses an interval at or
below the timeout.

## References

- https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rules.html
- https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
- https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, EventSource, Fleet
from constructs_lib.model.quantity import ONE, Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import only_scheduled, projecting, schedules
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each scheduled database job that may run beside itself."""
    for consumer in fleet.consumers:
        started = schedules(consumer)
        if (
            not started
            or consumer.deploy_time
            or consumer.generated
            or _runs_once(consumer)
            or not _uses_database(fleet, consumer)
        ):
            continue
        again = next((source for source in started if _before_the_end(source, consumer.timeout_seconds)), None)
        if again is not None:
            yield _too_often(rule, consumer, again)
        elif only_scheduled(consumer) and (shown := projecting(consumer)) is not None:
            yield _twice(rule, consumer, shown)


def _runs_once(consumer: Consumer) -> bool:
    return consumer.reserved_concurrency is not None and consumer.reserved_concurrency.surely_at_most(ONE)


def _uses_database(fleet: Fleet, consumer: Consumer) -> bool:
    edges = fleet.connections_by_consumer.get(consumer.id, ())
    used = [item for item in edges if item.certainty != "possible" and item.via != "http"]
    stores = [fleet.store_by_id[item.store] for item in used if item.store in fleet.store_by_id]
    return any(store.holds_connections for store in stores)


def _before_the_end(source: EventSource, timeout: Quantity) -> bool:
    cadence = None if source.schedule is None else source.schedule.cadence
    return cadence is not None and timeout.low >= cadence.shortest_seconds


def _too_often(rule: Rule, consumer: Consumer, source: EventSource) -> Finding:
    expression = source.schedule.expression if source.schedule is not None else None
    cadence = source.schedule.cadence if source.schedule is not None else None
    shortest = 0 if cadence is None else cadence.shortest_seconds
    return rule.finding(
        consumer.id,
        f"{source.id} starts {consumer.id} every {cadence}, and a run may take {consumer.timeout_seconds} s",
        arithmetic=[
            f"{expression}: {shortest} s between two starts at least",
            Term("timeout in seconds", consumer.timeout_seconds, consumer.origin),
            _reserved(consumer),
        ],
        fix=f"reserve 1 for {consumer.id}, or set its timeout below {shortest} s",
        origin=consumer.origin,
    )


def _twice(rule: Rule, consumer: Consumer, shown: str) -> Finding:
    return rule.finding(
        consumer.id,
        f"{consumer.id}, by all signs a projection, may run beside itself when a start is delivered twice",
        arithmetic=[f"signs of a projection: {shown}", _reserved(consumer)],
        fix=f"reserve 1 for {consumer.id}",
        origin=consumer.origin,
        confidence=Confidence.LIKELY,
    )


def _reserved(consumer: Consumer) -> str:
    if consumer.reserved_concurrency is None:
        return "reserved concurrency: none"
    return str(Term("reserved concurrency", consumer.reserved_concurrency, consumer.origin))


RULE = Rule(
    code="PP802",
    name="projector-overlaps-itself",
    severity=Severity.WARNING,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
