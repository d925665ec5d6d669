"""What an alarm looks at, in each way CloudFormation can write it."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.origin import Origin
from constructs_lib.readers.sources import read

FUNCTION = """Resources:
  Worker:
    Type: AWS::Lambda::Function
    Properties: {FunctionName: the-worker, ReservedConcurrentExecutions: 2}
  Live:
    Type: AWS::Lambda::Alias
    Properties: {FunctionName: !Ref Worker, FunctionVersion: "1", Name: live}
  Watch:
    Type: AWS::CloudWatch::Alarm
    Properties:
"""


def alarms(properties: str, tmp_path: Path) -> list[Alarm]:
    template = tmp_path / "template.yaml"
    template.write_text(FUNCTION + properties, encoding="utf-8")
    return list(read([template]).fleet.alarms)


def test_a_metric_of_a_function(tmp_path: Path) -> None:
    (alarm,) = alarms(
        """      Namespace: AWS/Lambda
      MetricName: Throttles
      Dimensions: [{Name: FunctionName, Value: !Ref Worker}]
""",
        tmp_path,
    )

    assert (alarm.id, alarm.namespace, alarm.metric) == ("Watch", "AWS/Lambda", "Throttles")
    assert alarm.dimensions == {"FunctionName": "Worker"}
    assert alarm.origin.line == 8
    assert alarm.watches("AWS/Lambda", "Throttles", "FunctionName", "Worker")
    assert not alarm.watches("AWS/Lambda", "Throttles", "FunctionName", "Other")
    assert not alarm.watches("AWS/Lambda", "Errors", "FunctionName", "Worker")


def test_names_and_aliases_lead_to_the_function(tmp_path: Path) -> None:
    for value in ("the-worker", "!Ref Live", "!GetAtt Worker.Arn"):
        (alarm,) = alarms(
            f"      {{Namespace: AWS/Lambda, MetricName: Errors, Dimensions: [{{Name: FunctionName, Value: {value}}}]}}",
            tmp_path,
        )
        assert alarm.dimensions == {"FunctionName": "Worker"}, value


def test_a_metric_without_dimensions_watches_everything(tmp_path: Path) -> None:
    (alarm,) = alarms("      {Namespace: AWS/Lambda, MetricName: Throttles}", tmp_path)

    assert alarm.watches("AWS/Lambda", "Throttles", "FunctionName", "Worker")


def test_every_metric_of_an_expression_is_listed(tmp_path: Path) -> None:
    found = alarms(
        """      Metrics:
        - {Id: ratio, Expression: throttles / calls}
        - Id: throttles
          MetricStat:
            Stat: Sum
            Metric:
              Namespace: AWS/Lambda
              MetricName: Throttles
              Dimensions: [{Name: FunctionName, Value: !Ref Worker}]
        - Id: calls
          MetricStat: {Stat: Sum, Metric: {Namespace: AWS/Lambda, MetricName: Invocations}}
""",
        tmp_path,
    )

    assert [(alarm.id, alarm.metric) for alarm in found] == [("Watch", "Throttles"), ("Watch", "Invocations")]


def test_a_metrics_insights_query(tmp_path: Path) -> None:
    query = 'SELECT SUM(Throttles) FROM SCHEMA("AWS/Lambda", FunctionName)'
    (everything,) = alarms(f"      Metrics: [{{Id: q, Expression: '{query}'}}]", tmp_path)
    (some,) = alarms(f"      Metrics: [{{Id: q, Expression: '{query} WHERE x = 1'}}]", tmp_path)

    assert everything.watches("AWS/Lambda", "Throttles", "FunctionName", "Worker")
    assert not some.watches("AWS/Lambda", "Throttles", "FunctionName", "Worker")


def test_what_cannot_be_read_is_none_and_no_match(tmp_path: Path) -> None:
    (alarm,) = alarms(
        """      Namespace: !ImportValue Namespace
      MetricName: Throttles
      Dimensions: [{Name: FunctionName, Value: !ImportValue Worker}]
""",
        tmp_path,
    )

    assert (alarm.namespace, alarm.dimensions) == (None, {"FunctionName": None})
    assert not alarm.watches("AWS/Lambda", "Throttles", "FunctionName", "Worker")


def test_an_alarm_knows_its_place() -> None:
    assert Alarm("Watch").origin == Origin()
