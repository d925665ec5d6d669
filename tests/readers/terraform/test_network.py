"""Security groups, routes and members of lists, as a plan shows them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Fleet
from constructs_lib.model.paths import path_of
from constructs_lib.readers.sources import read
from tests.rules.hcl_plan import plan_of

BASE = """
resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_db_subnet_group" "shop" {
  name       = "shop"
  subnet_ids = [aws_subnet.a.id]
}
resource "aws_db_instance" "orders" {
  engine                 = "postgres"
  instance_class         = "db.m6g.large"
  db_subnet_group_name   = aws_db_subnet_group.shop.name
  vpc_security_group_ids = [aws_security_group.orders.id]
}
resource "aws_security_group" "orders" {
  vpc_id = aws_vpc.shop.id
}
resource "aws_security_group" "api" {
  vpc_id = aws_vpc.shop.id
  egress {
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = ["0.0.0.0/0"]
  }
}
"""
API = """
resource "aws_lambda_function" "api" {
  function_name = "api"
  vpc_config {
    subnet_ids         = [aws_subnet.a.id]
    security_group_ids = [%s]
  }
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
"""
OWN = API % "aws_security_group.api.id"


@pytest.fixture
def fleet_of(tmp_path: Path) -> Any:
    def made(text: str) -> Fleet:
        plan = tmp_path / "plan.json"
        plan.write_text(plan_of(text), encoding="utf-8")
        return read([plan]).fleet

    return made


def opening(fleet: Fleet) -> bool | None:
    path = path_of(fleet, fleet.connections[0])
    assert path is not None
    return path.open


RULES = {
    "a rule of its own": """
resource "aws_vpc_security_group_ingress_rule" "api" {
  security_group_id            = aws_security_group.orders.id
  ip_protocol                  = "tcp"
  from_port                    = 5432
  to_port                      = 5432
  referenced_security_group_id = aws_security_group.api.id
}
""",
    "the older rule": """
resource "aws_security_group_rule" "api" {
  type                     = "ingress"
  security_group_id        = aws_security_group.orders.id
  protocol                 = "tcp"
  from_port                = 5432
  to_port                  = 5432
  source_security_group_id = aws_security_group.api.id
}
""",
    "blocks of addresses": """
resource "aws_security_group_rule" "api" {
  type              = "ingress"
  security_group_id = aws_security_group.orders.id
  protocol          = "tcp"
  from_port         = 5432
  to_port           = 5432
  cidr_blocks       = ["192.168.0.0/16", "10.0.0.0/24"]
}
""",
}


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_a_rule_opens_the_path(fleet_of: Any, rule: str) -> None:
    assert opening(fleet_of(BASE + OWN)) is False
    assert opening(fleet_of(BASE + OWN + rule)) is True


def test_a_group_without_egress_lets_nothing_out(fleet_of: Any) -> None:
    closed = """
resource "aws_security_group" "closed" {
  vpc_id = aws_vpc.shop.id
}
"""
    everybody = RULES["blocks of addresses"]

    assert opening(fleet_of(BASE + closed + everybody + API % "aws_security_group.closed.id")) is False


def test_a_group_refers_to_itself(fleet_of: Any) -> None:
    text = (
        BASE.replace('"orders" {\n  vpc_id = aws_vpc.shop.id', '"orders" {\n  vpc_id = aws_vpc.shop.id\n  %s')
        % """
  ingress {
    from_port = 5432
    to_port   = 5432
    protocol  = "tcp"
    self      = true
  }"""
    )

    both = "aws_security_group.orders.id, aws_security_group.api.id"
    assert opening(fleet_of(text + API % both)) is True
    assert opening(fleet_of(text + OWN)) is False


def test_a_variable_among_the_groups_keeps_the_path_open_to_doubt(fleet_of: Any) -> None:
    text = BASE + API % "aws_security_group.api.id, var.more"
    declared = 'variable "more" {\n  type = string\n}\n'

    assert opening(fleet_of(text + declared)) is None


def test_routes_in_blocks_and_as_resources(fleet_of: Any) -> None:
    text = """
resource "aws_route_table" "a" {
  vpc_id = aws_vpc.shop.id
  %s
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.a.id
}
resource "aws_nat_gateway" "a" {
  subnet_id = aws_subnet.a.id
}
"""
    block = 'route {\n    cidr_block = "0.0.0.0/0"\n    nat_gateway_id = aws_nat_gateway.a.id\n  }'
    route = """
resource "aws_route" "out" {
  route_table_id         = aws_route_table.a.id
  destination_cidr_block = "0.0.0.0/0"
  nat_gateway_id         = aws_nat_gateway.a.id
}
"""

    assert [s.default_route for s in fleet_of(BASE + text % "").network.subnets] == ["none"]
    assert [s.default_route for s in fleet_of(BASE + text % block).network.subnets] == ["nat"]
    assert [s.default_route for s in fleet_of(BASE + text % "" + route).network.subnets] == ["nat"]


def test_ids_that_aws_has_given_already_name_the_resource(tmp_path: Path) -> None:
    plan = json.loads(plan_of(BASE + OWN))
    given = {"aws_security_group.api": "sg-1", "aws_subnet.a": "subnet-1"}
    for planned in plan["planned_values"]["root_module"]["resources"]:
        if planned["address"] in given:
            planned["values"]["id"] = given[planned["address"]]
        if planned["type"] == "aws_lambda_function":
            planned["values"]["vpc_config"] = [{"subnet_ids": ["subnet-1"], "security_group_ids": ["sg-1"]}]
    (tmp_path / "plan.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")

    (api,) = read([tmp_path / "plan.json"]).fleet.consumers

    assert api.placement is not None
    assert (api.placement.subnets, api.placement.security_groups) == (("aws_subnet.a",), ("aws_security_group.api",))


def test_groups_joined_with_a_variable_that_nobody_set(tmp_path: Path) -> None:
    plan = json.loads(plan_of(BASE + OWN))
    for planned in plan["planned_values"]["root_module"]["resources"]:
        if planned["type"] == "aws_lambda_function":
            del planned["values"]["vpc_config"][0]["security_group_ids"]
    for changed in plan["resource_changes"]:
        if changed["type"] == "aws_lambda_function":
            changed["change"]["after_unknown"]["vpc_config"][0]["security_group_ids"] = True
    for written in plan["configuration"]["root_module"]["resources"]:
        if written["type"] == "aws_lambda_function":
            groups = ["aws_security_group.api.id", "aws_security_group.api", "var.more"]
            written["expressions"]["vpc_config"][0]["security_group_ids"] = {"references": groups}

    def opens() -> bool | None:
        (tmp_path / "plan.json").write_text(json.dumps(plan, indent=1), encoding="utf-8")
        return opening(read([tmp_path / "plan.json"]).fleet)

    assert opens() is None
    plan["variables"] = {"more": {"value": []}}
    assert opens() is False
