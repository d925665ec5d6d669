"""What pools and direct clients open against what is usable, when both depend on the same max_connections.

A percentage of a limit that is only known in bounds moves with the limit: 100 % of M never fits M − 9, whatever M is, although the
two intervals overlap. Plain interval arithmetic cannot see that; here the comparison holds for every M of the interval at once.

Two figures count for a pool. What it *may* open is its ceiling: only what fits with all of it fits. What it *surely may be made to
open* are no more connections than clients surely ask for at one moment: only what exceeds with that exceeds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

from constructs_lib.model.demand import Demand
from constructs_lib.model.pools import PoolBudget, pool_percent
from constructs_lib.model.quantity import ONE, Number, Quantity, total
from constructs_lib.model.verdict import Verdict


def compare_openings(
    limit: Quantity, pools: Sequence[PoolBudget], direct: Quantity, kept: Quantity, *, read_only: bool = False
) -> Verdict:
    """Whether pools and ``direct`` connections fit ``limit − kept``, or surely do not, for every value the limit may have.

    Undecided while the sum exceeds only if a pool opens more than its clients ask for; ``read_only`` leaves out those inferred with doubt.
    """
    verdict = compare_ceilings(limit, pools, direct, kept)
    if verdict is not Verdict.EXCEEDS or _clients_exceed(limit, pools, direct, kept, read_only=read_only):
        return verdict
    return Verdict.UNDECIDED


def compare_ceilings(limit: Quantity, pools: Sequence[PoolBudget], direct: Quantity, kept: Quantity) -> Verdict:
    """The same if every pool opened all that it may, asked or not."""
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


def surely_asked(pools: Sequence[PoolBudget], *, read_only: bool = False) -> list[Number]:
    """Connections that clients of each pool surely ask for at one moment, however large it is.

    Functions that reserve nothing share what the account has left: of those that only ask while they run, the one that brings most
    counts. A function that makes no transaction asks for nothing.
    """
    counted = [[demand for demand in pool.demands if _comes(demand, read_only=read_only)] for pool in pools]
    sharing: Counter[str] = Counter()
    for demand in (demand for demands in counted for demand in demands if _shares_the_rest(demand)):
        sharing[demand.consumer.id] += int(demand.connections.low)
    alone = max(sharing, key=lambda name: sharing[name], default="")
    return [
        _admitted(
            pool,
            sum(
                demand.connections.low
                for demand in demands
                if not _shares_the_rest(demand) or demand.consumer.id == alone
            ),
        )
        for pool, demands in zip(pools, counted, strict=True)
    ]


def _comes(demand: Demand, *, read_only: bool) -> bool:
    transactions = demand.connection.transactions_per_invocation or ONE
    return transactions.low > 0 and (not read_only or demand.connection.certainty == "certain")


def _shares_the_rest(demand: Demand) -> bool:
    consumer = demand.consumer
    return (
        consumer.reserved_concurrency is None and not consumer.managed_instances and not demand.connection.pins_session
    )


def _admitted(pool: PoolBudget, clients: Number) -> Number:
    """A pooler opens nothing for clients beyond those it admits."""
    most = pool.pool.maximum_clients
    return clients if most is None else min(clients, most.low)


def _clients_exceed(
    limit: Quantity, pools: Sequence[PoolBudget], direct: Quantity, kept: Quantity, *, read_only: bool
) -> bool:
    """Whether clients alone exceed every limit; what is lent rounds down. Who opens nothing is refused nothing.

    The sum over the limit is concave: between two limits that it exceeds by more than rounding takes away, it exceeds all others.
    """
    if limit.high is None:
        return False
    asked = list(zip(pools, surely_asked(pools, read_only=read_only), strict=True))
    shares = [(pool_percent(pool.pool).low, clients) for pool, clients in asked if pool.pool.connections is None]
    sized = sum(min(pool.connections.low, clients) for pool, clients in asked if pool.pool.connections is not None)
    least = direct.low + sized + sum(min(math.floor(_share(limit.low, share)), clients) for share, clients in shares)
    if least == 0 or limit.is_exact:
        return least > 0 and least + kept.low > limit.low
    fixed = direct.low + sized + kept.low
    rounded = sum(_share(limit.low, share) < clients for share, clients in shares)
    return all(
        fixed + sum(min(_share(end, share), clients) for share, clients in shares) - rounded > end
        for end in (limit.low, limit.high)
    )


def _share(limit: Number, percent: Number) -> Fraction:
    return Fraction(limit * percent) / 100
