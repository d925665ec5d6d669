"""Triggers of a plan: throttles of API stages, queues, streams, and a timeout nobody wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.model.fleet import Consumer
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import plan, resource, write
from tests.rules.hcl_plan import plan_of

REST = """
resource "aws_lambda_function" "api" {
  function_name = "api"
  timeout       = 20
}
resource "aws_api_gateway_rest_api" "shop" {
  name = "shop"
}
resource "aws_api_gateway_integration" "orders" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  type        = "AWS_PROXY"
  uri         = aws_lambda_function.api.invoke_arn
}
resource "aws_api_gateway_stage" "live" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  stage_name  = "live"
}
"""
SETTINGS = """
resource "aws_api_gateway_method_settings" "%s" {
  rest_api_id = aws_api_gateway_rest_api.shop.id
  stage_name  = aws_api_gateway_stage.live.stage_name
  method_path = "%s"
  settings {
    throttling_rate_limit  = %d
    throttling_burst_limit = %d
  }
}
"""
USAGE_PLAN = """
resource "aws_api_gateway_usage_plan" "partners" {
  name = "partners"
  api_stages {
    api_id = aws_api_gateway_rest_api.shop.id
    stage  = aws_api_gateway_stage.live.stage_name
  }
  throttle_settings {
    rate_limit  = 20
    burst_limit = 5
  }
}
"""


def consumer_of(tmp_path: Path, text: str) -> Consumer:
    document = tmp_path / "plan.json"
    document.write_text(plan_of(text), encoding="utf-8")
    (found,) = read([document]).fleet.consumers
    return found


def limits(tmp_path: Path, text: str) -> list[str | None]:
    (source,) = consumer_of(tmp_path, text).event_sources
    return [None if item is None else str(item) for item in (source.throttle_rate, source.throttle_burst)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (REST, [None, None]),
        (REST + SETTINGS % ("all", "*/*", 50, 10), ["50", "10"]),
        (REST + SETTINGS % ("all", "*/*", -1, -1), [None, None]),
        (REST + SETTINGS % ("all", "*/*", 50, 10) + SETTINGS % ("one", "orders/GET", 80, 10), ["50 to 80", "10"]),
        (REST + USAGE_PLAN, ["20", "5"]),
    ],
    ids=["none", "stage", "switched off", "one method more", "usage plan"],
)
def test_the_throttle_of_a_rest_stage(tmp_path: Path, text: str, expected: list[str | None]) -> None:
    assert limits(tmp_path, text) == expected


def test_single_routes_of_an_http_api(tmp_path: Path) -> None:
    text = """
resource "aws_lambda_function" "api" {
  function_name = "api"
}
resource "aws_apigatewayv2_api" "http" {
  name          = "shop"
  protocol_type = "HTTP"
}
resource "aws_apigatewayv2_integration" "api" {
  api_id          = aws_apigatewayv2_api.http.id
  integration_uri = aws_lambda_function.api.invoke_arn
}
resource "aws_apigatewayv2_stage" "live" {
  api_id = aws_apigatewayv2_api.http.id
  name   = "$default"
  default_route_settings {
    throttling_rate_limit  = 100
    throttling_burst_limit = 40
  }
  route_settings {
    route_key              = "GET /orders"
    throttling_rate_limit  = 10
    throttling_burst_limit = 5
  }
}
"""
    assert limits(tmp_path, text) == ["10 to 100", "5 to 40"]


def test_a_stream_and_its_mapping(tmp_path: Path) -> None:
    text = """
resource "aws_lambda_function" "worker" {
  function_name = "worker"
}
resource "aws_kinesis_stream" "clicks" {
  name        = "clicks"
  shard_count = 3
}
resource "aws_lambda_event_source_mapping" "clicks" {
  function_name                 = aws_lambda_function.worker.arn
  event_source_arn              = aws_kinesis_stream.clicks.arn
  starting_position             = "LATEST"
  batch_size                    = 50
  parallelization_factor        = 2
  maximum_retry_attempts        = -1
  maximum_record_age_in_seconds = 3600
}
"""
    (source,) = consumer_of(tmp_path, text).event_sources

    assert [str(source.shards), str(source.parallelization_factor), str(source.batch_size)] == ["3", "2", "50"]
    assert (source.maximum_retry_attempts, str(source.maximum_record_age_seconds)) == (None, "3,600")


@pytest.mark.parametrize(
    ("written", "default"), [({}, True), ({"timeout": {"constant_value": 3}}, False)], ids=["left out", "written"]
)
def test_the_default_that_the_provider_writes_into_a_plan_is_nobodys_choice(
    tmp_path: Path, written: dict[str, object], default: bool
) -> None:
    """Terraform shows ``timeout = 3`` in the planned values of a function that sets none."""
    api = resource("aws_lambda_function.api", {"function_name": "api", "timeout": 3}, {}, written)
    (consumer,) = read([write(tmp_path / "plan.json", plan([api]))]).fleet.consumers

    assert (consumer.timeout_is_default, str(consumer.timeout_seconds)) == (default, "3")
