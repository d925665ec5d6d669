"""From a fleet to a plan: every number from the fleet, or its absence named; scaling never turns a verdict round."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from constructs_lib.errors import RehearsalError
from constructs_lib.model.budget import judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Pool, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rehearsal.plan import Group, Plan, PoolPlan
from constructs_lib.rehearsal.planning import ANY_HOLD, MOST_SLOTS, plan_of
from constructs_lib.rehearsal.rehearse import rehearse

_Q = Quantity.exact
_STORE = Store("Orders", "rds-instance", "postgres", engine_version="17.2", max_connections=_Q(100))
_CONSUMER = Consumer("Api", reserved_concurrency=_Q(40), timeout_seconds=_Q(15))
_DIRECT = Connection("Api", "Orders", hold_seconds=_Q(0.05), hold_enforced=True)
_POOL = Pool("Proxy", "Orders", percent=_Q(10), borrow_timeout_seconds=_Q(5))
_POOLED = _DIRECT._replace(via="proxy", pool="Proxy")


def plan(
    store: Store = _STORE,
    consumer: Consumer = _CONSUMER,
    connection: Connection = _POOLED,
    pool: Pool = _POOL,
    **asked: object,
) -> tuple[Plan | None, list[str]]:
    """The plan, and what is missing for one."""
    fleet = Fleet(stores=(store,), pools=(pool,), consumers=(consumer,), connections=(connection,))
    (item,) = judge(fleet, Settings()).stores
    found, gaps = plan_of(item, **{"most_clients": 500, **asked})  # type: ignore[arg-type]
    assert (found is None) == bool(gaps)
    return found, [gap.missing for gap in gaps]


def made(*arguments: object, **asked: object) -> Plan:
    found, _ = plan(*arguments, **asked)  # type: ignore[arg-type]
    assert found is not None
    return found


def test_a_fleet_stands_as_it_is() -> None:
    found = made()
    assert (found.product, found.max_connections, found.slots, found.others, found.scale) == (
        "PostgreSQL",
        100,
        91,
        5,
        1,
    )
    (pool,) = found.pools
    assert (pool.connections, pool.clients, pool.pinned, pool.rounds) == (10, 40, 0, 3)
    assert pool.proven_wait == Fraction(15, 100)
    assert pool.throughput == pytest.approx(200)
    assert not pool.outwaits
    assert (found.opened, found.overflow, found.notes) == (15, 0, ())
    assert found.longest_invocation == pytest.approx(0.2)


def test_direct_clients_count_both_versions_of_a_deploy() -> None:
    found = made(connection=_DIRECT)
    assert [group.clients for group in found.direct] == [80]
    assert (found.opened, found.overflow) == (85, 0)
    assert made(connection=_DIRECT, consumer=_CONSUMER._replace(reserved_concurrency=_Q(50))).overflow == 14


def test_a_hold_that_decides_is_never_guessed() -> None:
    unknown = _POOLED._replace(hold_seconds=None)
    assert plan(connection=unknown) == (None, ["hold_seconds of Api is not declared"])
    asked = made(connection=unknown, hold_seconds=Fraction(1, 10))
    assert asked.pools[0].groups[0].hold_seconds == Fraction(1, 10)
    assert asked.notes == ("hold_seconds of Api is not declared: 0.1 s as asked for",)


def test_where_nobody_waits_any_hold_will_do_and_is_told() -> None:
    found = made(
        connection=_POOLED._replace(hold_seconds=None), consumer=_CONSUMER._replace(reserved_concurrency=_Q(10))
    )
    assert found.pools[0].groups[0].hold_seconds == ANY_HOLD
    assert "nobody waits" in found.notes[0]


def test_all_that_is_missing_is_named_together() -> None:
    _, missing = plan(
        store=_STORE._replace(max_connections=Quantity.unknown("an import")),
        pool=_POOL._replace(borrow_timeout_seconds=Quantity.unknown("a token"), connections=_Q(4), percent=None),
        consumer=_CONSUMER._replace(reserved_concurrency=Quantity.unknown("another token")),
    )
    assert missing[0] == "an import"
    assert any("borrow timeout of Proxy is unknown (a token)" in item for item in missing)
    assert any("connections of Api is unknown (another token)" in item for item in missing)


def test_a_limit_within_bounds_counts_at_its_least_and_is_told() -> None:
    found = made(store=_STORE._replace(max_connections=Quantity.bounded(80, 110, "derived from memory")))
    assert (found.max_connections, found.slots) == (80, 71)
    assert found.notes == ("max_connections is 80 to 110 (derived from memory): rehearsed with the least",)


def test_a_function_without_a_reservation_brings_what_the_account_may_run() -> None:
    found = made(connection=_DIRECT, consumer=_CONSUMER._replace(reserved_concurrency=None), most_clients=5000)
    assert found.direct[0].clients == 2000
    assert "Api reserves no concurrency" in found.notes[0]


def test_a_limit_beyond_everybody_is_capped() -> None:
    found = made(store=_STORE._replace(max_connections=_Q(10_000)), connection=_DIRECT)
    assert found.slots == MOST_SLOTS
    assert "nobody asks for more than 85" in found.notes[0]


def test_pinned_sessions_take_their_connections_from_the_pool() -> None:
    fast = Group("Api", 12, Fraction(1, 20))
    pool = PoolPlan("Proxy", 10, 5, (fast, Group("Batch", 6, Fraction(1, 20), pinned=True)))
    assert (pool.free, pool.pinned, pool.opened, pool.proven_wait) == (4, 6, 10, Fraction(1, 10))
    starved = replace(pool, connections=5)
    assert (starved.free, starved.proven_wait, starved.outwaits, starved.throughput) == (0, None, True, 0.0)


@pytest.mark.parametrize(
    ("engine", "product"), [("aurora-postgresql", "PostgreSQL"), ("mysql", "MariaDB"), ("aurora-mysql", "MariaDB")]
)
def test_every_relational_engine_has_a_product(engine: str, product: str) -> None:
    assert made(store=_STORE._replace(engine=engine, engine_version=None)).product == product


def test_other_engines_have_none() -> None:
    assert plan(store=_STORE._replace(engine=None)) == (None, ["engine of 'Orders' is unknown"])


@given(
    limit=st.integers(100, 5000),
    reserved=st.integers(1, 2000),
    most=st.integers(20, 300),
    pooled=st.booleans(),
    percent=st.integers(1, 100),
)
@examples(max_examples=150, deadline=None)
def test_scaling_never_turns_a_verdict_round(limit: int, reserved: int, most: int, pooled: bool, percent: int) -> None:
    found, _ = plan(
        store=_STORE._replace(max_connections=_Q(limit)),
        consumer=_CONSUMER._replace(reserved_concurrency=_Q(reserved), timeout_seconds=_Q(900)),
        connection=_POOLED if pooled else _DIRECT,
        pool=_POOL._replace(percent=_Q(percent), store="Orders" if pooled else "Elsewhere"),
        most_clients=most,
    )
    if found is None:  # a few connections with very many clients
        assert pooled
        return
    assert found.others + found.clients <= most
    if found.verdict is Verdict.FITS:
        assert found.overflow == 0
    if found.verdict is Verdict.EXCEEDS and not pooled:
        assert found.overflow > 0
    for pool in found.pools:
        assert pool.verdict is not Verdict.FITS or not pool.outwaits


def test_a_small_pool_with_very_many_clients_cannot_be_made_smaller() -> None:
    tiny = _POOL._replace(percent=None, connections=_Q(1))
    found, missing = plan(pool=tiny, consumer=_CONSUMER._replace(reserved_concurrency=_Q(900)))
    assert (found, missing) == (None, ["905 clients cannot be made 500 without changing who waits for whom"])


def test_a_database_without_a_place_is_no_rehearsal() -> None:
    full = made(store=_STORE._replace(max_connections=_Q(13)), connection=_DIRECT)
    with pytest.raises(RehearsalError, match=r"of max_connections 13 of 'Orders' 4 are left by the engine"):
        rehearse(full, 1)
    with pytest.raises(RehearsalError, match="scaled down by 3, .*allow more clients with --max-clients"):
        rehearse(replace(full, scale=3), 1)
