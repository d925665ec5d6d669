"""What templates say about queues, streams, API stages, and timeouts nobody set."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from constructs_lib.check import check
from constructs_lib.model.fleet import Consumer, EventSource
from constructs_lib.readers.reading import Reading

Read = Callable[..., Reading]
SAM = "AWS::Serverless-2016-10-31"


def function(**properties: Any) -> dict[str, Any]:
    return {"Type": "AWS::Lambda::Function", "Properties": properties}


def mapping(source: str, **properties: Any) -> dict[str, Any]:
    arn = {"Fn::GetAtt": [source, "Arn"]}
    return {
        "Type": "AWS::Lambda::EventSourceMapping",
        "Properties": {"FunctionName": {"Ref": "Worker"}, "EventSourceArn": arn, **properties},
    }


def made(kind: str, **properties: Any) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def consumer_of(reading: Reading) -> Consumer:
    (found,) = reading.fleet.consumers
    return found


def source_of(reading: Reading) -> EventSource:
    (found,) = consumer_of(reading).event_sources
    return found


def shown(source: EventSource, *names: str) -> list[str | None]:
    found = [getattr(source, name) for name in names]
    return [None if item is None else str(item) for item in found]


@pytest.mark.parametrize(
    ("properties", "default", "timeout"),
    [({}, True, "3"), ({"Timeout": 3}, False, "3"), ({"Timeout": {"Ref": "AWS::NoValue"}}, True, "3")],
)
def test_a_timeout_nobody_set_differs_from_three_seconds(
    reading_of: Read, properties: dict[str, Any], default: bool, timeout: str
) -> None:
    consumer = consumer_of(reading_of({"Worker": function(**properties)}))

    assert (consumer.timeout_is_default, str(consumer.timeout_seconds)) == (default, timeout)


def test_a_queue_with_its_visibility_and_the_batches_of_its_mapping(reading_of: Read) -> None:
    queue = made("SQS::Queue", VisibilityTimeout=180)
    source = source_of(
        reading_of(
            {
                "Worker": function(),
                "Jobs": queue,
                "From": mapping("Jobs", BatchSize=25, MaximumBatchingWindowInSeconds=20),
            }
        )
    )

    assert shown(source, "visibility_timeout_seconds", "batch_size", "batching_window_seconds") == ["180", "25", "20"]


def test_a_queue_without_visibility_has_the_default_and_a_foreign_one_is_unknown(reading_of: Read) -> None:
    here = source_of(reading_of({"Worker": function(), "Jobs": made("SQS::Queue"), "From": mapping("Jobs")}))
    imported = mapping("Jobs", EventSourceArn="arn:aws:sqs:eu-central-1:1:jobs")
    reading = reading_of({"Worker": function(), "From": imported})

    assert here.visibility_timeout_seconds is None
    assert "not in the given templates" in str(source_of(reading).visibility_timeout_seconds)
    assert any("visibility timeout" in gap.missing for gap in check(reading.fleet).not_decided)


@pytest.mark.parametrize(
    ("stream", "shards"),
    [
        ({"ShardCount": 4}, "4"),
        ({"StreamModeDetails": {"StreamMode": "ON_DEMAND"}}, "on-demand"),
        ({}, "sets no ShardCount"),
    ],
)
def test_shards_of_a_stream(reading_of: Read, stream: dict[str, Any], shards: str) -> None:
    reading = reading_of(
        {
            "Worker": function(),
            "Clicks": made("Kinesis::Stream", **stream),
            "From": mapping("Clicks", ParallelizationFactor=2),
        }
    )

    assert shards in str(source_of(reading).shards)
    assert str(source_of(reading).parallelization_factor) == "2"


def test_a_consumer_with_a_throughput_of_its_own_has_the_shards_of_its_stream(reading_of: Read) -> None:
    fan = made("Kinesis::StreamConsumer", StreamARN={"Fn::GetAtt": ["Clicks", "Arn"]}, ConsumerName="worker")
    resources = {
        "Worker": function(),
        "Clicks": made("Kinesis::Stream", ShardCount=3),
        "Fan": fan,
        "From": mapping("Fan"),
    }

    assert str(source_of(reading_of(resources)).shards) == "3"


@pytest.mark.parametrize(
    ("properties", "bounds"),
    [
        ({}, [None, None]),
        ({"MaximumRetryAttempts": -1, "MaximumRecordAgeInSeconds": -1}, [None, None]),
        ({"MaximumRetryAttempts": 0}, ["0", None]),
        ({"MaximumRecordAgeInSeconds": "3600"}, [None, "3600"]),
    ],
)
def test_minus_one_is_no_bound(reading_of: Read, properties: dict[str, Any], bounds: list[str | None]) -> None:
    resources = {
        "Worker": function(),
        "Clicks": made("Kinesis::Stream", ShardCount=1),
        "From": mapping("Clicks", **properties),
    }
    source = source_of(reading_of(resources))

    assert shown(source, "maximum_retry_attempts", "maximum_record_age_seconds") == [
        None if bound is None else f"{int(bound):,}" for bound in bounds
    ]


def rest(**integration: Any) -> dict[str, Any]:
    uri = {"Fn::GetAtt": ["Worker", "Arn"]}
    return {
        "Worker": function(),
        "Api": made("ApiGateway::RestApi"),
        "Get": made("ApiGateway::Method", RestApiId={"Ref": "Api"}, Integration={"Uri": uri, **integration}),
    }


def throttle(rate: int, burst: int, path: str = "/*", method: str = "*") -> dict[str, Any]:
    return {"ResourcePath": path, "HttpMethod": method, "ThrottlingRateLimit": rate, "ThrottlingBurstLimit": burst}


def stage(**properties: Any) -> dict[str, Any]:
    return made("ApiGateway::Stage", RestApiId={"Ref": "Api"}, **properties)


@pytest.mark.parametrize(
    ("settings", "limits"),
    [
        ([], [None, None]),
        ([throttle(50, 10)], ["50", "10"]),
        ([throttle(50, 10), throttle(500, 40, "/orders", "GET")], ["50 to 500", "10 to 40"]),
        ([throttle(-1, -1)], [None, None]),
    ],
)
def test_the_throttle_of_a_rest_stage(reading_of: Read, settings: list[Any], limits: list[str | None]) -> None:
    source = source_of(reading_of({**rest(), "Stage": stage(MethodSettings=settings)}))

    assert shown(source, "throttle_rate", "throttle_burst") == limits


def test_a_throttle_on_one_method_says_nothing_about_the_others(reading_of: Read) -> None:
    settings = [throttle(50, 10, "/orders", "GET")]
    source = source_of(reading_of({**rest(), "Stage": stage(MethodSettings=settings)}))

    assert "some of its routes only" in str(source.throttle_rate)


def test_of_two_stages_the_looser_counts(reading_of: Read) -> None:
    two = {"Live": stage(MethodSettings=[throttle(50, 10)]), "Test": stage()}

    assert source_of(reading_of({**rest(), **two})).throttle_rate is None


def test_a_usage_plan_counts_where_the_stage_sets_nothing(reading_of: Read) -> None:
    plan = made(
        "ApiGateway::UsagePlan", ApiStages=[{"ApiId": {"Ref": "Api"}}], Throttle={"RateLimit": 20, "BurstLimit": 5}
    )
    source = source_of(reading_of({**rest(), "Stage": stage(), "Plan": plan}))

    assert shown(source, "throttle_rate", "throttle_burst") == ["20", "5"]


def test_an_api_without_its_stage_is_unknown_and_said_so(reading_of: Read) -> None:
    resources = rest()
    resources["Worker"] = function(ReservedConcurrentExecutions=5)
    reading = reading_of(resources)

    assert "not in the given templates" in str(source_of(reading).throttle_rate)
    assert any("throttle rate" in gap.missing for gap in check(reading.fleet).not_decided)


def test_an_integration_that_hands_on_does_not_wait(reading_of: Read) -> None:
    asynchronous = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}

    assert source_of(reading_of({**rest(RequestParameters=asynchronous), "Stage": stage()})).timeout_seconds is None
    assert str(source_of(reading_of({**rest(), "Stage": stage()})).timeout_seconds) == "29"


def test_routes_of_an_http_api(reading_of: Read) -> None:
    default = {"ThrottlingRateLimit": 100, "ThrottlingBurstLimit": 40}
    resources = {
        "Worker": function(),
        "Api": made("ApiGatewayV2::Api", ProtocolType="HTTP"),
        "Into": made(
            "ApiGatewayV2::Integration", ApiId={"Ref": "Api"}, IntegrationUri={"Fn::GetAtt": ["Worker", "Arn"]}
        ),
        "Stage": made(
            "ApiGatewayV2::Stage",
            ApiId={"Ref": "Api"},
            DefaultRouteSettings=default,
            RouteSettings={"GET /orders": {"ThrottlingRateLimit": 10}},
        ),
    }

    assert shown(source_of(reading_of(resources)), "throttle_rate", "throttle_burst") == ["10 to 100", "40"]


@pytest.mark.parametrize(("kind", "settings"), [("Api", {"MethodSettings": [throttle(50, 10)]}), ("HttpApi", {})])
def test_the_api_that_sam_makes_by_itself_takes_the_globals(
    reading_of: Read, kind: str, settings: dict[str, Any]
) -> None:
    if kind == "HttpApi":
        settings = {"DefaultRouteSettings": {"ThrottlingRateLimit": 50, "ThrottlingBurstLimit": 10}}
    events = {"Orders": {"Type": kind, "Properties": {"Path": "/orders", "Method": "get"}}}
    worker = {"Type": "AWS::Serverless::Function", "Properties": {"Events": events}}
    reading = reading_of({"Worker": worker}, Transform=SAM, Globals={kind: settings})

    assert shown(source_of(reading), "throttle_rate", "throttle_burst") == ["50", "10"]
    assert source_of(reading_of({"Worker": worker}, Transform=SAM)).throttle_rate is None


def test_sam_hands_the_pace_of_a_stream_on(reading_of: Read) -> None:
    stream = {"Stream": {"Fn::GetAtt": ["Clicks", "Arn"]}, "MaximumRetryAttempts": 4, "ParallelizationFactor": 3}
    worker = {
        "Type": "AWS::Serverless::Function",
        "Properties": {"Events": {"Clicks": {"Type": "Kinesis", "Properties": stream}}},
    }
    reading = reading_of({"Worker": worker, "Clicks": made("Kinesis::Stream", ShardCount=2)}, Transform=SAM)

    names = ("shards", "parallelization_factor", "maximum_retry_attempts")
    assert shown(source_of(reading), *names) == ["2", "3", "4"]


def test_parameters_nobody_can_read_are_kept_apart_from_those_nobody_set(reading_of: Read) -> None:
    group = made(
        "RDS::DBParameterGroup",
        Family="postgres17",
        Parameters={"statement_timeout": {"Ref": "Longest"}, "idle_session_timeout": "900000"},
    )
    database = made("RDS::DBInstance", Engine="postgres", DBParameterGroupName={"Ref": "Limits"})
    reading = reading_of({"Limits": group, "Db": database}, Parameters={"Longest": {"Type": "String"}})
    (store,) = reading.fleet.stores

    assert dict(store.parameters) == {"idle_session_timeout": "900000"}
    assert list(store.unread_parameters) == ["statement_timeout"]
    assert "Longest" in store.unread_parameters["statement_timeout"]


def test_a_parameter_group_of_somebody_else_may_set_anything(reading_of: Read) -> None:
    database = made("RDS::DBInstance", Engine="postgres", DBParameterGroupName="company-wide")
    (store,) = reading_of({"Db": database}).fleet.stores

    assert list(store.unread_parameters) == ["*"]
