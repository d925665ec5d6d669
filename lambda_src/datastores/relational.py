"""The relational store of a function: one connection per execution environment, opened at first use and kept.

    database = RelationalStore()                      # module scope; reads and opens nothing yet

    def handler(event, context):
        with database.invocation(context):            # caps every wait by the time that is left
            return database.transact(work, repeat=Repeat.ROLLED_BACK)

``SnapStart``: register ``database.close`` as the hook before the snapshot.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from datastores import postgresql, tls
from datastores.credentials import Credentials, credentials_for
from datastores.deadline import Deadline, InvocationContext
from datastores.errors import (
    ConfigurationError,
    ConflictError,
    CredentialsError,
    DatastoreError,
    DeadlineError,
    OutcomeUnknownError,
    OverloadedError,
    TimeLimitError,
    UnavailableError,
)
from datastores.failures import Failure
from datastores.postgresql import BoundedConnection
from datastores.retry import RetryPolicy
from datastores.settings import RelationalSettings, relational_settings

T = TypeVar("T")
Work = Callable[[BoundedConnection], T]

_OUTSIDE_SECONDS = 30.0
"""Deadline of work outside of an invocation."""

_log = logging.getLogger(__name__)


class Repeat(enum.Enum):
    """When a transaction may run again. That a connection could not be made, or was lost before ``BEGIN``, is always tried again."""

    NEVER = "never"
    ROLLED_BACK = "only when it certainly was rolled back"
    ALWAYS = "also when the commit's outcome is unknown: running it twice is harmless"


class RelationalStore:
    """A store found through the environment (``<environment_prefix>_HOST`` and so on).

    ``reader`` connects to ``<environment_prefix>_READER_HOST``. ``per_invocation`` closes the connection after each invocation, for
    functions that must not keep one.
    """

    def __init__(
        self,
        environment_prefix: str = "POOLPROOF_DATABASE",
        *,
        reader: bool = False,
        per_invocation: bool = False,
        policy: RetryPolicy | None = None,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self._prefix = environment_prefix
        self._reader = reader
        self._per_invocation = per_invocation
        self._policy = policy or RetryPolicy()
        self._environ = environ
        self._settings: RelationalSettings | None = None
        self._credentials: Credentials | None = None
        self._connection: BoundedConnection | None = None
        self._deadline: Deadline | None = None
        self._application_name = "poolproof"

    @contextmanager
    def invocation(self, context: InvocationContext) -> Iterator[RelationalStore]:
        """Bound all work inside by the invocation's remaining time, less what it needs to answer."""
        self._application_name = f"{context.function_name}:{context.function_version}"
        with self.within(Deadline.of(context)):
            yield self

    @contextmanager
    def within(self, deadline: Deadline) -> Iterator[RelationalStore]:
        """Bound all work inside by ``deadline``."""
        self._deadline = deadline
        try:
            yield self
        finally:
            self._deadline = None
            if self._per_invocation:
                self.close()

    def read(self, work: Work[T]) -> T:
        """Run statements that change nothing, each on its own; they may run again after a failure."""
        return self._run(work, Repeat.ALWAYS)

    def transact(
        self,
        work: Work[T],
        *,
        repeat: Repeat,
        isolation: psycopg.IsolationLevel | None = None,
        read_only: bool | None = None,
    ) -> T:
        """Run ``work`` in one transaction; ``isolation`` and ``read_only`` hold for it alone.

        ``work`` may run more than once and must change nothing but the database. Besides what the statements themselves raise
        (``psycopg.Error``): ``UnavailableError`` and its kinds when nothing was written, ``OutcomeUnknownError``,
        ``CredentialsError``, ``ConfigurationError``, ``SettingsError``.
        """

        def attempt(connection: BoundedConnection) -> T:
            connection.isolation_level, connection.read_only = isolation, read_only
            return _in_transaction(connection, work)

        return self._run(attempt, repeat)

    def close(self) -> None:
        """Close the connection; the next piece of work opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, attempt: Work[T], repeat: Repeat) -> T:
        deadline = self._deadline or Deadline.after(_OUTSIDE_SECONDS)
        course = _Course(repeat)

        def once() -> T:
            try:
                return attempt(self._usable_connection(deadline, course))
            finally:
                self._put_back()

        try:
            return self._policy.run(once, again=lambda error: self._again(error, course), deadline=deadline)
        except (psycopg.Error, _CommitLostError, DatastoreError) as error:
            raise course.verdict(error) from error

    def _usable_connection(self, deadline: Deadline, course: _Course) -> BoundedConnection:
        if self._connection is not None:
            self._connection.deadline = deadline
            if not postgresql.is_alive(self._connection):
                self.close()
        if self._connection is None:
            self._connection = self._connect(deadline, course)
        course.started = True
        return self._connection

    def _put_back(self) -> None:
        if self._connection is not None and not postgresql.is_usable(self._connection):
            self.close()

    def _connect(self, deadline: Deadline, course: _Course) -> BoundedConnection:
        course.started = False
        try:
            return self._log_in(deadline)
        except psycopg.Error as error:
            if postgresql.failure_of(error) is not Failure.CREDENTIALS or course.refreshed or not self._credentials:
                raise
            _log.warning("the login was refused, trying once with a fresh secret or token: %s", error)
            course.refreshed = True
            self._credentials.forget()
            return self._log_in(deadline)

    def _log_in(self, deadline: Deadline) -> BoundedConnection:
        if self._settings is None:
            self._settings = relational_settings(self._prefix, self._environ)
        settings = self._settings
        host = (self._reader and settings.reader_host) or settings.host
        if self._credentials is None:
            self._credentials = credentials_for(settings, host)
        login = self._credentials.login()
        parameters = {
            "host": host,
            "port": settings.port,
            "dbname": settings.name,
            "user": login.user,
            "password": login.password,
            **tls.connection_parameters(settings),
        }
        return postgresql.connect(parameters, application_name=self._application_name, deadline=deadline)

    def _again(self, error: Exception, course: _Course) -> bool:
        again = course.may_go_on(error)
        if again:
            _log.warning("trying again: %s", error)
        return again


class _CommitLostError(Exception):
    """The connection was lost between sending COMMIT and its answer."""


class _Course:
    """How one piece of work has fared so far, and so what may follow."""

    def __init__(self, repeat: Repeat) -> None:
        self._repeat = repeat
        self.started = False
        self.refreshed = False
        self._unknown = False

    def may_go_on(self, error: Exception) -> bool:
        """Whether another attempt may follow this failure."""
        if isinstance(error, _CommitLostError):
            self._unknown = True
            return self._repeat is Repeat.ALWAYS
        if isinstance(error, UnavailableError):
            return not isinstance(error, DeadlineError)
        if not isinstance(error, psycopg.Error):
            return False
        failure = postgresql.failure_of(error)
        if failure in {Failure.CONNECTION, Failure.WRONG_NODE, Failure.TRANSACTION}:
            return not self.started or self._repeat is not Repeat.NEVER
        return False

    def verdict(self, error: Exception) -> Exception:
        """What the caller is told."""
        if isinstance(error, _CommitLostError):
            self._unknown = True
        if self._unknown:
            return OutcomeUnknownError(
                f"the commit's outcome is unknown, the connection was lost during it: {_line(error)}"
            )
        return error if isinstance(error, DatastoreError) else _translated(error)


def _in_transaction(connection: BoundedConnection, work: Work[T]) -> T:
    committing = False
    try:
        with connection.transaction():
            result = work(connection)
            committing = True
    except (psycopg.OperationalError, DeadlineError) as error:
        if committing and _is_lost(error, connection):
            raise _CommitLostError(str(error)) from error
        raise
    return result


def _is_lost(error: Exception, connection: BoundedConnection) -> bool:
    """A refused commit leaves the connection alive; one without an answer leaves it dead."""
    return connection.closed or isinstance(error, DeadlineError)


def _translated(error: Exception) -> Exception:
    if not isinstance(error, psycopg.Error):
        return error
    kinds: dict[Failure, type[DatastoreError]] = {
        Failure.CONNECTION: UnavailableError,
        Failure.WRONG_NODE: UnavailableError,
        Failure.BORROW: OverloadedError,
        Failure.TRANSACTION: ConflictError,
        Failure.CANCELLED: TimeLimitError,
        Failure.CREDENTIALS: CredentialsError,
        Failure.CONFIGURATION: ConfigurationError,
    }
    kind = kinds.get(postgresql.failure_of(error))
    return kind(f"relational store: {_line(error)}") if kind else error


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
