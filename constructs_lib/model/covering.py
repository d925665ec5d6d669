"""How evenly holds can be divided among connections at best: the other name of the longest wait.

The longest wait of a first-come-first-served newcomer is the best *covering*: the largest L for which the others' holds can be divided
among the connections so that each carries at least L (proof: ``constructs_lib.simulation.covering``). Finding it is NP-hard; these bounds
are not.

A function F bounds it when every set of holds that sums to L or more has ΣF ≥ 1: if all holds together have ΣF < connections, L is out
of reach. For whole k ≥ 1 and b > 0, with L = k·b + d and 0 < d ≤ b, take

    F(x) = x / ((k + 1)·d)                  for x ≤ d,
           min(1, ceil(x / b) / (k + 1))    for x > d.

Proof that it is one: cut every x > b into ceil(x / b) equal pieces of at most b; no piece weighs more than 1/(k + 1), so cutting adds
nothing (and a hold of weight 1 needs no proof). Let j pieces be longer than d. If j > k they weigh 1. Else the rest, all at most d,
sum to at least L − j·b = d + (k − j)·b ≥ d + (k − j)·d and weigh at least (1 + k − j)/(k + 1); with the j pieces that is 1.

ΣF falls as d grows, so for each k and b the largest d that is not out of reach bounds the covering by k·b + d. Between two values where
some ceil(x / b) steps, the smallest b is best: b need only be a hold, or a hold divided by a whole number up to k + 1.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction

#: Transactions per connection that are told apart; beyond them the mean is as good.
_MOST_PIECES = 6
#: Different holds in one pool up to which the bounds are refined: their number grows with its square.
_MOST_HOLDS = 12
_UNIT = math.lcm(*range(1, _MOST_PIECES + 2))


def refined(holds: Sequence[tuple[int, int]], connections: int, bound: Fraction, reached: int) -> Fraction:
    """The smallest of ``bound`` and the bounds of this module, for (hold, clients) pairs of whole ticks, shortest hold first.

    ``reached`` is a wait that some schedule reaches: no bound lies below, so the search ends there.
    """
    if not 1 < len(holds) <= _MOST_HOLDS:
        return bound
    least, best = reached * _UNIT, bound * _UNIT
    above = math.ceil(best)  # whole numbers compare faster than fractions
    fine = [(hold * _UNIT, clients) for hold, clients in holds]
    for pieces, length in _candidates(fine):
        # Such a pair bounds the covering between k·b and (k + 1)·b, where alone it can be of use.
        if least < (pieces + 1) * length and pieces * length < above:
            rest = _largest_rest(fine, connections, pieces, length)
            if rest is not None and pieces * length + rest < best:
                best = pieces * length + rest
                above = math.ceil(best)
            if above <= least:
                break
    return best / _UNIT


def _candidates(holds: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for pieces in range(1, _MOST_PIECES + 1):
        for hold, _ in holds:
            for parts in range(1, pieces + 2):
                if hold:
                    yield pieces, hold // parts


def _largest_rest(holds: Sequence[tuple[int, int]], connections: int, pieces: int, length: int) -> Fraction | None:
    """The largest d in (0, b] with ΣF ≥ connections; 0 when there is none, ``None`` when b itself is one."""
    needed = connections * (pieces + 1)
    weight = sum(clients * min(pieces + 1, -(-hold // length)) for hold, clients in holds)
    short = 0
    for hold, clients in holds:
        if hold > length:
            break
        if weight < needed and short < (needed - weight) * hold:
            return Fraction(short, needed - weight)
        short += hold * clients
        weight -= clients if hold else 0
    return Fraction(short, needed - weight) if weight < needed and short < (needed - weight) * length else None
