"""The proven wait against real databases behind real queues: PostgreSQL behind PgBouncer, MariaDB behind HAProxy.

For every pool size a thousand clients connect once. To HAProxy, which knows no transactions, they connect for each of them: what one
client alone needs for its log-in is measured first and counts as part of each hold. In each experiment
some of them ask for a transaction at the same moment; the database itself notes when each transaction got its connection and when it
ended, so that a slow client does not count as a wait.

*Noise* is what the same holds last longer on this machine while nobody waits: before each experiment as many clients as the pool has
connections, with all others connected and idle, run transactions one after the other. The slowest of them shows how much the machine
adds to that many holds; the longest stall of a single transaction in the whole run, the experiments included, may come on top at any
time. A wait is a sum of holds, so it may exceed the proven one by that much.

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
from statistics import median
from typing import Protocol

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.reality_experiments import CLIENTS, POOLS, QUICK, Experiment, Selection, experiments
from benchmarks.reality_plot import plot
from benchmarks.reality_report import Admission, Row, markdown
from constructs_lib.facts.reserved import engine_slots
from constructs_lib.model.waiting import longest_wait
from constructs_lib.rehearsal.haproxy import HaProxy
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
LOGINS_MEASURED = 25
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
    sessions: Sequence[Session], planned: Sequence[Experiment], product: Product
) -> list[tuple[Row, float]]:
    """All experiments at one queue, over the same sessions, each with its longest stall."""
    try:
        await open_all(sessions)
        pool = planned[0].pool
        for _ in range(3):  # makes the pooler open its whole pool
            await asyncio.gather(*(session.transaction(0.1) for session in sessions[: 2 * pool]))
        login = await _login(sessions[0]) if product.per_transaction else Fraction(0)
        return [await _experiment(sessions, replace(plan, login=login), product) for plan in planned]
    finally:
        await asyncio.gather(*(session.close() for session in sessions))


async def _login(session: Session) -> Fraction:
    """Whole milliseconds that one client alone holds its connection for beyond its transaction: the median of some."""
    hold, lasted = 0.005, []
    for _ in range(LOGINS_MEASURED):
        began = time.time()
        await session.transaction(hold)
        lasted.append(time.time() - began - hold)
    return Fraction(max(1, round(median(lasted) * 1000)), 1000)


async def open_all(sessions: Sequence[Session]) -> list[BaseException | None]:
    """Let all of them connect; what each failed with."""
    limit = asyncio.Semaphore(LOGINS_AT_ONCE)

    async def one(session: Session) -> None:
        async with limit:
            await session.open()

    return list(await asyncio.gather(*(one(session) for session in sessions), return_exceptions=True))


async def _experiment(sessions: Sequence[Session], plan: Experiment, product: Product) -> tuple[Row, float]:
    pins, others = sessions[: plan.pinned], sessions[plan.pinned :]
    await asyncio.gather(*(session.transaction(0, keep=True) for session in pins))
    noise, stall = await added_seconds(others[: plan.free], float(plan.longest_hold), plan.rounds)
    served = await asyncio.gather(*(s.transaction(float(h)) for s, h in zip(others, plan.holds, strict=False)))
    await asyncio.gather(*(session.close() for session in pins))
    await open_all(pins)
    # A log-in is part of what is proven about, not of what the machine adds.
    return _row(plan, served, max(0.0, noise - plan.rounds * float(plan.login)), product), max(
        stall, *(item.ended - item.started - float(hold) for item, hold in zip(served, plan.holds, strict=True))
    )


def _row(plan: Experiment, served: Sequence[Served], noise: float, product: Product) -> Row:
    proven = longest_wait(plan.occupations, plan.free)
    work = sum(float(hold + plan.login) for hold in plan.holds)
    return Row(
        product=product.name,
        name=plan.name,
        clients=plan.clients,
        pool=plan.pool,
        pinned=plan.pinned,
        holds=plan.described,
        login=float(plan.login),
        proven=float(proven or 0),
        measured=max(item.wait_seconds for item in served),
        noise=noise,
        throughput_predicted=plan.clients
        / max(work / plan.free, float(proven or 0) + float(plan.holds[-1] + plan.login)),
        throughput=plan.clients / (max(item.ended for item in served) - min(item.asked for item in served)),
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
                found += asyncio.run(run_pool(sessions, list(experiments(pool, selection)), product))
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
    try:
        failures = [error for error in await open_all(sessions) if error is not None]
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
