"""The fleets that ``reality.py`` tries: clients, a pool, holds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.waiting import Holders
from constructs_lib.simulation.covering import arrival_order, longest_first

CLIENTS = (20, 100, 500, 1000)
POOLS = (5, 20, 80)
HOLDS = (Fraction(5, 1000), Fraction(50, 1000), Fraction(200, 1000))
#: max_connections and clients of the experiments without a pool.
DIRECT = ((20, 60), (80, 200), (80, 500))
#: (share of the clients, hold): a few long transactions among many short ones.
MIXTURE = (
    (Fraction(1, 10), Fraction(200, 1000)),
    (Fraction(3, 10), Fraction(50, 1000)),
    (Fraction(6, 10), Fraction(5, 1000)),
)


@dataclass(frozen=True)
class Selection:
    """Which fleets are tried."""

    pools: Sequence[int] = POOLS
    clients: Sequence[int] = CLIENTS
    holds: Sequence[Fraction] = HOLDS
    direct: Sequence[tuple[int, int]] = DIRECT


#: Seconds instead of minutes, to see that everything works.
QUICK = Selection(pools=(5, 20), clients=(20, 100), holds=HOLDS[:2], direct=DIRECT[:1])


@dataclass(frozen=True)
class Experiment:
    """Clients by the hold of their transaction, in seconds, and sessions that keep a connection meanwhile."""

    name: str
    pool: int
    holders: tuple[Holders, ...]
    pinned: int = 0

    @property
    def free(self) -> int:
        return self.pool - self.pinned

    @property
    def clients(self) -> int:
        return sum(group.clients for group in self.holders)

    @property
    def longest_hold(self) -> Fraction:
        return max(Fraction(group.hold_seconds) for group in self.holders)

    @property
    def holds(self) -> list[Fraction]:
        """One hold a client, in the order that makes the last one wait longest: that one's own, a shortest, at the end."""
        everybody = sorted((Fraction(g.hold_seconds) for g in self.holders for _ in range(g.clients)), reverse=True)
        *others, newcomer = everybody
        ticks = [int(hold * 1000) for hold in others]
        order = arrival_order(longest_first(ticks, self.free), ticks)
        return [*(others[index] for index in order), newcomer]

    @property
    def rounds(self) -> int:
        """Holds in a row before the last client's turn."""
        return -(-self.clients // self.free) - 1

    @property
    def described(self) -> str:
        return " + ".join(f"{group.clients} × {float(group.hold_seconds) * 1000:g} ms" for group in self.holders)


def experiments(pool: int, selection: Selection) -> Iterator[Experiment]:
    """Equal holds, mixed holds, and a third of the pool pinned. The first one is over soonest."""
    for count in selection.clients:
        for hold in selection.holds:
            yield Experiment("equal", pool, (Holders(count, hold),))
    for count in [count for count in (100, 500) if count in selection.clients]:
        yield Experiment("mixed", pool, tuple(Holders(int(share * count), hold) for share, hold in MIXTURE))
        yield Experiment("pinned", pool, (Holders(count, HOLDS[1]),), pinned=pool // 3)
