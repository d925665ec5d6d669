"""N real clients at once, straight at a database or through a pooler.

A client does what an execution environment of a function does: it opens one connection, runs a transaction, and keeps
the connection. First all of them connect, then those that got in run their transaction at the same moment. Nobody
retries: what is refused is counted.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import psycopg

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.process import allow_many_files
from constructs_lib.rehearsal.refusals import sqlstate_of
from constructs_lib.rehearsal.sampling import Sample, Sampler, peak_connections
from constructs_lib.rehearsal.together import together

_MOST_CLIENTS = 5000
_HOLD = b"SELECT pg_sleep(%s)"


@dataclass(frozen=True)
class Outcome:
    """What became of one client: seconds to connect, seconds waited for a database connection, and any SQLSTATE."""

    client: int
    connect_seconds: float
    wait_seconds: float | None
    """From BEGIN to its answer, which a transaction pooler gives only with a database connection at hand."""
    answer_seconds: float | None
    """From BEGIN to COMMIT: wait and hold together."""
    sqlstate: str | None
    error: str | None

    @property
    def served(self) -> bool:
        return self.error is None


@dataclass(frozen=True)
class Burst:
    """All outcomes, and what the server said meanwhile."""

    outcomes: tuple[Outcome, ...]
    samples: tuple[Sample, ...]

    @property
    def served(self) -> int:
        return sum(outcome.served for outcome in self.outcomes)

    @property
    def refused(self) -> int:
        return len(self.outcomes) - self.served

    @property
    def sqlstates(self) -> dict[str, int]:
        """How many clients failed with which SQLSTATE, the most frequent first."""
        failures = Counter(outcome.sqlstate or "?" for outcome in self.outcomes if not outcome.served)
        return dict(failures.most_common())

    @property
    def peak_connections(self) -> int:
        return peak_connections(self.samples)

    def answer_percentile(self, percent: float) -> float | None:
        """Seconds from BEGIN to COMMIT within which that share of the served clients was done; None when none was."""
        return percentile([o.answer_seconds for o in self.outcomes if o.answer_seconds is not None], percent)


def burst(
    server: PostgresServer,
    *,
    user: str,
    password: str,
    clients: int,
    hold_seconds: float,
    pooler: PgBouncer | None = None,
    database: str | None = None,
    connect_timeout_seconds: int = 20,
    deadline_seconds: float = 60.0,
) -> Burst:
    """Run the burst: directly at the server, or through the pooler when one is given.

    `hold_seconds` is how long each transaction keeps its database connection. The whole burst ends after
    `deadline_seconds` at the latest. Raises RehearsalError for numbers out of range and when the deadline passes.
    """
    if not 1 <= clients <= _MOST_CLIENTS:
        raise RehearsalError(f"clients is {clients}: allowed is 1 to {_MOST_CLIENTS}")
    allow_many_files()
    target = pooler or server
    dsn = target.dsn(user, password, database)
    everybody = _all_clients(dsn, clients, hold_seconds, connect_timeout_seconds, deadline_seconds)
    with Sampler(server, pooler) as sampler:
        outcomes = asyncio.run(everybody)
    return Burst(tuple(outcomes), sampler.samples)


def percentile(values: Sequence[float], percent: float) -> float | None:
    """The smallest value that is not exceeded by that percentage of the values (nearest rank)."""
    ordered = sorted(values)
    if not ordered:
        return None
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


async def _all_clients(dsn: str, clients: int, hold: float, connect_timeout: int, deadline: float) -> list[Outcome]:
    gates = (_Gate(clients), _Gate(clients))  # everybody has tried to connect; everybody is done
    try:
        return await together((_client(n, dsn, hold, connect_timeout, gates) for n in range(clients)), deadline)
    except asyncio.TimeoutError as error:
        raise RehearsalError(f"the burst did not end within {deadline:g} s") from error


async def _client(number: int, dsn: str, hold: float, timeout: int, gates: tuple[_Gate, _Gate]) -> Outcome:
    tried, done = gates
    started = time.monotonic()
    try:
        connection = await psycopg.AsyncConnection.connect(
            dsn, autocommit=True, prepare_threshold=None, connect_timeout=timeout
        )
    except psycopg.Error as error:
        await tried.arrive()
        await done.arrive()
        return _failure(number, time.monotonic() - started, error)
    connected = time.monotonic() - started
    async with connection:
        await tried.arrive_and_wait()
        outcome = await _transaction(number, connected, connection, hold)
        await done.arrive_and_wait()
    return outcome


async def _transaction(number: int, connected: float, connection: psycopg.AsyncConnection, hold: float) -> Outcome:
    started = time.monotonic()
    try:
        async with connection.transaction():
            waited = time.monotonic() - started
            await connection.execute(_HOLD, (hold,))
    except psycopg.Error as error:
        return _failure(number, connected, error)
    return Outcome(number, connected, waited, time.monotonic() - started, None, None)


def _failure(number: int, connected: float, error: Exception) -> Outcome:
    return Outcome(number, connected, None, None, sqlstate_of(error), str(error).strip())


class _Gate:
    """Opens once all have arrived."""

    def __init__(self, expected: int) -> None:
        self._missing = expected
        self._open = asyncio.Event()

    async def arrive(self) -> None:
        self._missing -= 1
        if self._missing == 0:
            self._open.set()

    async def arrive_and_wait(self) -> None:
        await self.arrive()
        await self._open.wait()
