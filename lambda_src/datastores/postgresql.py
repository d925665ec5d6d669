"""One PostgreSQL connection that never outlives the deadline of an invocation, through psycopg 3.

What a transaction pooler or RDS Proxy would pin is never sent: no prepared statements (``prepare_threshold=None``; psycopg/psycopg#1105),
no ``options``, no session ``SET``. Timeouts of the session belong to the role or the parameter group.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Generator
from typing import Any, TypeVar

import psycopg
from psycopg import pq

from datastores.deadline import Deadline
from datastores.errors import DeadlineError
from datastores.failures import Failure, classify

T = TypeVar("T")

CONNECT_SECONDS = 3
LEAST_CONNECT_SECONDS = 2
"""libpq waits at least this long for a connection, whatever it is told (PostgreSQL documentation, connect_timeout)."""
CANCEL_SECONDS = 0.3
_APPLICATION_NAME_BYTES = 63

_SILENCE: dict[str, Any] = {
    "tcp_user_timeout": 5000,  # milliseconds; a peer that vanished during a freeze is noticed at the first statement
    "keepalives_idle": 30,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}

_log = logging.getLogger(__name__)


class BoundedConnection(psycopg.Connection[tuple[Any, ...]]):
    """A connection whose every wait ends at ``deadline``: the statement is cancelled and the connection closed.

    The wait for a pooled connection happens after connecting, so only this bounds it on the client's side (sequelize#14433).
    """

    deadline: Deadline | None = None

    def wait(self, gen: Generator[Any, Any, T], *arguments: Any, **options: Any) -> T:
        """Drive one exchange with the server, psycopg's own hook. Raises ``DeadlineError``."""
        if self.deadline is None:
            return super().wait(gen, *arguments, **options)
        try:
            return super().wait(_until(self.deadline, gen), *arguments, **options)
        except DeadlineError:
            self.abandon()
            raise

    def abandon(self) -> None:
        """Cancel what runs at the server and close the connection, so that nobody's slot stays taken."""
        if self.info.transaction_status == pq.TransactionStatus.ACTIVE:
            with contextlib.suppress(psycopg.Error):  # the answer no longer matters, and the server may be gone
                self.cancel_safe(timeout=CANCEL_SECONDS)
        self.close()


def connect(parameters: dict[str, Any], *, application_name: str, deadline: Deadline) -> BoundedConnection:
    """A new connection in autocommit mode. Raises ``DeadlineError`` or psycopg's error."""
    remaining = deadline.remaining
    if remaining < LEAST_CONNECT_SECONDS:
        raise DeadlineError(
            f"{max(0.0, remaining):.1f} s are left, connecting may take {LEAST_CONNECT_SECONDS} s: raise the function's timeout"
        )
    connection = BoundedConnection.connect(
        **parameters,
        **_SILENCE,
        autocommit=True,
        prepare_threshold=None,
        application_name=application_name.encode()[:_APPLICATION_NAME_BYTES].decode(errors="ignore"),
        connect_timeout=int(min(CONNECT_SECONDS, remaining)),
    )
    connection.deadline = deadline
    return connection


def failure_of(error: psycopg.Error) -> Failure:
    """What a psycopg error means."""
    lost = isinstance(error, psycopg.OperationalError) and (error.sqlstate is None or _is_fatal(error))
    return classify(error.sqlstate, str(error), lost=lost)


def is_usable(connection: BoundedConnection) -> bool:
    """Whether the connection may serve the next piece of work: open, and outside of any transaction."""
    return not connection.closed and connection.info.transaction_status == pq.TransactionStatus.IDLE


def is_alive(connection: BoundedConnection) -> bool:
    """Whether nobody closed the connection while it was idle or frozen, as far as this side's socket knows.

    It asks nobody: behind a pooler a question would borrow a connection, a transaction that no budget counts. What the socket does
    not know yet fails the first statement, before anything is written, and is tried again.
    """
    try:
        for _ in range(2):  # the first reads a farewell if there is one, the second the end behind it
            connection.pgconn.consume_input()
    except psycopg.OperationalError as error:
        _log.info("an idle connection was closed by the other side: %s", error)
        return False
    return not connection.closed


def _is_fatal(error: psycopg.Error) -> bool:
    return error.diag.severity_nonlocalized in {"FATAL", "PANIC"}


def _until(deadline: Deadline, gen: Generator[Any, Any, T]) -> Generator[Any, Any, T]:
    """``gen`` until the deadline. psycopg resumes it at least ten times a second, also when nothing has happened."""
    try:
        wanted = next(gen)
        while not deadline.passed:
            ready = yield wanted
            wanted = gen.send(ready)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a generator's return value is untyped at run time
    raise DeadlineError("the invocation has no time left to wait for the database")
