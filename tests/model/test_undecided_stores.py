from __future__ import annotations

from constructs_lib.check import check
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Store
from constructs_lib.model.key_value import Export, KeyValueTable
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.schedules import Schedule

DATABASE = Store("db", "rds-instance", "postgres")


def missing(fleet: Fleet) -> list[str]:
    return [gap.missing for gap in check(fleet).not_decided]


def table(**facts: object) -> Store:
    return Store("Orders", "dynamodb-table", "dynamodb", table=KeyValueTable(**facts))  # type: ignore[arg-type]


def job(*, reserved: int | None = None, schedule: Schedule, store: str = "db") -> Fleet:
    consumer = Consumer(
        "Job",
        reserved_concurrency=None if reserved is None else Quantity.exact(reserved),
        event_sources=(EventSource("Clock", "schedule", schedule=schedule),),
    )
    via = "direct" if store == "db" else "http"
    return Fleet((DATABASE, table()), (), (consumer,), (Connection("Job", store, via=via),))  # type: ignore[arg-type]


def test_recovery_of_an_exported_table_and_expiry_of_passing_records() -> None:
    exported = table(point_in_time_recovery=None, exports=(Export("Export"),))

    assert missing(Fleet((exported,))) == ["whether 'Orders', which is exported, has point-in-time recovery"]
    assert missing(Fleet((table(point_in_time_recovery=None),))) == []
    assert missing(Fleet((table(time_to_live=None, known_as=("IDEMPOTENCY_TABLE",)),))) == [
        "whether 'Orders', by environment variable IDEMPOTENCY_TABLE for idempotency records, expires them"
    ]
    assert missing(Fleet((table(time_to_live=None),))) == []


def test_units_matter_only_where_operations_are_declared() -> None:
    capped = table(read_units=Quantity.unknown("ReadCapacityUnits of 'Orders': a parameter"))
    declared = Connection("Api", "Orders", via="http", transactions_per_invocation=Quantity.exact(3))
    api = Consumer("Api")

    assert "ReadCapacityUnits of 'Orders': a parameter" in missing(Fleet((capped,), (), (api,), (declared,)))
    assert missing(Fleet((capped,), (), (api,), (Connection("Api", "Orders", via="http"),))) == []


def test_how_often_a_database_job_starts() -> None:
    hidden = "how often 'Clock' starts 'Job'"

    assert hidden in missing(job(schedule=Schedule(None)))
    assert hidden not in missing(job(schedule=Schedule(None), reserved=1))
    assert hidden not in missing(job(schedule=Schedule("rate(1 hour)")))
    assert hidden not in missing(job(schedule=Schedule(None), store="Orders"))


def test_whether_failed_starts_are_kept() -> None:
    hidden = "whether 'Clock' keeps starts that fail"

    assert hidden in missing(job(schedule=Schedule("rate(1 hour)", dead_letters=None)))
    assert hidden not in missing(job(schedule=Schedule("rate(1 hour)", dead_letters=True)))
