"""The proven wait against real databases behind real queues: PostgreSQL behind PgBouncer, MariaDB behind HAProxy.

For every pool size a thousand clients connect once. In each experiment some of them ask for a transaction at the same moment; the
database itself notes when each transaction got its connection and when it ended, so that a slow client does not count as a wait.

*Noise* is what the same holds last longer on this machine while nobody waits: before each experiment as many clients as the pool has
connections, with all others connected and idle, run transactions one after the other. The slowest of them shows how much the machine
adds to that many holds; the longest stall of a single transaction in the whole run, the experiments included, may come on top at any
time. A wait is a sum of holds, so it may exceed the proven one by that much.

HAProxy knows no transactions: clients connect to it for each of them, and hold a connection from the server's greeting to their farewell,
log-in included, which on a busy machine may take longer than the transaction. HAProxy logs how long each session waited and how long it
held its connection, so there the proof is computed for the holds that were logged and compared with the longest wait that was logged;
nothing is left to noise but the milliseconds that the log rounds to.

Without a pool, more clients than max_connections come straight at the database: how many get in is compared with the capacity.

Exits with 1 when a wait exceeds the proven one by more than the noise, or when not exactly as many get in as the arithmetic says.

    python benchmarks/reality.py --output build/reality
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.reality_experiments import CLIENTS, POOLS, QUICK, Experiment, Selection, experiments
from benchmarks.reality_plot import plot
from benchmarks.reality_report import Admission, Row, markdown
from constructs_lib.facts.reserved import engine_slots
from constructs_lib.model.waiting import Holders, longest_wait
from constructs_lib.rehearsal.haproxy import HaProxy, Queued
from constructs_lib.rehearsal.mariadb import MariaDbServer
from constructs_lib.rehearsal.noise import added_seconds
from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.process import allow_many_files
from constructs_lib.rehearsal.sessions import (
    FAILURES,
    MariaDbSession,
    PostgresSession,
    Served,
    Session,
    Target,
    failure_of,
)

BORROW_TIMEOUT_SECONDS = 120
#: Log-ins at a time: each keeps a core busy for milliseconds.
LOGINS_AT_ONCE = 50
#: HAProxy logs whole milliseconds, and the end of a session a moment after its client saw it.
LOG_RESOLUTION = Fraction(1, 1000)
LOG_SETTLES_SECONDS = 0.3
#: A server forgets those it refused a moment after they know.
REFUSED_LEAVE_SECONDS = 0.3
#: Connections the server has beyond the largest pool.
SPARE_CONNECTIONS = 20
_USER, _PASSWORD = "app", "rehearsal"  # of a throwaway role on a throwaway server


class Place(Protocol):
    """Where something listens."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


Server = PostgresServer | MariaDbServer


@dataclass(frozen=True)
class Product:
    """A database with the queue in front of it; ``kept`` is how many of max_connections the server itself keeps back."""

    name: str
    server: Callable[[int], AbstractContextManager[Server]]
    prepare: Callable[[Server], None]
    queue: Callable[[Server, int, int], AbstractContextManager[Place]]
    session: Callable[[Target], Session]
    per_transaction: bool
    kept: int

    def target(self, place: Place, *, pooled: bool) -> Target:
        return Target(place.host, place.port, _USER, _PASSWORD, BORROW_TIMEOUT_SECONDS, pooled and self.per_transaction)


def _postgres_role(server: Server) -> None:
    server.execute(f"CREATE ROLE {_USER} LOGIN PASSWORD '{_PASSWORD}'")


def _mariadb_user(server: Server) -> None:
    server.execute(f"CREATE USER {_USER}@'%' IDENTIFIED BY '{_PASSWORD}'")


def _pgbouncer(server: Server, pool: int, clients: int) -> PgBouncer:
    return PgBouncer(
        server,
        pool_size=pool,
        borrow_timeout_seconds=BORROW_TIMEOUT_SECONDS,
        max_client_connections=clients + 10,
        users={_USER: _PASSWORD},
    )


def _haproxy(server: Server, pool: int, clients: int) -> HaProxy:
    return HaProxy(
        server, pool_size=pool, borrow_timeout_seconds=BORROW_TIMEOUT_SECONDS, max_client_connections=2 * clients
    )


PRODUCTS = (
    Product("PostgreSQL behind PgBouncer", PostgresServer, _postgres_role, _pgbouncer, PostgresSession, False, kept=3),
    Product(
        "MariaDB behind HAProxy",
        MariaDbServer,
        _mariadb_user,
        _haproxy,
        MariaDbSession,
        True,
        kept=engine_slots("mariadb", None).connections,
    ),
)


async def run_pool(
    sessions: Sequence[Session], planned: Sequence[Experiment], product: Product, queue: Place
) -> list[tuple[Row, float]]:
    """All experiments at one queue, over the same sessions, each with its longest stall."""
    try:
        await open_all(sessions)
        pool = planned[0].pool
        for _ in range(3):  # makes the pooler open its whole pool
            await asyncio.gather(*(session.transaction(0.1) for session in sessions[: 2 * pool]))
        return [await _experiment(sessions, plan, product, queue) for plan in planned]
    finally:
        await asyncio.gather(*(session.close() for session in sessions))


async def open_all(sessions: Sequence[Session]) -> list[BaseException | None]:
    """Let all of them connect; what each failed with."""
    limit = asyncio.Semaphore(LOGINS_AT_ONCE)

    async def one(session: Session) -> None:
        async with limit:
            await session.open()

    return list(await asyncio.gather(*(one(session) for session in sessions), return_exceptions=True))


async def _experiment(
    sessions: Sequence[Session], plan: Experiment, product: Product, queue: Place
) -> tuple[Row, float]:
    pins, others = sessions[: plan.pinned], sessions[plan.pinned :]
    await asyncio.gather(*(session.transaction(0, keep=True) for session in pins))
    noise, stall = await added_seconds(others[: plan.free], float(plan.longest_hold), plan.rounds)
    before = await _logged(queue)
    served = await asyncio.gather(*(s.transaction(float(h)) for s, h in zip(others, plan.holds, strict=False)))
    after = await _logged(queue)
    await asyncio.gather(*(session.close() for session in pins))
    await open_all(pins)
    if isinstance(queue, HaProxy):
        return _logged_row(plan, served, after[len(before) :], product), 0.0
    overrun = max(item.ended - item.started - float(hold) for item, hold in zip(served, plan.holds, strict=True))
    return _row(plan, served, noise, product), max(stall, overrun)


async def _logged(queue: Place) -> list[Queued]:
    """The sessions that HAProxy has logged, once it logs no more: who has gone is gone for it a moment later."""
    found: list[Queued] = []
    while isinstance(queue, HaProxy):
        await asyncio.sleep(LOG_SETTLES_SECONDS)
        latest = queue.sessions()
        if len(latest) == len(found):
            break
        found = latest
    return found


def _row(plan: Experiment, served: Sequence[Served], noise: float, product: Product) -> Row:
    proven = float(longest_wait(plan.holders, plan.free) or 0)
    work = sum(float(hold) for hold in plan.holds)
    return Row(
        product=product.name,
        name=plan.name,
        clients=plan.clients,
        pool=plan.pool,
        pinned=plan.pinned,
        holds=plan.described,
        proven=proven,
        measured=max(item.wait_seconds for item in served),
        noise=noise,
        throughput_predicted=plan.clients / max(work / plan.free, proven + float(plan.holds[-1])),
        throughput=plan.clients / (max(item.ended for item in served) - min(item.asked for item in served)),
    )


def _logged_row(plan: Experiment, served: Sequence[Served], logged: Sequence[Queued], product: Product) -> Row:
    """The proof for the holds that the queue itself logged, against the wait that it logged."""
    if len(logged) != plan.clients:
        raise RuntimeError(f"HAProxy logged {len(logged)} sessions of {plan.clients}: {plan.described}")
    held = [item.held_seconds for item in logged]
    # A hold is the difference of two moments that the log rounds to the millisecond.
    holders = [Holders(1, Fraction(round(seconds * 1000), 1000) + LOG_RESOLUTION) for seconds in held]
    shortest, longest = min(held), max(held)
    return replace(
        _row(plan, served, float(2 * LOG_RESOLUTION), product),
        holds=f"{plan.described}, held {shortest * 1000:.0f} to {longest * 1000:.0f} ms",
        proven=float(longest_wait(holders, plan.free) or 0),
        measured=max(item.waited_seconds for item in logged),
        throughput_predicted=plan.clients / max(sum(held) / plan.free, longest),
    )


def measure(product: Product, selection: Selection) -> list[Row]:
    """Every experiment with a pool, pool by pool."""
    found: list[tuple[Row, float]] = []
    with product.server(max(selection.pools) + SPARE_CONNECTIONS) as server:
        product.prepare(server)
        for pool in selection.pools:
            count = max(*selection.clients, 2 * pool) + pool // 3
            _tell(f"{product.name}, pool of {pool}: {count} clients connect")
            with product.queue(server, pool, count) as queue:
                sessions = [product.session(product.target(queue, pooled=True)) for _ in range(count)]
                found += asyncio.run(run_pool(sessions, list(experiments(pool, selection)), product, queue))
    stall = max(longest for _, longest in found)
    return [replace(row, noise=row.noise + stall) for row, _ in found]


def admit(product: Product, limit: int, clients: int) -> Admission:
    """So many clients straight at a database with so many connections."""
    _tell(f"{product.name.split()[0]}, {limit} connections: {clients} clients connect")
    with product.server(limit) as server:
        product.prepare(server)
        target = product.target(server, pooled=False)
        failures = asyncio.run(_knock([product.session(target) for _ in range(clients)]))
    refused = [failure_of(error, target, 0.0) for error in failures]
    return Admission(
        product=product.name.split()[0],
        max_connections=limit,
        kept=product.kept,
        clients=clients,
        admitted=clients - len(refused),
        refused=refused.count("refused"),
    )


async def _knock(sessions: Sequence[Session]) -> list[BaseException]:
    """What those failed with who are not let in, now or when they come again.

    In a burst a server may refuse some it has room for: who is about to be refused counts until it has gone.
    """
    try:
        burst = await open_all(sessions)
        await asyncio.sleep(REFUSED_LEAVE_SECONDS)
        failures = []
        for session, error in zip(sessions, burst, strict=True):
            if error is not None:
                failures += [again for again in await open_all([session]) if again is not None]
    finally:
        await asyncio.gather(*(session.close() for session in sessions))
    unexpected = [error for error in failures if not isinstance(error, FAILURES)]
    if unexpected:
        raise unexpected[0]
    return failures


def _tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _selection(options: argparse.Namespace) -> Selection:
    selection = QUICK if options.quick else Selection()
    return replace(selection, pools=options.pools or selection.pools, clients=options.clients or selection.clients)


def main() -> int:
    """Measure, write the table and the plot, and say whether reality kept to what was proven."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--output", type=Path, default=Path("build/reality"), help="folder for reality.md and reality.svg"
    )
    parser.add_argument("--quick", action="store_true", help="a few small fleets: seconds instead of minutes")
    parser.add_argument("--clients", type=int, nargs="+", metavar="N", help=f"default {CLIENTS}")
    parser.add_argument("--pools", type=int, nargs="+", metavar="N", help=f"default {POOLS}")
    options = parser.parse_args()
    started, selection = time.monotonic(), _selection(options)
    allow_many_files()
    rows = [row for product in PRODUCTS for row in measure(product, selection)]
    admissions = [admit(product, *fleet) for product in PRODUCTS for fleet in selection.direct]
    table = markdown(rows, admissions)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "reality.md").write_text(table, encoding="utf-8")
    (options.output / "reality.svg").write_text(plot(rows), encoding="utf-8")
    late = sum(not row.kept for row in rows)
    wrong = sum(not admission.exact for admission in admissions)
    print(table)
    print(
        f"{len(rows)} experiments in {time.monotonic() - started:.0f} s, {late} waits beyond proven + noise, "
        f"{wrong} admissions not as counted; {options.output}"
    )
    return 1 if late or wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
