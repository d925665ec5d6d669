"""A throwaway MariaDB server on a free port of this machine.

Programs: `mariadb-install-db` and `mariadbd` of Debian's packages `mariadb-server-core` and `mariadb-client-core`, which start no
system service, or of Homebrew's `mariadb`. Like PostgreSQL it runs under an unprivileged account.
"""

from __future__ import annotations

import asyncio
import secrets
import shutil
import signal
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import asyncmy

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, server_account
from constructs_lib.rehearsal.interruption import exit_on_termination
from constructs_lib.rehearsal.process import ServerProcess, free_port, make_folder, remove_folder, run_to_end

if TYPE_CHECKING:
    from typing_extensions import Self

#: MariaDB silently raises a smaller max_connections to this (manual, server system variables, 2026-11-21).
FEWEST_CONNECTIONS = 10
_START_ATTEMPTS = 3
_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"
_MISSING = (
    "no {name} found on PATH or in /usr/sbin: install it with "
    "'apt-get install mariadb-server-core mariadb-client-core' (Debian, Ubuntu) or 'brew install mariadb' (macOS)"
)
_THROWAWAY = {
    "innodb_flush_log_at_trx_commit": "0",
    "innodb_buffer_pool_size": "16M",
    "innodb_log_file_size": "8M",
    "performance_schema": "OFF",
    "back_log": "1024",
    "skip_log_bin": "1",
}


class MariaDbServer:
    """MariaDB as a context manager: started on entering, stopped and removed on leaving, whatever happens.

    `max_connections` is the server's own; beyond it MariaDB lets in one more user with the privilege CONNECTION ADMIN, which
    `execute` uses. `settings` are further server settings by name, e.g. {"max_statement_time": "5"}.
    Raises RehearsalError when the programs are missing or the server does not start (with its last log lines).
    """

    def __init__(self, max_connections: int = 100, settings: Mapping[str, str] | None = None) -> None:
        if max_connections < FEWEST_CONNECTIONS:
            raise RehearsalError(
                f"max_connections is {max_connections}: allowed is {FEWEST_CONNECTIONS} or more, MariaDB knows no less"
            )
        self.max_connections = max_connections
        self.host = "127.0.0.1"
        self.port = 0
        self.user = "root"
        self.password = secrets.token_urlsafe(18)
        self._settings = {**_THROWAWAY, **(settings or {}), "max_connections": str(max_connections)}
        self._stack = ExitStack()
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(exit_on_termination())
            account = server_account()
            installer, program = _program("mariadb-install-db"), _program("mariadbd")
            folder = make_folder("mariadb", account)
            starting.callback(remove_folder, folder)
            starting.callback(self._stop)
            run_to_end("mariadb-install-db", _installation(installer, folder), account, folder, 60)
            self._write_login(account, folder)
            self._start(program, account, folder)
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Run SQL statements as administrator, also when every other slot is taken; returns the rows of the last.

        Opens an event loop of its own: not for use inside one.
        """
        return asyncio.run(self._execute(statements))

    def create_user(self, name: str, password: str) -> None:
        """An account without privileges, which may still connect and ask for what needs no table."""
        self.execute(f"CREATE USER '{_quoted(name)}'@'%' IDENTIFIED BY '{_quoted(password)}'")

    def log_text(self) -> str:
        """All that the server has logged so far."""
        return self._process.log.read_text(errors="replace") if self._process else ""

    def stop(self) -> None:
        """Stop the server before the context ends (to rehearse an outage); the folder stays until then."""
        self._stop()

    async def _execute(self, statements: Sequence[str]) -> list[tuple[Any, ...]]:
        connection = await asyncmy.connect(
            host=self.host, port=self.port, user=self.user, password=self.password, autocommit=True
        )
        try:
            async with connection.cursor() as cursor:
                for statement in statements:
                    await cursor.execute(statement)
                return list(await cursor.fetchall()) if cursor.description else []
        finally:
            await connection.ensure_closed()

    def _write_login(self, account: Account, folder: Path) -> None:
        """The first statements of the server: nobody gets in without the password."""
        login = folder / "login.sql"
        login.write_text(
            f"CREATE OR REPLACE USER 'root'@'127.0.0.1' IDENTIFIED BY '{self.password}';\n"
            "GRANT ALL PRIVILEGES ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n"
            "DELETE FROM mysql.global_priv WHERE User = 'root' AND Host <> '127.0.0.1' OR User = '';\n"
            "FLUSH PRIVILEGES;\n"
        )
        login.chmod(0o600)
        account.own(login)

    def _start(self, program: str, account: Account, folder: Path) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            self.port = free_port(self.host)
            self._process = process = ServerProcess("mariadbd", self._arguments(program, folder), account, folder)
            try:
                process.wait_until(lambda: f"port: {self.port}" in self.log_text(), 30)
                break
            except RehearsalError as error:
                if attempt == _START_ATTEMPTS or "Address already in use" not in str(error):
                    raise
        (folder / "login.sql").unlink()

    def _arguments(self, program: str, folder: Path) -> Sequence[str]:
        settings = {
            "datadir": str(folder / "data"),
            "bind_address": self.host,
            "port": str(self.port),
            "socket": str(folder / "socket"),
            "pid_file": str(folder / "pid"),
            "init_file": str(folder / "login.sql"),
            "skip_name_resolve": "1",
            **self._settings,
        }
        return [program, "--no-defaults", *(f"--{name}={value}" for name, value in settings.items())]

    def _stop(self) -> None:
        if self._process is not None:
            # Nothing of a throwaway server needs writing down, and its orderly end waits for InnoDB.
            self._process.stop(signal.SIGKILL)


def _installation(installer: str, folder: Path) -> Sequence[str]:
    return [
        installer,
        "--no-defaults",
        f"--datadir={folder / 'data'}",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--skip-name-resolve",
    ]


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=_PLACES)
    if found is None:
        raise RehearsalError(_MISSING.format(name=name))
    return found


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")
