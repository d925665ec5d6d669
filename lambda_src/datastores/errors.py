"""What can go wrong in a store, as a caller has to tell it apart.

DatastoreError
├── SettingsError              the environment is incomplete or contradicts the budget
├── ConfigurationError         store and settings do not fit together; a person has to change one
├── CredentialsError           the login was refused, also with a fresh secret or token
├── UnavailableError           nothing was written; later it may work (retry_after_seconds)
│   ├── OverloadedError        the pool gave no connection within its borrow timeout
│   ├── ConflictError          other transactions were in the way each time
│   └── TimeLimitError         the database or the deadline of the invocation ended the work
│       └── DeadlineError      the deadline of the invocation
├── OutcomeUnknownError        the connection was lost during commit: written or not, nobody knows
├── ItemError                  a conditional write of the single table was refused
│   └── AlreadyExistsError, NotFoundError, VersionConflictError
├── KeyPartError               a value that cannot be part of a key
├── CursorError                a pagination cursor that was altered, has expired or is somebody else's
└── ProjectionError            a checkpoint or partition was changed by another run
"""

from __future__ import annotations

from collections.abc import Sequence


class DatastoreError(Exception):
    """Root of everything the runtime raises on purpose."""


class SettingsError(DatastoreError):
    """The environment variables of a store are missing or wrong; ``problems`` holds all of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class ConfigurationError(DatastoreError):
    """Store and settings do not fit together; trying again changes nothing."""


class CredentialsError(DatastoreError):
    """The store refused the login, also after the secret or token was fetched once more."""


class UnavailableError(DatastoreError):
    """The store cannot do the work now and has done none of it; ``retry_after_seconds`` is a hint for the caller."""

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class OverloadedError(UnavailableError):
    """The pool gave no connection within its borrow timeout: shed load, do not hammer."""


class ConflictError(UnavailableError):
    """The transaction was rolled back in favour of others, each time it was tried."""


class TimeLimitError(UnavailableError):
    """A time limit ended the work; what had been done was rolled back."""


class DeadlineError(TimeLimitError):
    """The invocation has no time left for the store."""


class OutcomeUnknownError(DatastoreError):
    """The connection was lost while the commit was under way; only work that may run twice may be tried again."""

    def __init__(self, message: str, *, retry_after_seconds: int = 1) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


class ItemError(DatastoreError):
    """A conditional write of the single table was refused because of the item under ``key``; nothing was written."""

    def __init__(self, message: str, key: object) -> None:
        super().__init__(message)
        self.key = key


class AlreadyExistsError(ItemError):
    """The item to create is there already."""


class NotFoundError(ItemError):
    """The item to change, or to rely on, does not exist."""


class VersionConflictError(ItemError):
    """The item was changed since it was read."""


class KeyPartError(DatastoreError):
    """A value cannot be part of a key of the single table."""


class CursorError(DatastoreError):
    """A pagination cursor is refused; the listing has to start over."""


class ProjectionError(DatastoreError):
    """Another run changed the checkpoint or the partition in the meantime; this one must not overwrite it."""
