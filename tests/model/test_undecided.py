"""Nothing is passed over in silence: whatever keeps a verdict open is named with what to declare."""

from __future__ import annotations

from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Gap, Instance, Pool, Provisioned, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.undecided import undecided, unknown_limits

exact, unknown = Quantity.exact, Quantity.unknown("Ref to parameter 'Size', which has no default")
STORE = Store("db", "rds-instance", "postgres", instances=(Instance("db", "db.r6g.large"),), max_connections=exact(200))


def missing(fleet: Fleet) -> list[str]:
    gaps = undecided(fleet, judge(fleet, Settings()), Settings())
    assert all(gap.declare for gap in gaps)
    return [gap.missing for gap in gaps]


def test_a_fleet_that_fits_leaves_nothing_open() -> None:
    consumer = Consumer("f", reserved_concurrency=exact(20))

    assert missing(Fleet((STORE,), (), (consumer,), (Connection("f", "db"),))) == []


def test_unread_concurrency_is_named_once_although_store_and_account_hang_on_it() -> None:
    consumer = Consumer("f", reserved_concurrency=unknown)

    assert missing(Fleet((STORE,), (), (consumer,), (Connection("f", "db"),))) == [
        "reserved concurrency of f is unknown (Ref to parameter 'Size', which has no default)"
    ]


def test_a_bound_that_decides_needs_no_declaration() -> None:
    consumer = Consumer("f", reserved_concurrency=Quantity.bounded(10, 20, "allowed values"))

    assert missing(Fleet((STORE,), (), (consumer,), (Connection("f", "db"),))) == []


def test_no_reservation_at_all_is_a_finding_and_no_gap() -> None:
    assert missing(Fleet((STORE,), (), (Consumer("f"),), (Connection("f", "db"),))) == []


def test_managed_instances_without_a_maximum_are_named() -> None:
    (gap,) = missing(Fleet((STORE,), (), (Consumer("f", managed_instances=True),), (Connection("f", "db"),)))

    assert "number of execution environments of f is unknown" in gap


def test_timeouts_that_leave_open_who_gives_up_first_are_named() -> None:
    api = EventSource("api", "http-api", timeout_seconds=unknown)
    consumer = Consumer("f", reserved_concurrency=exact(5), timeout_seconds=exact(30), event_sources=(api,))
    pool = Pool("proxy", "db", percent=exact(50), borrow_timeout_seconds=exact(10))
    link = Connection("f", "db", via="proxy", pool="proxy")

    assert [text.split(" is ")[0] for text in missing(Fleet((STORE,), (pool,), (consumer,), (link,)))] == [
        "timeout of api in front of f"
    ]


def test_an_undecided_wait_names_every_input_of_it_that_was_not_read() -> None:
    consumer = Consumer("f", reserved_concurrency=exact(150), timeout_seconds=unknown)
    pool = Pool("proxy", "db", percent=unknown, borrow_timeout_seconds=exact(10))
    link = Connection("f", "db", via="proxy", pool="proxy", hold_seconds=unknown, hold_enforced=True)

    named = {text.split(" is ")[0] for text in missing(Fleet((STORE,), (pool,), (consumer,), (link,)))}

    assert named == {"timeout of f", "MaxConnectionsPercent of proxy", "hold_seconds of f"}


def test_possible_edges_and_loose_ends_are_named() -> None:
    fleet = Fleet(
        stores=(STORE,),
        pools=(Pool("lost", "elsewhere"),),
        consumers=(Consumer("f", reserved_concurrency=exact(1)),),
        connections=(
            Connection("f", "db", certainty="possible", evidence=("same VPC",)),
            Connection("ghost", "db"),
            Connection("f", "nowhere"),
        ),
    )

    assert sorted(missing(fleet)) == [
        "consumer 'ghost' of a connection is not among what was read",
        "store 'nowhere' of a connection is not among what was read",
        "the target 'elsewhere' of pool 'lost' is not among what was read",
        "whether 'f' connects to 'db' (same VPC)",
    ]


def test_an_unknown_limit_is_named_only_where_somebody_connects() -> None:
    dark = Store("dark", "external", None)
    used = Fleet((dark,), (), (Consumer("f", reserved_concurrency=exact(1)),), (Connection("f", "dark"),))

    assert [gap.subject for _, gap in unknown_limits(judge(used, Settings()))] == ["dark"]
    assert missing(Fleet((dark,))) == []


def test_what_the_readers_could_not_follow_stays() -> None:
    gap = Gap("f", "an import hides the store", "declare it")

    assert undecided(Fleet(gaps=(gap, gap)), judge(Fleet(), Settings()), Settings()) == (gap,)


def test_concurrency_that_may_not_fit_its_reservation_is_named() -> None:
    jobs = EventSource("jobs", "sqs", maximum_concurrency=unknown)
    live = Provisioned("live", unknown)
    consumer = Consumer("f", reserved_concurrency=exact(5), event_sources=(jobs,), provisioned=(live,))

    assert [text.split(" is ")[0] for text in missing(Fleet(consumers=(consumer,)))] == [
        "provisioned concurrency of live",
        "maximum concurrency of jobs",
    ]


def test_an_unread_cap_of_an_event_source_is_named_where_only_it_bounds_a_function() -> None:
    jobs = EventSource("jobs", "sqs", maximum_concurrency=unknown)
    consumer = Consumer("f", event_sources=(jobs,))

    assert [text.split(" is ")[0] for text in missing(Fleet((STORE,), (), (consumer,), (Connection("f", "db"),)))] == [
        "maximum concurrency of jobs"
    ]


def test_a_deploy_time_client_of_a_pool_without_a_reservation_is_named() -> None:
    pool = Pool("proxy", "db", percent=exact(50), borrow_timeout_seconds=exact(10))
    link = Connection("f", "db", via="proxy", pool="proxy")
    consumer = Consumer("f", deploy_time=True, timeout_seconds=exact(60))

    assert missing(Fleet((STORE,), (pool,), (consumer,), (link,))) == [
        "how many environments of f run at once: it reserves no concurrency"
    ]


def test_an_unread_percentage_is_named_although_nobody_uses_the_pool() -> None:
    fleet = Fleet((STORE,), (Pool("proxy", "db", percent=unknown),))

    assert [text.split(" is ")[0] for text in missing(fleet)] == ["MaxConnectionsPercent of proxy"]


def test_tables_that_one_function_may_use_are_one_gap() -> None:
    """They count no connections; a database that may be used stays one of its own."""
    tables = [Store(name, "dynamodb-table", "dynamodb") for name in ("carts", "users")]
    may_use = [Connection("f", table.id, via="http", certainty="possible") for table in tables]
    consumer = Consumer("f", reserved_concurrency=exact(5))
    link = Connection("f", "db", certainty="possible")

    assert missing(Fleet((STORE, *tables), (), (consumer,), (link, *may_use))) == [
        "which of 'carts', 'users' are used by 'f'",
        "whether 'f' connects to 'db' (no evidence beyond a possibility)",
    ]
    assert missing(Fleet((STORE, *tables), (), (consumer,), may_use[:1])) == [
        "whether 'f' connects to 'carts' (no evidence beyond a possibility)"
    ]
