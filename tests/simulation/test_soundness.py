"""Random fleets over every mode: what the model accepts survives, what it rejects as certain breaks.

The full run is ``benchmarks/soundness.py``; this one is seeded and small.
"""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from constructs_lib.model.budget import judge
from constructs_lib.simulation.engine import run
from constructs_lib.simulation.fleets import random_fleet
from constructs_lib.simulation.soundness import Claim, breaks, claim_of, exhibit, rejections
from constructs_lib.simulation.worlds import worlds


def hold_against_simulation(rng: random.Random) -> Claim:
    fleet, declared = random_fleet(rng)
    budget = judge(fleet, declared)
    claim = claim_of(budget)
    chance = random.Random(1)
    if claim is Claim.ACCEPTED:
        witness = breaks(fleet, declared, chance)
        assert witness is None, (run(witness.world, witness.schedule).violations[:1], fleet, declared)
    if claim is Claim.REJECTED:
        for rejection in rejections(budget):
            for world in worlds(fleet, declared, "mild"):
                shown = exhibit(rejection, world, chance)
                assert shown is not None, (rejection, fleet, declared)
                assert not shown.schedule.eager
                again = run(shown.world, shown.schedule)
                assert again.violations == shown.outcome.violations
    return claim


def test_seeded_fleets_of_every_kind() -> None:
    claims = Counter(hold_against_simulation(random.Random(seed)) for seed in range(600))

    assert claims[Claim.ACCEPTED] >= 120
    assert claims[Claim.REJECTED] >= 250


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False))
def test_fleets_that_hypothesis_draws(rng: random.Random) -> None:
    hold_against_simulation(rng)
