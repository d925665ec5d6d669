"""What happens when: invocations with their transactions, and deploys. A schedule replays the same way every time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from constructs_lib.simulation.world import Function, World

Style = Literal["all-at-once", "linear", "canary"]


@dataclass(frozen=True)
class Step:
    """One transaction: ``pause`` ticks before it is asked for, then it holds a connection for ``hold`` ticks."""

    pause: int
    hold: int


@dataclass(frozen=True)
class Strand:
    """Transactions one after the other on connection number ``slot`` of the function's link number ``link``.

    ``rank`` orders requests of the same instant, lowest first. Strands of a ``stage`` run side by side, the next stage after them.
    """

    link: int
    slot: int
    steps: tuple[Step, ...]
    rank: int = 0
    stage: int = 0


@dataclass(frozen=True)
class Invocation:
    """One event for a function at a tick; ``tail`` ticks of work come after its transactions.

    ``fresh`` asks for a new environment although another is idle: a tenant that was not served before. ``rank`` orders invocations
    of the same instant.
    """

    at: int
    function: str
    strands: tuple[Strand, ...] = ()
    tail: int = 0
    fresh: bool = False
    rank: int = 0


@dataclass(frozen=True)
class Deploy:
    """A new version of a function. ``linear`` moves a tenth of the traffic every ``interval`` ticks, ``canary`` a tenth, then the rest."""

    at: int
    function: str
    style: Style = "all-at-once"
    interval: int = 1

    @property
    def shifts(self) -> tuple[tuple[int, int], ...]:
        """(tick, percent of traffic on the new version)."""
        if self.style == "linear":
            return tuple((self.at + step * self.interval, 10 * (step + 1)) for step in range(10))
        if self.style == "canary":
            return ((self.at, 10), (self.at + self.interval, 100))
        return ((self.at, 100),)


@dataclass(frozen=True)
class Schedule:
    """Invocations and deploys; ``eager`` lets every pooler open its whole pool at the start instead of when clients need it."""

    invocations: tuple[Invocation, ...] = ()
    deploys: tuple[Deploy, ...] = ()
    eager: bool = False


def inadmissible(schedule: Schedule, world: World) -> tuple[str, ...]:
    """What a schedule asks for that the world's functions cannot do: longer holds, more transactions, connections or versions."""
    problems = list(_too_many_deploys(schedule, world))
    for invocation in schedule.invocations:
        function = world.function_by_id.get(invocation.function)
        if function is None:
            problems.append(f"'{invocation.function}' is no function of this world")
        else:
            problems += _overdrawn(invocation, function)
    return tuple(dict.fromkeys(problems))


def _too_many_deploys(schedule: Schedule, world: World) -> Iterator[str]:
    for function in world.functions:
        deploys = sum(deploy.function == function.id for deploy in schedule.deploys)
        if deploys >= max(1, function.versions) and deploys:
            yield f"'{function.id}' is deployed {deploys} times, {function.versions} versions may be alive"


def _overdrawn(invocation: Invocation, function: Function) -> Iterator[str]:
    used = [(strand.link, strand.slot) for strand in invocation.strands]
    if len(used) != len(set(used)):
        yield f"'{function.id}' uses a connection twice at once"
    if len({(strand.link, strand.stage) for strand in invocation.strands}) > len(
        {strand.link for strand in invocation.strands}
    ):
        yield f"'{function.id}' uses connections of one link one after the other: more transactions than it has"
    pauses: dict[int, int] = {}
    for strand in invocation.strands:
        link = function.links[strand.link] if strand.link < len(function.links) else None
        if link is None or link.pooler is None or strand.slot >= link.connections:
            yield f"'{function.id}' has no pooled connection {strand.slot} on link {strand.link}"
            continue
        if len(strand.steps) > link.transactions or any(not 0 <= step.hold <= link.hold for step in strand.steps):
            yield f"'{function.id}' holds longer or more often than {link.transactions} × {link.hold}"
        waited = sum(step.pause for step in strand.steps)
        pauses[strand.stage] = max(pauses.get(strand.stage, 0), waited)
    if sum(pauses.values()) + invocation.tail > function.work:
        yield f"'{function.id}' works longer than {function.work} ticks outside its transactions"
    if invocation.fresh and function.environments <= function.concurrency:
        yield f"'{function.id}' has no tenants to start fresh environments for"
