"""The longest wait for a connection of a first-come-first-served pool whose clients hold connections for different times.

A newcomer starts once fewer than ``pool`` of those before it are unfinished. Each other client has at most one transaction before
it, and until it starts every connection is busy: the wait is the least loaded connection of a list schedule of the others' holds.
For every k, at least ``pool − k`` connections serve none of the k longest holds, so the least loaded one carries at most

* the mean of the remaining holds over those connections, and
* as many holds as the emptiest of them serves, each at most the longest remaining one.

The smallest of these bounds over all k is proven. With equal holds it is ``ceil((clients − pool) / pool) × hold``.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.quantity import Number, whole


@dataclass(frozen=True)
class Holders:
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
    groups = _longest_first(others)
    count = sum(group.clients for group in groups)
    return 0 if count < pool else min(_bounds(groups, count, pool))


def _bounds(groups: list[Holders], count: int, pool: int) -> Iterator[Number]:
    """Bounds at the first and the last k of each group of equal holds: in between they only move one way."""
    work: Number = sum(group.clients * group.hold_seconds for group in groups)
    skipped = 0
    for group in groups:
        for ahead in {0, min(group.clients, pool - 1 - skipped)}:
            servers = pool - skipped - ahead
            yield Fraction(work - ahead * group.hold_seconds) / servers
        yield (count - skipped) // (pool - skipped) * group.hold_seconds
        skipped += group.clients
        work -= group.clients * group.hold_seconds
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
    groups = _longest_first(others)
    count = sum(group.clients for group in groups)
    if count < pool:
        return 0
    if len({group.hold_seconds for group in groups}) == 1:
        return count // pool * groups[0].hold_seconds
    scale = math.lcm(*(Fraction(group.hold_seconds).denominator for group in groups))
    free = [0] * pool
    for group in groups:
        hold = int(group.hold_seconds * scale)
        for _ in range(group.clients):
            heapq.heapreplace(free, free[0] + hold)
    return whole(Fraction(free[0], scale))


def _longest_first(holders: Iterable[Holders]) -> list[Holders]:
    return sorted((group for group in holders if group.clients > 0), key=lambda group: -group.hold_seconds)


def _others(groups: list[Holders]) -> list[Holders]:
    """Everybody but the newcomer: a client with the shortest hold, which leaves the most work before it."""
    last = min(groups, key=lambda group: group.hold_seconds)
    return [Holders(group.clients - 1, group.hold_seconds) if group is last else group for group in groups]
