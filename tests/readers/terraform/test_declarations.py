"""Declarations in ``terraform_data`` resources, and arguments that are left to AWS; plans are made from HCL."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read
from tests.rules.hcl_plan import plan_of

DATABASE = """
resource "aws_db_instance" "orders" {
  engine         = "postgres"
  instance_class = "db.m6g.large"
}
resource "aws_db_proxy" "orders" {
  name          = "orders"
  engine_family = "POSTGRESQL"
}
resource "aws_db_proxy_default_target_group" "orders" {
  db_proxy_name = aws_db_proxy.orders.name
}
resource "aws_db_proxy_target" "orders" {
  db_proxy_name          = aws_db_proxy.orders.name
  target_group_name      = aws_db_proxy_default_target_group.orders.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_lambda_function" "api" {
  function_name = "api"
}
"""
DECLARED = """
resource "terraform_data" "declared" {
  input = {
    "poolproof:connections" = [{
      consumer = "CONSUMER", store = "aws_db_instance.orders", pool = "aws_db_proxy.orders", via = "proxy", hold_seconds = 0.5
    }]
    "poolproof:stores" = [{ id = "legacy", engine = "mysql", max_connections = 80 }]
  }
}
"""


def reading_of(folder: Path, text: str) -> Reading:
    path = folder / "plan.json"
    path.write_text(plan_of(text), encoding="utf-8")
    return read([path])


def test_connections_and_stores_are_declared_in_terraform_data(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, DATABASE + DECLARED.replace("CONSUMER", "aws_lambda_function.api"))

    (connection,) = reading.fleet.connections
    assert (connection.consumer, connection.store) == ("aws_lambda_function.api", "aws_db_instance.orders")
    assert (connection.pool, connection.hold_seconds) == ("aws_db_proxy.orders", Quantity.exact(0.5))
    assert reading.fleet.store_by_id["legacy"].max_connections == Quantity.exact(80)


def test_a_declared_consumer_that_is_not_planned_makes_the_plan_unreadable(tmp_path: Path) -> None:
    reading = reading_of(tmp_path, DATABASE + DECLARED.replace("CONSUMER", "api"))

    (refusal,) = reading.unread
    assert "names the consumer 'api', which the plan does not have; give the address" in refusal.reason


def test_what_is_declared_of_a_planned_store_is_its_own(tmp_path: Path) -> None:
    text = """
resource "terraform_data" "declared" {
  input = {
    "poolproof:store" = [{ store = "aws_db_instance.orders", operator_reserve = 9, other_connections = [{ name = "x", connections = 40 }] }]
  }
}
"""
    store = reading_of(tmp_path, DATABASE + text).fleet.store_by_id["aws_db_instance.orders"]

    assert (store.operator_reserve, store.other_connections) == (9, (("x", Quantity.exact(40)),))


def test_what_is_left_to_aws_is_not_set_although_the_plan_marks_it_unknown(tmp_path: Path) -> None:
    fleet = reading_of(tmp_path, DATABASE).fleet

    assert fleet.store_by_id["aws_db_instance.orders"].max_connections is None
    pool = fleet.pool_by_id["aws_db_proxy.orders"]
    assert pool.store == "aws_db_instance.orders"
    assert (pool.percent, pool.borrow_timeout_seconds, pool.idle_client_timeout_seconds) == (None, None, None)


def test_a_parameter_group_that_is_chosen_at_apply_is_unknown(tmp_path: Path) -> None:
    chosen = "  parameter_group_name = terraform_data.chosen.output\n  instance_class"
    text = DATABASE.replace("  instance_class", chosen) + 'resource "terraform_data" "chosen" {\n  input = "x"\n}\n'

    limit = reading_of(tmp_path, text).fleet.store_by_id["aws_db_instance.orders"].max_connections

    assert limit is not None
    assert "'terraform_data.chosen.output' is known after apply" in limit.reason
