"""Windows lose nothing and overlap as they should; checkpoints move forward only, one run at a time."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest
from botocore.exceptions import ClientError
from datastores.errors import ProjectionError
from datastores.projection import CheckpointTable, windows
from hypothesis import given
from hypothesis import strategies as st

START = datetime(2026, 3, 1, tzinfo=timezone.utc)
SECONDS = st.integers(0, 5 * 86_400)


@given(SECONDS, SECONDS, st.integers(0, 7200), st.integers(0, 90_000))
def test_windows_cover_the_settled_time_without_gap_one_day_each(
    watermark_seconds: int, later: int, settle_seconds: int, overlap_seconds: int
) -> None:
    watermark = START + timedelta(seconds=watermark_seconds)
    now, settle = watermark + timedelta(seconds=later), timedelta(seconds=settle_seconds)
    found = list(windows(now, watermark=watermark, settle=settle, overlap=timedelta(seconds=overlap_seconds)))
    if now - settle <= watermark:
        assert found == []
        return
    assert found[0].start == watermark - timedelta(seconds=overlap_seconds)
    assert found[-1].end == now - settle
    assert all(before.end == after.start for before, after in pairwise(found))
    for window in found:
        assert window.start < window.end
        assert (window.end - timedelta(microseconds=1)).date() == window.day


class Table:
    """A table of one item that checks the two conditions checkpoints are written with."""

    def __init__(self) -> None:
        self.item: dict[str, Any] = {}

    def get_item(self, **_: Any) -> dict[str, Any]:
        return {"Item": dict(self.item)} if self.item else {}

    def put_item(self, **request: Any) -> None:
        new = "not_exists" in request["ConditionExpression"]
        expected = None if new else request["ExpressionAttributeValues"][":found"]
        if self.item.get("version") != expected:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException"}}, "PutItem")
        self.item = request["Item"]


HOUR = timedelta(hours=1)


def test_a_second_run_finds_the_lease_and_stops() -> None:
    table = Table()
    checkpoints = CheckpointTable(table, "sales")
    first = checkpoints.begin(START, HOUR)
    with pytest.raises(ProjectionError, match="another run of 'sales' works until"):
        CheckpointTable(table, "sales").begin(START + timedelta(minutes=30), HOUR)
    checkpoints.end(first)
    assert CheckpointTable(table, "sales").begin(START + timedelta(minutes=30), HOUR).watermark is None


def test_a_run_that_outlived_its_lease_cannot_move_the_checkpoint() -> None:
    table = Table()
    slow, fast = CheckpointTable(table, "sales"), CheckpointTable(table, "sales")
    old = slow.begin(START, HOUR)
    new = fast.begin(START + 2 * HOUR, HOUR)
    fast.advance(new, START + HOUR, START + 3 * HOUR)
    with pytest.raises(ProjectionError, match="moved its checkpoint"):
        slow.advance(old, START, START + HOUR)
    assert table.item["watermark"] == (START + HOUR).isoformat()


@given(st.lists(SECONDS, max_size=8))
def test_a_watermark_never_moves_back(moments: list[int]) -> None:
    table = Table()
    checkpoints = CheckpointTable(table, "sales")
    checkpoint = checkpoints.begin(START, HOUR)
    reached = []
    for seconds in moments:
        checkpoint = checkpoints.advance(checkpoint, START + timedelta(seconds=seconds), START + HOUR)
        reached.append(checkpoint.watermark)
    assert reached == sorted(moment for moment in reached if moment)
    assert checkpoints.end(checkpoint).watermark == (max(reached) if reached else None)  # type: ignore[type-var]
    assert "leased_until" not in table.item
