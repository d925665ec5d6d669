"""Fleets on which simulation and model once disagreed. Each was accepted although it breaks, or rejected although it cannot."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from benchmarks.soundness import examine
from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, EventSource, Fleet, Instance, Pool, Store
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.simulation.soundness import Claim, Rejection, breaks, claim_of, exhibit, rejections
from constructs_lib.simulation.worlds import worlds

exact = Quantity.exact
DATABASE = Store("db", "rds-instance", "mysql", instances=(Instance("db", "db.t4g.micro"),), max_connections=exact(100))
PROXY = Pool("p", "db", connections=exact(4), borrow_timeout_seconds=exact(100))


def client(
    name: str, hold: float, *, reserved: int = 1, timeout: int = 60, **link: object
) -> tuple[Consumer, Connection]:
    connection = Connection(
        name,
        "db",
        via="proxy",
        pool="p",
        connections_per_environment=exact(1),
        hold_seconds=exact(hold),
        hold_enforced=True,
    )
    consumer = Consumer(name, reserved_concurrency=exact(reserved), timeout_seconds=exact(timeout))
    return consumer, connection._replace(**link)  # type: ignore[arg-type]


def fleet(*clients: tuple[Consumer, Connection], store: Store = DATABASE, pools: tuple[Pool, ...] = (PROXY,)) -> Fleet:
    return Fleet((store,), pools, tuple(item for item, _ in clients), tuple(link for _, link in clients))


def pool_of(fleet: Fleet, settings: Settings | None = None) -> PoolBudget:
    return judge(fleet, settings or Settings()).pools[0][1]


def agree(fleet: Fleet, claim: Claim, settings: Settings | None = None) -> None:
    """The model claims that, and the simulation agrees."""
    declared, chance = settings or Settings(), random.Random(1)
    budget = judge(fleet, declared)
    assert claim_of(budget) is claim
    if claim is Claim.ACCEPTED:
        assert breaks(fleet, declared, chance) is None
    if claim is Claim.REJECTED:
        for rejection in rejections(budget):
            assert all(exhibit(rejection, world, chance) for world in worlds(fleet, declared, "mild"))
    if claim is Claim.OPEN:
        assert breaks(fleet, declared, chance) is not None


def test_a_client_never_waits_behind_itself() -> None:
    """Was rejected: the wait of the client with the short hold was charged to the one with the long hold."""
    one = PROXY._replace(connections=exact(1))
    two = fleet(
        client("long", 100, timeout=150),
        client("short", 1, timeout=150),
        pools=(one._replace(borrow_timeout_seconds=exact(120)),),
    )

    assert [chain.needed.high for chain in pool_of(two).chains] == [101, 101]
    agree(two, Claim.ACCEPTED)


def test_later_transactions_do_not_meet_the_long_holds_again() -> None:
    """Was rejected: 4 × (1.6 + 0.3) s, although whoever holds for long is still at its first transaction."""
    many = fleet(
        client("quick", 0.3, reserved=3, timeout=8, transactions_per_invocation=exact(4)),
        client("slow", 2.5, reserved=4, timeout=60),
    )
    chain = pool_of(many).chains[0]

    assert chain.needed.low == exact(3.7).value
    assert chain.verdict is Verdict.UNDECIDED


def test_readers_behind_a_pool_without_a_reader_endpoint_come_to_the_writer() -> None:
    """Was accepted: the connection counted for nobody."""
    cluster = Store(
        "db",
        "aurora-cluster",
        "aurora-mysql",
        instances=(Instance("w", "db.r6g.large"), Instance("r", "db.r6g.large", "reader")),
        max_connections=exact(100),
    )
    agree(fleet(client("f", 5, reserved=50, timeout=30, role="reader"), store=cluster), Claim.REJECTED)


def test_a_tenant_that_does_not_run_waits_for_nothing() -> None:
    """Was rejected: 2.5 environments per execution were taken for clients with a transaction each."""
    consumer, link = client("f", 2, reserved=4, timeout=3)
    agree(fleet((consumer._replace(tenant_isolation=True), link)), Claim.ACCEPTED)


def test_pinned_sessions_of_tenants_all_keep_their_connection() -> None:
    consumer, link = client("f", 2, reserved=4, pins_session=True)
    agree(fleet((consumer._replace(tenant_isolation=True), link)), Claim.REJECTED)


def test_a_pinned_session_waits_for_its_connection_too() -> None:
    """Was accepted: nobody added the wait to what a pinned function needs."""
    pinned = client("pinned", 1, timeout=3, pins_session=True)
    agree(fleet(pinned, client("f", 2, reserved=6)), Claim.REJECTED)
    agree(fleet(client("pinned", 1, timeout=5, pins_session=True), client("f", 2, reserved=6)), Claim.ACCEPTED)


def test_pinned_sessions_that_may_be_more_than_the_pool_are_not_accepted() -> None:
    """Was accepted: three to five sessions for four connections, and nobody else, made a wait of zero."""
    consumer, link = client("pinned", 1, pins_session=True)
    agree(
        fleet((consumer._replace(reserved_concurrency=Quantity.bounded(3, 5)), link)),
        Claim.OPEN,
        Settings(deploy_overlap=1),
    )


def test_a_hold_declared_longer_than_the_function_is_no_exception() -> None:
    """Was an exception: the bounds of the hold crossed."""
    long = fleet(client("f", 5, reserved=3, timeout=3, hold_enforced=False))

    assert pool_of(long).chains[0].hold == exact(3)
    agree(long, Claim.ACCEPTED)


def test_functions_of_the_deploy_share_the_operators_places() -> None:
    """Was accepted: each of them fitted the reserve, and so did declared clients, but not together."""
    store = DATABASE._replace(other_connections=(("tasks", exact(20)),), operator_reserve=5)
    migrations = [
        (Consumer(name, deploy_time=True), Connection(name, "db", connections_per_environment=exact(3)))
        for name in "ab"
    ]
    direct = (
        Consumer("f", reserved_concurrency=exact(37)),
        Connection("f", "db", connections_per_environment=exact(1)),
    )
    budget = judge(fleet(*migrations, direct, store=store, pools=()), Settings()).stores[0]

    assert [demand.consumer.id for demand in budget.within_reserve] == ["a"]
    assert budget.verdict is Verdict.UNDECIDED

    reserved = (
        Consumer("m", deploy_time=True, reserved_concurrency=exact(25)),
        Connection("m", "db", connections_per_environment=exact(1)),
    )
    agree(fleet(reserved, direct, store=store, pools=()), Claim.REJECTED)


def test_a_queue_cannot_take_more_than_the_account_has_left() -> None:
    """Was rejected: the source may ask for 800 executions at once; the account leaves 100."""
    source = EventSource("q", "sqs", maximum_concurrency=exact(800))
    queue = (Consumer("f", event_sources=(source,)), Connection("f", "db", connections_per_environment=exact(1)))
    other = (Consumer("other", reserved_concurrency=exact(900)), Connection("other", "db", via="http"))
    store = DATABASE._replace(max_connections=exact(300))

    assert claim_of(judge(fleet(queue, other, store=store, pools=()), Settings())) is Claim.OPEN


def test_a_function_that_may_not_run_waits_for_nothing() -> None:
    """Was rejected: two transactions of 5 s against 3 s, by a function without any concurrency."""
    agree(fleet(client("f", 5, reserved=0, timeout=3, transactions_per_invocation=exact(2))), Claim.ACCEPTED)


@pytest.mark.parametrize(("reserved", "claim"), [(0, Claim.ACCEPTED), (1, Claim.REJECTED)])
def test_the_first_execution_already_needs_too_long(reserved: int, claim: Claim) -> None:
    agree(fleet(client("f", 5, reserved=reserved, timeout=3)), claim)


def test_a_function_with_two_pools_needs_the_time_of_both() -> None:
    """Was accepted: each pool's chain ended in time, their sum did not."""
    other = Pool("q", "db", connections=exact(4), borrow_timeout_seconds=exact(100))
    consumer, first = client("f", 2, reserved=8, timeout=6)
    both = Fleet((DATABASE,), (PROXY, other), (consumer,), (first, first._replace(pool="q")))
    budget = judge(both, Settings())

    assert [str(pool.chains[0].needed) for _, pool in budget.pools] == ["6 to 8", "6 to 8"]
    agree(both, Claim.OPEN)
    agree(replace(both, consumers=(consumer._replace(timeout_seconds=exact(8)),)), Claim.ACCEPTED)


def test_other_work_declared_on_another_connection_counts() -> None:
    """Was accepted: the work stood beside the direct connection, where nobody looked for it."""
    consumer, pooled = client("f", 2, reserved=4, timeout=3)
    beside = Connection("f", "db", connections_per_environment=exact(1), other_work_seconds=exact(2))
    agree(Fleet((DATABASE,), (PROXY,), (consumer,), (pooled, beside)), Claim.REJECTED)


def test_a_connection_counts_where_its_pool_leads() -> None:
    """Was accepted: it named another store than its pool's target, and counted for neither."""
    consumer, link = client("f", 5, reserved=50, timeout=30, store="elsewhere")
    elsewhere = DATABASE._replace(id="elsewhere")
    agree(Fleet((DATABASE, elsewhere), (PROXY,), (consumer,), (link,)), Claim.REJECTED)


def test_the_writer_before_a_failover_reads_after_it() -> None:
    """Was accepted: 500 connections for a large reader, of which a failover makes a small one."""
    cluster = Store(
        "db",
        "aurora-cluster",
        "aurora-mysql",
        instances=(Instance("w", "db.t4g.medium"), Instance("r", "db.r6g.large", "reader")),
    )
    reader = (
        Consumer("f", reserved_concurrency=exact(100)),
        Connection("f", "db", role="reader", connections_per_environment=exact(1)),
    )
    agree(fleet(reader, store=cluster, pools=()), Claim.REJECTED)


def test_a_migration_of_unknown_width_may_still_fit_the_operators_places() -> None:
    """Was rejected: five environments with one to four connections each, beside ten places that may suffice for them."""
    store = DATABASE._replace(operator_reserve=10)
    migration = (
        Consumer("m", deploy_time=True, reserved_concurrency=exact(5)),
        Connection("m", "db", connections_per_environment=Quantity.bounded(1, 4)),
    )
    direct = (
        Consumer("f", reserved_concurrency=exact(45)),
        Connection("f", "db", connections_per_environment=exact(1)),
    )
    agree(fleet(migration, direct, store=store, pools=()), Claim.OPEN)
    agree(fleet(migration, direct, store=store._replace(max_connections=exact(99)), pools=()), Claim.REJECTED)


def test_a_reservation_that_may_be_zero_makes_nothing_certain() -> None:
    """Was rejected: no to two executions, each of which needs longer than its timeout."""
    consumer, link = client("f", 5, timeout=3)
    agree(fleet((consumer._replace(reserved_concurrency=Quantity.bounded(0, 2)), link)), Claim.OPEN)


def test_a_pool_that_may_open_too_much_breaks_nothing_without_clients_for_it() -> None:
    """Was rejected as certain: 100 of 100 connections for 40 clients, although a pooler opens only for clients that come."""
    postgres = DATABASE._replace(engine="postgres", engine_version="16.8")
    whole = PROXY._replace(connections=None, percent=exact(100))
    forty = fleet(client("f", 1, reserved=40), store=postgres, pools=(whole,))
    database, declared = Rejection("db/writer", None), Settings()

    assert judge(forty, declared).stores[0].ceiling_exceeds
    assert all(exhibit(database, world, random.Random(1)) is None for world in worlds(forty, declared, "mild"))
    agree(forty, Claim.OPEN)
    agree(fleet(client("f", 1, reserved=100, timeout=200), store=postgres, pools=(whole,)), Claim.REJECTED)


def test_clients_whose_hold_nobody_knows_still_ask_at_the_same_instant() -> None:
    """A transaction takes some time: sixty of one instant open sixty connections, however short each is."""
    unknown = client("f", 0, reserved=60, hold_seconds=None, hold_enforced=False)
    direct = (
        Consumer("d", reserved_concurrency=exact(40)),
        Connection("d", "db", connections_per_environment=exact(1)),
    )
    pool = PROXY._replace(connections=exact(60))
    agree(fleet(unknown, direct, pools=(pool,)), Claim.REJECTED, Settings(deploy_overlap=1, operator_reserve=1))


def test_a_function_with_a_pool_and_connections_of_its_own_opens_both() -> None:
    """Whoever times out at the starved pool loses its own connections too, and opens them again when it is invoked again."""
    consumer, pooled = client("f", 5, reserved=40, timeout=6)
    own = Connection("f", "db", connections_per_environment=exact(1))
    both = Fleet((DATABASE,), (PROXY._replace(connections=exact(20)),), (consumer,), (pooled, own))
    database = Rejection("db/writer", None)

    assert database in rejections(judge(both, Settings()))
    assert all(exhibit(database, world, random.Random(1)) for world in worlds(both, Settings(), "mild"))


def test_a_database_that_is_full_before_anybody_comes_refuses_nobody() -> None:
    """Was rejected without a schedule: operators and declared clients alone need more than there is, and no function comes."""
    full = DATABASE._replace(max_connections=exact(20), other_connections=(("tasks", exact(30)),))
    nobody = fleet(client("f", 1, reserved=0), store=full)

    assert rejections(judge(nobody, Settings())) == []
    assert judge(nobody, Settings()).stores[0].ceiling_exceeds


@pytest.mark.parametrize("seed", [16_709, 38_933, 39_894])
def test_pinned_sessions_and_everybody_else_at_once_break_what_is_rejected(seed: int) -> None:
    """Found by the full run: tenants pin one after the other, so everybody must ask again once the last of them is there."""
    assert examine(seed, frozenset(Claim)).disagreements == ()
