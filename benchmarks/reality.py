"""The proven wait against a real PostgreSQL behind a real PgBouncer.

For every pool size a thousand clients connect once. In each experiment some of them ask for a transaction at the same moment; the
database itself notes when each transaction got its connection and when it ended, so that a slow client does not count as a wait.

*Noise* is what the same holds last longer on this machine while nobody waits: before each experiment as many clients as the pool has
connections, with all others connected and idle, run transactions one after the other. The slowest of them shows how much the machine
adds to that many holds; the longest stall of a single transaction in the whole run may come on top at any time. A wait is a sum of
holds, so it may exceed the proven one by that much. Exits with 1 when one exceeds it by more.

    python benchmarks/reality.py --output build/reality
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import groupby, pairwise
from pathlib import Path

import psycopg

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.reality_report import Row, markdown, plot
from constructs_lib.model.waiting import Holders, longest_wait
from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.process import allow_many_files
from constructs_lib.simulation.covering import arrival_order, longest_first

CLIENTS = (20, 100, 500, 1000)
POOLS = (5, 20, 80)
HOLDS = (Fraction(5, 1000), Fraction(50, 1000), Fraction(200, 1000))
#: (share of the clients, hold): a few long transactions among many short ones.
MIXTURE = (
    (Fraction(1, 10), Fraction(200, 1000)),
    (Fraction(3, 10), Fraction(50, 1000)),
    (Fraction(6, 10), Fraction(5, 1000)),
)
#: Holds in a row that the noise is measured over; it is scaled to the length of the wait.
MOST_ROUNDS = 8
FEWEST_ROUNDS = 3
BORROW_TIMEOUT_SECONDS = 120
_PASSWORD = "rehearsal"  # noqa: S105 - of a throwaway role on a throwaway server


@dataclass(frozen=True)
class Experiment:
    """Clients by the hold of their transaction, in seconds, and sessions that keep a transaction open meanwhile."""

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


@dataclass(frozen=True)
class Served:
    """One transaction by the clock of the machine, in seconds: asked for, started and ended in the database."""

    asked: float
    started: float
    ended: float


def experiments(pool: int, clients: Sequence[int]) -> Iterator[Experiment]:
    """Equal holds, mixed holds, and a third of the pool pinned."""
    for count in clients:
        for hold in HOLDS:
            yield Experiment("equal", pool, (Holders(count, hold),))
    for count in [count for count in (100, 500) if count in clients]:
        yield Experiment("mixed", pool, tuple(Holders(int(share * count), hold) for share, hold in MIXTURE))
        yield Experiment("pinned", pool, (Holders(count, HOLDS[1]),), pinned=pool // 3)


async def run_pool(pooler: PgBouncer, planned: Sequence[Experiment], most_clients: int) -> list[tuple[Row, float]]:
    """All experiments at one pooler, over the same connections, each with its longest stall."""
    opened = await _connect(pooler.dsn("app", _PASSWORD), most_clients)
    try:
        await _warm_up(opened, pooler.pool_size)
        return [await _experiment(opened, plan) for plan in planned]
    finally:
        await asyncio.gather(*(connection.close() for connection in opened))


async def _connect(dsn: str, count: int) -> list[psycopg.AsyncConnection]:
    """Fifty at a time: who logs in by SCRAM keeps a core busy for milliseconds."""
    opened: list[psycopg.AsyncConnection] = []
    while len(opened) < count:
        batch = min(50, count - len(opened))
        attempts = (psycopg.AsyncConnection.connect(dsn, autocommit=True, prepare_threshold=None) for _ in range(batch))
        opened += await asyncio.gather(*attempts)
    return opened


async def _warm_up(opened: Sequence[psycopg.AsyncConnection], pool: int) -> None:
    """Make the pooler open its whole pool."""
    for _ in range(3):
        await asyncio.gather(*(_transaction(connection, Fraction(1, 10)) for connection in opened[: 2 * pool]))


async def _transaction(connection: psycopg.AsyncConnection, hold: Fraction) -> Served:
    """One statement is one transaction: the pooler takes the connection back when the database is done, not when the client is."""
    clock = "extract(epoch FROM clock_timestamp())"
    statement = f"SELECT {clock}, pg_sleep({float(hold)}), {clock}"
    asked = time.time()
    row = await (await connection.execute(statement.encode())).fetchone()
    if row is None:
        raise RuntimeError("the database answered a transaction with no row")
    return Served(asked, float(row[0]), float(row[2]))


async def _experiment(opened: Sequence[psycopg.AsyncConnection], plan: Experiment) -> tuple[Row, float]:
    pins, others = opened[: plan.pinned], opened[plan.pinned :]
    for connection in pins:
        await connection.execute(b"BEGIN")
        await connection.execute(b"SELECT 1")
    noise, stall = await _noise(others[: plan.free], plan)
    holds = plan.holds
    served = await asyncio.gather(*(_transaction(c, h) for c, h in zip(others, holds, strict=False)))
    for connection in pins:
        await connection.execute(b"COMMIT")
    return _row(plan, served, noise), stall


async def _noise(connections: Sequence[psycopg.AsyncConnection], plan: Experiment) -> tuple[float, float]:
    """Seconds that the slowest client needs beyond as many holds in a row as the last one waits for, and beyond one; nobody waits."""
    longest = max(Fraction(group.hold_seconds) for group in plan.holders)
    rounds = max(FEWEST_ROUNDS, min(plan.rounds, MOST_ROUNDS))

    async def in_a_row(connection: psycopg.AsyncConnection) -> list[float]:
        ends = [time.time()]
        for _ in range(rounds):
            await _transaction(connection, longest)
            ends.append(time.time())
        return [after - before - float(longest) for before, after in pairwise(ends)]

    beyond = await asyncio.gather(*(in_a_row(connection) for connection in connections))
    return max(sum(each) for each in beyond) * plan.rounds / rounds, max(max(each) for each in beyond)


def _row(plan: Experiment, served: Sequence[Served], noise: float) -> Row:
    proven = longest_wait(plan.holders, plan.free)
    work = sum(float(hold) for hold in plan.holds)
    return Row(
        name=plan.name,
        clients=plan.clients,
        pool=plan.pool,
        pinned=plan.pinned,
        holds=" + ".join(f"{group.clients} × {float(group.hold_seconds) * 1000:g} ms" for group in plan.holders),
        proven=float(proven or 0),
        measured=max(item.started - item.asked for item in served),
        noise=noise,
        throughput_predicted=plan.clients / max(work / plan.free, float(proven or 0) + float(plan.holds[-1])),
        throughput=plan.clients / (max(item.ended for item in served) - min(item.asked for item in served)),
    )


def measure(pools: Sequence[int], clients: Sequence[int]) -> list[Row]:
    """Every experiment, pool by pool."""
    allow_many_files()
    found: list[tuple[Row, float]] = []
    with PostgresServer(max_connections=max(pools) + 20) as server:
        server.execute(f"CREATE ROLE app LOGIN PASSWORD '{_PASSWORD}'")
        plans = [plan for pool in pools for plan in experiments(pool, clients)]
        for pool, planned in groupby(plans, key=lambda plan: plan.pool):
            print(f"pool of {pool}: {max(clients)} clients connect", file=sys.stderr, flush=True)
            with PgBouncer(
                server,
                pool_size=pool,
                borrow_timeout_seconds=BORROW_TIMEOUT_SECONDS,
                max_client_connections=max(clients) + 10,
                users={"app": _PASSWORD},
            ) as pooler:
                found += asyncio.run(run_pool(pooler, list(planned), max(*clients, 2 * pool)))
    stall = max(longest for _, longest in found)
    return [replace(row, noise=row.noise + stall) for row, _ in found]


def main() -> int:
    """Measure, write the table and the plot, and say whether every wait was below the proven one plus noise."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=Path("build/reality"), help="folder for reality.md and reality.svg"
    )
    parser.add_argument("--clients", type=int, nargs="+", default=list(CLIENTS))
    parser.add_argument("--pools", type=int, nargs="+", default=list(POOLS))
    options = parser.parse_args()
    started = time.monotonic()
    rows = measure(options.pools, options.clients)
    options.output.mkdir(parents=True, exist_ok=True)
    table = markdown(rows)
    (options.output / "reality.md").write_text(table, encoding="utf-8")
    (options.output / "reality.svg").write_text(plot(rows), encoding="utf-8")
    late = [row for row in rows if not row.kept]
    print(table)
    print(
        f"{len(rows)} experiments in {time.monotonic() - started:.0f} s, {len(late)} waits beyond proven + noise; {options.output}"
    )
    return 1 if late else 0


if __name__ == "__main__":
    raise SystemExit(main())
