"""The database of this machine: a real PostgreSQL and, in front of it, a pooler with the plan's numbers."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer

APPLICATION_USER = "poolproof"
DATABASE = "orders"


@dataclass(frozen=True)
class Numbers:
    """What the plan says about the database: connections, seconds and milliseconds."""

    max_connections: int
    pool_connections: int
    borrow_timeout_seconds: int
    transaction_timeout_ms: int


@dataclass(frozen=True)
class Machine:
    """Server and pooler, running."""

    server: PostgresServer
    pooler: PgBouncer
    numbers: Numbers
    application_password: str

    def context(self) -> str:
        """The value of context `poolproof:local`: functions get the pooler, the migration the database itself."""
        return json.dumps(asdict(self._local()))

    def _local(self) -> LocalContext:
        return LocalContext(
            host=self.pooler.host,
            port=self.pooler.port,
            database=DATABASE,
            max_connections=self.numbers.max_connections,
            pool_connections=self.numbers.pool_connections,
            borrow_timeout_seconds=self.numbers.borrow_timeout_seconds,
            owner_host=self.server.host,
            owner_port=self.server.port,
            owner_user=self.server.user,
            owner_password=self.server.password,
            application_user=APPLICATION_USER,
            application_password=self.application_password,
        )


@dataclass(frozen=True)
class LocalContext:
    """The keys of context `poolproof:local`."""

    host: str
    port: int
    database: str
    max_connections: int
    pool_connections: int
    borrow_timeout_seconds: int
    owner_host: str
    owner_port: int
    owner_user: str
    owner_password: str
    application_user: str
    application_password: str


@contextmanager
def machine(numbers: Numbers) -> Iterator[Machine]:
    """Start both, stop both; the application role does not exist until the deployment's migration creates it."""
    password = secrets.token_urlsafe(18)
    settings = {"transaction_timeout": f"{numbers.transaction_timeout_ms}ms", "log_line_prefix": "%m [%p] %e "}
    with PostgresServer(max_connections=numbers.max_connections, settings=settings) as server:
        server.execute(f"CREATE DATABASE {DATABASE}")
        with PgBouncer(
            server,
            pool_size=numbers.pool_connections,
            borrow_timeout_seconds=numbers.borrow_timeout_seconds,
            users={APPLICATION_USER: password},
            database=DATABASE,
        ) as pooler:
            yield Machine(server, pooler, numbers, password)
