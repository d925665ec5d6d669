"""Verdicts held against simulations: does an accepted fleet survive its worst schedules, does a rejected one break?"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from constructs_lib.model.budget import Budget
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.pools import Verdict
from constructs_lib.model.settings import Settings
from constructs_lib.simulation.crowd import gather
from constructs_lib.simulation.engine import run
from constructs_lib.simulation.schedule import Schedule, Style
from constructs_lib.simulation.wait_attack import Witness, clients_of, wait_attack
from constructs_lib.simulation.wandering import wandering
from constructs_lib.simulation.world import Function, Link, World
from constructs_lib.simulation.worlds import worlds

_STYLES: tuple[Style, ...] = ("all-at-once", "linear", "canary")


class Claim(str, Enum):
    """What the model says about a whole fleet: every budget fits, some budget certainly does not, or neither."""

    ACCEPTED = "accepted"
    REJECTED = "rejected"
    OPEN = "not decided"


def claim_of(budget: Budget) -> Claim:
    """Accepted when every budget fits, rejected when any certainly does not."""
    verdicts = [item.verdict for item in budget.stores] + [pool.verdict for _, pool in budget.pools]
    if Verdict.EXCEEDS in verdicts:
        return Claim.REJECTED
    return Claim.ACCEPTED if all(verdict is Verdict.FITS for verdict in verdicts) else Claim.OPEN


@dataclass(frozen=True)
class Rejection:
    """One budget that certainly does not fit: of a database, or of a pool in front of it (``pooler`` is its id)."""

    database: str
    pooler: str | None


def rejections(budget: Budget) -> list[Rejection]:
    """Everything that certainly does not fit."""
    found = []
    for item in budget.stores:
        database = f"{item.store.id}/{item.role}"
        if item.verdict is Verdict.EXCEEDS:
            found.append(Rejection(database, None))
        found += [
            Rejection(database, f"{pool.pool.id}/{item.role}") for pool in item.pools if pool.verdict is Verdict.EXCEEDS
        ]
    return found


def breaks(fleet: Fleet, settings: Settings, rng: random.Random) -> Witness | None:
    """A schedule on a severe world that exceeds slots or outwaits a timeout; ``None`` when the search finds none."""
    for world in worlds(fleet, settings, "severe"):
        for witness in _attacks(world, rng):
            if witness.outcome.violations:
                return witness
    return None


def _attacks(world: World, rng: random.Random) -> Iterator[Witness]:
    yield slot_attack(world, rng, eager=True)
    for pooler in world.poolers:
        clients = clients_of(world, pooler)
        for client in clients[:2] + rng.sample(clients[2:], min(1, len(clients[2:]))):
            yield wait_attack(world, client, rng, work_first=rng.random() < 0.5, beside=rng.random() < 0.5)
    schedule = wandering(world, rng)
    yield Witness(world, schedule, run(world, schedule, checked=False))


def slot_attack(world: World, rng: random.Random, *, eager: bool) -> Witness:
    """Everybody opens everything, deploys, and opens everything again.

    ``eager`` lets poolers open their whole pool at the start, asked or not: AWS documents how many connections a proxy may open, not when.
    Otherwise they open on demand, and every client of theirs asks at once.
    """

    def asks(_function: Function, _link: Link) -> bool:
        return not eager

    crowd = gather(world, world.functions, asks, rng.choice(_STYLES), settle=not eager)
    schedule = Schedule(crowd.invocations, crowd.deploys, eager=eager)
    return Witness(world, schedule, run(world, schedule, checked=False))


def exhibit(rejection: Rejection, world: World, rng: random.Random) -> Witness | None:
    """A schedule that breaks what the model rejects, on a mild world; ``None`` when the search finds none.

    Clients alone must do it: poolers open a connection when somebody asks for one, never by themselves.
    """
    if rejection.pooler is None:
        return _exhibit_slots(rejection.database, world, rng)
    pooler = next(item for item in world.poolers if item.id == rejection.pooler)
    for client in clients_of(world, pooler):
        for work_first, beside in ((False, True), (True, True), (False, False)):
            witness = wait_attack(world, client, rng, work_first=work_first, beside=beside)
            if _concerns(witness, pooler.id, world):
                return witness
    return None


def _exhibit_slots(database: str, world: World, rng: random.Random) -> Witness | None:
    witness = slot_attack(world, rng, eager=False)
    broken = any(item.kind == "slots" and item.subject == database for item in witness.outcome.violations)
    return witness if broken else None


def _concerns(witness: Witness, pooler: str, world: World) -> bool:
    """Whether somebody gave up at this pooler, or an invocation that uses it, and maybe others, did not end in time."""

    def uses(function: str) -> bool:
        return any(link.pooler == pooler for link in world.function_by_id[function].links)

    return any(
        item.subject == pooler or (item.kind != "slots" and uses(item.function)) for item in witness.outcome.violations
    )
