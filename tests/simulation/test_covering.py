"""The theorem behind the worst wait, by brute force on small pools."""

from __future__ import annotations

import itertools
import random

from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.simulation.covering import arrival_order, best_cover, lightest, wait_after, worst_division
from constructs_lib.simulation.engine import run
from constructs_lib.simulation.schedule import Invocation, Schedule, Step, Strand
from constructs_lib.simulation.world import Database, Function, Link, Pooler, World

SMALL = st.lists(st.integers(1, 6), min_size=1, max_size=6)


def worst_order(holds: list[int], pool: int) -> int:
    return max(wait_after(order, holds, pool) for order in itertools.permutations(range(len(holds))))


@given(SMALL, st.integers(1, 4))
def test_the_worst_order_waits_as_long_as_the_best_cover(holds: list[int], pool: int) -> None:
    assert worst_order(holds, pool) == best_cover(holds, pool)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), st.integers(1, 5), st.integers(0, 2**32))
def test_a_division_becomes_an_order_that_waits_no_less(holds: list[int], pool: int, seed: int) -> None:
    parts: list[list[int]] = [[] for _ in range(pool)]
    for index in range(len(holds)):
        parts[random.Random(seed + index).randrange(pool)].append(index)

    assert wait_after(arrival_order(parts, holds), holds, pool) >= lightest(parts, holds)


@given(st.lists(st.integers(1, 30), min_size=1, max_size=11), st.integers(1, 4), st.integers(0, 2**32))
def test_the_search_finds_a_cover_near_the_best(holds: list[int], pool: int, seed: int) -> None:
    best = best_cover(holds, pool)
    found = lightest(worst_division(holds, pool, random.Random(seed)), holds)

    assert best is not None
    assert found <= best
    # Longest first alone reaches (3 pool - 1) / (4 pool - 2) of the best (Csirik, Kellerer, Woeginger 1992).
    assert found * (4 * pool - 2) >= best * (3 * pool - 1)


@settings(max_examples=60)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(1, 3), st.data())
def test_no_offset_and_no_shorter_hold_makes_it_worse(holds: list[int], pool: int, data: st.DataObject) -> None:
    """Others who come earlier, hold shorter, or come again never make the newcomer wait beyond the best cover."""
    function = Function("f", 20, 20, 10_000, (Link("d", "p", hold=4),))
    links = tuple(Link("d", "p", hold=hold) for hold in holds)
    others = tuple(Function(f"o{number}", 1, 1, 10_000, (link,)) for number, link in enumerate(links))
    world = World((Database("d", 100),), (Pooler("p", "d", pool, pool, 100_000),), (function, *others))
    arrivals = data.draw(
        st.lists(st.tuples(st.integers(0, len(holds) - 1), st.integers(0, 12), st.integers(1, 4)), max_size=12)
    )
    calls = [
        Invocation(at, f"o{who}", (Strand(0, 0, (Step(0, min(hold, holds[who])),), rank=number),))
        for number, (who, at, hold) in enumerate(arrivals)
    ]
    newcomer = Invocation(12, "f", (Strand(0, 0, (Step(0, 1),), rank=10_000),))
    outcome = run(world, Schedule((newcomer, *calls)))

    assert outcome.durations[0] - 1 <= (best_cover(holds, pool) or 0)


def test_longest_first_is_not_always_the_worst() -> None:
    # Two connections: longest first makes 3+2+2 and 3+2; the worst order 3+3 and 2+2+2.
    holds = [3, 3, 2, 2, 2]

    assert wait_after([0, 1, 2, 3, 4], holds, 2) == 5
    assert best_cover(holds, 2) == 6
    assert lightest(worst_division(holds, 2, random.Random(0)), holds) == 6


def test_the_exact_search_gives_up_rather_than_run_for_ever() -> None:
    assert best_cover(list(range(100, 140)), 9, most_nodes=50) is None
