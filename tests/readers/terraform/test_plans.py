from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.model.fleet import Connection, Fleet
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import DATABASE, FLEET, GROUP, PROXY, function, plan, ref, resource, write


def fleet_of(tmp_path: Path, body: dict[str, Any]) -> Fleet:
    reading = read([write(tmp_path / "plan.json", body)])
    assert reading.unread == ()
    return reading.fleet


def edges(fleet: Fleet) -> list[tuple[str, str, str, str]]:
    return sorted((edge.consumer, edge.store, edge.via, edge.certainty) for edge in fleet.connections)


def test_ids_are_addresses_and_lines_are_those_of_the_plan(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, plan(FLEET))
    (store,) = fleet.stores
    assert store.id == "aws_db_instance.orders"
    text = (tmp_path / "plan.json").read_text().splitlines()
    assert store.origin.line is not None
    assert '"aws_db_instance.orders"' in text[store.origin.line - 1]


def test_unknown_after_apply_is_unknown_with_its_reason(tmp_path: Path) -> None:
    seconds = ref("random_integer.seconds.result")
    unsized = function("orders", {"DB_HOST": "aws_db_instance.orders.address"})
    unsized["written"]["expressions"]["timeout"] = seconds
    del unsized["planned"]["values"]["timeout"]
    unsized["unknown"]["timeout"] = True
    (consumer,) = fleet_of(tmp_path, plan([GROUP, DATABASE, unsized])).consumers
    assert consumer.timeout_seconds.is_unknown
    assert "known after apply" in consumer.timeout_seconds.reason
    assert consumer.reserved_concurrency is None


def test_several_unknown_variables_get_the_references_they_suit(tmp_path: Path) -> None:
    table = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
    environment = {"DB_HOST": "aws_db_instance.orders.address", "PROXY_ENDPOINT": "aws_db_proxy.orders.endpoint"}
    fleet = fleet_of(tmp_path, plan([*FLEET[:5], table, function("both", environment)]))
    assert edges(fleet) == [
        ("aws_lambda_function.both", "aws_db_instance.orders", "direct", "certain"),
        ("aws_lambda_function.both", "aws_db_instance.orders", "proxy", "certain"),
    ]
    evidence = " ".join(line for edge in fleet.connections for line in edge.evidence)
    assert "environment variable DB_HOST = Endpoint.Address" in evidence
    assert "environment variable PROXY_ENDPOINT = Endpoint of 'aws_db_proxy.orders'" in evidence


def through_modules(tmp_path: Path, output: dict[str, Any]) -> tuple[Connection, ...]:
    database = resource("module.db.aws_db_instance.this", DATABASE["planned"]["values"], DATABASE["unknown"])
    worker = function("worker", {"DB_HOST": "var.host"})
    worker["planned"]["address"] = 'module.app["a"].aws_lambda_function.worker'
    calls = {
        "db": {"module": {"resources": [database["written"]], "outputs": {"host": {"expression": output}}}},
        "app": {"expressions": {"host": ref("module.db.host")}, "module": {"resources": [worker["written"]]}},
    }
    return fleet_of(tmp_path, plan([], modules=[database, worker], calls=calls)).connections


def test_references_are_followed_through_outputs_and_inputs_of_modules(tmp_path: Path) -> None:
    (edge,) = through_modules(tmp_path, ref("aws_db_instance.this.address"))
    assert (edge.consumer, edge.store) == (
        'module.app["a"].aws_lambda_function.worker',
        "module.db.aws_db_instance.this",
    )
    assert edge.certainty == "certain"


def test_an_output_that_rests_on_itself_ends(tmp_path: Path) -> None:
    assert through_modules(tmp_path, ref("module.db.host")) == ()


def test_a_local_value_hides_a_relation_and_leaves_a_gap(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, function("orders", {"DB_HOST": "local.host"})]))
    assert not fleet.connections
    (gap,) = fleet.gaps
    assert gap.subject == "aws_lambda_function.orders"


@pytest.mark.parametrize("count", [1, 2])
def test_counted_databases_have_an_address_each(tmp_path: Path, count: int) -> None:
    databases = [
        resource(
            f"aws_db_instance.orders[{i}]",
            DATABASE["planned"]["values"] | {"identifier": f"o{i}"},
            DATABASE["unknown"],
            index=i,
        )
        for i in range(count)
    ]
    worker = function("worker", {"DB_HOST": "aws_db_instance.orders[0].address"})
    fleet = fleet_of(tmp_path, plan([*databases, worker]))
    assert len(fleet.stores) == count
    assert edges(fleet) == [("aws_lambda_function.worker", "aws_db_instance.orders[0]", "direct", "certain")]


def test_a_role_policy_of_constant_actions_grants_a_table(tmp_path: Path) -> None:
    table = resource("aws_dynamodb_table.carts", {"name": "carts"}, {"arn": True})
    statement = {"actions": {"constant_value": ["dynamodb:GetItem"]}, "resources": ref("aws_dynamodb_table.carts.arn")}
    source = resource(
        "data.aws_iam_policy_document.carts", {}, {"json": True}, {"statement": [statement]}, mode="data"
    )  # fmt: skip
    role = resource("aws_iam_role.carts", {"name": "carts"}, {"arn": True})
    grant = resource(
        "aws_iam_role_policy.carts", {}, {"policy": True, "role": True},
        {"policy": ref("data.aws_iam_policy_document.carts.json"), "role": ref("aws_iam_role.carts.id")},
    )  # fmt: skip
    worker = function("worker", {}, role=ref("aws_iam_role.carts.arn"))
    fleet = fleet_of(tmp_path, plan([table, source, role, grant, worker]))
    assert edges(fleet) == [("aws_lambda_function.worker", "aws_dynamodb_table.carts", "http", "certain")]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"format_version": "1.0", "terraform_version": "1.9", "values": {"root_module": {}}}, "a Terraform state"),
        ({"format_version": "9.0", "terraform_version": "9", "planned_values": {}}, "format version '9.0'"),
        ({"terraform_version": "1.9", "version": 4, "resources": []}, "format version None"),
        ({**plan([]), "errored": True}, "ended in an error"),
    ],
)
def test_another_document_is_unread_with_the_reason(tmp_path: Path, body: dict[str, Any], reason: str) -> None:
    (unread,) = read([write(tmp_path / "plan.json", body)]).unread
    assert reason in unread.reason


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 10**9)
    | st.text(max_size=8)
    | st.sampled_from(["var.x", "module.a.b", "each.value"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["references", "constant_value", "address"]), inner)
    ),
    max_leaves=6,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in steps for found in places(item, (*path, key)))]


@settings(max_examples=150, deadline=2000, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_mutated_plan_ends_in_a_fleet_or_a_reason(data: st.DataObject) -> None:
    body = json.loads(json.dumps(plan([*FLEET, PROXY])))
    for _ in range(data.draw(st.integers(1, 3))):
        *outer, last = data.draw(st.sampled_from(places(body)[1:]))
        target = body
        for key in outer:
            target = target[key]
        target[last] = data.draw(JSON)
    with tempfile.TemporaryDirectory() as folder:
        reading = read([write(Path(folder) / "plan.json", body)])
    assert reading.unread or isinstance(reading.fleet, Fleet)
