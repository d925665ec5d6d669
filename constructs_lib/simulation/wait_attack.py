"""The worst schedule for a pool's clients: pinned sessions first, then everybody at once in the worst order, one client last.

The order comes from ``covering``: no other is worse for the first wait. For further transactions of the same invocation everybody who
is free arrives again just before the client does; that is a search, not a proof.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from constructs_lib.simulation.covering import arrival_order, longest_first, worst_division
from constructs_lib.simulation.crowd import Crowd, gather, touch
from constructs_lib.simulation.engine import run
from constructs_lib.simulation.outcome import Outcome
from constructs_lib.simulation.schedule import Invocation, Schedule, Step, Strand
from constructs_lib.simulation.world import Function, Link, Pooler, World

#: Ranks behind everybody else of the same instant.
_LAST = 1 << 30


@dataclass(frozen=True)
class Witness:
    """A schedule and what came of it; ``run(world, schedule)`` gives the same outcome again."""

    world: World
    schedule: Schedule
    outcome: Outcome


@dataclass(frozen=True)
class _Client:
    """One connection's worth of a function, in invocation number ``invocation`` of its batch."""

    function: Function
    invocation: int
    link: int
    slot: int

    @property
    def hold(self) -> int:
        return self.function.links[self.link].hold


def clients_of(world: World, pooler: Pooler) -> list[tuple[Function, int]]:
    """Functions that come to a pooler, with the link they come by, shortest hold first: as newcomers these wait longest."""
    found = [
        (function, number)
        for function in world.functions
        if function.concurrency
        for number in _links(function, pooler)
    ]
    return sorted(found, key=lambda item: item[0].links[item[1]].hold)


def wait_attack(
    world: World, client: tuple[Function, int], rng: random.Random, *, work_first: bool = False, beside: bool = True
) -> Witness:
    """Make one client, a function by one of its links, wait at its pooler as long as this adversary can.

    ``work_first`` puts the function's other work between its first two transactions instead of at its end; ``beside`` uses the function's
    other connections to the same pooler at the same time instead of afterwards.
    """
    last, attacked = client
    pooler = _pooler(world, last, attacked)
    crowd = _pinned_crowd(world, pooler, last)
    newcomer = _newcomer(last, attacked, crowd.over + 1, work_first=work_first, beside=beside)
    schedule = Schedule((newcomer, *crowd.invocations, *_kept_busy(crowd, last, newcomer.at, pooler)), crowd.deploys)
    outcome = Outcome()
    for number, (strand, step) in enumerate(_rounds(newcomer)):
        at = _request(outcome, strand, step) if number else newcomer.at
        if at is None:
            break
        target = _pooler(world, last, strand.link)
        clients = [] if number else _beside(newcomer, last, pooler)
        clients += _free_clients(world, target, _executing(schedule, outcome, at, last))
        order = _order(clients, target.lends - _pinned(schedule, world, target), rng, thorough=number == 0)
        schedule = _with_burst(schedule, clients, order, at)
        outcome = run(world, schedule, checked=False)
        if any(item.kind != "slots" for item in outcome.violations):
            break
    return Witness(world, schedule, outcome)


def _pooler(world: World, function: Function, link: int) -> Pooler:
    return next(item for item in world.poolers if item.id == function.links[link].pooler)


def _rounds(newcomer: Invocation) -> list[tuple[Strand, int]]:
    return [(strand, step) for strand in newcomer.strands if strand.rank == _LAST for step in range(len(strand.steps))]


def _links(function: Function, pooler: Pooler) -> list[int]:
    return [number for number, link in enumerate(function.links) if link.pooler == pooler.id]


def _request(outcome: Outcome, strand: Strand, step: int) -> int | None:
    """When the newcomer, invocation 0, asks for a connection for that step; ``None`` when it never gets there."""
    asked = outcome.requests.get((0, strand.link, strand.slot), [])
    return asked[step] if step < len(asked) else None


def _pinned_crowd(world: World, pooler: Pooler, last: Function) -> Crowd:
    """Sessions that pin this pooler, all of them but the newcomer's."""

    def pins(_function: Function, link: Link) -> bool:
        return link.pooler == pooler.id and link.pins

    functions = [
        function
        for function in world.functions
        if function.concurrency and any(pins(function, link) for link in function.links)
    ]
    crowd = gather(world, functions, pins)
    if last not in functions:
        return crowd
    own = [number for number, item in enumerate(crowd.invocations) if item.function == last.id]
    return replace(crowd, invocations=tuple(item for number, item in enumerate(crowd.invocations) if number != own[-1]))


def _newcomer(function: Function, attacked: int, at: int, *, work_first: bool, beside: bool) -> Invocation:
    """All transactions of one connection of each pooled link, one link after the other, the attacked one first.

    A pinned newcomer takes the other connections of its environment first.
    """
    links = function.links
    pooled = [attacked] + [
        number
        for number, link in enumerate(links)
        if number != attacked and link.pooler is not None and not (beside and link.pooler == links[attacked].pooler)
    ]
    strands = [
        Strand(number, 0, (Step(0, links[number].hold),) * links[number].transactions, rank=_LAST, stage=stage)
        for stage, number in enumerate(pooled)
        if links[number].transactions
    ]
    early = work_first and strands and len(strands[0].steps) > 1
    if early:
        first, second, *later = strands[0].steps
        strands[0] = replace(strands[0], steps=(first, replace(second, pause=function.work), *later))
    if links[attacked].pins:
        before = [item for item in touch(function, lambda _, link: link is links[attacked]) if item.link == attacked]
        strands += [replace(item, rank=-1) for item in before if item.slot]
    return Invocation(
        at,
        function.id,
        tuple(strands),
        tail=0 if early else function.work,
        fresh=function.environments > function.concurrency,
        rank=_LAST,
    )


def _kept_busy(crowd: Crowd, last: Function, at: int, pooler: Pooler) -> list[Invocation]:
    """Whoever pinned a session of the newcomer's own version works again, so that the newcomer needs an environment of its own."""
    if last.environments > last.concurrency:
        return []
    strands = touch(last, lambda _, link: link.pooler == pooler.id and link.pins)
    deployed = max((deploy.at for deploy in crowd.deploys if deploy.function == last.id), default=0)
    same = [item for item in crowd.invocations if item.function == last.id and item.at >= deployed]
    return [Invocation(at, last.id, strands) for _ in same]


def _order(clients: Sequence[_Client], free: int, rng: random.Random, *, thorough: bool) -> list[int]:
    holds = [client.hold for client in clients]
    if free <= 0 or not holds:
        return list(range(len(clients)))
    return arrival_order(worst_division(holds, free, rng) if thorough else longest_first(holds, free), holds)


def _with_burst(schedule: Schedule, clients: Sequence[_Client], order: Sequence[int], at: int) -> Schedule:
    """Clients arrive at one tick in that order; those of the newcomer's own invocation (number −1) run beside it."""
    rank = {index: place for place, index in enumerate(order)}
    grouped: dict[tuple[str, int], list[Strand]] = {}
    for index, client in enumerate(clients):
        # The newcomer's own other connections come again by themselves; other functions are invoked again.
        times = client.function.links[client.link].transactions if client.invocation < 0 else 1
        strand = Strand(client.link, client.slot, (Step(0, client.hold),) * times, rank=rank[index])
        grouped.setdefault((client.function.id, client.invocation), []).append(strand)
    newcomer, *others = schedule.invocations
    stages = {strand.link: strand.stage for strand in newcomer.strands}
    beside = [replace(item, stage=stages.get(item.link, 0)) for item in grouped.pop((newcomer.function, -1), [])]
    burst = [Invocation(at, name, tuple(strands)) for (name, _), strands in grouped.items()]
    return replace(schedule, invocations=(replace(newcomer, strands=(*newcomer.strands, *beside)), *others, *burst))


def _free_clients(world: World, pooler: Pooler, busy: dict[str, int]) -> list[_Client]:
    """Every connection that can come to the pooler by the executions that functions have left."""
    shared_left = world.unreserved - sum(busy.get(function.id, 0) for function in world.functions if function.shared)
    clients: list[_Client] = []
    for function in sorted(world.functions, key=lambda item: -max((link.hold for link in item.links), default=0)):
        links = [number for number in _links(function, pooler) if not function.links[number].pins]
        if not links:
            continue
        count = max(0, function.concurrency - busy.get(function.id, 0))
        if function.shared:
            count = min(count, shared_left)
            shared_left -= count
        clients += [
            _Client(function, invocation, number, slot)
            for invocation in range(count)
            for number in links
            for slot in range(function.links[number].connections)
        ]
    return clients


def _executing(schedule: Schedule, outcome: Outcome, at: int, last: Function) -> dict[str, int]:
    """Executions per function that are not over by a tick; the newcomer's is one of them."""
    busy: dict[str, int] = {last.id: 1}
    for number, invocation in enumerate(schedule.invocations[1:], start=1):
        if (
            invocation.at == at
            or outcome.finished.get(number, at if invocation.at < at and not outcome.finished else at + 1) > at
        ):
            busy[invocation.function] = busy.get(invocation.function, 0) + 1
    return busy


def _beside(newcomer: Invocation, last: Function, pooler: Pooler) -> list[_Client]:
    """The other connections of the newcomer's own environment."""
    own = {(strand.link, strand.slot) for strand in newcomer.strands}
    return [
        _Client(last, -1, number, slot)
        for number in _links(last, pooler)
        if not last.links[number].pins
        for slot in range(last.links[number].connections)
        if (number, slot) not in own
    ]


def _pinned(schedule: Schedule, world: World, pooler: Pooler) -> int:
    """Connections of the pooler that pinned sessions keep: one for every strand of the crowd, and the newcomer's others."""
    newcomer = schedule.invocations[0]
    first_visits = {
        (number, strand.link, strand.slot)
        for number, item in enumerate(schedule.invocations)
        for strand in item.strands
        if (item.at < newcomer.at or (item is newcomer and strand.rank < 0))
        and world.function_by_id[item.function].links[strand.link].pins
        and world.function_by_id[item.function].links[strand.link].pooler == pooler.id
    }
    return len(first_visits)
