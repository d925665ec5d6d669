"""Capacity against demand: what fits, what does not, and what nobody can decide."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.budget import StoreBudget, judge
from constructs_lib.model.fleet import Connection, Consumer, Fleet, Instance, Pool, Store
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.settings import Settings

MICRO = Store(
    "Orders", "rds-instance", "postgres", engine_version="16.8", instances=(Instance("Orders", "db.t4g.micro"),)
)
PINNED = MICRO._replace(max_connections=Quantity.exact(100))
PROXY = Pool("Proxy", "Orders", percent=Quantity.exact(20), borrow_timeout_seconds=Quantity.exact(5))


def direct(name: str, reserved: int | None, each: int | None = 1) -> tuple[Consumer, Connection]:
    concurrency = None if reserved is None else Quantity.exact(reserved)
    per_environment = None if each is None else Quantity.exact(each)
    return (
        Consumer(name, reserved_concurrency=concurrency),
        Connection(name, "Orders", connections_per_environment=per_environment),
    )


def pooled(name: str, reserved: int, hold: float, timeout: int = 10, **more: object) -> tuple[Consumer, Connection]:
    link = Connection(
        name,
        "Orders",
        via="proxy",
        pool="Proxy",
        connections_per_environment=Quantity.exact(1),
        hold_seconds=Quantity.exact(hold),
        hold_enforced=True,
    )
    consumer = Consumer(name, reserved_concurrency=Quantity.exact(reserved), timeout_seconds=Quantity.exact(timeout))
    return consumer, link._replace(**more)  # type: ignore[arg-type]


def fleet(store: Store, *clients: tuple[Consumer, Connection], pools: tuple[Pool, ...] = ()) -> Fleet:
    return Fleet((store,), pools, tuple(c for c, _ in clients), tuple(link for _, link in clients))


def store_budget(store: Store, *clients: tuple[Consumer, Connection], pools: tuple[Pool, ...] = ()) -> StoreBudget:
    budget = judge(fleet(store, *clients, pools=pools), Settings()).of("Orders")
    assert budget is not None
    return budget


def pool_budget(*clients: tuple[Consumer, Connection], pool: Pool = PROXY) -> PoolBudget:
    return store_budget(PINNED, *clients, pools=(pool,)).pools[0]


@pytest.mark.parametrize(
    ("reserved", "verdict"),
    [(20, Verdict.FITS), (32, Verdict.FITS), (33, Verdict.UNDECIDED), (49, Verdict.UNDECIDED), (50, Verdict.EXCEEDS)],
)
def test_a_bound_decides_where_it_can(reserved: int, verdict: Verdict) -> None:
    # 79 to 112 connections minus 9 and 5 leave 65 to 98; two versions hold connections during a deploy.
    assert store_budget(MICRO, direct("Api", reserved)).verdict is verdict


def test_the_largest_fit_is_the_edge() -> None:
    budget = store_budget(MICRO, direct("Api", 80))
    largest = budget.largest_fit(budget.direct[0])
    assert store_budget(MICRO, direct("Api", largest)).verdict is Verdict.FITS
    assert store_budget(MICRO, direct("Api", largest + 1)).verdict is not Verdict.FITS


def test_functions_and_pools_on_one_database_are_summed() -> None:
    budget = store_budget(PINNED, direct("A", 10), direct("B", 5, each=2), pooled("C", 30, 0.1), pools=(PROXY,))
    assert budget.opened == Quantity.exact(20 + 20 + 20)
    assert budget.opened_once == Quantity.exact(20 + 10 + 10)
    assert budget.slack == Quantity.exact(100 - 14 - 60)
    assert [str(term) for term in budget.terms[-5:]] == [
        "usable: 86",
        "pool of Proxy: 20",
        "A (10 environments × 1 connection × 2 versions during a deploy): 20",
        "B (5 environments × 2 connections × 2 versions during a deploy): 20",
        "may be opened: 60",
    ]


def test_an_unreserved_function_is_never_decided_by_its_lower_bound() -> None:
    assert store_budget(MICRO, direct("Free", None)).verdict is Verdict.UNDECIDED


def test_a_possible_connection_is_not_counted() -> None:
    consumer, link = direct("Maybe", 500)
    assert store_budget(MICRO, (consumer, link._replace(certainty="possible"))).opened == Quantity.exact(0)


def test_a_migration_lives_on_the_operator_reserve() -> None:
    consumer, link = direct("Migration", None)
    budget = store_budget(MICRO, (consumer._replace(deploy_time=True), link))
    assert [demand.consumer.id for demand in budget.within_reserve] == ["Migration"]
    assert budget.opened == Quantity.exact(0)


def test_a_pool_rounds_down_for_clients_and_up_for_the_database() -> None:
    budget = pool_budget(pooled("Api", 5, 0.1), pool=PROXY._replace(percent=Quantity.exact(33.3)))
    assert (budget.connections, budget.opening) == (Quantity.exact(33), Quantity.exact(34))


def test_a_pool_without_settings_has_the_defaults_of_aws() -> None:
    budget = pool_budget(pooled("Api", 5, 0.1), pool=Pool("Proxy", "Orders"))
    assert (budget.connections, budget.borrow_timeout) == (Quantity.exact(100), Quantity.exact(120))


def test_proof_a_nobody_waits() -> None:
    budget = pool_budget(pooled("Api", 20, 5))
    assert budget.nobody_waits
    assert budget.wait == Quantity.exact(0)
    assert budget.verdict is Verdict.FITS


@pytest.mark.parametrize(
    ("reserved", "hold", "wait", "verdict"),
    [
        (500, 0.05, 1.2, Verdict.FITS),
        (500, 0.2, 4.8, Verdict.FITS),
        (500, 0.3, 7.2, Verdict.EXCEEDS),
        (120, 1, 5, Verdict.EXCEEDS),
        (100, 1, 4, Verdict.FITS),
    ],
)
def test_proof_b_nobody_waits_too_long(reserved: int, hold: float, wait: float, verdict: Verdict) -> None:
    budget = pool_budget(pooled("Api", reserved, hold))
    assert budget.wait == Quantity.exact(wait)
    assert budget.verdict is verdict


def test_transactions_in_sequence_must_fit_the_functions_own_timeout() -> None:
    three = pooled("Api", 100, 1, timeout=10, transactions_per_invocation=Quantity.exact(3))
    budget = pool_budget(three)
    assert budget.chains[0].needed == Quantity.exact(3 * (4 + 1))
    assert budget.verdict is Verdict.EXCEEDS


def test_a_hold_nobody_enforces_may_last_as_long_as_the_function() -> None:
    budget = pool_budget(pooled("Api", 100, 0.05, timeout=10, hold_enforced=False))
    assert budget.hold_assumed
    assert (budget.wait.low, budget.wait.high) == (Quantity.exact(0.2).low, 40)
    assert budget.verdict is Verdict.UNDECIDED


def test_pinned_sessions_keep_their_connections_from_the_others() -> None:
    budget = pool_budget(pooled("Pinned", 5, 0.1, pins_session=True), pooled("Api", 50, 0.1))
    assert budget.pinned == Quantity.exact(10)
    assert budget.wait == Quantity.exact(0.4)


@pytest.mark.parametrize("pinned", [10, 11])
def test_pinned_sessions_that_take_the_whole_pool_starve_the_rest(pinned: int) -> None:
    budget = pool_budget(pooled("Pinned", pinned, 0.1, pins_session=True), pooled("Api", 1, 0.1))
    assert budget.verdict is Verdict.EXCEEDS


def test_readers_answer_for_readers_only() -> None:
    cluster = Store(
        "Orders",
        "aurora-cluster",
        "aurora-postgresql",
        instances=(Instance("W", "db.r6g.large"), Instance("R", "db.r6g.large", "reader")),
    )
    consumer, link = direct("Reports", 10)
    budgets = judge(fleet(cluster, (consumer, link._replace(role="reader"))), Settings())
    writer, reader = budgets.of("Orders"), budgets.of("Orders", "reader")
    assert writer is not None
    assert reader is not None
    assert writer.opened == Quantity.exact(0)
    assert reader.opened == Quantity.exact(20)


def test_the_account_is_summed() -> None:
    budget = judge(fleet(PINNED, direct("A", 400), direct("B", 600)), Settings())
    assert budget.reserved == Quantity.exact(1000)
    assert budget.reservable == Quantity.exact(900)
    assert judge(fleet(PINNED), Settings(account_concurrency=10)).reservable == Quantity.exact(0)


sizes = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 4)), min_size=1, max_size=4)


@given(st.integers(14, 400), sizes, st.data())
def test_hiding_a_number_never_turns_a_verdict_around(
    limit: int, functions: list[tuple[int, int]], data: st.DataObject
) -> None:
    store = MICRO._replace(max_connections=Quantity.exact(limit))
    clients = [direct(f"F{index}", reserved, each) for index, (reserved, each) in enumerate(functions)]
    known = store_budget(store, *clients).verdict
    assert known is not Verdict.UNDECIDED
    index = data.draw(st.integers(0, len(clients) - 1))
    consumer, link = clients[index]
    clients[index] = (consumer._replace(reserved_concurrency=Quantity.unknown("a token")), link)
    assert store_budget(store, *clients).verdict in (known, Verdict.UNDECIDED)
    blind = store._replace(max_connections=Quantity.unknown("a token"))
    assert store_budget(blind, *clients).verdict is Verdict.UNDECIDED


@given(st.integers(10, 400), sizes, st.integers(1, 50))
def test_growing_a_function_never_makes_a_full_database_fit(
    limit: int, functions: list[tuple[int, int]], more: int
) -> None:
    store = MICRO._replace(max_connections=Quantity.exact(limit))
    clients = [direct(f"F{index}", reserved, each) for index, (reserved, each) in enumerate(functions)]
    grown = [*clients[1:], direct("F0", functions[0][0] + more, functions[0][1])]
    if store_budget(store, *clients).verdict is Verdict.EXCEEDS:
        assert store_budget(store, *grown).verdict is Verdict.EXCEEDS


def test_a_stopped_function_whose_sessions_would_pin_changes_nobodys_wait() -> None:
    others = pooled("Api", 60, hold=1, transactions_per_invocation=Quantity.exact(2))
    stopped = pooled("Stopped", 0, hold=2, pins_session=True)

    assert pool_budget(others, stopped).wait == pool_budget(others).wait


def test_many_functions_with_the_same_hold_are_judged_as_one_crowd() -> None:
    crowd = pool_budget(*(pooled(f"F{index}", 2, hold=1) for index in range(30)))
    alone = pool_budget(pooled("F", 60, hold=1))

    assert {(chain.wait, chain.needed) for chain in crowd.chains} == {
        (chain.wait, chain.needed) for chain in alone.chains
    }
