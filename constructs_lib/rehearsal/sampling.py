"""What the server and the pooler say about themselves while something runs: a time series.

The connections are counted by the database (`pg_stat_activity`), never by the clients: a count that the clients keep
could not show the connections they do not know of.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.pgbouncer import PgBouncer, PoolState, pool_state
from constructs_lib.rehearsal.postgres import PostgresServer

if TYPE_CHECKING:
    from typing_extensions import Self

_IDLE_POOL = PoolState(0, 0, 0, 0, 0.0)
_COUNT = (
    b"SELECT count(*), count(*) FILTER (WHERE state <> 'idle'), count(*) FILTER (WHERE state <> 'starting') FROM pg_stat_activity"
    b" WHERE backend_type = 'client backend' AND usename IS DISTINCT FROM current_user"
)


@dataclass(frozen=True)
class Sample:
    """One moment; `at_seconds` since the sampler started, everything else a count."""

    at_seconds: float
    clients: int
    """What the caller's own gauge said, e.g. requests under way."""
    server_connections: int
    server_busy: int
    pooled_clients: int
    """Clients that hold a connection to the pooler, waiting ones included."""
    clients_waiting: int
    longest_wait_seconds: float
    logged_in: int = 0
    """Server connections without those that are still logging in, of whom some are about to be refused."""


class Sampler:
    """A thread that takes samples while its context is open.

    Its own superuser connection lives in the slots PostgreSQL reserves, so it works when every other slot is taken.
    Sessions of the superuser are not counted, all others are, also those that are still logging in.
    Read `samples` after the context; it raises what the thread failed with.
    """

    def __init__(
        self,
        server: PostgresServer,
        pooler: PgBouncer | None = None,
        *,
        clients: Callable[[], int] = lambda: 0,
        interval_seconds: float = 0.05,
    ) -> None:
        self._server = server
        self._pooler = pooler
        self._clients = clients
        self._interval = interval_seconds
        self._samples: list[Sample] = []
        self._ended = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._stack = ExitStack()
        self._started = 0.0

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._database = opening.enter_context(psycopg.connect(self._server.dsn(), autocommit=True))
            self._console = opening.enter_context(_console(self._pooler)) if self._pooler else None
            self._stack = opening.pop_all()
        self._started = time.monotonic()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._stack.close()
        if self._failure is not None and error is None:
            raise RehearsalError(f"sampling the server failed: {self._failure}") from self._failure

    @property
    def samples(self) -> tuple[Sample, ...]:
        return tuple(self._samples)

    def now(self) -> float:
        """Seconds on the samples' own clock."""
        return time.monotonic() - self._started

    def _run(self) -> None:
        try:
            while not self._ended.is_set():
                self._samples.append(self._take())
                self._ended.wait(self._interval)
        except Exception as error:  # noqa: BLE001 - whatever it is, the thread that reads the samples raises it
            self._failure = error

    def _take(self) -> Sample:
        connections, busy, logged_in = self._database.execute(_COUNT).fetchone() or (0, 0, 0)
        pool = self._pool()
        return Sample(
            at_seconds=self.now(),
            clients=self._clients(),
            server_connections=int(connections),
            server_busy=int(busy),
            pooled_clients=pool.clients_active + pool.clients_waiting,
            clients_waiting=pool.clients_waiting,
            longest_wait_seconds=pool.longest_wait_seconds,
            logged_in=int(logged_in),
        )

    def _pool(self) -> PoolState:
        if self._pooler is None or self._console is None:
            return _IDLE_POOL
        return pool_state(list(self._console.execute("SHOW POOLS")), self._pooler.database)


def peak_connections(samples: tuple[Sample, ...]) -> int:
    """The most connections the server ever counted."""
    return max((sample.server_connections for sample in samples), default=0)


def _console(pooler: PgBouncer) -> Any:
    return psycopg.connect(pooler.admin_dsn, autocommit=True, cursor_factory=psycopg.ClientCursor, row_factory=dict_row)
