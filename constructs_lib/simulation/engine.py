"""The event loop: plays a schedule on a world and records what happened.

Order at one tick: borrow timeouts, ends of transactions, deploys, new invocations, requests for connections (by rank), ends of
transactions and invocations that took no time, function timeouts. A wait of exactly the borrow timeout is thus too long, and an
invocation of exactly its timeout is not, as the proofs have it.

An environment that ends closes its connections at once; a query that outlives its client is a matter of enforcement, not of this model.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from functools import partial

from constructs_lib.simulation.outcome import Outcome, Violation
from constructs_lib.simulation.pooling import OpenDatabase, OpenPool
from constructs_lib.simulation.running import Environment, Execution, RunningFunction, RunningStrand
from constructs_lib.simulation.schedule import Deploy, Invocation, Schedule, inadmissible
from constructs_lib.simulation.world import Link, World

_EXPIRE, _RELEASE, _DEPLOY, _INVOKE, _BORROW, _END, _KILL = range(7)


def run(world: World, schedule: Schedule, *, checked: bool = True) -> Outcome:
    """Play a schedule to its end. Raises ``ValueError``, with every reason, when the world's functions cannot behave that way.

    ``checked=False`` skips that question, for who makes admissible schedules by the thousand.
    """
    problems = inadmissible(schedule, world) if checked else ()
    if problems:
        raise ValueError("; ".join(problems))
    return _Engine(world, schedule).play()


class _Engine:
    def __init__(self, world: World, schedule: Schedule) -> None:
        self.world, self.schedule = world, schedule
        self.now = 0
        self.outcome = Outcome()
        self.databases = {item.id: OpenDatabase(item) for item in world.databases}
        self.pools = {item.id: OpenPool(item) for item in world.poolers}
        self.functions = {item.id: RunningFunction(item) for item in world.functions}
        self.shared = 0
        self.queue: list[tuple[int, int, int, int, Callable[[], None]]] = []
        self.counter = 0
        self.waiting: dict[int, RunningStrand] = {}

    def play(self) -> Outcome:
        if self.schedule.eager:
            for pool in self.pools.values():
                self.open(pool.pooler.database, pool.pooler.opens, "")
                pool.opened = pool.pooler.opens
        for number, invocation in enumerate(self.schedule.invocations):
            self.at(invocation.at, _INVOKE, invocation.rank, partial(self.invoke, number, invocation))
        for deploy in self.schedule.deploys:
            self.plan(deploy)
        while self.queue:
            self.now, _, _, _, action = heapq.heappop(self.queue)
            action()
        self.outcome.peaks = {name: item.peak for name, item in self.databases.items()}
        return self.outcome

    def at(self, tick: int, priority: int, rank: int, action: Callable[[], None]) -> None:
        self.counter += 1
        heapq.heappush(self.queue, (tick, priority, rank, self.counter, action))

    def plan(self, deploy: Deploy) -> None:
        function = self.functions[deploy.function]
        for index, (tick, percent) in enumerate(deploy.shifts):
            self.at(tick, _DEPLOY, 0, partial(function.shift, percent, new_version=index == 0))

    def violate(self, kind: str, subject: str, function: str) -> None:
        self.outcome.violations.append(Violation(kind, self.now, subject, function))  # type: ignore[arg-type]

    def open(self, database: str, count: int, function: str) -> None:
        if not self.databases[database].open(count):
            self.violate("slots", database, function)

    # Invocations

    def invoke(self, number: int, invocation: Invocation) -> None:
        function = self.functions[invocation.function]
        if not self.admits(function):
            self.outcome.throttled += 1
            return
        environment, new = function.environment(function.route(), fresh=invocation.fresh)
        if environment is None:
            self.outcome.throttled += 1
            return
        if new:
            self.start_environment(function)
        function.executing += 1
        self.shared += function.function.shared
        execution = Execution(number, invocation, function, environment, self.now)
        if invocation.strands or invocation.tail > function.function.timeout:
            self.at(self.now + function.function.timeout, _KILL, 0, lambda: self.kill(execution))
        self.start_stage(execution)

    def admits(self, function: RunningFunction) -> bool:
        free = function.executing < function.function.concurrency
        return free and (not function.function.shared or self.shared < self.world.unreserved)

    def start_environment(self, function: RunningFunction) -> None:
        for link in function.function.links:
            if link.pooler is None:
                self.open(link.database, link.connections, function.function.id)

    def end_environment(self, function: RunningFunction, environment: Environment) -> None:
        function.alive[environment.version] -= 1
        for number, link in enumerate(function.function.links):
            if link.pooler is None:
                self.databases[link.database].close(link.connections)
            for _ in [1 for used, _ in environment.pinned if used == number]:
                self.give_back(link)

    def start_stage(self, execution: Execution) -> None:
        """Start the strands of the next stage that has any; the invocation's tail comes after the last."""
        stages = [strand.stage for strand in execution.invocation.strands if strand.stage >= execution.stage]
        if not stages:
            end = self.now + execution.invocation.tail
            # Invocations of one instant run side by side even when they take no time.
            self.at(end, _RELEASE if end > execution.started else _END, 0, lambda: self.finish(execution))
            return
        execution.stage = min(stages)
        for strand in execution.invocation.strands:
            if strand.stage == execution.stage and strand.steps:
                self.counter += 1
                running = RunningStrand(self.counter, strand, execution)
                execution.strands.append(running)
                execution.open_strands += 1
        if not execution.open_strands:
            self.next_stage(execution)
        for running in execution.strands[-execution.open_strands :] if execution.open_strands else []:
            self.request(running)

    def next_stage(self, execution: Execution) -> None:
        execution.stage += 1
        self.start_stage(execution)

    def finish(self, execution: Execution) -> None:
        if execution.over:
            return
        self.close(execution)
        execution.function.idle[execution.environment.version].append(execution.environment)

    def close(self, execution: Execution) -> None:
        execution.over = True
        self.outcome.ended_at = self.now
        execution.function.executing -= 1
        self.shared -= execution.function.function.shared
        self.outcome.finished[execution.number] = self.now
        self.outcome.durations[execution.number] = self.now - execution.started

    def kill(self, execution: Execution) -> None:
        """The function's timeout: the environment ends with everything it holds."""
        if execution.over:
            return
        function = execution.function.function
        for strand in execution.strands:
            self.drop(strand)
        links = {strand.strand.link for strand in execution.strands}
        if execution.waited or all(function.links[link].enforced for link in links):
            self.violate("function-timeout", function.id, function.id)
        self.close(execution)
        self.end_environment(execution.function, execution.environment)

    def drop(self, running: RunningStrand) -> None:
        link = self.link(running)
        if running.since is not None:
            self.leave(running)
        elif running.holding and not self.is_pinned(running):
            self.give_back(link)
        running.holding = False

    # Transactions

    def link(self, running: RunningStrand) -> Link:
        return running.execution.function.function.links[running.strand.link]

    def pool(self, link: Link) -> OpenPool:
        assert link.pooler is not None  # noqa: S101 - strands run on pooled links only, inadmissible() sees to it
        return self.pools[link.pooler]

    def is_pinned(self, running: RunningStrand) -> bool:
        return (running.strand.link, running.strand.slot) in running.execution.environment.pinned

    def request(self, running: RunningStrand) -> None:
        pause = running.strand.steps[running.step].pause
        self.at(self.now + pause, _BORROW, running.strand.rank, lambda: self.borrow(running))

    def borrow(self, running: RunningStrand) -> None:
        if running.execution.over:
            return
        link = self.link(running)
        running.since = self.now
        key = (running.execution.number, running.strand.link, running.strand.slot)
        self.outcome.requests.setdefault(key, []).append(self.now)
        if self.is_pinned(running):
            self.hold(running)
            return
        pool = self.pool(link)
        if pool.has_free:
            self.lend(pool, running)
            return
        pool.waiting[running.key] = self.now
        self.waiting[running.key] = running
        step = running.step
        self.at(self.now + pool.pooler.borrow_timeout, _EXPIRE, 0, lambda: self.expire(running, step))

    def expire(self, running: RunningStrand, step: int) -> None:
        if running.since is None or running.step != step or running.key not in self.waiting:
            return
        pool = self.pool(self.link(running))
        self.violate("borrow-timeout", pool.pooler.id, running.execution.function.function.id)
        self.leave(running)
        self.end_strand(running)

    def leave(self, running: RunningStrand) -> None:
        """Leave the queue; how long the client waited counts."""
        pool = self.pool(self.link(running))
        self.waiting.pop(running.key, None)
        since = pool.waiting.pop(running.key, self.now)
        self.note_wait(pool, running, self.now - since)
        running.since = None

    def note_wait(self, pool: OpenPool, running: RunningStrand, wait: int) -> None:
        name = pool.pooler.id
        running.execution.waited += wait
        if wait > self.outcome.waits.get(name, -1):
            self.outcome.waits[name] = wait

    def lend(self, pool: OpenPool, running: RunningStrand) -> None:
        opened = pool.lend()
        if opened:
            self.open(pool.pooler.database, opened, running.execution.function.function.id)
        if running.since is not None:
            self.note_wait(pool, running, self.now - running.since)
        if self.link(running).pins:
            running.execution.environment.pinned.add((running.strand.link, running.strand.slot))
        self.hold(running)

    def hold(self, running: RunningStrand) -> None:
        running.since, running.holding = None, True
        step = running.strand.steps[running.step]
        # Transactions of one instant run side by side even when they take no time.
        self.at(self.now + step.hold, _RELEASE if step.hold else _END, 0, lambda: self.release(running))

    def release(self, running: RunningStrand) -> None:
        if running.execution.over:
            return
        link = self.link(running)
        running.holding = False
        name = self.pool(link).pooler.id
        self.outcome.transactions[name] = self.outcome.transactions.get(name, 0) + 1
        running.step += 1
        if not self.is_pinned(running):
            self.give_back(link)
        if running.step < len(running.strand.steps):
            self.request(running)
        else:
            self.end_strand(running)

    def end_strand(self, running: RunningStrand) -> None:
        execution = running.execution
        execution.open_strands -= 1
        if not execution.open_strands and not execution.over:
            self.next_stage(execution)

    def give_back(self, link: Link) -> None:
        pool = self.pool(link)
        pool.take_back()
        if pool.waiting and pool.has_free:
            key, _ = pool.waiting.popitem(last=False)
            self.lend(pool, self.waiting.pop(key))
