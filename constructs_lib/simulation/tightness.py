"""How far the proven wait of a random pool lies above the worst wait that a replayed schedule produces."""

from __future__ import annotations

import random
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.waiting import Holders, longest_wait
from constructs_lib.simulation.engine import run
from constructs_lib.simulation.wait_attack import clients_of, wait_attack
from constructs_lib.simulation.world import Database, Function, Link, Pooler, World

_POOLS = (1, 2, 3, 4, 5, 8, 10, 20, 40, 80)
_CLIENTS = (1, 2, 3, 5, 10, 20, 50, 120)
_HOLDS = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20, 40, 100, 200)
_FOR_EVER = 1 << 40


@dataclass(frozen=True)
class Tightness:
    """One pool: proven and produced wait in ticks. ``ratio`` is 1 when both are zero."""

    pool: int
    holders: tuple[Holders, ...]
    proven: Fraction
    produced: int

    @property
    def ratio(self) -> Fraction:
        return self.proven / self.produced if self.produced else Fraction(1 if self.proven == 0 else _FOR_EVER)


def random_pool(rng: random.Random) -> tuple[int, tuple[Holders, ...]]:
    """A pool and up to six functions with holds that differ up to two hundredfold."""
    pool = rng.choice(_POOLS)
    return pool, tuple(Holders(rng.choice(_CLIENTS), rng.choice(_HOLDS)) for _ in range(rng.randint(1, 6)))


def tightness(pool: int, holders: tuple[Holders, ...], rng: random.Random) -> Tightness:
    """The proven wait of a pool and the longest that the adversary's schedule produced when it was replayed."""
    proven = longest_wait(holders, pool) or 0
    world = _world(pool, holders)
    witness = wait_attack(world, clients_of(world, world.poolers[0])[0], rng)
    again = run(world, witness.schedule)
    return Tightness(pool, holders, Fraction(proven), again.waits["pool"])


def _world(pool: int, holders: tuple[Holders, ...]) -> World:
    functions = tuple(
        Function(
            f"f{number}",
            group.clients,
            group.clients,
            _FOR_EVER,
            (Link("db", "pool", hold=int(group.hold_seconds)),),
        )
        for number, group in enumerate(holders)
    )
    return World((Database("db", pool),), (Pooler("pool", "db", pool, pool, _FOR_EVER),), functions)
