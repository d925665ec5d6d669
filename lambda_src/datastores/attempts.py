"""What may follow a failed attempt at a piece of relational work, and what its caller is told in the end."""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from typing import TypeVar

import psycopg

from datastores import postgresql
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

T = TypeVar("T")
Work = Callable[[BoundedConnection], T]

_KINDS: dict[Failure, type[DatastoreError]] = {
    Failure.CONNECTION: UnavailableError,
    Failure.WRONG_NODE: UnavailableError,
    Failure.BORROW: OverloadedError,
    Failure.TRANSACTION: ConflictError,
    Failure.CANCELLED: TimeLimitError,
    Failure.CREDENTIALS: CredentialsError,
    Failure.CONFIGURATION: ConfigurationError,
}
_PASSING = (Failure.CONNECTION, Failure.WRONG_NODE, Failure.TRANSACTION)

_log = logging.getLogger(__name__)


class Repeat(enum.Enum):
    """When a transaction may run again. That a connection could not be made, or was lost before ``BEGIN``, is always tried again."""

    NEVER = "never"
    ROLLED_BACK = "only when it certainly was rolled back"
    ALWAYS = "also when the commit's outcome is unknown: running it twice is harmless"


class CommitLostError(Exception):
    """The connection was lost between sending COMMIT and its answer."""


class Course:
    """How one piece of work has fared so far. ``begun`` says that the attempt under way has reached the work itself."""

    def __init__(self, repeat: Repeat, *, read_only: bool = False) -> None:
        self._repeat = repeat
        self._read_only = read_only
        self._unknown = False
        self.begun = False
        self.refreshed = False

    def in_transaction(self, connection: BoundedConnection, work: Work[T]) -> T:
        """Run ``work`` between BEGIN and COMMIT. Raises ``CommitLostError`` when the commit got no answer."""
        committing = False
        try:
            with connection.transaction():
                self.begun = True
                result = work(connection)
                committing = True
        except (psycopg.OperationalError, DeadlineError) as error:
            # A refused commit leaves the connection alive; one without an answer leaves it dead.
            if committing and (connection.closed or isinstance(error, DeadlineError)):
                raise CommitLostError(str(error)) from error
            raise
        return result

    def meaning(self, error: psycopg.Error) -> Failure:
        """What the error means here: a write in a transaction that was asked to be read-only reached the right node."""
        failure = postgresql.failure_of(error)
        return Failure.OTHER if failure is Failure.WRONG_NODE and self._read_only else failure

    def may_go_on(self, error: Exception) -> bool:
        """Whether another attempt may follow this failure."""
        may = self._may_go_on(error)
        if may:
            _log.warning("trying again: %s", error)
        return may

    def verdict(self, error: Exception) -> Exception:
        """What the caller is told."""
        if self._unknown or isinstance(error, CommitLostError):
            return OutcomeUnknownError(
                f"the commit's outcome is unknown, the connection was lost during it: {_line(error)}"
            )
        kind = _KINDS.get(self.meaning(error)) if isinstance(error, psycopg.Error) else None
        return kind(f"relational store: {_line(error)}") if kind else error

    def _may_go_on(self, error: Exception) -> bool:
        if isinstance(error, CommitLostError):
            self._unknown = True
            return self._repeat is Repeat.ALWAYS
        if isinstance(error, UnavailableError):
            passing = not isinstance(error, DeadlineError)
        else:
            passing = isinstance(error, psycopg.Error) and self.meaning(error) in _PASSING
        return passing and (not self.begun or self._repeat is not Repeat.NEVER)


def _line(error: Exception) -> str:
    return " ".join(str(error).split())
