"""The relational store of a function: one connection per execution environment, opened at first use and kept.

    database = RelationalStore()                      # module scope; reads and opens nothing yet

    def handler(event, context):
        with database.invocation(context):            # caps every wait by the time that is left
            return database.transact(work, repeat=Repeat.ROLLED_BACK)

``SnapStart``: register ``database.close`` as the hook before the snapshot.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import psycopg

from datastores import postgresql, tls
from datastores.attempts import CommitLostError, Course, Repeat, Work
from datastores.credentials import Credentials, credentials_for
from datastores.deadline import Deadline, InvocationContext
from datastores.errors import DatastoreError
from datastores.failures import Failure
from datastores.postgresql import BoundedConnection
from datastores.retry import RetryPolicy
from datastores.settings import RelationalSettings, relational_settings

__all__ = ["RelationalStore", "Repeat"]

T = TypeVar("T")

_OUTSIDE_SECONDS = 30.0
"""Deadline of work outside of an invocation."""

_log = logging.getLogger(__name__)


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
        return self._run(work, Course(Repeat.ALWAYS))

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
        course = Course(repeat, read_only=bool(read_only))

        def attempt(connection: BoundedConnection) -> T:
            connection.isolation_level, connection.read_only = isolation, read_only
            return course.in_transaction(connection, work)

        return self._run(attempt, course)

    def close(self) -> None:
        """Close the connection; the next piece of work opens a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, attempt: Work[T], course: Course) -> T:
        deadline = self._deadline or Deadline.after(_OUTSIDE_SECONDS)

        def once() -> T:
            course.begun = False
            try:
                return attempt(self._usable_connection(deadline, course))
            except psycopg.Error as error:
                if course.meaning(error) in {Failure.CONNECTION, Failure.WRONG_NODE}:
                    self.close()
                raise
            finally:
                self._put_back()

        try:
            return self._policy.run(once, again=course.may_go_on, deadline=deadline)
        except (psycopg.Error, CommitLostError, DatastoreError) as error:
            raise course.verdict(error) from error

    def _usable_connection(self, deadline: Deadline, course: Course) -> BoundedConnection:
        if self._connection is not None:
            self._connection.deadline = deadline
            if not postgresql.is_alive(self._connection):
                self.close()
        if self._connection is None:
            self._connection = self._connect(deadline, course)
        return self._connection

    def _put_back(self) -> None:
        if self._connection is not None and not postgresql.is_usable(self._connection):
            self.close()

    def _connect(self, deadline: Deadline, course: Course) -> BoundedConnection:
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
