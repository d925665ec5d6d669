"""Tables and schedules of a plan read like those of a template."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.model.fleet import Fleet
from constructs_lib.model.key_value import Index, KeyValueTable
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.schedules import Schedule
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import plan, ref, resource, write
from tests.rules.hcl_plan import plan_of


def fleet(text: str, tmp_path: Path) -> Fleet:
    document = tmp_path / "plan.json"
    document.write_text(plan_of(text), encoding="utf-8")
    return read([document]).fleet


def table(arguments: str, tmp_path: Path, more: str = "") -> KeyValueTable:
    text = f'resource "aws_dynamodb_table" "orders" {{\n  name = "orders"\n  hash_key = "PK"\n{arguments}}}\n{more}'
    found = fleet(text, tmp_path).store_by_id["aws_dynamodb_table.orders"].table
    assert found is not None
    return found


def test_blocks_of_a_table(tmp_path: Path) -> None:
    found = table(
        """  billing_mode = "PAY_PER_REQUEST"
  deletion_protection_enabled = true
  ttl {
    attribute_name = "expires_at"
    enabled        = true
  }
  point_in_time_recovery {
    enabled = true
  }
  global_secondary_index {
    name            = "by-status"
    hash_key        = "status"
    projection_type = "ALL"
  }
  on_demand_throughput {
    max_read_request_units  = 30
    max_write_request_units = 20
  }
""",
        tmp_path,
    )

    assert (found.name, found.partition_key, found.on_demand) == ("orders", "PK", True)
    assert (found.time_to_live, found.point_in_time_recovery, found.deletion_protection) == (True, True, True)
    assert found.indexes == (Index("by-status", "status"),)
    assert (found.read_units, found.write_units) == (Quantity.exact(30), Quantity.exact(20))


def test_a_provisioned_table_that_scales(tmp_path: Path) -> None:
    scaling = """resource "aws_appautoscaling_target" "reads" {
  resource_id        = "table/${aws_dynamodb_table.orders.name}"
  scalable_dimension = "dynamodb:table:ReadCapacityUnits"
  service_namespace  = "dynamodb"
  min_capacity       = 5
  max_capacity       = 400
}
"""
    found = table("  read_capacity = 5\n  write_capacity = 6\n", tmp_path, scaling)

    assert (found.read_units, found.write_units) == (Quantity.exact(400), Quantity.exact(6))
    assert (found.time_to_live, found.point_in_time_recovery, found.deletion_protection) == (False, False, False)


def test_keys_of_an_index_in_the_provider_s_newer_form(tmp_path: Path) -> None:
    index = {
        "name": "one",
        "key_schema": [{"attribute_name": "sk", "key_type": "RANGE"}, {"attribute_name": "pk", "key_type": "HASH"}],
    }
    planned = resource(
        "aws_dynamodb_table.orders", {"name": "orders", "hash_key": "id", "global_secondary_index": [index]}
    )
    found = read([write(tmp_path / "plan.json", plan([planned]))]).fleet.stores[0].table

    assert found is not None
    assert found.indexes == (Index("one", "pk"),)


def test_capacity_of_zero_that_a_plan_shows_for_on_demand_is_no_cap(tmp_path: Path) -> None:
    values = {
        "name": "orders",
        "hash_key": "id",
        "billing_mode": "PAY_PER_REQUEST",
        "read_capacity": 0,
        "write_capacity": 0,
    }
    planned = resource("aws_dynamodb_table.orders", values, {}, {"read_capacity": ref("var.units")})
    found = read([write(tmp_path / "plan.json", plan([planned]))]).fleet.stores[0].table

    assert found is not None
    assert (found.read_units, found.write_units) == (None, None)


def test_schedules_and_failures(tmp_path: Path) -> None:
    found = fleet(
        """resource "aws_sqs_queue" "failed" {
  name = "failed"
}
resource "aws_lambda_function" "job" {
  function_name = "job"
}
resource "aws_lambda_function_event_invoke_config" "job" {
  function_name = aws_lambda_function.job.function_name
  destination_config {
    on_failure {
      destination = aws_sqs_queue.failed.arn
    }
  }
}
resource "aws_cloudwatch_event_rule" "hourly" {
  name                = "hourly"
  schedule_expression = "rate(1 hour)"
}
resource "aws_cloudwatch_event_target" "job" {
  rule = aws_cloudwatch_event_rule.hourly.name
  arn  = aws_lambda_function.job.arn
  retry_policy {
    maximum_retry_attempts = 2
  }
  dead_letter_config {
    arn = aws_sqs_queue.failed.arn
  }
}
resource "aws_scheduler_schedule" "daily" {
  schedule_expression = "rate(1 day)"
  target {
    arn      = aws_lambda_function.job.arn
    role_arn = "arn:aws:iam::111122223333:role/starter"
  }
}
""",
        tmp_path,
    )
    (job,) = found.consumers
    schedules = {source.id: source.schedule for source in job.event_sources}

    assert job.keeps_failures
    assert schedules["aws_cloudwatch_event_rule.hourly"] == Schedule(
        "rate(1 hour)", dead_letters=True, retries_set=True
    )
    assert schedules["aws_scheduler_schedule.daily"] == Schedule("rate(1 day)")


def test_an_export_whose_request_is_known_after_apply(tmp_path: Path) -> None:
    asks = {"arn": "arn:aws:scheduler:::aws-sdk:dynamodb:exportTableToPointInTime", "input": None}
    planned = [
        resource("aws_dynamodb_table.orders", {"name": "orders", "hash_key": "id"}, {"arn": True}),
        resource(
            "aws_scheduler_schedule.export",
            {"schedule_expression": "rate(7 days)", "target": [asks]},
            {"target": [{"input": True}]},
            {"target": [{"input": ref("aws_dynamodb_table.orders.arn")}]},
        ),
    ]
    found = read([write(tmp_path / "plan.json", plan(planned))]).fleet.stores[0].table

    assert found is not None
    assert [(item.id, item.incremental) for item in found.exports] == [("aws_scheduler_schedule.export", None)]
