"""Crowds: every environment of a function opened, and every pinned session taken, version by version."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from constructs_lib.simulation.schedule import Deploy, Invocation, Step, Strand, Style
from constructs_lib.simulation.world import Function, Link, World

Uses = Callable[[Function, Link], bool]


@dataclass(frozen=True)
class Crowd:
    """Invocations and deploys that fill environments, and the tick when all of them are over."""

    invocations: tuple[Invocation, ...]
    deploys: tuple[Deploy, ...]
    over: int


def gather(
    world: World,
    functions: Sequence[Function],
    uses: Uses,
    style: Style = "all-at-once",
    start: int = 0,
    *,
    settle: bool = False,
) -> Crowd:
    """Fill every environment of every version that may be alive; each environment touches the pooled links that ``uses`` picks.

    Functions without a reservation come one after the other, because together they run what the account has left; what a frozen
    environment opened stays open. ``settle``: whoever is no longer deployed comes again with the others; once every environment is
    there, and keeps what it pins, everybody asks once more at the same moment; and then everybody comes without asking, in case somebody
    timed out at a pooler and lost an environment.
    """
    gap = world.longest_timeout + 1
    invocations: list[Invocation] = []
    deploys: list[Deploy] = []
    now = start
    for version in range(max((function.versions for function in functions), default=0)):
        alive = [function for function in functions if version < max(1, function.versions)]
        comers = functions if settle else alive
        waves = list(_waves(world, comers, uses))
        if settle:
            waves += [*map(_known, waves), *_waves(world, comers, _nothing)]
        for wave in waves:
            invocations += [_at(now, invocation) for invocation in wave]
            now += gap
        following = [function for function in alive if version + 1 < function.versions]
        deploys += [Deploy(now, function.id, style) for function in following]
        now += 12
    return Crowd(tuple(invocations), tuple(deploys), now)


def _known(wave: list[Invocation]) -> list[Invocation]:
    """The same invocations in environments that are there already."""
    return [replace(invocation, fresh=False) for invocation in wave]


def _nothing(_function: Function, _link: Link) -> bool:
    return False


def _at(tick: int, invocation: Invocation) -> Invocation:
    return replace(invocation, at=tick)


def _waves(world: World, functions: Sequence[Function], uses: Uses) -> Iterator[list[Invocation]]:
    """Invocations that run side by side: as many as a function's concurrency at once, until all its environments are there."""
    reserved = [function for function in functions if not function.shared]
    waves = max((-(-function.environments // max(1, function.concurrency)) for function in reserved), default=0)
    for wave in range(waves):
        yield [item for function in reserved for item in _batch(function, wave, function.concurrency, uses)]
    for function in functions:
        if function.shared:
            at_once = min(function.concurrency, world.unreserved)
            for wave in range(-(-function.environments // max(1, at_once)) if at_once else 0):
                yield list(_batch(function, wave, at_once, uses))


def _batch(function: Function, wave: int, at_once: int, uses: Uses) -> Iterator[Invocation]:
    left = function.environments - wave * at_once
    fresh = wave > 0 and function.environments > function.concurrency
    for _ in range(max(0, min(at_once, left))):
        yield Invocation(0, function.id, touch(function, uses), fresh=fresh)


def touch(function: Function, uses: Uses) -> tuple[Strand, ...]:
    """One transaction, a tick long where the hold allows it, on every pooled connection that ``uses`` picks."""
    return tuple(
        Strand(number, slot, (Step(0, min(1, link.hold)),))
        for number, link in enumerate(function.links)
        if link.pooler is not None and link.transactions and uses(function, link)
        for slot in range(link.connections)
    )
