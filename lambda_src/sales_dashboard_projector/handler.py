"""Projects orders into the sales table, hourly: what settled since the last run, oldest day first, each day replaced whole.

A run that is late or was missed is caught up by the next one, day by day, as far as the invocation's time goes. Running again is
harmless: the same rows give the same bytes. ``{"rebuild_from": "YYYY-MM-DD"}`` as event projects everything since that day again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import MetricUnit, single_metric
from aws_lambda_powertools.utilities.typing import LambdaContext
from datastores.deadline import Deadline
from datastores.projection import Checkpoint, CheckpointTable, Window, windows
from datastores.relational import RelationalStore
from datastores.settings import ProjectionSettings, projection_settings
from partition import DayPartitions, Replaced
from sales import SCHEMA, first_sale, sales_of

LEAST_SECONDS = 20.0
"""Time that a day must be given; with less the run ends, and the next one goes on."""

logger = Logger(service="sales-dashboard-projector")
source = RelationalStore()


@logger.inject_lambda_context
def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Run the projection once; returns the windows projected, the watermark reached, and the day where time ran out, if it did.

    A scheduled run goes on there by itself; a rebuild has to be asked for again from that day.
    """
    settings = projection_settings()
    now = datetime.now(timezone.utc)
    checkpoints = CheckpointTable(boto3.resource("dynamodb").Table(settings.checkpoint_table), settings.projection)
    leased_until = now + timedelta(milliseconds=context.get_remaining_time_in_millis())
    checkpoint = checkpoints.begin(now, leased_until - now)
    known, done, left = checkpoint.watermark, list[dict[str, Any]](), None
    try:
        with source.invocation(context):
            for window in _windows(event, settings, checkpoint, now):
                # The overlap alone is no progress: a run that stopped there would never get further.
                progress = done if "rebuild_from" in event else checkpoint.watermark != known
                if progress and Deadline.of(context).remaining < LEAST_SECONDS:
                    left = window.day.isoformat()
                    logger.info("time is short, another run has to go on", extra={"from": left})
                    break
                done.append(_told(window, _partitions(settings).replace(window, sales_of(source, window))))
                checkpoint = checkpoints.advance(checkpoint, window.end, leased_until)
    finally:
        checkpoint = checkpoints.end(checkpoint)
    _measure_age(settings, checkpoint, now)
    logger.info("projected", extra={"windows": done})
    reached = checkpoint.watermark.isoformat() if checkpoint.watermark else None
    return {"windows": done, "watermark": reached, "left_from": left}


def _windows(
    event: Mapping[str, Any], settings: ProjectionSettings, checkpoint: Checkpoint, now: datetime
) -> list[Window]:
    overlap = timedelta(seconds=settings.overlap_seconds)
    watermark = checkpoint.watermark
    if event.get("rebuild_from"):
        watermark, overlap = _day(str(event["rebuild_from"])), timedelta(0)
    elif watermark is None:
        watermark, overlap = first_sale(source), timedelta(0)
    if watermark is None:
        return []
    settle = timedelta(seconds=settings.settle_seconds)
    return list(windows(now, watermark=watermark.astimezone(timezone.utc), settle=settle, overlap=overlap))


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=timezone.utc)


def _partitions(settings: ProjectionSettings) -> DayPartitions:
    return DayPartitions(boto3.client("s3"), settings.bucket, settings.prefix, SCHEMA)


def _told(window: Window, replaced: Replaced) -> dict[str, Any]:
    return {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "rows_of_day": replaced.rows,
        "bytes": replaced.size,
    }


def _measure_age(settings: ProjectionSettings, checkpoint: Checkpoint, now: datetime) -> None:
    """Tell the alarm how old the output is; without orders there is nothing that could be old."""
    age = (now - checkpoint.watermark).total_seconds() if checkpoint.watermark else 0.0
    with single_metric("ProjectionAgeSeconds", MetricUnit.Seconds, max(0.0, age), namespace="poolproof") as metric:
        metric.add_dimension("projection", settings.projection)
