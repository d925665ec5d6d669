"""Profiles that do not make a reference stack, and the two ways to give it others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib.cdk.reference.blueprint import Blueprint, read_blueprint
from constructs_lib.errors import InputError
from tests.reference.conftest import ROOT

pytestmark = pytest.mark.cdk


def _read(context: dict[str, Any], file: Path = ROOT / "profiles.yaml", *, local: bool = False) -> Blueprint:
    return read_blueprint(cdk.App(context=context).node, file, local=local)


def test_the_shipped_profiles_size_the_stack() -> None:
    plan = _read({})
    assert plan.order_concurrency == 50
    assert plan.fixed("project-catalog") == 20
    assert plan.seconds_per_request("order-api") == 0.25
    assert plan.projection_interval.to_hours() == 1


def test_one_machine_gets_no_more_than_it_carries() -> None:
    assert _read({}, local=True).order_concurrency == 20


@pytest.mark.parametrize("local", [True, False])
def test_context_replaces_the_limit_of_the_order_api(local: bool) -> None:
    assert _read({"poolproof:order_api_concurrency": "200"}, local=local).order_concurrency == 200


@pytest.mark.parametrize("wrong", ["0", "many", "-1", True])
def test_a_limit_that_is_no_number_is_refused(wrong: object) -> None:
    with pytest.raises(InputError, match=r"order_api_concurrency' must be a whole number from 1, got"):
        _read({"poolproof:order_api_concurrency": wrong})


def test_context_names_another_profiles_file(tmp_path: Path) -> None:
    text = (ROOT / "profiles.yaml").read_text().replace("concurrency_limit: 50", "concurrency_limit: 7")
    other = tmp_path / "other.yaml"
    other.write_text(text.replace("hourly-batch", "daily-batch"))
    plan = _read({"poolproof:profiles": str(other)})
    assert (plan.order_concurrency, plan.projection_interval.to_hours()) == (7, 24)


def test_everything_that_keeps_profiles_from_making_the_stack_is_reported_together(tmp_path: Path) -> None:
    file = tmp_path / "short.yaml"
    file.write_text(
        "function_profiles:\n"
        "  order-api: {store: key-value, concurrency_limit: 5}\n"
        "  idempotency-check: {store: key-value}\n"
        "  sales-dashboard-projector: {store: analytical, trigger: event}\n"
    )
    with pytest.raises(InputError) as refusal:
        _read({}, file)
    assert [str(problem).removeprefix(str(file)) for problem in refusal.value.problems] == [
        ":2: 'order-api' is built on the relational store, got 'key-value'",
        ":3: concurrency_limit of 'idempotency-check' must be a number: a table has no connections to share",
        ": the reference stack needs a profile 'project-catalog' on the key-value store",
        ":4: trigger of 'sales-dashboard-projector' must be one of hourly-batch, daily-batch, got 'event'",
    ]
