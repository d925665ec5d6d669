"""When something starts, and what becomes of starts and runs that fail."""

from __future__ import annotations

from pathlib import Path

import pytest

from constructs_lib.model.fleet import Consumer, EventSource
from constructs_lib.model.schedules import Schedule
from constructs_lib.readers.sources import read

JOB = "Resources:\n  Job: {Type: AWS::Lambda::Function, Properties: {Timeout: 60}}\n  Queue: {Type: AWS::SQS::Queue}\n"


def job(text: str, tmp_path: Path) -> Consumer:
    template = tmp_path / "template.yaml"
    template.write_text(text, encoding="utf-8")
    return read([template]).fleet.consumer_by_id["Job"]


def source(text: str, tmp_path: Path) -> EventSource:
    (found,) = job(JOB + text, tmp_path).event_sources
    return found


def rule(target: str, expression: str = "rate(1 hour)") -> str:
    return (
        "  Clock:\n    Type: AWS::Events::Rule\n"
        f"    Properties: {{ScheduleExpression: {expression}, Targets: [{{Id: job, Arn: !GetAtt Job.Arn{target}}}]}}\n"
    )


@pytest.mark.parametrize(
    ("target", "schedule"),
    [
        ("", Schedule("rate(1 hour)")),
        (", DeadLetterConfig: {Arn: !GetAtt Queue.Arn}", Schedule("rate(1 hour)", dead_letters=True)),
        (", RetryPolicy: {MaximumRetryAttempts: 2}", Schedule("rate(1 hour)", retries_set=True)),
        (", DeadLetterConfig: !If [Keep, {Arn: !GetAtt Queue.Arn}, !Ref AWS::NoValue]", Schedule("rate(1 hour)", dead_letters=None)),
    ],
)  # fmt: skip
def test_a_rule(target: str, schedule: Schedule, tmp_path: Path) -> None:
    condition = "Parameters: {Stage: {Type: String}}\nConditions: {Keep: !Equals [!Ref Stage, live]}\n"

    assert source(rule(target) + condition, tmp_path).schedule == schedule


def test_a_schedule_whose_expression_is_hidden_is_still_a_schedule(tmp_path: Path) -> None:
    hidden = source(rule("", "!Sub 'rate(${Hours} hours)'") + "Parameters: {Hours: {Type: Number}}\n", tmp_path)

    assert (hidden.kind, hidden.schedule) == ("schedule", Schedule(None))
    assert hidden.schedule is not None
    assert hidden.schedule.cadence is None


def test_eventbridge_scheduler(tmp_path: Path) -> None:
    found = source(
        "  Clock:\n    Type: AWS::Scheduler::Schedule\n    Properties: {ScheduleExpression: cron(0 1 * * ? *), Target: "
        "{Arn: !GetAtt Job.Arn, RetryPolicy: {MaximumRetryAttempts: 0}, DeadLetterConfig: {Arn: !GetAtt Queue.Arn}}}\n",
        tmp_path,
    )

    assert found.schedule == Schedule("cron(0 1 * * ? *)", dead_letters=True, retries_set=True)
    assert str(found.schedule.cadence) == "24 h"


@pytest.mark.parametrize("kind", ["Schedule", "ScheduleV2"])
def test_sam(kind: str, tmp_path: Path) -> None:
    key = "Schedule" if kind == "Schedule" else "ScheduleExpression"
    text = f"""Transform: AWS::Serverless-2016-10-31
Resources:
  Job:
    Type: AWS::Serverless::Function
    Properties:
      Events:
        Clock: {{Type: {kind}, Properties: {{{key}: rate(5 minutes), DeadLetterConfig: {{Type: SQS}}}}}}
"""
    (found,) = job(text, tmp_path).event_sources

    assert found.schedule == Schedule("rate(5 minutes)", dead_letters=True)


@pytest.mark.parametrize(
    ("text", "keeps"),
    [
        (JOB, False),
        (JOB.replace("{Timeout: 60}", "{DeadLetterConfig: {TargetArn: !GetAtt Queue.Arn}}"), True),
        (
            JOB
            + "  Config:\n    Type: AWS::Lambda::EventInvokeConfig\n    Properties: {FunctionName: !Ref Job, Qualifier: $LATEST, "
            "DestinationConfig: {OnFailure: {Destination: !GetAtt Queue.Arn}}}\n",
            True,
        ),
        (
            JOB + "  Config:\n    Type: AWS::Lambda::EventInvokeConfig\n"
            "    Properties: {FunctionName: !Ref Job, Qualifier: $LATEST, MaximumRetryAttempts: 0}\n",
            False,
        ),
        (
            (
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  Job:\n    Type: AWS::Serverless::Function\n"
                "    Properties: {EventInvokeConfig: {DestinationConfig: {OnFailure: {Type: SQS}}}}\n"
            ),
            True,
        ),
        (
            (
                "Transform: AWS::Serverless-2016-10-31\nResources:\n  Job:\n    Type: AWS::Serverless::Function\n"
                "    Properties: {DeadLetterQueue: {Type: SQS, TargetArn: 'arn:aws:sqs:eu-west-1:111122223333:q'}}\n"
            ),
            True,
        ),
    ],
)
def test_failures_that_the_function_keeps(text: str, keeps: bool, tmp_path: Path) -> None:
    assert job(text, tmp_path).keeps_failures is keeps
