"""What tells a person that the limits bind: throttled executions, waits at the proxy, a table that goes stale."""

from __future__ import annotations

from collections.abc import Iterable

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from constructs import Construct


class Alarms(Construct):
    """A topic that people subscribe to, and the alarms that speak through it."""

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.topic = sns.Topic(self, "Resource", display_name="Connection budget", enforce_ssl=True)

    def on_throttles(self, function: lambda_.Function) -> None:
        """Ring when a function is refused executions in three minutes of five: its cap binds, the metric beyond it is censored."""
        self._ring(
            f"{function.node.id}Throttled",
            function.metric_throttles(period=cdk.Duration.minutes(1), statistic="Sum"),
            threshold=1,
            text="Requests beyond the reserved concurrency are being refused",
        )

    def on_borrow_waits(self, latency: cloudwatch.IMetric, *, borrow_timeout_seconds: float) -> None:
        """Ring when waits at the proxy reach half of the borrow timeout; ``latency`` is in microseconds."""
        self._ring(
            "BorrowWaits",
            latency,
            threshold=borrow_timeout_seconds / 2 * 1_000_000,
            text="Waits for a database connection come near the borrow timeout",
        )

    def carry(self, alarms: Iterable[cloudwatch.Alarm]) -> None:
        """Let alarms that others made speak through this topic."""
        for alarm in alarms:
            alarm.add_alarm_action(actions.SnsAction(self.topic))

    def _ring(self, name: str, metric: cloudwatch.IMetric, *, threshold: float, text: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=5,
            datapoints_to_alarm=3,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=text,
        )
        self.carry([alarm])
