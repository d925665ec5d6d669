"""The worst wait of a first-come-first-served pool: a partition of the others' holds whose lightest part is as heavy as possible.

Theorem: the longest wait of a newcomer equals the best *covering*, the largest L for which the others' holds can be divided among the
connections so that each carries at least L.

No schedule waits longer. Only requests made before the newcomer's are served before it, at most one per client, and while it waits
every connection is busy with them: the connections carry a division of (what is left of) the others' holds, each at least as long as
the wait. Shorter remainders, clients that stay away and later arrivals only take weight away.

Some schedule waits that long. Take a best division and let everybody arrive at once, in the order that this produces: the connection
with the least on it so far takes the next hold of its own part. Once such a connection has none left it carries its whole part, at
least L, and all others carry no less; whatever is still to come only adds.
"""

from __future__ import annotations

import heapq
import random
from collections.abc import Sequence
from itertools import pairwise


def longest_first(holds: Sequence[int], pool: int) -> list[list[int]]:
    """Indices of the holds each connection serves when the longest go first."""
    parts: list[list[int]] = [[] for _ in range(pool)]
    free = [(0, part) for part in range(pool)]
    for index in sorted(range(len(holds)), key=lambda item: -holds[item]):
        load, part = free[0]
        parts[part].append(index)
        heapq.heapreplace(free, (load + holds[index], part))
    return parts


def lightest(parts: Sequence[Sequence[int]], holds: Sequence[int]) -> int:
    """What the connection with the least to do has to do."""
    return min(sum(holds[index] for index in part) for part in parts)


def worst_division(holds: Sequence[int], pool: int, rng: random.Random, rounds: int = 60) -> list[list[int]]:
    """A division with a heavy lightest part: longest first, then moves and swaps that relieve no other part below it."""
    best = longest_first(holds, pool)
    if len(set(holds)) < 2 or pool < 2 or len(holds) <= pool:
        return best
    heaviest_possible = sum(holds) // pool
    parts = [list(part) for part in best]
    top = lightest(best, holds)
    for _ in range(rounds):
        if top >= heaviest_possible:
            break
        if not _improve(parts, holds):
            _shake(parts, holds, rng)
        weight = lightest(parts, holds)
        if weight > top:
            best, top = [list(part) for part in parts], weight
    return best


def _improve(parts: list[list[int]], holds: Sequence[int]) -> bool:
    """Give the lightest part more, from the part where the smaller of the two ends up heaviest."""
    loads = [sum(holds[index] for index in part) for part in parts]
    low = min(range(len(parts)), key=lambda part: loads[part])
    best, found = loads[low], None
    for other, part in enumerate(parts):
        if loads[other] <= loads[low]:
            continue
        for given in _distinct(part, holds):
            for taken in (None, *_distinct(parts[low], holds)):
                gain = holds[given] - (holds[taken] if taken is not None else 0)
                smaller = min(loads[low] + gain, loads[other] - gain)
                if smaller > best:
                    best, found = smaller, (other, given, taken)
    if found is None:
        return False
    other, given, taken = found
    _exchange(parts, low, other, given, taken)
    return True


def _distinct(part: Sequence[int], holds: Sequence[int]) -> list[int]:
    """One index for each different hold."""
    return list({holds[index]: index for index in part}.values())


def _exchange(parts: list[list[int]], low: int, other: int, given: int, taken: int | None) -> None:
    parts[other].remove(given)
    parts[low].append(given)
    if taken is not None:
        parts[low].remove(taken)
        parts[other].append(taken)


def _shake(parts: list[list[int]], holds: Sequence[int], rng: random.Random) -> None:
    """Throw three connections together and fill them again in a random order."""
    chosen = rng.sample(range(len(parts)), min(3, len(parts)))
    loose = [index for part in chosen for index in parts[part]]
    rng.shuffle(loose)
    loose.sort(key=lambda index: -holds[index] + rng.randint(0, max(1, max(holds) // 4)))
    free = [(0, part) for part in chosen]
    for part in chosen:
        parts[part] = []
    for index in loose:
        load, part = free[0]
        parts[part].append(index)
        heapq.heapreplace(free, (load + holds[index], part))


def arrival_order(parts: Sequence[Sequence[int]], holds: Sequence[int]) -> list[int]:
    """The order in which everybody arrives at once so that first come, first served makes that division, or a heavier one."""
    left = [sorted(part, key=lambda index: holds[index]) for part in parts]
    free = [(0, part) for part in range(len(parts))]
    order: list[int] = []
    while free:
        load, part = heapq.heappop(free)
        if not left[part]:
            break
        index = left[part].pop()
        order.append(index)
        heapq.heappush(free, (load + holds[index], part))
    return order + [index for part in left for index in part]


def wait_after(order: Sequence[int], holds: Sequence[int], pool: int) -> int:
    """When somebody who comes after all of these gets a connection."""
    free = [0] * pool
    for index in order:
        heapq.heapreplace(free, free[0] + holds[index])
    return free[0]


def best_cover(holds: Sequence[int], pool: int, most_nodes: int = 200_000) -> int | None:
    """The worst wait, exactly, by search over divisions; ``None`` when that takes more than ``most_nodes`` steps.

    For small pools: a hold is tried on connections of different load only, and a branch ends when even the rest cannot lift the lightest.
    """
    ordered = sorted(holds, reverse=True)
    tails = [sum(ordered[index:]) for index in range(len(ordered) + 1)]
    best, nodes = lightest(longest_first(holds, pool), holds), 0
    stack: list[tuple[int, tuple[int, ...]]] = [(0, (0,) * pool)]
    while stack:
        index, loads = stack.pop()
        nodes += 1
        if nodes > most_nodes:
            return None
        if _reachable(loads, tails[index]) <= best:
            continue
        if index == len(ordered):
            best = loads[0]
            continue
        for place, load in enumerate(loads):
            if place and loads[place - 1] == load:
                continue
            stack.append((index + 1, tuple(sorted((*loads[:place], load + ordered[index], *loads[place + 1 :])))))
    return best


def _reachable(loads: tuple[int, ...], rest: int) -> int:
    """The most that the lightest connection can end with when the rest could be poured like water (loads ascending)."""
    poured = rest
    for count, (load, following) in enumerate(pairwise(loads), start=1):
        if poured < (following - load) * count:
            return load + poured // count
        poured -= (following - load) * count
    return loads[-1] + poured // len(loads)
