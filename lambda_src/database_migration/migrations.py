"""Brings a database up to date: numbered SQL files in order, each exactly once, then the role that functions log in as.

Everything happens in one transaction under an advisory lock, so that two deployments at once wait for each other and a failure
leaves nothing behind. Run it as the owner and past any pooler. Running it again changes nothing but the role's password and rights.
Usable as code: ``migrate("postgresql://owner:…@host/orders", Role("orders_app", "…"))``.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
from application_role import Role, admit

VERSIONS = Path(__file__).with_name("versions")
_LOCK = 7_072_063_801
"""Any number; every migration of this database must use the same."""
_NAME = re.compile(r"(\d{4})_[a-z0-9_]+\.sql")

_HISTORY = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class MigrationError(Exception):
    """The files and the database's history contradict each other; nothing was changed."""


@dataclass(frozen=True)
class Version:
    """One SQL file; its number decides the order, its digest notices later edits."""

    number: int
    name: str
    sql: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql).hexdigest()


@dataclass(frozen=True)
class Outcome:
    """What a run did: the version the database has now, and the names applied by this run."""

    version: int
    applied: tuple[str, ...]


def migrate(dsn: str, role: Role, folder: Path = VERSIONS) -> Outcome:
    """``apply`` over a connection of its own."""
    with psycopg.connect(dsn, autocommit=True, application_name="database-migration") as connection:
        return apply(connection, role, folder)


def apply(connection: psycopg.Connection, role: Role, folder: Path = VERSIONS) -> Outcome:
    """Apply what the database has not seen and bring the application's role into shape.

    Raises ``MigrationError``, ``application_role.RoleError``, or ``psycopg.Error`` with everything rolled back.
    """
    versions = versions_in(folder)
    with connection.transaction():
        _prepare(connection)
        pending = _pending(connection, versions)
        for version in pending:
            _run(connection, version)
        admit(connection, role)
    return Outcome(versions[-1].number, tuple(version.name for version in pending))


def versions_in(folder: Path) -> list[Version]:
    """The files of a folder in order. Raises ``MigrationError`` with every name that does not fit, gap and duplicate."""
    problems: list[str] = []
    versions = []
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match is None:
            problems.append(f"file {path.name!r} is no migration: allowed is 0001_what_it_does.sql")
        else:
            versions.append(Version(int(match[1]), path.stem, path.read_bytes()))
    numbers = [version.number for version in versions]
    if numbers != list(range(1, len(numbers) + 1)) or not numbers:
        problems.append(f"the versions are {numbers}: number them 1, 2, 3 … without gap or duplicate")
    if problems:
        raise MigrationError("; ".join(problems))
    return versions


def _prepare(connection: psycopg.Connection) -> None:
    """Wait for a migration under way. A change may take longer than a request's statement, but must not queue for locks for ever."""
    connection.execute("SET LOCAL statement_timeout = 0")
    connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    if connection.info.server_version >= 170000:
        connection.execute("SET LOCAL transaction_timeout = 0")
    connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    connection.execute("SET LOCAL lock_timeout = '20s'")
    connection.execute(_HISTORY)


def _pending(connection: psycopg.Connection, versions: list[Version]) -> list[Version]:
    rows = connection.execute("SELECT version, name, sha256 FROM schema_migrations ORDER BY version").fetchall()
    known = {version.number: version for version in versions}
    problems = []
    for number, name, digest in rows:
        version = known.get(number)
        if version is None:
            problems.append(f"the database has version {number} ({name}), which these files lack: deploy newer code")
        elif version.digest != digest:
            problems.append(f"version {number} ({version.name}) was edited after it was applied: add a new one instead")
    if problems:
        raise MigrationError("; ".join(problems))
    return versions[len(rows) :]


def _run(connection: psycopg.Connection, version: Version) -> None:
    connection.execute(version.sql)
    connection.execute(
        "INSERT INTO schema_migrations (version, name, sha256) VALUES (%s, %s, %s)",
        (version.number, version.name, version.digest),
    )
