"""Which part of a source a projection reads next, and how it remembers how far its output goes.

A run reads ``[watermark − overlap, now − settle)``: rows that were late are seen again, rows that may still change order are left
for the next run. The window is cut at midnight, so that each piece lies in one partition. The watermark moves by a conditional write
*after* the piece is visible: a run that fails changes nothing but its own, unfinished piece, and the next run does that piece again.
While a run works it holds a lease that ends with its invocation; a second run finds it and stops.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from typing import Any

from botocore.exceptions import ClientError

from datastores.errors import ProjectionError

_SORT_KEY = "CHECKPOINT"


@dataclass(frozen=True)
class Window:
    """A half-open span of time within one day (UTC): rows from ``start`` on, before ``end``."""

    start: datetime
    end: datetime

    @property
    def day(self) -> date:
        """The partition the span lies in."""
        return self.start.date()


def windows(now: datetime, *, watermark: datetime, settle: timedelta, overlap: timedelta) -> Iterator[Window]:
    """The spans to project, oldest first and without a gap between them; none when nothing has settled since the watermark.

    All times are aware and in UTC. The overlap is read again only together with something new.
    """
    end = (now - settle).replace(microsecond=0)
    start = watermark - overlap
    if end <= watermark:
        return
    while start < end:
        midnight = datetime.combine(start.date() + timedelta(days=1), datetime.min.time(), timezone.utc)
        yield Window(start, min(midnight, end))
        start = midnight


@dataclass(frozen=True)
class Checkpoint:
    """How far the output of a projection goes (``None`` before its first run), and the version that the next write must find."""

    watermark: datetime | None
    version: int


class CheckpointTable:
    """Checkpoints of projections in a DynamoDB table with the string keys PK and SK; ``table`` is a boto3 Table resource."""

    def __init__(self, table: Any, projection: str) -> None:
        self._table = table
        self._projection = projection
        self._key = {"PK": f"PROJECTION#{projection}", "SK": _SORT_KEY}

    def begin(self, now: datetime, lease: timedelta) -> Checkpoint:
        """Take the lease and return where the last run ended. Raises ``ProjectionError`` while another run holds it."""
        item = self._table.get_item(Key=self._key, ConsistentRead=True).get("Item", {})
        held = item.get("leased_until")
        if held and _moment(held) > now:
            raise ProjectionError(f"another run of '{self._projection}' works until {held}; this one leaves it alone")
        checkpoint = Checkpoint(
            _moment(item["watermark"]) if "watermark" in item else None, int(item.get("version", 0))
        )
        return self._write(checkpoint, checkpoint.watermark, now + lease)

    def advance(self, checkpoint: Checkpoint, watermark: datetime, leased_until: datetime) -> Checkpoint:
        """Record that the output is visible up to ``watermark``, which never moves back."""
        reached = watermark if checkpoint.watermark is None else max(watermark, checkpoint.watermark)
        return self._write(checkpoint, reached, leased_until)

    def end(self, checkpoint: Checkpoint) -> Checkpoint:
        """Give the lease back."""
        return self._write(checkpoint, checkpoint.watermark, None)

    def _write(self, found: Checkpoint, watermark: datetime | None, leased_until: datetime | None) -> Checkpoint:
        version = found.version + 1
        item = {**self._key, "version": version}
        if watermark is not None:
            item["watermark"] = watermark.isoformat()
        if leased_until is not None:
            item["leased_until"] = leased_until.isoformat()
        condition: dict[str, Any] = {"ConditionExpression": "attribute_not_exists(PK)"}
        if found.version:
            condition = {
                "ConditionExpression": "version = :found",
                "ExpressionAttributeValues": {":found": found.version},
            }
        try:
            self._table.put_item(Item=item, **condition)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise
            raise ProjectionError(
                f"another run of '{self._projection}' moved its checkpoint; this one stops"
            ) from error
        return Checkpoint(watermark, version)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
