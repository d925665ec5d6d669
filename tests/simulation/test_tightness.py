"""The proven wait against the exact worst one where that can be found, and against replayed schedules where it cannot."""

from __future__ import annotations

import random
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.model.waiting import Holders, forced_wait_behind, longest_wait_behind
from constructs_lib.simulation.covering import best_cover
from constructs_lib.simulation.tightness import random_pool, tightness


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 40)), min_size=1, max_size=4), st.integers(1, 5))
def test_the_bound_is_never_below_the_exact_worst_wait_and_seldom_above(
    groups: list[tuple[int, int]], pool: int
) -> None:
    holds = [hold for count, hold in groups for _ in range(count)]
    exact = best_cover(holds, pool)
    if exact is None:
        return
    others = [Holders(count, hold) for count, hold in groups]
    bound, forced = longest_wait_behind(others, pool), forced_wait_behind(others, pool)
    assert bound is not None
    assert forced is not None
    assert forced <= exact <= bound
    # Longest first reaches (3 pool - 1) / (4 pool - 2) of the worst (Csirik, Kellerer, Woeginger 1992).
    assert forced * (4 * pool - 2) >= exact * (3 * pool - 1)


def test_pieces_of_several_connections_that_the_mean_overstates() -> None:
    """Fifty holds of 200 on twenty connections: ten carry three, ten carry two and must share the short ones."""
    others = [Holders(50, 200), Holders(6, 40), Holders(10, 2)]
    mean = (50 * 200 + 6 * 40 + 10 * 2) // 20

    assert mean == 513
    assert longest_wait_behind(others, 20) == 404
    assert forced_wait_behind(others, 20) == 404


def test_seeded_pools_stay_below_five_quarters_of_what_a_replayed_schedule_produces() -> None:
    found = [tightness(*random_pool(random.Random(seed)), random.Random(seed)) for seed in range(150)]
    ratios = sorted(item.ratio for item in found)

    assert ratios[0] >= 1
    assert ratios[len(ratios) // 2] == 1
    assert ratios[-1] <= Fraction(5, 4)
