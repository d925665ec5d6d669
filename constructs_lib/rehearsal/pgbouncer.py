"""PgBouncer in transaction mode: a pooler with the numbers of an RDS proxy.

`default_pool_size` and `max_db_connections` stand for the proxy's pool, `query_wait_timeout` for its borrow timeout,
`max_client_conn` for its client limit. Like the proxy it queues first come, first served.
"""

from __future__ import annotations

import secrets
import shutil
import signal
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

import psycopg
from psycopg.rows import dict_row

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, server_account
from constructs_lib.rehearsal.interruption import exit_on_termination
from constructs_lib.rehearsal.process import (
    ServerProcess,
    accepts,
    allow_many_files,
    free_port,
    make_folder,
    remove_folder,
)

if TYPE_CHECKING:
    from typing_extensions import Self

_ADMIN = "poolproof_admin"
_START_ATTEMPTS = 3
_CLOSE_SECONDS = 5.0
_MISSING = (
    "no pgbouncer found on PATH or in /usr/sbin: install it with "
    "'apt-get install pgbouncer' (Debian, Ubuntu) or 'brew install pgbouncer' (macOS)"
)


class Upstream(Protocol):
    """The database behind the pooler: where it listens."""

    @property
    def host(self) -> str: ...

    @property
    def port(self) -> int: ...


@dataclass(frozen=True)
class PoolState:
    """Sum over the pools of one moment: clients served, clients waiting, the longest wait, server connections."""

    clients_active: int
    clients_waiting: int
    servers_active: int
    servers_idle: int
    longest_wait_seconds: float


class PgBouncer:
    """PgBouncer as a context manager, in front of a server that already runs.

    `pool_size` is in connections, for all users together; `borrow_timeout_seconds` is a whole number of seconds (0 would
    mean to wait for ever, which no proxy does); `users` are role name → password, both to log in here and at the server.
    Raises RehearsalError for bad numbers, a missing program, or a start that fails (with the last log lines).
    """

    def __init__(
        self,
        server: Upstream,
        *,
        pool_size: int,
        borrow_timeout_seconds: int,
        users: Mapping[str, str],
        max_client_connections: int = 1000,
        database: str = "postgres",
    ) -> None:
        _validate(pool_size, borrow_timeout_seconds, max_client_connections, users)
        self.pool_size = pool_size
        self.borrow_timeout_seconds = borrow_timeout_seconds
        self.max_client_connections = max_client_connections
        self.database = database
        self.host = "127.0.0.1"
        self.port = 0
        self._server = server
        self._users = dict(users)
        self._admin_password = secrets.token_urlsafe(18)
        self._stack = ExitStack()
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(exit_on_termination())
            allow_many_files()
            account = server_account()
            program = _program()
            folder = make_folder("pgbouncer", account)
            starting.callback(remove_folder, folder)
            starting.callback(self._stop)
            self._start(program, account, folder)
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
        """A connection URI through the pooler; the first user given unless told otherwise."""
        name = user or next(iter(self._users))
        secret = password if password is not None else self._users.get(name, "")
        address = f"{self.host}:{self.port}/{quote(database or self.database, safe='')}"
        return f"postgresql://{quote(name, safe='')}:{quote(secret, safe='')}@{address}"

    @property
    def admin_dsn(self) -> str:
        """The admin console, for SHOW POOLS and its like; it takes no slot of the pool."""
        return f"postgresql://{_ADMIN}:{self._admin_password}@{self.host}:{self.port}/pgbouncer"

    def show(self, what: str) -> list[dict[str, Any]]:
        """Rows of an admin console table such as "POOLS" or "STATS"."""
        with psycopg.connect(self.admin_dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
            return list(connection.cursor(row_factory=dict_row).execute(f"SHOW {what}".encode()))

    def state(self) -> PoolState:
        """The pool at this moment."""
        return pool_state(self.show("POOLS"), self.database)

    def close_idle_connections(self) -> None:
        """Close the server connections that no client uses now, and wait for it; the next transaction opens a new one."""
        with psycopg.connect(self.admin_dsn, autocommit=True, cursor_factory=psycopg.ClientCursor) as connection:
            connection.execute(b"RECONNECT")
        deadline = time.monotonic() + _CLOSE_SECONDS
        while self.state().servers_idle:
            if time.monotonic() > deadline:
                raise RehearsalError(f"idle connections of the pooler are still open after {_CLOSE_SECONDS:g} s")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the pooler before the context ends (to rehearse an outage)."""
        self._stop()

    def _start(self, program: str, account: Account, folder: Path) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            self.port = free_port(self.host)
            configuration = self._write_configuration(account, folder)
            self._process = ServerProcess("pgbouncer", [program, "-q", str(configuration)], account, folder)
            try:
                self._process.wait_until(lambda: accepts(self.host, self.port), 10)
                return
            except RehearsalError as error:
                if attempt == _START_ATTEMPTS or "in use" not in str(error):
                    raise

    def _write_configuration(self, account: Account, folder: Path) -> Path:
        users = {**self._users, _ADMIN: self._admin_password}
        _write_private(
            folder / "users.txt",
            "".join(_user_line(*item) for item in users.items()),
            account,
        )
        configuration = folder / "pgbouncer.ini"
        _write_private(configuration, self._configuration(folder), account)
        return configuration

    def _configuration(self, folder: Path) -> str:
        database = f"{self.database} = host={self._server.host} port={self._server.port} dbname={self.database}"
        settings = {
            "listen_addr": self.host,
            "listen_port": self.port,
            "listen_backlog": 1024,
            "unix_socket_dir": "",
            "auth_type": "scram-sha-256",
            "auth_file": folder / "users.txt",
            "admin_users": _ADMIN,
            "pool_mode": "transaction",
            "default_pool_size": self.pool_size,
            "max_db_connections": self.pool_size,
            "query_wait_timeout": self.borrow_timeout_seconds,
            "max_client_conn": self.max_client_connections,
            "server_login_retry": 1,
            "server_connect_timeout": 3,
            "log_connections": 0,
            "log_disconnections": 0,
        }
        lines = [f"{name} = {value}" for name, value in settings.items()]
        return "\n".join(["[databases]", database, "[pgbouncer]", *lines, ""])

    def _stop(self) -> None:
        if self._process is not None:
            # at once: SIGTERM did that up to 1.22 and waits for the clients since 1.23; SIGQUIT ends every version
            self._process.stop(signal.SIGQUIT)


def pool_state(rows: list[dict[str, Any]], database: str) -> PoolState:
    """Sum the rows of SHOW POOLS that belong to a database."""
    own = [row for row in rows if row["database"] == database]
    return PoolState(
        clients_active=sum(int(row["cl_active"]) for row in own),
        clients_waiting=sum(int(row["cl_waiting"]) for row in own),
        servers_active=sum(int(row["sv_active"]) for row in own),
        servers_idle=sum(int(row["sv_idle"]) + int(row["sv_used"]) + int(row["sv_tested"]) for row in own),
        longest_wait_seconds=max((int(r["maxwait"]) + int(r["maxwait_us"]) / 1e6 for r in own), default=0.0),
    )


def _program() -> str:
    found = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/bin")
    if found is None:
        raise RehearsalError(_MISSING)
    return found


def _validate(pool: int, borrow_timeout: int, clients: int, users: Mapping[str, str]) -> None:
    problems = [
        f"{name} is {value!r}: allowed is a whole number of 1 or more"
        for name, value in (
            ("pool_size", pool),
            ("borrow_timeout_seconds", borrow_timeout),
            ("max_client_connections", clients),
        )
        if isinstance(value, bool) or not isinstance(value, int) or value < 1
    ]
    if not users:
        problems.append("users is empty: give at least one role with its password")
    if problems:
        raise RehearsalError("\n".join(problems))


def _user_line(name: str, password: str) -> str:
    return " ".join('"' + part.replace('"', '""') + '"' for part in (name, password)) + "\n"


def _write_private(path: Path, text: str, account: Account) -> None:
    path.write_text(text)
    path.chmod(0o600)
    account.own(path)
