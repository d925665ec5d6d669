"""The real servers of a plan: a database of its product with the plan's connections, and a pooler for each pool."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Protocol

from constructs_lib.regex import regex
from constructs_lib.rehearsal.haproxy import HaProxy
from constructs_lib.rehearsal.mariadb import FEWEST_CONNECTIONS, MariaDbServer
from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.plan import Plan, PoolPlan
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.sampling import Sampler
from constructs_lib.rehearsal.sessions import MariaDbSession, PostgresSession, Session, Target

_USER = "app"
#: PostgreSQL keeps this many of max_connections for superusers unless told otherwise; the sampler, one of them, takes another.
_SUPERUSERS, _SAMPLERS = 3, 1
_FEWEST_FOR_POSTGRES = 5
_REFUSED = regex(r"SQLSTATE=53300 ")


@dataclass(frozen=True)
class Witness:
    """What the database itself says about a rehearsal: connections it refused, and the most that it ever had."""

    refused: int
    peak_connections: int


class Stage(Protocol):
    """Servers that run."""

    @property
    def version(self) -> str: ...

    @property
    def pooler(self) -> str: ...

    @property
    def fillers(self) -> int:
        """Connections to keep open because the product's smallest limit is larger than the plan's."""
        ...

    @property
    def direct(self) -> Target: ...

    @property
    def pools(self) -> Sequence[Target]: ...

    def session(self, target: Target) -> Session: ...

    def witnessed(self) -> Witness: ...


@contextmanager
def staged(plan: Plan) -> Iterator[Stage]:
    """Start what the plan needs; all of it is stopped and removed on leaving. Raises RehearsalError when something is missing."""
    with ExitStack() as stack:
        if plan.product == "PostgreSQL":
            yield _PostgresStage(plan, stack)
        else:
            yield _MariaDbStage(plan, stack)


class _PostgresStage:
    pooler = "PgBouncer in transaction mode"

    def __init__(self, plan: Plan, stack: ExitStack) -> None:
        limit = max(_FEWEST_FOR_POSTGRES, plan.slots + _SUPERUSERS + _SAMPLERS)
        self.fillers = limit - _SUPERUSERS - _SAMPLERS - plan.slots
        settings = {"log_line_prefix": "SQLSTATE=%e ", "superuser_reserved_connections": str(_SUPERUSERS)}
        # A server without room for one client, or a missing pooler, is told before anything else starts.
        self._server = stack.enter_context(PostgresServer(limit, settings))
        password = secrets.token_urlsafe(12)
        self._server.execute(f"CREATE ROLE {_USER} LOGIN PASSWORD '{password}'")
        self.version = str(self._server.execute("SHOW server_version")[0][0]).split()[0]
        self.direct = Target(self._server.host, self._server.port, _USER, password)
        self.pools = [_pgbouncer(stack, self._server, pool, password) for pool in plan.pools]
        self._sampler = stack.enter_context(Sampler(self._server, interval_seconds=0.1))

    def session(self, target: Target) -> Session:
        return PostgresSession(target)

    def witnessed(self) -> Witness:
        refused = len(_REFUSED.findall(self._server.log_text()))
        return Witness(refused, max((sample.logged_in for sample in self._sampler.samples), default=0))


class _MariaDbStage:
    pooler = "HAProxy's queue, a connection per transaction"

    def __init__(self, plan: Plan, stack: ExitStack) -> None:
        limit = max(FEWEST_CONNECTIONS, plan.slots)
        self.fillers = limit - plan.slots
        self._server = stack.enter_context(MariaDbServer(limit))
        password = secrets.token_urlsafe(12)
        self._server.create_user(_USER, password)
        self.version = str(self._server.execute("SELECT VERSION()")[0][0]).split("-")[0]
        self.direct = Target(self._server.host, self._server.port, _USER, password)
        self.pools = [_haproxy(stack, self._server, pool, password) for pool in plan.pools]
        self._server.execute("FLUSH STATUS")

    def session(self, target: Target) -> Session:
        return MariaDbSession(target)

    def witnessed(self) -> Witness:
        rows = self._server.execute(
            "SHOW GLOBAL STATUS WHERE Variable_name IN ('Connection_errors_max_connections', 'Max_used_connections')"
        )
        said = {str(name): int(value) for name, value in rows}
        # One more than the limit gets as far as logging in: only then does the server see that it is no administrator.
        peak = min(said["Max_used_connections"], self._server.max_connections)
        return Witness(said["Connection_errors_max_connections"], peak)


def _pgbouncer(stack: ExitStack, server: PostgresServer, pool: PoolPlan, password: str) -> Target:
    pooler = PgBouncer(
        server,
        pool_size=pool.connections,
        borrow_timeout_seconds=pool.borrow_timeout_seconds,
        users={_USER: password},
        max_client_connections=pool.clients + 10,
    )
    stack.enter_context(pooler)
    return Target(pooler.host, pooler.port, _USER, password, pool.borrow_timeout_seconds)


def _haproxy(stack: ExitStack, server: MariaDbServer, pool: PoolPlan, password: str) -> Target:
    queue = HaProxy(
        server,
        pool_size=pool.connections,
        borrow_timeout_seconds=pool.borrow_timeout_seconds,
        max_client_connections=2 * pool.clients + 10,  # a client that left may still be on its way out
    )
    stack.enter_context(queue)
    return Target(queue.host, queue.port, _USER, password, pool.borrow_timeout_seconds, per_transaction=True)
