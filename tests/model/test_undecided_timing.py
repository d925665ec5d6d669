"""What keeps the rules on timing from deciding is listed; what decides nothing is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.undecided_timing import timing_gaps

exact = Quantity.exact
OPEN = Quantity.unknown("a parameter")
URL = EventSource("Url", "function-url")


def missing(fleet: Fleet) -> list[str]:
    return [gap.missing for gap in timing_gaps(fleet)]


def served(store: Store, consumer: Consumer) -> Fleet:
    return Fleet((store,), (), (consumer,), (Connection(consumer.id, store.id),))


DATABASE = Store("db", "rds-instance", "postgres", "17.5")
API = Consumer("Api", event_sources=(URL,))


def worker(source: EventSource, reserved: int | None = 10) -> Fleet:
    return Fleet(
        consumers=(
            Consumer(
                "Worker",
                reserved_concurrency=None if reserved is None else exact(reserved),
                timeout_seconds=exact(30),
                event_sources=(source,),
            ),
        )
    )


def test_a_fleet_that_was_read_whole_leaves_nothing_open() -> None:
    assert missing(served(DATABASE, API)) == []


def test_a_database_parameter_nobody_could_read() -> None:
    store = DATABASE._replace(unread_parameters={"statement_timeout": "a parameter"})

    assert missing(served(store, API)) == [
        "what ends a statement of db is unknown (statement_timeout of 'db': a parameter)"
    ]


def test_a_whole_group_is_missing_once() -> None:
    store = DATABASE._replace(unread_parameters={"*": "its group is elsewhere"})

    assert missing(served(store, API)) == ["timeouts of 'db': its group is elsewhere"]


def test_a_database_that_nothing_busy_uses_needs_no_timeout() -> None:
    store = DATABASE._replace(unread_parameters={"*": "its group is elsewhere"})

    assert missing(served(store, API._replace(event_sources=()))) == []


def test_a_timeout_behind_an_api_that_waits() -> None:
    orders = EventSource("Orders", "rest-api", timeout_seconds=exact(29))
    consumer = Consumer("Api", timeout_seconds=OPEN, event_sources=(orders,))

    assert missing(served(DATABASE, consumer)) == ["timeout of Api is unknown (a parameter)"]


@pytest.mark.parametrize(
    ("source", "reserved", "what"),
    [
        (
            EventSource("Jobs", "sqs", visibility_timeout_seconds=OPEN),
            None,
            "visibility timeout of the queue behind Jobs",
        ),
        (EventSource("Jobs", "sqs", max_receive_count=OPEN), 10, "maxReceiveCount of the queue behind Jobs"),
        (EventSource("Clicks", "kinesis", maximum_retry_attempts=OPEN), None, "what ends the retries of Clicks"),
        (EventSource("Topic", "kafka"), 10, "how many executions Topic asks for at a time"),
        (
            EventSource("Orders", "http-api", throttle_rate=OPEN, throttle_burst=exact(5)),
            10,
            "throttle rate in front of Worker",
        ),
    ],
    ids=lambda value: value.kind if isinstance(value, EventSource) else None,
)
def test_a_trigger_nobody_could_read(source: EventSource, reserved: int | None, what: str) -> None:
    (found,) = missing(worker(source, reserved))

    assert found.startswith(f"{what} is unknown")


@pytest.mark.parametrize(
    ("source", "reserved"),
    [
        (EventSource("Jobs", "sqs", visibility_timeout_seconds=OPEN, enabled=False), 10),
        (EventSource("Jobs", "sqs", max_receive_count=OPEN), None),
        (EventSource("Jobs", "sqs", maximum_concurrency=exact(10), max_receive_count=OPEN), 10),
        (
            EventSource(
                "Clicks", "kinesis", shards=exact(1), maximum_retry_attempts=OPEN, maximum_record_age_seconds=exact(60)
            ),
            10,
        ),
        (EventSource("Topic", "kafka"), None),
        (EventSource("Orders", "http-api", throttle_rate=OPEN), None),
    ],
    ids=["off", "no cap", "never throttled", "another bound", "no cap on a stream", "no cap behind an API"],
)
def test_what_decides_nothing_is_not_asked_for(source: EventSource, reserved: int | None) -> None:
    assert missing(worker(source, reserved)) == []


def test_an_alarm_nobody_could_read() -> None:
    capped = API._replace(reserved_concurrency=exact(10))
    fleet = replace(served(DATABASE, capped), alarms=(Alarm("Some", "AWS/Lambda"),))

    assert missing(fleet) == ["whether 'Some' looks at the throttles of a function"]


def test_an_alarm_nobody_could_read_beside_functions_of_no_database() -> None:
    assert missing(replace(worker(URL), alarms=(Alarm("Some", "AWS/Lambda"),))) == []
