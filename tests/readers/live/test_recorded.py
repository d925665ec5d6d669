"""The recorded account as a fleet, and what becomes of answers that are missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from constructs_lib.errors import InputError
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.live import read_recording
from constructs_lib.readers.live.recording import Recording, Refused, load, save
from constructs_lib.readers.live.translate import account_concurrency


def refuse(recording: Recording, operation: str, subject: str = "") -> None:
    """Take an answer away as AWS does."""
    found = recording.answers[operation]
    if subject:
        found.pop(subject, None)
    else:
        del recording.answers[operation]
    recording.refused.append(Refused(operation, subject, "lambda:Something", "denied (AccessDenied)"))


def test_what_is_deployed_is_a_fleet(recording: Recording) -> None:
    fleet = read_recording(recording).fleet

    (store,) = fleet.stores
    assert (store.id, store.engine, store.max_connections) == ("db:orders-db", "postgres", Quantity.exact(200))
    assert store.instances[0].instance_class == "db.t4g.medium"
    (pool,) = fleet.pools
    assert (pool.id, pool.store, pool.percent) == ("db-proxy:orders", "db:orders-db", Quantity.exact(50))
    edges = [(edge.consumer, edge.via, edge.pool, edge.certainty) for edge in fleet.connections]
    assert sorted(edges, key=str) == [
        ("function:direct", "direct", None, "certain"),
        ("function:proxied", "proxy", "db-proxy:orders", "certain"),
    ]
    assert {c.id: c.reserved_concurrency for c in fleet.consumers} == {
        "function:direct": Quantity.exact(10),
        "function:proxied": Quantity.exact(20),
    }
    assert account_concurrency(recording) == 1000


def test_an_origin_is_the_arn(recording: Recording) -> None:
    consumer = read_recording(recording).fleet.consumer_by_id["function:direct"]

    assert consumer.origin.file == "aws:123456789012:eu-west-1"
    assert consumer.origin.path == "arn:aws:lambda:eu-west-1:123456789012:function:direct"


def test_a_recording_is_the_same_after_saving_and_loading(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    save(recording, str(path))

    assert read_recording(load(str(path))) == read_recording(recording)


def test_no_password_is_recorded(recording: Recording, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    save(recording, str(path))
    text = path.read_text()

    assert "hunter2" not in text
    assert "not-in-the-recording" not in text
    (function,) = [f for f in recording.listed("lambda.list_functions") if f["FunctionName"] == "direct"]
    assert function["Environment"]["Variables"]["DB_PASSWORD"] == "***"


def test_a_reservation_that_may_not_be_read_is_unknown_and_said(recording: Recording) -> None:
    refuse(recording, "lambda.get_function_concurrency", "direct")

    fleet = read_recording(recording).fleet

    reserved = fleet.consumer_by_id["function:direct"].reserved_concurrency
    assert reserved is not None
    assert "lambda:Something" in reserved.reason
    assert fleet.consumer_by_id["function:proxied"].reserved_concurrency == Quantity.exact(20)
    (gap,) = [gap for gap in fleet.gaps if gap.subject == "lambda.get_function_concurrency about direct"]
    assert "lambda:Something" in gap.declare


def test_parameters_that_may_not_be_read_leave_the_limit_unknown(recording: Recording) -> None:
    refuse(recording, "rds.describe_db_parameters")

    limit = read_recording(recording).fleet.stores[0].max_connections

    assert limit is not None
    assert "rds.describe_db_parameters was not answered" in limit.reason


def test_a_parameter_group_that_waits_for_a_reboot_is_not_in_force(recording: Recording) -> None:
    recording.answers["rds.describe_db_instances"][0]["DBParameterGroups"][0]["ParameterApplyStatus"] = "pending-reboot"

    limit = read_recording(recording).fleet.stores[0].max_connections

    assert limit is not None
    assert "pending-reboot" in limit.reason


def test_a_pool_that_may_not_be_read_is_unknown_not_default(recording: Recording) -> None:
    refuse(recording, "rds.describe_db_proxy_target_groups", "orders")

    (pool,) = read_recording(recording).fleet.pools

    assert pool.percent is not None
    assert pool.percent.is_unknown


def test_provisioned_concurrency_that_may_not_be_read_is_unknown(recording: Recording) -> None:
    refuse(recording, "lambda.list_provisioned_concurrency_configs")

    (provisioned,) = read_recording(recording).fleet.consumer_by_id["function:direct"].provisioned

    assert provisioned.executions.is_unknown


def test_an_address_inside_a_connection_string_is_found(recording: Recording) -> None:
    host = recording.answers["rds.describe_db_instances"][0]["Endpoint"]["Address"]
    (function,) = [f for f in recording.listed("lambda.list_functions") if f["FunctionName"] == "direct"]
    function["Environment"] = {"Variables": {"DATABASE_URL": f"postgres://orders:***@{host}:5432/orders"}}

    (edge,) = read_recording(recording).fleet.connections_by_consumer["function:direct"]

    assert (edge.store, edge.certainty) == ("db:orders-db", "certain")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "no recording"),
        (json.dumps({"schema": 2}), "got 2"),
        (json.dumps({"schema": 1, "answers": []}), "needs a mapping 'answers'"),
        (json.dumps({"schema": 1, "answers": {}, "refused": [{}]}), "needs the texts operation"),
    ],
)
def test_what_is_no_recording_is_refused_with_the_file(text: str, reason: str, tmp_path: Path) -> None:
    path = tmp_path / "account.json"
    path.write_text(text)

    with pytest.raises(InputError, match=reason) as caught:
        load(str(path))

    assert str(path) in str(caught.value)


def test_managed_instances_have_a_maximum_of_their_own(recording: Recording) -> None:
    for function in recording.listed("lambda.list_functions"):
        function["CapacityProviderConfig"] = {
            "LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn:aws:shop"}
        }
    recording.answers["lambda.get_function_scaling_config"] = {"direct": {"MaxExecutionEnvironments": 6}}
    recording.refused.append(
        Refused("lambda.get_function_scaling_config", "proxied", "lambda:GetFunctionScalingConfig", "denied")
    )

    consumers = read_recording(recording).fleet.consumer_by_id

    assert consumers["function:direct"].maximum_environments == Quantity.exact(6)
    hidden = consumers["function:proxied"].maximum_environments
    assert hidden is not None
    assert hidden.is_unknown
