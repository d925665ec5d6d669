"""Attributes that splats hide, data sources that look up what the same plan makes, and functions that a plan calls itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import (
    DATABASE,
    GROUP,
    POOL,
    PROXY,
    TARGET,
    Json,
    function,
    plan,
    ref,
    resource,
    write,
)  # fmt: skip

WHOLE = {"references": ["aws_db_instance.this"]}


def fleet_of(tmp_path: Path, body: Json) -> Fleet:
    reading = read([write(tmp_path / "plan.json", body)])
    assert reading.unread == ()
    return reading.fleet


def edges(fleet: Fleet) -> list[tuple[str, str, str]]:
    return sorted((edge.store, edge.via, edge.certainty) for edge in fleet.connections)


@pytest.mark.parametrize(
    ("output", "found"),
    [
        ("this_db_endpoint", True),
        ("address", True),
        ("db_host", True),
        ("db_arn", False),
        ("db_port", False),
        ("all", False),
    ],
)
def test_an_output_that_is_a_splat_gives_what_its_name_says(tmp_path: Path, output: str, *, found: bool) -> None:
    database = resource(
        "module.db.aws_db_instance.this[0]", DATABASE["planned"]["values"], DATABASE["unknown"], index=0
    )
    api = function("api", {"SETTING": f"module.db.{output}"})
    inner = {"resources": [database["written"]], "outputs": {output: {"expression": WHOLE}}}
    body = plan([api], modules=[database], calls={"db": {"module": inner}})
    expected = [("module.db.aws_db_instance.this[0]", "direct", "certain")] if found else []
    assert edges(fleet_of(tmp_path, body)) == expected


@pytest.mark.parametrize(("variable", "found"), [("DB_HOST", 1), (None, 1), ("DB_NAME", 0)])
def test_a_splat_in_an_environment_is_likely_the_address(tmp_path: Path, variable: str | None, found: int) -> None:
    database = resource("aws_db_instance.this[0]", DATABASE["planned"]["values"], DATABASE["unknown"], index=0)
    unknown: Any = True if variable is None else {variable: True}
    api = resource(
        "aws_lambda_function.api", {"function_name": "api", "environment": [{}]}, {"environment": [{"variables": unknown}]},
        {"environment": [{"variables": WHOLE}]},
    )  # fmt: skip
    fleet = fleet_of(tmp_path, plan([database, api]))
    assert edges(fleet) == found * [("aws_db_instance.this[0]", "direct", "likely")]


@pytest.mark.parametrize(
    ("values", "written"),
    [({}, {"name": ref("aws_db_proxy.orders.name")}), ({"name": "orders"}, {"name": {"constant_value": "orders"}})],
)
def test_a_data_source_that_looks_up_what_the_plan_makes(tmp_path: Path, values: Json, written: Json) -> None:
    """It is read only when the plan is applied: until then its own attributes are not known."""
    source = resource("data.aws_db_proxy.found", values, {"endpoint": True}, written, mode="data")
    api = function("api", {"PGHOST": "data.aws_db_proxy.found.endpoint"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, PROXY, POOL, TARGET, source, api]))
    assert [(edge.store, edge.pool, edge.certainty) for edge in fleet.connections] == [
        ("aws_db_instance.orders", "aws_db_proxy.orders", "certain")
    ]


def test_a_data_source_of_something_else_leads_nowhere(tmp_path: Path) -> None:
    values = {"name": "invoices"}
    source = resource(
        "data.aws_db_proxy.found", values, {"endpoint": True}, {"name": {"constant_value": "invoices"}}, mode="data"
    )
    api = function("api", {"PGHOST": "data.aws_db_proxy.found.endpoint"})
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, PROXY, POOL, TARGET, source, api]))
    assert "aws_db_instance.orders" not in {edge.store for edge in fleet.connections}
    assert fleet.gaps


@pytest.mark.parametrize("mode", ["managed", "data"])
@pytest.mark.parametrize("known", [True, False])
def test_a_function_that_a_plan_calls_itself_runs_when_it_is_applied(tmp_path: Path, mode: str, *, known: bool) -> None:
    text = json.dumps({"host": "orders-db.abc.eu-west-1.rds.amazonaws.com", "steps": 3})
    address = "aws_lambda_invocation.migrate" if mode == "managed" else "data.aws_lambda_invocation.migrate"
    called = resource(
        address, {"function_name": "migration", "input": text} if known else {}, {} if known else {"function_name": True, "input": True},
        {"function_name": ref("aws_lambda_function.migration.function_name"), "input": ref("aws_db_instance.orders.address")},
        mode=mode,
    )  # fmt: skip
    fleet = fleet_of(tmp_path, plan([GROUP, DATABASE, function("migration", {}), called]))
    (edge,) = fleet.connections
    assert edge.store == "aws_db_instance.orders"
    assert f"invocation '{address}'" in edge.evidence[0]
    assert fleet.consumers[0].deploy_time
