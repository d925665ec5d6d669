"""Functions that use several connections in one invocation: their chains are one journey against one timeout.

Each pool judges a function's transactions there; an invocation that also goes elsewhere needs the sum. Other work is counted once: the
most that any of the function's connections declares.
"""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.model.chains import Chain, decide
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import ZERO, Quantity, total
from constructs_lib.model.verdict import Verdict


def joined(pools: Sequence[PoolBudget], fleet: Fleet) -> list[PoolBudget]:
    """The pools' budgets with every chain's time elsewhere in its invocation added, in the same order."""
    names = {name for name, links in fleet.connections_by_consumer.items() if len(links) > 1}
    several: dict[str, list[tuple[int, Chain]]] = {}
    for number, pool in enumerate(pools if names else ()):
        for chain in pool.chains:
            if chain.demand.consumer.id in names:
                several.setdefault(chain.demand.consumer.id, []).append((number, chain))
    return [_with_journeys(number, pool, several, fleet) for number, pool in enumerate(pools)]


def _with_journeys(
    number: int, pool: PoolBudget, several: dict[str, list[tuple[int, Chain]]], fleet: Fleet
) -> PoolBudget:
    if not any(chain.demand.consumer.id in several for chain in pool.chains):
        return pool
    chains = tuple(
        _lengthened(number, chain, several[chain.demand.consumer.id], fleet)
        if chain.demand.consumer.id in several
        else chain
        for chain in pool.chains
    )
    return pool._replace(chains=chains, verdict=_worst(pool.verdict, chains))


def _lengthened(number: int, chain: Chain, together: Sequence[tuple[int, Chain]], fleet: Fleet) -> Chain:
    others = [(place == number, other) for place, other in together if other is not chain]
    journey = [item for _, item in together]
    own_affair = any(item.hold_assumed for item in journey) and all(item.wait.high == 0 for item in journey)
    elsewhere = total([_apart_from_work(other, beside) for beside, other in others]) + _more_work(chain, fleet)
    if elsewhere == ZERO or own_affair or chain.demand.once.high == 0:
        return chain
    needed = chain.needed + elsewhere
    return chain._replace(needed=needed, elsewhere=elsewhere, verdict=decide(needed, chain.demand))


def _apart_from_work(chain: Chain, beside: bool) -> Quantity:
    """Seconds on another connection: at least its holds, at most with its waits.

    Two connections of one pool may be in use side by side, as the wait of each already counts: then nothing is certain to be added.
    """
    if chain.demand.once.high == 0:
        return ZERO
    high = None if chain.needed.high is None else chain.needed.high - (chain.work.high or 0)
    low = 0 if beside else (chain.transactions * chain.hold).low
    return Quantity(low if high is None else min(low, high), high, chain.needed.reasons)


def _more_work(chain: Chain, fleet: Fleet) -> Quantity:
    """What another connection of the function declares beyond this one's other work."""
    works = [
        link.other_work_seconds
        for link in fleet.connections_by_consumer[chain.demand.consumer.id]
        if link.other_work_seconds is not None and link.certainty != "possible"
    ]
    if not works:
        return ZERO
    highs = [work.high for work in works]
    high = None if any(value is None for value in highs) else max(value for value in highs if value is not None)
    most = Quantity(max(work.low for work in works), high)
    return Quantity(
        max(0, most.low - (chain.work.high or 0)), None if most.high is None else most.high - chain.work.low
    )


def _worst(verdict: Verdict, chains: Sequence[Chain]) -> Verdict:
    verdicts = [verdict, *(chain.verdict for chain in chains)]
    if Verdict.EXCEEDS in verdicts:
        return Verdict.EXCEEDS
    return Verdict.FITS if all(item is Verdict.FITS for item in verdicts) else Verdict.UNDECIDED
