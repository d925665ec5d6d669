"""Alarms of a projector: no good output for too long, and failed runs that wait for a person."""

from __future__ import annotations

import math

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct


def freshness_alarm(
    scope: Construct, *, projection: str, every: cdk.Duration, freshness: cdk.Duration
) -> cloudwatch.Alarm:
    """Ring when the output is older than ``freshness``, or when nobody has said how old it is for that long.

    The runtime reports the age of the watermark in seconds with every run that ends well.
    """
    return cloudwatch.Alarm(
        scope,
        "Stale",
        metric=cloudwatch.Metric(
            namespace="poolproof",
            metric_name="ProjectionAgeSeconds",
            dimensions_map={"projection": projection},
            statistic="Minimum",
            period=every,
        ),
        threshold=freshness.to_seconds(),
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_THRESHOLD,
        evaluation_periods=max(1, math.ceil(freshness.to_seconds() / every.to_seconds())),
        treat_missing_data=cloudwatch.TreatMissingData.BREACHING,
        alarm_description="The analytical table is stale: no projection has ended well for too long",
    )


def waiting_failures_alarm(scope: Construct, *, queue: sqs.Queue) -> cloudwatch.Alarm:
    """Ring when a failed run lies in the dead-letter queue."""
    return cloudwatch.Alarm(
        scope,
        "Failed",
        metric=queue.metric_approximate_number_of_messages_visible(period=cdk.Duration.minutes(5), statistic="Maximum"),
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description="A projection failed after its retries and waits in the dead-letter queue",
    )
