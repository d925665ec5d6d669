"""The plans that examples are turned into are held against what Terraform 1.11.4 printed for the same text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.rules.hcl_plan import plan_of

DATA = Path(__file__).parent / "data"
PRINTED = json.loads((DATA / "terraform_data.plan.json").read_text(encoding="utf-8"))
OURS = json.loads(plan_of((DATA / "terraform_data.tf").read_text(encoding="utf-8")))


def by_address(resources: list[dict[str, Any]], *keys: str) -> dict[str, Any]:
    return {item["address"]: {key: item.get(key) for key in keys} for item in resources}


def without_nulls(resources: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        item["address"]: {key: value for key, value in item["values"].items() if value is not None}
        for item in resources
    }


def the_pool(resources: list[dict[str, Any]]) -> dict[str, Any]:
    (pool,) = (item for item in resources if item["type"] == "aws_db_proxy_default_target_group")
    return pool


def test_the_configuration_shows_the_same_references_and_constants() -> None:
    keys = ("mode", "type", "name", "expressions", "for_each_expression", "count_expression")
    printed, ours = (plan["configuration"]["root_module"]["resources"] for plan in (PRINTED, OURS))

    assert by_address(ours, *keys) == by_address(printed, *keys)


def test_the_same_values_are_known_and_the_same_wait_for_apply() -> None:
    printed, ours = (plan["planned_values"]["root_module"]["resources"] for plan in (PRINTED, OURS))

    assert without_nulls(ours) == without_nulls(printed)
    unknown = [
        {item["address"]: item["change"]["after_unknown"] for item in plan["resource_changes"]}
        for plan in (OURS, PRINTED)
    ]
    assert unknown[0] == unknown[1]


def test_variables_have_their_value() -> None:
    assert OURS["variables"] == PRINTED["variables"]


BLOCKS = """
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
  connection_pool_config {
    max_connections_percent = 50
    init_query              = aws_ssm_parameter.setup.value
  }
}
resource "aws_db_proxy" "orders" {
  name = "orders"
}
resource "aws_ssm_parameter" "setup" {
  name = "setup"
}
"""


def test_blocks_are_lists_with_the_providers_defaults() -> None:
    plan = json.loads(plan_of(BLOCKS))
    planned, configured = (plan[part]["root_module"]["resources"] for part in ("planned_values", "configuration"))
    pool = the_pool(planned)["values"]

    assert pool["db_proxy_name"] == "orders"
    assert pool["connection_pool_config"] == [
        {"max_connections_percent": 50, "max_idle_connections_percent": 50, "connection_borrow_timeout": 120}
    ]
    unknown = the_pool(plan["resource_changes"])["change"]["after_unknown"]
    assert unknown == {"id": True, "arn": True, "connection_pool_config": [{"init_query": True}]}
    written = the_pool(configured)["expressions"]["connection_pool_config"]
    assert written == [
        {
            "max_connections_percent": {"constant_value": 50},
            "init_query": {"references": ["aws_ssm_parameter.setup.value", "aws_ssm_parameter.setup"]},
        }
    ]


@pytest.mark.parametrize(
    "text",
    [
        'resource "a_b" "c" {\n x = 1 + 2\n}\n',
        'resource "a_b" "c" {\n x = a_b.missing.id\n}\n',
        'module "m" {\n source = "./m"\n}\n',
    ],
)
def test_what_is_not_covered_is_refused(text: str) -> None:
    with pytest.raises(AssertionError, match="do not need|there is no"):
        plan_of(text)
