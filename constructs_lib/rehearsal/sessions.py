"""One client's connection, to PostgreSQL or MariaDB alike, and one transaction with the moments that the database itself noted.

The database notes when a transaction got its connection and when it ended, on the clock of the machine that both share, so that a
client that is slow to listen does not count as one that waits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

import asyncmy
import psycopg
from asyncmy.errors import Error as MariaDbError

from constructs_lib.rehearsal.refusals import sqlstate_in, sqlstate_of

#: What a client's way to the database may end with.
FAILURES = (psycopg.Error, MariaDbError, OSError)
#: PgBouncer's own words for a client that waited too long carry PostgreSQL's code of a broken protocol.
_OUTWAITED = "08P01"
_CLOCK = "extract(epoch FROM clock_timestamp())"
_MARIADB_CLOCK = "UNIX_TIMESTAMP(SYSDATE(6))"
_TOO_MANY = {"53300", "1040"}


@dataclass(frozen=True)
class Served:
    """One transaction, in seconds of the machine's clock: asked for, started and ended in the database."""

    asked: float
    started: float
    ended: float

    @property
    def wait_seconds(self) -> float:
        return self.started - self.asked


@dataclass(frozen=True)
class Target:
    """Where clients connect. ``per_transaction``: they come anew for each one (a queue that knows no transactions)."""

    host: str
    port: int
    user: str
    password: str
    borrow_timeout_seconds: int | None = None
    per_transaction: bool = False


class Session(Protocol):
    """A client of a database."""

    async def open(self) -> None: ...

    async def transaction(self, hold_seconds: float, *, keep: bool = False) -> Served:
        """Hold a connection for that long; with ``keep`` the session keeps it for what follows."""
        ...

    async def close(self) -> None: ...


class PostgresSession:
    """A connection to PostgreSQL or PgBouncer that is kept between transactions."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: psycopg.AsyncConnection | None = None
        self._kept = False

    async def open(self) -> None:
        if self._connection is None or self._connection.closed:
            target = self._target
            self._kept = False
            self._connection = await psycopg.AsyncConnection.connect(
                host=target.host,
                port=target.port,
                user=target.user,
                password=target.password,
                dbname="postgres",
                autocommit=True,
                prepare_threshold=None,
                connect_timeout=60,
            )

    async def transaction(self, hold_seconds: float, *, keep: bool = False) -> Served:
        """One statement is one transaction, so that the pooler has its connection back when the database is done with it."""
        await self.open()
        if self._connection is None:
            raise RuntimeError("a session is used before it is open")
        asked = time.time()
        if keep and not self._kept:
            await self._connection.execute(b"BEGIN")
            self._kept = True
        statement = f"SELECT {_CLOCK}, pg_sleep({hold_seconds}), {_CLOCK}"
        return _served(asked, await (await self._connection.execute(statement.encode())).fetchone())

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.close()


class MariaDbSession:
    """A connection to MariaDB, kept between transactions, or opened for each where the way there knows no transactions."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._connection: Any = None

    async def open(self) -> None:
        """Nothing yet where each transaction has a connection of its own."""
        if not self._target.per_transaction:
            await self._connect()

    async def transaction(self, hold_seconds: float, *, keep: bool = False) -> Served:
        asked = time.time()
        await self._connect()
        async with self._connection.cursor() as cursor:
            await cursor.execute(f"SELECT {_MARIADB_CLOCK}, SLEEP({hold_seconds}), {_MARIADB_CLOCK}")
            row = await cursor.fetchone()
        if self._target.per_transaction and not keep:
            await self.close()
        return _served(asked, row)

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            await connection.ensure_closed()

    async def _connect(self) -> None:
        if self._connection is None:
            target = self._target
            patience = 60 + (target.borrow_timeout_seconds or 0)
            self._connection = await asyncmy.connect(
                host=target.host,
                port=target.port,
                user=target.user,
                password=target.password,
                autocommit=None,  # the server's own default is what we want: one question less at each log-in
                connect_timeout=patience,
            )


def failure_of(error: BaseException, target: Target, waited_seconds: float) -> str:
    """What a failed attempt was: ``refused``, ``outwaited`` or the error's own code."""
    code = _code(error)
    if code in _TOO_MANY:
        return "refused"
    borrow = target.borrow_timeout_seconds
    if code == _OUTWAITED or (target.per_transaction and borrow is not None and waited_seconds >= 0.9 * borrow):
        return "outwaited"
    return code or type(error).__name__


def _code(error: BaseException) -> str | None:
    if isinstance(error, MariaDbError):
        return str(error.args[0]) if error.args else None
    return sqlstate_in(str(error)) or sqlstate_of(error)


def _served(asked: float, row: Any) -> Served:
    if row is None:
        raise RuntimeError("the database answered a transaction with no row")
    return Served(asked, float(row[0]), float(row[2]))
