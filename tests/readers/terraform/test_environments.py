"""Environments of which a plan shows nothing but references: one value that waits for apply hides the whole map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import DATABASE, GROUP, Json, plan, ref, resource, write

HIDDEN = "what the environment of 'aws_lambda_function.api' says of the size of its pool: it is known after apply"


def fleet_of(tmp_path: Path, variables: dict[str, Any], *names: str) -> Fleet:
    function = resource(
        "aws_lambda_function.api", {"function_name": "api", "environment": [{}]}, {"environment": [{"variables": True}]},
        {"environment": [{"variables": ref(*names)}]},
    )  # fmt: skip
    body: Json = {
        **plan([GROUP, DATABASE, function]),
        "variables": {name: {"value": v} for name, v in variables.items()},
    }
    reading = read([write(tmp_path / "plan.json", body)])
    assert reading.unread == ()
    return reading.fleet


def test_what_is_referred_to_is_all_that_shows(tmp_path: Path) -> None:
    fleet = fleet_of(tmp_path, {}, "aws_db_instance.orders.address", "aws_db_instance.orders.username")
    (edge,) = fleet.connections
    assert (edge.store, edge.certainty, edge.connections_per_environment) == ("aws_db_instance.orders", "certain", None)
    assert "environment variable whose name is known after apply = Endpoint.Address" in edge.evidence[0]
    assert [gap.missing for gap in fleet.gaps] == [HIDDEN]


def test_input_variables_stand_for_the_variables_they_fill(tmp_path: Path) -> None:
    inputs = {"db_pool_size": 4, "db_password": "correct horse"}
    fleet = fleet_of(tmp_path, inputs, "aws_db_instance.orders.address", "var.db_pool_size", "var.db_password")
    (edge,) = fleet.connections
    assert str(edge.connections_per_environment) == "4"
    assert [found.variable for found in fleet.consumers[0].exposed_passwords] == ["db_password"]
    assert fleet.gaps == ()


@pytest.mark.parametrize(("value", "store"), [("db.example.com", "external:db.example.com"), ("false", None)])
def test_a_literal_address_comes_by_an_input_variable(tmp_path: Path, value: str, store: str | None) -> None:
    fleet = fleet_of(tmp_path, {"db_host": value}, "var.db_host", "aws_sqs_queue.jobs.url")
    assert {edge.store for edge in fleet.connections} == ({store} if store else set())


@pytest.mark.parametrize(
    ("named", "written"),
    [
        ({"secret_id": "prod/mysql"}, {}),
        ({}, {"secret_id": ref("data.aws_secretsmanager_secret.login.id")}),
    ],
)
def test_a_secret_that_is_read_only_when_the_plan_is_applied_has_a_name(
    tmp_path: Path, named: Json, written: Json
) -> None:
    """A data source that waits for something else: what it will read is not known, where it is kept is."""
    inside = resource(
        "aws_lambda_function.api",
        {"function_name": "api", "environment": [{}], "vpc_config": [{"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}]},
        {"environment": [{"variables": True}]},
        {"environment": [{"variables": ref("data.aws_secretsmanager_secret_version.login.secret_string")}]},
    )  # fmt: skip
    secret = resource("data.aws_secretsmanager_secret.login", {"name": "prod/mysql"}, {"id": True}, mode="data")
    version = resource(
        "data.aws_secretsmanager_secret_version.login", named, {"secret_string": True}, written, mode="data"
    )
    fleet = read([write(tmp_path / "plan.json", plan([secret, version, inside]))]).fleet
    assert [(edge.store, edge.via, edge.certainty) for edge in fleet.connections] == [
        ("external:prod/mysql", "direct", "likely")
    ]
