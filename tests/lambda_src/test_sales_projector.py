"""The projector on a real PostgreSQL, S3 and DynamoDB: equal to SQL on the source, equal again after a rerun, nothing half-done."""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import boto3
import psycopg
import pyarrow.parquet as pq
import pytest
from surroundings import Context, load

pytestmark = [pytest.mark.servers, pytest.mark.local_cloud]

NOON = datetime(2026, 3, 10, 12, tzinfo=timezone.utc)


@pytest.fixture
def projector() -> Iterator[Any]:
    module = load("sales_dashboard_projector")
    yield module
    module.source.close()


@pytest.fixture
def lake(cloud: Any, postgres: Any, use: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A bucket and a checkpoint table of this test alone, and a source without orders."""
    name = f"lake-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=name)
    keys = [{"AttributeName": "PK", "KeyType": "HASH"}, {"AttributeName": "SK", "KeyType": "RANGE"}]
    kinds = [{"AttributeName": "PK", "AttributeType": "S"}, {"AttributeName": "SK", "AttributeType": "S"}]
    boto3.client("dynamodb").create_table(
        TableName=name, KeySchema=keys, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST"
    )
    variables = {
        "POOLPROOF_PROJECTION": "sales",
        "POOLPROOF_CHECKPOINT_TABLE": name,
        "POOLPROOF_SETTLE_SECONDS": "60",
        "POOLPROOF_OVERLAP_SECONDS": "900",
        "POOLPROOF_LAKE_BUCKET": name,
        "POOLPROOF_LAKE_PREFIX": "sales/",
    }
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    use(postgres)
    with psycopg.connect(postgres.dsn(), autocommit=True) as owner:
        owner.execute("TRUNCATE orders CASCADE")
    return variables


@pytest.fixture
def at(projector: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the projector's clock."""

    def set_clock(moment: datetime) -> None:
        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> datetime:
                return moment.astimezone(tz)

        monkeypatch.setattr(projector, "datetime", Clock)

    return set_clock


def sell(postgres: Any, *moments: datetime, tenant: str = "t1") -> None:
    with psycopg.connect(postgres.dsn()) as owner:
        for moment in moments:
            order_id = uuid.uuid4()
            owner.execute(
                "INSERT INTO orders (order_id, tenant_id, customer_id, currency, total_minor, idempotency_key, request_digest, created_at)"
                " VALUES (%s, %s, 'c1', 'EUR', 175, %s, 'd', %s)",
                (order_id, tenant, str(order_id), moment),
            )
            owner.execute("INSERT INTO order_lines VALUES (%s, 1, 'apple', 7, 25)", (order_id,))


def sold(postgres: Any, before: datetime) -> list[tuple[Any, ...]]:
    with psycopg.connect(postgres.dsn()) as owner:
        return owner.execute(
            "SELECT order_id::text, total_minor, created_at AT TIME ZONE 'UTC' FROM orders WHERE created_at < %s ORDER BY 3, 1",
            (before,),
        ).fetchall()


def objects(lake: dict[str, str]) -> dict[str, bytes]:
    s3, bucket = boto3.client("s3"), lake["POOLPROOF_LAKE_BUCKET"]
    keys = [item["Key"] for item in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
    return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}


def projected(lake: dict[str, str]) -> list[tuple[Any, ...]]:
    rows = []
    for content in objects(lake).values():
        rows += pq.read_table(io.BytesIO(content)).select(["order_id", "total_minor", "created_at"]).to_pylist()
    return sorted((tuple(row.values()) for row in rows), key=lambda row: (row[2], row[0]))


def run(projector: Any, event: dict[str, Any] | None = None, remaining_ms: int = 60_000) -> dict[str, Any]:
    return projector.handler(event or {}, Context(remaining_ms))


def test_output_equals_the_source_and_again_after_a_rerun(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, *(NOON - timedelta(hours=hours) for hours in range(0, 60, 3)))
    at(NOON + timedelta(hours=1))
    first = run(projector)
    assert projected(lake) == sold(postgres, NOON + timedelta(minutes=59))
    assert len(projected(lake)) == 20
    assert sorted(objects(lake)) == [f"sales/dt=2026-03-{day:02}/sales.parquet" for day in (8, 9, 10)]
    before = objects(lake)
    at(NOON + timedelta(hours=1, minutes=1))
    second = run(projector)
    assert objects(lake) == before
    assert second["watermark"] > first["watermark"]


def test_late_rows_within_the_overlap_are_found(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, NOON)
    at(NOON + timedelta(minutes=30))
    run(projector)
    sell(postgres, NOON + timedelta(minutes=20))
    at(NOON + timedelta(minutes=40))
    run(projector)
    assert projected(lake) == sold(postgres, NOON + timedelta(hours=1))
    assert len(projected(lake)) == 2


def test_what_has_not_settled_is_left_for_the_next_run(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, NOON, NOON + timedelta(seconds=119))
    at(NOON + timedelta(minutes=2))
    run(projector)
    assert len(projected(lake)) == 1
    at(NOON + timedelta(minutes=4))
    run(projector)
    assert len(projected(lake)) == 2


def test_a_failure_while_writing_changes_nothing_and_the_next_run_catches_up(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    sell(postgres, NOON - timedelta(days=1), NOON)
    import partition

    original, calls = partition.DayPartitions.replace, []

    def fail_on_second_day(self: Any, window: Any, rows: Any) -> Any:
        calls.append(window.day)
        if len(calls) == 2:
            raise OSError("disk full")
        return original(self, window, rows)

    monkeypatch.setattr(partition.DayPartitions, "replace", fail_on_second_day)
    at(NOON + timedelta(hours=1))
    with pytest.raises(OSError, match="disk full"):
        run(projector)
    assert len(projected(lake)) == 1
    monkeypatch.setattr(partition.DayPartitions, "replace", original)
    assert run(projector)["windows"][0]["start"].startswith("2026-03-09T23:45")
    assert projected(lake) == sold(postgres, NOON + timedelta(hours=1))


def test_a_run_that_is_short_of_time_stops_after_a_whole_day(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, *(NOON - timedelta(days=days) for days in range(4)))
    at(NOON + timedelta(hours=1))
    assert len(run(projector, remaining_ms=15_000)["windows"]) == 1
    assert len(projected(lake)) == 1
    for expected in (2, 3, 4):
        run(projector, remaining_ms=15_000)
        assert len(projected(lake)) == expected
    assert projected(lake) == sold(postgres, NOON + timedelta(hours=1))


def test_rebuilding_a_day_brings_in_what_came_too_late_for_the_overlap(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, NOON)
    at(NOON + timedelta(hours=2))
    reached = run(projector)["watermark"]
    sell(postgres, NOON - timedelta(hours=1))
    assert run(projector, {"rebuild_from": "2026-03-10"})["watermark"] == reached
    assert projected(lake) == sold(postgres, NOON + timedelta(hours=2))


def test_a_rebuild_that_is_short_of_time_says_where_to_go_on(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None]
) -> None:
    sell(postgres, *(NOON - timedelta(days=days) for days in range(3)))
    at(NOON + timedelta(hours=1))
    run(projector)
    before, days, start = objects(lake), [], "2026-03-08"
    while start:
        answer = run(projector, {"rebuild_from": start}, remaining_ms=15_000)
        days += [window["start"][:10] for window in answer["windows"]]
        start = answer["left_from"]
    assert days == ["2026-03-08", "2026-03-09", "2026-03-10"]
    assert objects(lake) == before


def test_without_orders_nothing_is_written(
    projector: Any, lake: dict[str, str], at: Callable[[datetime], None], capsys: pytest.CaptureFixture[str]
) -> None:
    at(NOON)
    assert run(projector) == {"windows": [], "watermark": None, "left_from": None}
    assert objects(lake) == {}
    assert '"ProjectionAgeSeconds"' in capsys.readouterr().out


def test_many_rows_keep_their_bytes_however_they_arrived(
    projector: Any, lake: dict[str, str], postgres: Any, at: Callable[[datetime], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    import partition
    import sales

    monkeypatch.setattr(partition, "ROW_GROUP_ROWS", 16)
    monkeypatch.setattr(sales, "BATCH_ROWS", 7)
    sell(postgres, *(NOON + timedelta(minutes=minutes) for minutes in range(50)))
    for minutes in (10, 25, 31, 70):
        at(NOON + timedelta(minutes=minutes))
        run(projector)
    in_pieces = objects(lake)
    at(NOON + timedelta(minutes=70))
    run(projector, {"rebuild_from": "2026-03-10"})
    assert objects(lake) == in_pieces
    groups = pq.ParquetFile(io.BytesIO(next(iter(in_pieces.values()))))
    assert [groups.metadata.row_group(number).num_rows for number in range(groups.num_row_groups)] == [16, 16, 16, 2]


def test_the_table_of_the_reference_stack_has_these_columns() -> None:
    import pyarrow as pa
    import sales

    kinds = {pa.string(): "string", pa.int64(): "bigint", pa.int32(): "int", pa.timestamp("us"): "timestamp"}
    from constructs_lib.cdk.reference.sales import COLUMNS

    assert {field.name: kinds[field.type] for field in sales.SCHEMA} == COLUMNS
