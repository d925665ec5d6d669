"""The bound on mixed holds against every arrival order of small pools, and against random schedules of larger ones."""

from __future__ import annotations

import heapq
import itertools
import random
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from constructs_lib.model.queueing import bounded_wait
from constructs_lib.model.waiting import Holders, forced_wait, longest_wait

HOLDS = st.integers(1, 9)


def start_of_newcomer(holds: tuple[int, ...], pool: int) -> int:
    """When somebody who comes after all of ``holds`` gets a connection, first come first served: independent of the library."""
    free = [0] * pool
    for hold in holds:
        heapq.heapreplace(free, free[0] + hold)
    return free[0]


def grouped(holds: list[int]) -> list[Holders]:
    return [Holders(len(list(same)), hold) for hold, same in itertools.groupby(sorted(holds))]


@given(st.lists(HOLDS, min_size=1, max_size=7), st.integers(1, 4))
def test_no_arrival_order_waits_longer_than_the_bound(holds: list[int], pool: int) -> None:
    worst = max(
        start_of_newcomer(order, pool)
        for newcomer in range(len(holds))
        for order in itertools.permutations(holds[:newcomer] + holds[newcomer + 1 :])
    )
    bound, forced = longest_wait(grouped(holds), pool), forced_wait(grouped(holds), pool)
    assert bound is not None
    assert forced is not None
    assert forced <= worst <= bound


@given(
    st.lists(st.tuples(st.integers(1, 60), HOLDS), min_size=1, max_size=5), st.integers(1, 30), st.integers(0, 2**32)
)
def test_no_random_order_of_a_large_pool_waits_longer(groups: list[tuple[int, int]], pool: int, seed: int) -> None:
    holds = [hold for count, hold in groups for _ in range(count)]
    random.Random(seed).shuffle(holds)
    bound = longest_wait([Holders(count, hold) for count, hold in groups], pool)
    assert bound is not None
    assert start_of_newcomer(tuple(holds[1:]), pool) <= bound


@given(st.integers(1, 500), st.integers(1, 80), HOLDS)
def test_equal_holds_give_the_closed_form(clients: int, pool: int, hold: int) -> None:
    assert longest_wait([Holders(clients, hold)], pool) == bounded_wait(clients, pool, hold)
    assert forced_wait([Holders(clients, hold)], pool) == bounded_wait(clients, pool, hold)


@given(
    st.lists(st.tuples(st.integers(0, 50), HOLDS), max_size=4), st.integers(1, 20), st.integers(0, 3), st.integers(1, 9)
)
def test_more_clients_longer_holds_and_smaller_pools_never_wait_less(
    groups: list[tuple[int, int]], pool: int, extra: int, hold: int
) -> None:
    holders = [Holders(count, held) for count, held in groups]
    base = longest_wait(holders, pool)
    assert base is not None
    more = longest_wait([*holders, Holders(extra, hold)], pool)
    assert more is not None
    assert more >= base
    larger = longest_wait(holders, pool + 1)
    assert larger is not None
    assert larger <= base


@pytest.mark.parametrize("pool", [0, -1])
def test_a_pool_without_connections_lets_nobody_in(pool: int) -> None:
    assert longest_wait([Holders(1, 1)], pool) is None
    assert forced_wait([Holders(1, 1)], pool) is None
    assert longest_wait([], pool) == 0


def test_long_holds_that_occupy_their_own_connections_do_not_delay_the_rest() -> None:
    # Four batch jobs of 60 s occupy four of five connections; the fifth serves nineteen requests of 0.1 s before the twentieth.
    bound = longest_wait([Holders(4, 60), Holders(20, Fraction(1, 10))], 5)
    assert bound == Fraction(19, 10)
