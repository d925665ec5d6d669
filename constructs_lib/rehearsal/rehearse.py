"""A plan carried out: real servers, real clients, and what they lived through beside what the proof predicts."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from constructs_lib.errors import RehearsalError
from constructs_lib.model.verdict import Verdict
from constructs_lib.rehearsal.clients import Client, Tally, open_all, perform
from constructs_lib.rehearsal.noise import StallWatch, added_seconds
from constructs_lib.rehearsal.plan import Group, Plan, PoolPlan
from constructs_lib.rehearsal.process import allow_many_files
from constructs_lib.rehearsal.servers import Stage, staged
from constructs_lib.rehearsal.sessions import FAILURES, Target
from constructs_lib.rehearsal.together import together

#: Nobody waits longer for a verdict.
LONGEST_SECONDS = 900.0
#: Holds in a row are measured with shorter ones than a fleet may have: what a machine adds does not grow with the sleep.
_LONGEST_MEASURED_HOLD = 0.2
#: Long enough that a pooler, which opens one connection after the other, does not get by with fewer than it may have.
_WARM_UP_HOLD = 0.5


@dataclass(frozen=True)
class PoolResult:
    """What happened at a pool. Waits and noise in seconds, throughput in transactions per second."""

    plan: PoolPlan
    tally: Tally
    noise_seconds: float
    throughput: float

    @property
    def outwaited(self) -> int:
        return self.tally.failures["outwaited"]

    @property
    def within_proof(self) -> bool:
        """Whether nobody waited longer than proven, the machine's own delays apart."""
        proven = self.plan.proven_wait
        return proven is None or self.tally.longest_wait <= float(proven) + self.noise_seconds


@dataclass(frozen=True)
class Rehearsal:
    """What happened to a plan.

    ``peak_connections`` is the server's own count, ``refused`` the larger of its own and its clients': MariaDB does not count those whom
    it refuses while they log in, and a pooler does not tell its clients of each refusal.
    """

    plan: Plan
    server: str
    pooler: str
    seconds: float
    pools: tuple[PoolResult, ...]
    direct: Tally
    direct_throughput: float
    refused: int
    peak_connections: int

    @property
    def tallies(self) -> tuple[Tally, ...]:
        return (self.direct, *(pool.tally for pool in self.pools))

    @property
    def troubles(self) -> tuple[str, ...]:
        """What must not happen to a fleet that fits; empty when nothing did."""
        found = []
        if self.refused:
            found.append(f"the server refused {self.refused:,} connections")
        found += [
            f"clients of {pool.plan.id} outwaited its borrow timeout {pool.outwaited:,} times"
            for pool in self.pools
            if pool.outwaited
        ]
        outlived = sum(tally.outlived for tally in self.tallies)
        if outlived:
            found.append(f"{outlived:,} invocations took longer than their timeout")
        found += [f"{count:,} attempts failed with {code}" for code, count in self._others()]
        return tuple(found)

    @property
    def disagreements(self) -> tuple[str, ...]:
        """Where reality is not what the proof says; empty when it agrees."""
        found = []
        if bool(self.plan.overflow) != bool(self.refused):
            expected = f"{self.plan.overflow:,} connections too many" if self.plan.overflow else "no refusal"
            found.append(f"predicted were {expected}, the server refused {self.refused:,}")
        for pool in self.pools:
            if not self.refused and not pool.within_proof:
                found.append(f"at {pool.plan.id} somebody waited longer than proven and the machine's noise together")
            if not self.refused and pool.outwaited and not pool.plan.outwaits:
                found.append(f"clients of {pool.plan.id} outwaited a borrow timeout that was proven long enough")
        if not self.troubles and Verdict.EXCEEDS in self.plan.verdicts:
            found.append("the proof says that it exceeds, but here nobody had any trouble")
        if self.troubles and set(self.plan.verdicts) == {Verdict.FITS}:
            found.append("the proof says that it fits")
        return tuple(found)

    @property
    def passed(self) -> bool:
        """Reality agrees with the proof, and nobody was refused or waited in vain."""
        return not self.troubles and not self.disagreements

    def _others(self) -> list[tuple[str, int]]:
        counted: dict[str, int] = {}
        for tally in self.tallies:
            for code, count in tally.failures.items():
                if code not in ("refused", "outwaited"):
                    counted[code] = counted.get(code, 0) + count
        return sorted(counted.items())


def rehearse(plan: Plan, seconds: float) -> Rehearsal:
    """Carry the plan out for that long, or until everybody has had one invocation.

    Raises RehearsalError when a program is missing, a server does not start, or one invocation alone would outlast a quarter of an hour.
    """
    if plan.slots < 1 or plan.others > plan.slots:
        raise RehearsalError(_no_place(plan))
    if plan.longest_invocation > LONGEST_SECONDS:
        raise RehearsalError(
            f"one invocation at '{plan.store}' may take {plan.longest_invocation:,.0f} s, more than the {LONGEST_SECONDS:,.0f} s a "
            "rehearsal may last: declare shorter holds, or give --hold SECONDS for those that are not declared"
        )
    allow_many_files()
    with staged(plan) as stage:
        played = asyncio.run(_performance(plan, stage, seconds))
        said = stage.witnessed()
        return Rehearsal(
            plan=plan,
            server=f"{plan.product} {stage.version}",
            pooler=stage.pooler,
            seconds=played.seconds,
            pools=played.pools,
            direct=played.direct,
            direct_throughput=played.direct_throughput,
            refused=max(said.refused, sum(tally.failures["refused"] for tally in played.tallies)),
            peak_connections=max(0, said.peak_connections - stage.fillers),
        )


def _no_place(plan: Plan) -> str:
    kept = f"{plan.slots} are left by the engine, and {plan.others} are kept for others: no client has a place"
    if plan.scale > 1:
        return (
            f"scaled down by {plan.scale}, of the connections of '{plan.store}' {kept}; allow more clients with --max-clients, "
            "or reserve less concurrency"
        )
    return f"of max_connections {plan.max_connections} of '{plan.store}' {kept}; raise max_connections"


@dataclass(frozen=True)
class _Added:
    """Seconds that the machine added: ``beyond`` to all holds before the last client's turn, ``stall`` to one, or to this program."""

    beyond: float
    stall: float

    def with_rehearsal(self, pool: PoolPlan, tally: Tally, login: float) -> float:
        """The same with what the rehearsal itself showed: holds that lasted longer.

        ``login`` is what a client held its connection for beyond its transactions on the average, where it connects for each of them.
        """
        longer = pool.rounds * max(tally.longest_overrun, login)
        return max(self.beyond, longer) + max(self.stall, tally.longest_overrun)


@dataclass(frozen=True)
class _Played:
    """What the clients saw."""

    pools: tuple[PoolResult, ...]
    direct: Tally
    direct_throughput: float
    seconds: float

    @property
    def tallies(self) -> tuple[Tally, ...]:
        return (self.direct, *(pool.tally for pool in self.pools))


async def _performance(plan: Plan, stage: Stage, seconds: float) -> _Played:
    idle = [stage.session(stage.direct) for _ in range(plan.others + stage.fillers)]
    tallies = [Tally() for _ in plan.pools]
    pooled = [
        client
        for pool, target, tally in zip(plan.pools, stage.pools, tallies, strict=True)
        for client in _cast(stage, pool.groups, target, tally)
    ]
    direct = Tally()
    straight = _cast(stage, plan.direct, stage.direct, direct)
    try:
        await asyncio.gather(*(session.open() for session in idle))
        noises = [
            await _noise(stage, pool, target, roomy=not plan.overflow)
            for pool, target in zip(plan.pools, stage.pools, strict=True)
        ]
        inside = [*await open_all(pooled), *await open_all(straight)]
        async with StallWatch() as watch:
            began, lasted = await _play(inside, seconds, plan)
    finally:
        await asyncio.gather(
            *(session.close() for session in idle), *(client.session.close() for client in (*pooled, *straight))
        )
    results = tuple(
        _pool_result(
            pool,
            tally,
            replace(added, stall=added.stall + watch.longest_seconds),
            _rate(tally, began, seconds, lasted),
            per_transaction=target.per_transaction,
        )
        for pool, target, tally, added in zip(plan.pools, stage.pools, tallies, noises, strict=True)
    )
    return _Played(results, direct, _rate(direct, began, seconds, lasted), lasted)


def _pool_result(
    pool: PoolPlan, tally: Tally, added: _Added, throughput: float, *, per_transaction: bool
) -> PoolResult:
    login = _login_seconds(pool, throughput) if per_transaction else 0.0
    return PoolResult(pool, tally, added.with_rehearsal(pool, tally, login), throughput)


def _login_seconds(pool: PoolPlan, throughput: float) -> float:
    """What each transaction kept its connection for beyond its hold, on the average of a pool that was never idle."""
    if not throughput or any(group.work_seconds for group in pool.waiting):
        return 0.0
    clients = sum(group.clients for group in pool.waiting)
    hold = sum(group.clients * float(group.hold_seconds) for group in pool.waiting) / clients
    return max(0.0, pool.free / throughput - hold)


def _cast(stage: Stage, groups: Sequence[Group], target: Target, tally: Tally) -> list[Client]:
    """All clients of some groups: those that pin first, then the longest holds, which is the order that makes the last wait longest."""
    ordered = sorted(groups, key=lambda group: (not group.pinned, -group.hold_seconds))
    clients = [Client(group, target, stage.session(target), tally) for group in ordered for _ in range(group.clients)]
    tally.clients += len(clients)
    return clients


async def _play(inside: Sequence[Client], seconds: float, plan: Plan) -> tuple[float, float]:
    began, clock = time.time(), time.monotonic()
    # Everybody's last invocation may begin at the last moment, and each of its transactions may be tried again.
    deadline = seconds + 60 + 5 * max(plan.longest_invocation, 1.0)
    try:
        await together((perform(client, clock + seconds) for client in inside), deadline)
    except asyncio.TimeoutError as error:
        raise RehearsalError(f"the rehearsal of '{plan.store}' did not end within {deadline:,.0f} s") from error
    return began, time.monotonic() - clock


async def _noise(stage: Stage, pool: PoolPlan, target: Target, *, roomy: bool) -> _Added:
    """What the machine adds to the longest wait at a pool, which this also makes open its connections.

    Where the database cannot bear the pool, one session alone is measured: others would be refused.
    """
    if not pool.free or not pool.waiting:
        return _Added(0.0, 0.0)
    sessions = [stage.session(target) for _ in range(pool.opened if roomy else 1)]
    hold = min(float(max(group.hold_seconds for group in pool.waiting)), _LONGEST_MEASURED_HOLD)
    try:
        # The first transactions make the pooler open its whole pool; they are no measure.
        await asyncio.gather(*(session.transaction(_WARM_UP_HOLD) for session in sessions))
        beyond, stall = await added_seconds(sessions[: pool.free], hold, pool.rounds)
    except FAILURES as error:
        raise RehearsalError(f"pool '{pool.id}' does not serve a single client: {error}") from error
    finally:
        await asyncio.gather(*(session.close() for session in sessions))
    return _Added(max(0.0, beyond), max(0.0, stall))


def _rate(tally: Tally, began: float, seconds: float, lasted: float) -> float:
    """Transactions per second that ended while everybody was still at it."""
    window = seconds if any(item.ended <= began + seconds for item in tally.served) else lasted
    if window <= 0:
        return 0.0
    return sum(item.ended <= began + window for item in tally.served) / window
