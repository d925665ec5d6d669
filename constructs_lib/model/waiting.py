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
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.quantity import Number


@dataclass(frozen=True)
class Holders:
    """Clients that each hold a connection for at most ``hold_seconds`` per transaction."""

    clients: int
    hold_seconds: Number


def longest_wait(holders: Iterable[Holders], pool: int) -> Number | None:
    """The proven bound on the wait in seconds; ``None`` when clients meet a pool without connections."""
    groups = list(holders)
    if not any(group.clients for group in groups):
        return 0
    if pool <= 0:
        return None
    others = _others(groups)
    count = sum(group.clients for group in others)
    if count < pool:
        return 0
    return min(_bounds(others, count, pool))


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
    groups = list(holders)
    if not any(group.clients for group in groups):
        return 0
    if pool <= 0:
        return None
    others = _others(groups)
    count = sum(group.clients for group in others)
    if count < pool:
        return 0
    if len(others) == 1:
        return count // pool * others[0].hold_seconds
    free: list[Number] = [0] * pool
    for group in others:
        for _ in range(group.clients):
            heapq.heapreplace(free, free[0] + group.hold_seconds)
    return free[0]


def _others(holders: Iterable[Holders]) -> list[Holders]:
    """Everybody but the newcomer, longest holds first.

    The newcomer is a client with the shortest hold, which leaves the most work before it.
    """
    groups = sorted((group for group in holders if group.clients > 0), key=lambda group: -group.hold_seconds)
    last = groups.pop()
    if last.clients > 1:
        groups.append(Holders(last.clients - 1, last.hold_seconds))
    return groups
