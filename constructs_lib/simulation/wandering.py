"""Schedules without a plan: random arrivals, holds and pauses, and a deploy somewhere in the middle."""

from __future__ import annotations

import random
from collections.abc import Iterator

from constructs_lib.simulation.schedule import Deploy, Invocation, Schedule, Step, Strand
from constructs_lib.simulation.world import Function, World

_MOST_INVOCATIONS = 60


def wandering(world: World, rng: random.Random) -> Schedule:
    """Bursts and trickles of invocations over a few function timeouts, holds mostly at their longest."""
    span = max(1, world.longest_timeout)
    invocations: list[Invocation] = []
    for function in world.functions:
        for _ in range(min(_MOST_INVOCATIONS, 2 * function.concurrency)):
            at = rng.choice((0, span // 2, rng.randrange(2 * span)))
            invocations.append(Invocation(at, function.id, tuple(_strands(function, rng)), tail=0))
    invocations.sort(key=lambda item: item.at)
    return Schedule(tuple(invocations), tuple(_deploys(world, rng, span)), eager=rng.random() < 0.5)


def _strands(function: Function, rng: random.Random) -> Iterator[Strand]:
    stage = 0
    for number, link in enumerate(function.links):
        if link.pooler is None:
            continue
        for slot in range(link.connections):
            steps = tuple(
                Step(0, link.hold if rng.random() < 0.8 else rng.randint(0, link.hold))
                for _ in range(link.transactions)
            )
            yield Strand(number, slot, steps, rank=rng.randrange(1000), stage=stage)
        stage += 1


def _deploys(world: World, rng: random.Random, span: int) -> Iterator[Deploy]:
    for function in world.functions:
        for version in range(1, function.versions):
            at = version * span + rng.randrange(span)
            yield Deploy(at, function.id, rng.choice(("all-at-once", "linear", "canary")), max(1, span // 20))
