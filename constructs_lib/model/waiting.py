"""The longest wait for a connection of a first-come-first-served pool whose clients hold connections for different times.

A newcomer starts once fewer than ``pool`` of those before it are unfinished. Each other client has at most one transaction before
it, and until it starts every connection is busy: the wait is the least loaded connection of a list schedule of the others' holds.
For every k, at least ``pool − k`` connections serve none of the k longest holds, so the least loaded one carries at most

* the mean of the remaining holds over those connections, and
* as many holds as the emptiest of them serves, each at most the longest remaining one.

``covering`` has further bounds for a few different holds. The smallest of all is proven, and a wait is always a sum of holds. With equal
holds it is ``ceil((clients − pool) / pool) × hold``.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from constructs_lib.model.covering import refined
from constructs_lib.model.quantity import Number, whole


class Holders(NamedTuple):
    """Clients that each hold a connection for at most ``hold_seconds`` per transaction."""

    clients: int
    hold_seconds: Number


def longest_wait(holders: Iterable[Holders], pool: int) -> Number | None:
    """The proven bound on the wait in seconds; ``None`` when clients meet a pool without connections."""
    groups = [group for group in holders if group.clients > 0]
    return longest_wait_behind(_others(groups), pool) if groups else 0


def longest_wait_behind(others: Iterable[Holders], pool: int) -> Number | None:
    """The same for a newcomer who meets exactly these others."""
    if pool <= 0:
        return None
    groups, scale = _ticks(others)
    return whole(Fraction(_proven(groups, pool), scale))


@lru_cache(maxsize=1024)
def _proven(groups: tuple[tuple[int, int], ...], pool: int) -> int:
    """The proven bound in ticks."""
    if sum(clients for _, clients in groups) < pool:
        return 0
    bound = refined(groups, pool, min(_bounds(groups, pool)), _longest_first(groups, pool))
    step = math.gcd(*(hold for hold, _ in groups)) or 1
    return int(bound // step) * step


def _ticks(holders: Iterable[Holders]) -> tuple[tuple[tuple[int, int], ...], int]:
    """(hold, clients) in whole ticks, shortest hold first, and the ticks of a second."""
    counts: dict[tuple[int, int], int] = {}
    for group in holders:
        if group.clients > 0:
            ratio = group.hold_seconds.as_integer_ratio()
            counts[ratio] = counts.get(ratio, 0) + group.clients
    scale = math.lcm(1, *(parts for _, parts in counts))
    return tuple(sorted((hold * (scale // parts), clients) for (hold, parts), clients in counts.items())), scale


def _bounds(groups: Sequence[tuple[int, int]], pool: int) -> Iterator[Fraction]:
    """Bounds at the first and the last k of each group of equal holds: in between they only move one way."""
    work, count = sum(hold * clients for hold, clients in groups), sum(clients for _, clients in groups)
    skipped = 0
    for hold, clients in reversed(groups):
        for ahead in {0, min(clients, pool - 1 - skipped)}:
            yield Fraction(work - ahead * hold, pool - skipped - ahead)
        yield Fraction((count - skipped) // (pool - skipped) * hold)
        skipped += clients
        work -= clients * hold
        if skipped >= pool:
            return


def forced_wait(holders: Iterable[Holders], pool: int) -> Number | None:
    """A wait in seconds that some schedule certainly produces: everybody arrives at once, longest holds first, the newcomer last.

    ``None`` when clients meet a pool without connections: they wait for ever.
    """
    groups = [group for group in holders if group.clients > 0]
    return forced_wait_behind(_others(groups), pool) if groups else 0


def forced_wait_behind(others: Iterable[Holders], pool: int) -> Number | None:
    """The same for a newcomer who meets exactly these others."""
    if pool <= 0:
        return None
    groups, scale = _ticks(others)
    return whole(Fraction(_longest_first(groups, pool), scale))


@lru_cache(maxsize=1024)
def _longest_first(groups: tuple[tuple[int, int], ...], pool: int) -> int:
    """The least loaded connection, in ticks, when everybody arrives at once, longest holds first."""
    count = sum(clients for _, clients in groups)
    if count < pool:
        return 0
    if len(groups) == 1:
        return count // pool * groups[0][0]
    loads = {0: pool}
    for hold, clients in reversed(groups):
        loads = _loaded(loads, hold, clients) if hold else loads
    return min(loads)


def _loaded(loads: dict[int, int], hold: int, clients: int) -> dict[int, int]:
    """Connections by what they carry, after clients of one hold went one by one to the least loaded.

    A connection that carries ``a`` takes them at a, a + hold, a + 2 hold, …; the earliest of all these starts are taken. All connections
    are filled up to the last level that the clients suffice for; those left over go on top of connections of exactly that level.
    """
    # What all of them carry in the end, spread evenly, is above the level, and at most one hold above where none stood higher before.
    mean = (sum(load * count for load, count in loads.items()) + clients * hold) // sum(loads.values())
    low, high = min(loads), mean + 1
    if max(loads) <= mean - hold:
        low = mean - hold
    while high - low > 1:
        middle = (low + high) // 2
        taken = sum(count * -(-(middle - load) // hold) for load, count in loads.items() if load < middle)
        low, high = (middle, high) if taken <= clients else (low, middle)
    filled: dict[int, int] = {}
    for load, count in loads.items():
        times = max(0, -(-(low - load) // hold))
        clients -= times * count
        filled[load + times * hold] = filled.get(load + times * hold, 0) + count
    filled[low] -= clients
    filled[low + hold] = filled.get(low + hold, 0) + clients
    return {load: count for load, count in filled.items() if count}


def _others(groups: list[Holders]) -> list[Holders]:
    """Everybody but the newcomer: a client with the shortest hold, which leaves the most work before it."""
    last = min(groups, key=lambda group: group.hold_seconds)
    return [Holders(group.clients - 1, group.hold_seconds) if group is last else group for group in groups]
