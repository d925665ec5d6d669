"""What pools and direct clients open against what is usable, when both depend on the same max_connections.

A percentage of a limit that is only known in bounds moves with the limit: 100 % of M never fits M − 9, whatever M is, although the
two intervals overlap. Plain interval arithmetic cannot see that; here the comparison holds for every M of the interval at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction

from constructs_lib.model.pools import PoolBudget, pool_percent
from constructs_lib.model.quantity import Number, Quantity, total
from constructs_lib.model.verdict import Verdict


def compare_openings(limit: Quantity, pools: Sequence[PoolBudget], direct: Quantity, kept: Quantity) -> Verdict:
    """Whether pools and ``direct`` connections fit ``limit − kept``, for every value the limit may have."""
    # What is kept back stays on this side: less what is kept, a limit below it would read as zero, which nothing opened fits.
    taken = total([pool.opening for pool in pools]) + direct + kept
    if taken.surely_at_most(limit):
        return Verdict.FITS
    if taken.surely_above(limit):
        return Verdict.EXCEEDS
    shares = [pool_percent(pool.pool) for pool in pools if pool.pool.connections is None]
    fixed = total([pool.opening for pool in pools if pool.pool.connections is not None]) + direct
    if not shares or limit.is_exact:
        return Verdict.UNDECIDED
    if _fits_everywhere(limit, shares, fixed, kept):
        return Verdict.FITS
    return Verdict.EXCEEDS if _exceeds_everywhere(limit, shares, fixed, kept) else Verdict.UNDECIDED


def _fits_everywhere(limit: Quantity, shares: list[Quantity], fixed: Quantity, kept: Quantity) -> bool:
    """Up to 100 % what is left grows with the limit, so the lowest limit decides."""
    highs = [share.high for share in shares if share.high is not None]
    if len(highs) < len(shares) or sum(highs) > 100 or fixed.high is None or kept.high is None:
        return False
    return _most_opened(limit.low, highs) + fixed.high + kept.high <= limit.low


def _most_opened(limit: Number, percents: list[Number]) -> Number:
    """One pool rounds up in step with the limit; several may each round up by less than one at some larger limit."""
    if len(percents) == 1:
        return math.ceil(Fraction(limit * percents[0]) / 100)
    return Fraction(limit * sum(percents)) / 100 + len(percents)


def _exceeds_everywhere(limit: Quantity, shares: list[Quantity], fixed: Quantity, kept: Quantity) -> bool:
    """The excess grows with the limit from 100 % on and shrinks below: the lowest or the highest limit decides."""
    percent = sum(share.low for share in shares)
    if percent <= 0:
        return False
    worst = max(1, limit.low) if percent >= 100 else limit.high
    return worst is not None and Fraction(worst * percent) / 100 + fixed.low + kept.low > worst
