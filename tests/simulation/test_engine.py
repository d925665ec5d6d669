"""The engine on worlds small enough to follow by hand."""

from __future__ import annotations

import pytest

from constructs_lib.simulation.engine import run
from constructs_lib.simulation.outcome import Violation
from constructs_lib.simulation.schedule import Deploy, Invocation, Schedule, Step, Strand, Style
from constructs_lib.simulation.world import Database, Function, Link, Pooler, World

DATABASE = Database("db/writer", max_connections=10, engine_reserve=3, others=2)
POOLER = Pooler("pool/writer", "db/writer", lends=2, opens=2, borrow_timeout=9)


def pooled(
    name: str, *, concurrency: int = 10, timeout: int = 100, work: int = 0, versions: int = 1, **link: object
) -> Function:
    uses = Link("db/writer", "pool/writer", **{"hold": 4, **link})  # type: ignore[arg-type]
    return Function(name, concurrency, concurrency, timeout, (uses,), work=work, versions=versions)


def direct(name: str, *, concurrency: int, versions: int = 1, each: int = 1) -> Function:
    return Function(name, concurrency, concurrency, 100, (Link("db/writer", connections=each),), versions=versions)


def world(*functions: Function, pooler: Pooler = POOLER) -> World:
    return World((DATABASE,), (pooler,), functions)


def one(at: int, function: str, *holds: int, rank: int = 0, tail: int = 0) -> Invocation:
    return Invocation(at, function, (Strand(0, 0, tuple(Step(0, hold) for hold in holds), rank=rank),), tail)


def test_clients_wait_in_the_order_they_came() -> None:
    outcome = run(world(pooled("f")), Schedule((one(0, "f", 4), one(0, "f", 3), one(1, "f", 4), one(2, "f", 4))))

    assert outcome.violations == []
    assert outcome.waits == {"pool/writer": 2}
    assert [outcome.finished[number] for number in range(4)] == [4, 3, 7, 8]


def test_rank_orders_requests_of_one_instant() -> None:
    invocations = (one(0, "f", 4, rank=3), one(0, "f", 3, rank=2), one(0, "f", 2, rank=1), one(0, "f", 1, rank=0))
    outcome = run(world(pooled("f")), Schedule(invocations))

    assert [outcome.finished[number] for number in range(4)] == [6, 4, 2, 1]


@pytest.mark.parametrize(("timeout", "violated"), [(4, True), (5, False)])
def test_a_wait_of_exactly_the_borrow_timeout_is_too_long(timeout: int, violated: bool) -> None:
    pooler = Pooler("pool/writer", "db/writer", lends=1, opens=1, borrow_timeout=timeout)
    outcome = run(world(pooled("f"), pooler=pooler), Schedule((one(0, "f", 4), one(0, "f", 4, rank=1))))

    assert outcome.violations == ([Violation("borrow-timeout", 4, "pool/writer", "f")] if violated else [])
    assert outcome.waits == {"pool/writer": 4}


@pytest.mark.parametrize(("timeout", "violated"), [(7, True), (8, False)])
def test_an_invocation_of_exactly_its_timeout_is_not_too_long(timeout: int, violated: bool) -> None:
    outcome = run(world(pooled("f", timeout=timeout, transactions=2)), Schedule((one(0, "f", 4, 4),)))

    assert outcome.violations == ([Violation("function-timeout", 7, "f", "f")] if violated else [])


def test_a_hold_nobody_ends_lasts_until_the_function_does_and_is_no_fault_of_the_pool() -> None:
    outcome = run(world(pooled("f", timeout=6, hold=9, enforced=False)), Schedule((one(0, "f", 9), one(7, "f", 4))))

    assert outcome.violations == []
    assert outcome.durations == {0: 6, 1: 4}


def test_who_dies_waiting_is_a_fault_of_the_pool_whatever_was_assumed() -> None:
    pooler = Pooler("pool/writer", "db/writer", lends=1, opens=1, borrow_timeout=50)
    victims = world(pooled("f", timeout=6, hold=9, enforced=False), pooled("g", hold=50), pooler=pooler)
    outcome = run(victims, Schedule((one(0, "g", 50), one(1, "f", 1))))

    assert outcome.violations == [Violation("function-timeout", 7, "f", "f")]


def test_a_pinned_session_keeps_its_connection_while_its_environment_is_frozen() -> None:
    pinned, plain = pooled("p", concurrency=1, pins=True), pooled("f")
    outcome = run(world(pinned, plain), Schedule((one(0, "p", 1), one(20, "f", 4), one(20, "f", 4), one(40, "p", 4))))

    assert outcome.waits == {"pool/writer": 4}
    assert outcome.durations[3] == 4


@pytest.mark.parametrize("style", ["all-at-once", "linear", "canary"])
def test_a_deploy_leaves_the_old_environments_frozen_with_open_sockets(style: Style) -> None:
    functions = world(direct("f", concurrency=3, versions=2))
    calls = tuple(Invocation(at, "f") for at in (0, 0, 0, 50, 50))
    outcome = run(functions, Schedule(calls, (Deploy(10, "f", style, 2),)))

    assert outcome.peaks == {"db/writer": 3 + 2 + 3 + 2}
    assert outcome.violations == []


def test_a_canary_sends_a_tenth_until_it_shifts() -> None:
    functions = world(direct("f", concurrency=20, versions=2))
    schedule = Schedule(tuple(Invocation(at, "f") for at in range(1, 11)), (Deploy(0, "f", "canary", 50),))

    assert run(functions, schedule).peaks == {"db/writer": 5 + 2}


def test_the_connection_too_many_is_reported_with_whom_it_was_for() -> None:
    functions = world(direct("f", concurrency=3, each=2))
    outcome = run(functions, Schedule((Invocation(0, "f"),) * 3))

    assert outcome.violations == [Violation("slots", 0, "db/writer", "f")]
    assert outcome.peaks == {"db/writer": 11}


def test_environments_are_used_again_when_idle() -> None:
    outcome = run(world(direct("f", concurrency=3)), Schedule(tuple(Invocation(at, "f", tail=0) for at in range(9))))

    assert outcome.peaks == {"db/writer": 6}


def test_reserved_concurrency_throttles_and_so_does_the_account() -> None:
    shared = Function("s", 5, 5, 100, (Link("db/writer"),), shared=True)
    functions = World((DATABASE,), (), (direct("f", concurrency=1), shared), unreserved=2)
    outcome = run(functions, Schedule(tuple(Invocation(0, name) for name in "ffsss")))

    assert outcome.throttled == 2


def test_a_pooler_opens_connections_as_clients_need_them_or_all_at_once() -> None:
    functions, call = world(pooled("f")), (one(0, "f", 4),)

    assert run(functions, Schedule(call)).peaks == {"db/writer": 6}
    assert run(functions, Schedule(call, eager=True)).peaks == {"db/writer": 7}


def test_stages_run_one_after_the_other() -> None:
    link = Link("db/writer", "pool/writer", hold=4)
    function = Function("f", 1, 1, 100, (link, link), work=2)
    strands = (Strand(0, 0, (Step(0, 4),)), Strand(1, 0, (Step(1, 3),), stage=1))

    assert run(world(function), Schedule((Invocation(0, "f", strands, tail=1),))).durations == {0: 9}


@pytest.mark.parametrize(
    ("invocation", "reason"),
    [
        (one(0, "f", 5), "holds longer or more often"),
        (one(0, "f", 1, 1), "holds longer or more often"),
        (one(0, "f", 1, tail=1), "works longer"),
        (one(0, "g", 1), "no function of this world"),
        (Invocation(0, "f", (Strand(0, 1, (Step(0, 1),)),)), "no pooled connection 1"),
        (Invocation(0, "f", (Strand(0, 0, (Step(0, 1),)),) * 2), "twice at once"),
        (Invocation(0, "f", fresh=True), "no tenants"),
        (Invocation(0, "f", (Strand(0, 0, ()), Strand(0, 1, (), stage=1))), "one after the other"),
    ],
)
def test_a_schedule_the_functions_cannot_follow_is_refused(invocation: Invocation, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        run(world(pooled("f")), Schedule((invocation,)))


def test_more_deploys_than_versions_may_be_alive_are_refused() -> None:
    with pytest.raises(ValueError, match="2 versions may be alive"):
        run(world(direct("f", concurrency=1, versions=2)), Schedule((), (Deploy(1, "f"), Deploy(2, "f"))))
