"""Alarms of a plan read like those of a template."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.model.alarms import Alarm
from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import function, plan, ref, resource, write

WORKER = function("worker", {})


def alarm(tmp_path: Path, *others: object) -> Alarm:
    (found,) = read([write(tmp_path / "plan.json", plan([WORKER, *others]))]).fleet.alarms  # type: ignore[list-item]
    return found


def test_a_dimension_by_a_known_name_is_the_function(tmp_path: Path) -> None:
    values = {"namespace": "AWS/Lambda", "metric_name": "Throttles", "dimensions": {"FunctionName": "worker"}}
    expressions = {"dimensions": ref("aws_lambda_function.worker.function_name")}

    found = alarm(tmp_path, resource("aws_cloudwatch_metric_alarm.watch", values, {}, expressions))

    assert found.watches("AWS/Lambda", "Throttles", "FunctionName", "aws_lambda_function.worker")


def test_a_dimension_known_after_apply_follows_its_reference(tmp_path: Path) -> None:
    values = {"namespace": "AWS/Lambda", "metric_name": "Throttles", "dimensions": {}}
    expressions = {"dimensions": ref("aws_lambda_function.worker.function_name")}
    unknown = {"dimensions": {"FunctionName": True}}

    found = alarm(tmp_path, resource("aws_cloudwatch_metric_alarm.watch", values, unknown, expressions))

    assert found.dimensions == {"FunctionName": "aws_lambda_function.worker"}


def test_metrics_of_a_query(tmp_path: Path) -> None:
    metric = {"namespace": "AWS/Lambda", "metric_name": "Errors", "dimensions": {"FunctionName": "worker"}}
    queries = [
        {"id": "ratio", "expression": "e / 2", "metric": []},
        {"id": "e", "expression": None, "metric": [metric]},
    ]
    written = [{}, {"metric": [{"dimensions": ref("aws_lambda_function.worker.function_name")}]}]
    watch = resource("aws_cloudwatch_metric_alarm.watch", {"metric_query": queries}, {}, {"metric_query": written})

    found = alarm(tmp_path, watch)

    assert (found.metric, found.dimensions) == ("Errors", {"FunctionName": "aws_lambda_function.worker"})
