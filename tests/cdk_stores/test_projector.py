from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk.assertions import Template

from constructs_lib.cdk.analytical import AnalyticalStore
from constructs_lib.cdk.connect import Via
from constructs_lib.cdk.projector import AnalyticalProjector
from constructs_lib.cdk.relational import RelationalStore
from constructs_lib.cdk.single_table import SingleTableStore
from constructs_lib.errors import ConnectError, InputError
from tests.cdk_stores.conftest import only, statements_of, variables_of

pytestmark = pytest.mark.cdk
MakeFunction = Callable[..., lambda_.Function]


def _projector(stack: cdk.Stack, function: lambda_.Function, **more: object) -> AnalyticalProjector:
    lake = AnalyticalStore(stack, "Lake")
    table = lake.add_table("sales", columns={"order_id": "string"})
    source = SingleTableStore(stack, "Orders")
    return AnalyticalProjector(stack, "Sales", function=function, source=source, lake=lake, table=table, **more)


def _stack(name: str) -> cdk.Stack:
    return cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), name)


@pytest.fixture(scope="module")
def template(make_function: MakeFunction) -> Template:
    stack = _stack("Hourly")
    _projector(stack, make_function(stack, "Projects", timeout_seconds=600))
    return Template.from_stack(stack)


def test_one_execution_is_reserved_so_runs_cannot_overlap(template: Template) -> None:
    assert only(template, "AWS::Lambda::Function")["ReservedConcurrentExecutions"] == 1


def test_the_schedule_starts_this_function_only_and_keeps_its_logical_id(template: Template) -> None:
    assert list(template.find_resources("AWS::Scheduler::Schedule")) == ["Sales1863061C"]
    (function,) = template.find_resources("AWS::Lambda::Function")
    schedule = only(template, "AWS::Scheduler::Schedule")
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    assert schedule["State"] == "ENABLED"
    assert schedule["Target"]["Arn"] == {"Fn::GetAtt": [function, "Arn"]}
    invoke, _ = statements_of(template, "SalesStarterRole")
    assert invoke["Resource"] == {"Fn::GetAtt": [function, "Arn"]}


def test_failed_starts_and_failed_runs_land_in_one_encrypted_queue(template: Template) -> None:
    (queue,) = template.find_resources("AWS::SQS::Queue")
    arn = {"Fn::GetAtt": [queue, "Arn"]}
    target = only(template, "AWS::Scheduler::Schedule")["Target"]
    assert target["DeadLetterConfig"] == {"Arn": arn}
    assert target["RetryPolicy"] == {"MaximumRetryAttempts": 2, "MaximumEventAgeInSeconds": 3600}
    bounded = only(template, "AWS::Lambda::EventInvokeConfig")
    assert bounded["DestinationConfig"]["OnFailure"]["Destination"] == arn
    assert (bounded["MaximumRetryAttempts"], bounded["MaximumEventAgeInSeconds"]) == (2, 3600)
    assert only(template, "AWS::SQS::Queue")["SqsManagedSseEnabled"] is True


def test_the_watermark_has_a_table_of_its_own_that_is_kept(template: Template) -> None:
    tables = template.find_resources("AWS::DynamoDB::GlobalTable", {"DeletionPolicy": "Retain"})
    (checkpoints,) = [name for name in tables if name.startswith("SalesCheckpoints")]
    variables = variables_of(template, "Projects")
    assert variables["POOLPROOF_CHECKPOINT_TABLE"] == {"Ref": checkpoints}
    assert variables["POOLPROOF_PROJECTION"] == "Sales"
    assert (variables["POOLPROOF_SETTLE_SECONDS"], variables["POOLPROOF_OVERLAP_SECONDS"]) == ("300", "900")
    assert variables["POOLPROOF_LAKE_TABLE"] == "sales"


def test_output_older_than_three_hours_rings_also_when_nothing_runs_at_all(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {
            "Namespace": "poolproof",
            "MetricName": "ProjectionAgeSeconds",
            "Dimensions": [{"Name": "projection", "Value": "Sales"}],
            "Threshold": 3 * 3600,
            "Period": 3600,
            "EvaluationPeriods": 3,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "breaching",
        },
    )


def test_a_run_in_the_dead_letter_queue_rings(template: Template) -> None:
    template.has_resource_properties(
        "AWS::CloudWatch::Alarm",
        {"MetricName": "ApproximateNumberOfMessagesVisible", "Threshold": 1, "TreatMissingData": "notBreaching"},
    )


def test_a_daily_run_keeps_its_events_no_longer_than_lambda_does(make_function: MakeFunction) -> None:
    stack = _stack("Daily")
    _projector(stack, make_function(stack, "Projects"), every=cdk.Duration.days(1), enabled=False)
    template = Template.from_stack(stack)
    assert only(template, "AWS::Lambda::EventInvokeConfig")["MaximumEventAgeInSeconds"] == 6 * 3600
    schedule = only(template, "AWS::Scheduler::Schedule")
    assert schedule["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 86_400
    assert schedule["State"] == "DISABLED"


def test_wrong_interval_timeout_and_retries_are_reported_together(make_function: MakeFunction) -> None:
    stack = _stack("Wrong")
    function = make_function(stack, "Projects", timeout_seconds=600)
    with pytest.raises(InputError) as refusal:
        _projector(stack, function, every=cdk.Duration.seconds(90), retries=3)
    assert [str(problem) for problem in refusal.value.problems] == [
        "every of 'Sales' is 90 s; allowed are whole minutes from 1 minute to 1 day",
        "function of 'Sales' may run 600 s, every 90 s one starts: shorten its timeout or run it less often",
        "retries of 'Sales' is 3; Lambda allows 0, 1 or 2",
    ]


def test_a_function_that_reserves_more_than_one_is_refused(make_function: MakeFunction) -> None:
    stack = _stack("Two")
    function = make_function(stack, "Projects", reserved_concurrent_executions=2)
    with pytest.raises(ConnectError, match=r"function 'Two/Projects' reserves 2 executions"):
        _projector(stack, function)


def test_a_relational_source_counts_one_connection_of_the_projection(make_function: MakeFunction) -> None:
    stack = _stack("Relational")
    lake = AnalyticalStore(stack, "Lake")
    source = RelationalStore.from_existing(
        stack,
        "Orders",
        host="10.0.0.5",
        secret=secretsmanager.Secret(stack, "Login"),
        engine="postgres",
        max_connections=40,
    )
    AnalyticalProjector(
        stack,
        "Sales",
        function=make_function(stack, "Projects"),
        source=source,
        lake=lake,
        table=lake.add_table("sales", columns={"order_id": "string"}),
        via=Via.DIRECT,
    )
    template = Template.from_stack(stack)
    (function,) = template.find_resources("AWS::Lambda::Function").values()
    assert function["Properties"]["ReservedConcurrentExecutions"] == 1
    assert [entry["via"] for entry in function["Metadata"]["poolproof:connections"]] == ["direct", "http"]
    assert function["Properties"]["Environment"]["Variables"]["POOLPROOF_DATABASE_HOST"] == "10.0.0.5"
