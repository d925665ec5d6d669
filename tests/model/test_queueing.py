"""The closed forms against a simulation of clients that come back again and again, and against Little's law."""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from fractions import Fraction

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from constructs_lib.model.queueing import averages, bounded_wait, largest_clients, little, seconds
from constructs_lib.model.waiting import Holders, longest_wait


def longest_simulated_wait(
    clients: int, pool: int, hold: Callable[[int], float], think: Callable[[], float], transactions: int
) -> float:
    """First come first served, every client thinks, waits, holds, and comes back. Independent of the library."""
    arrivals = [(think(), client) for client in range(clients)]
    heapq.heapify(arrivals)
    queue: deque[tuple[float, int]] = deque()
    releases: list[tuple[float, int]] = []
    idle, served, longest = pool, 0, 0.0
    while served < transactions and (arrivals or releases):
        # A connection that is given back at the same instant serves those who already wait.
        if releases and (not arrivals or releases[0][0] <= arrivals[0][0]):
            now, client = heapq.heappop(releases)
            idle += 1
            heapq.heappush(arrivals, (now + think(), client))
        else:
            now, client = heapq.heappop(arrivals)
            queue.append((now, client))
        while idle and queue:
            came, client = queue.popleft()
            longest = max(longest, now - came)
            idle -= 1
            served += 1
            heapq.heappush(releases, (now + hold(client), client))
    return longest


@given(st.integers(1, 60), st.integers(1, 15))
def test_a_burst_of_equal_holds_reaches_exactly_the_bound(clients: int, pool: int) -> None:
    longest = longest_simulated_wait(clients, pool, lambda _: 1, lambda: 0, clients)
    assert longest == bounded_wait(clients, pool, 1)


@given(st.integers(1, 40), st.integers(1, 10), st.integers(0, 2**32))
def test_clients_that_come_back_never_wait_longer_than_the_bound(clients: int, pool: int, seed: int) -> None:
    chance = random.Random(seed)
    bound = bounded_wait(clients, pool, 1)
    assert bound is not None
    longest = longest_simulated_wait(clients, pool, lambda _: chance.random(), lambda: chance.choice([0, 0, 2]), 400)
    assert longest <= bound + 1e-9


@given(
    st.lists(st.tuples(st.integers(1, 12), st.sampled_from([0.5, 1.0, 4.0, 16.0])), min_size=1, max_size=4),
    st.integers(1, 8),
    st.integers(0, 2**32),
)
def test_mixed_clients_that_come_back_never_wait_longer_than_the_proven_bound(
    groups: list[tuple[int, float]], pool: int, seed: int
) -> None:
    chance = random.Random(seed)
    limits = [limit for count, limit in groups for _ in range(count)]
    bound = longest_wait([Holders(count, Fraction(limit)) for count, limit in groups], pool)
    assert bound is not None
    longest = longest_simulated_wait(
        len(limits),
        pool,
        lambda client: limits[client] * chance.choice([0.1, 1, 1]),
        lambda: chance.choice([0, 0, 3]),
        400,
    )
    assert longest <= bound + 1e-9


@pytest.mark.parametrize(
    ("clients", "pool", "hold", "wait"),
    [
        (500, 20, Fraction(1, 20), Fraction(6, 5)),
        (100, 20, Fraction(1, 20), Fraction(1, 5)),
        (20, 20, 1, 0),
        (21, 20, 1, 1),
        (40, 20, 1, 1),
        (41, 20, 1, 2),
        (0, 0, 1, 0),
        (1, 0, 1, None),
    ],
)
def test_bounded_wait(clients: int, pool: int, hold: Fraction, wait: Fraction | None) -> None:
    assert bounded_wait(clients, pool, hold) == wait


@given(
    st.integers(1, 200),
    st.fractions(Fraction(1, 100), 60, max_denominator=100),
    st.fractions(Fraction(1, 100), 300, max_denominator=100),
)
def test_largest_clients_is_the_exact_inverse_of_the_bounded_wait(pool: int, hold: Fraction, longest: Fraction) -> None:
    clients = largest_clients(pool, hold, longest)
    fits, too_many = bounded_wait(clients, pool, hold), bounded_wait(clients + 1, pool, hold)
    assert fits is not None
    assert too_many is not None
    assert fits < longest <= too_many


def test_largest_clients_at_the_edges() -> None:
    assert largest_clients(0, 1, 5) == 0
    assert largest_clients(20, 1, 0) == 20
    with pytest.raises(ValueError, match="hold must be positive"):
        largest_clients(20, 0, 5)


@given(st.integers(1, 800), st.integers(1, 200), st.floats(0, 60), st.floats(0.001, 30))
def test_averages_satisfy_littles_law(clients: int, pool: int, think: float, hold: float) -> None:
    mean = averages(clients, pool, think, hold)
    assert mean.throughput_per_second * (think + mean.wait_seconds + hold) == pytest.approx(clients, rel=1e-6)
    assert mean.throughput_per_second * hold == pytest.approx(mean.utilisation * pool, rel=1e-6)
    assert 0 < mean.utilisation <= 1 + 1e-9


@given(st.integers(2, 200), st.integers(1, 50), st.floats(0.01, 10), st.floats(0.01, 5))
def test_the_average_wait_is_below_the_proven_one_and_grows_with_clients(
    clients: int, pool: int, think: float, hold: float
) -> None:
    assume(pool < clients)
    fewer, more = averages(clients - 1, pool, think, hold), averages(clients, pool, think, hold)
    assert more.wait_seconds >= fewer.wait_seconds - 1e-9
    assert more.throughput_per_second <= min(clients / (think + hold), pool / hold) * (1 + 1e-9)


def test_averages_of_a_textbook_case() -> None:
    # Two machines, one repairman, equal rates: states 0, 1, 2 have weights 1, 2, 2.
    mean = averages(2, 1, 1.0, 1.0)
    assert mean.utilisation == pytest.approx(0.8)
    assert mean.wait_seconds == pytest.approx(6 / 4 - 1)


def test_averages_refuse_what_makes_no_sense() -> None:
    with pytest.raises(ValueError, match="got 0, 1"):
        averages(0, 1, 1.0, 1.0)


@pytest.mark.parametrize(("rate", "duration", "needed"), [(100, Fraction(1, 4), 25), (1, Fraction(1, 3), 1), (0, 5, 0)])
def test_little(rate: int, duration: Fraction, needed: int) -> None:
    assert little(rate, duration) == needed


def test_seconds_read_as_people_write_them() -> None:
    assert seconds(Fraction(5, 4)) == "1.25 s"
    assert seconds(3) == "3 s"
    assert seconds(None) == "no bound"


def test_a_think_time_next_to_zero_does_not_overflow() -> None:
    assert averages(3, 2, 5e-324, 1.0).throughput_per_second == pytest.approx(2)
