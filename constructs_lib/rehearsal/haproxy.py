"""HAProxy as the queue in front of MariaDB: a pooler with the numbers of an RDS proxy, one database connection per session.

No transaction pooler for MariaDB is to be had from Debian or Homebrew's core alike (ProxySQL and MaxScale have repositories of their
own). HAProxy is: `maxconn` of its one server stands for the proxy's pool, `timeout queue` for its borrow timeout, and whoever comes
beyond the pool waits first come, first served (HAProxy configuration manual 2.6, `maxconn` of a server line, read 2026-11-21).
It knows no transactions: a client has its connection from the greeting to its farewell. So a client here connects for every
transaction, as a function does that closes its connection after each invocation, and its log-in is part of the hold. A place in the pool
is free when the client has gone: the database may take a moment longer to notice, and count one connection more than the pool has.
"""

from __future__ import annotations

import shutil
import signal
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, server_account
from constructs_lib.rehearsal.interruption import exit_on_termination
from constructs_lib.rehearsal.pgbouncer import Upstream
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

_START_ATTEMPTS = 3
_SESSION = "poolproof-session"
_PLACES = "/usr/sbin:/usr/local/sbin:/opt/homebrew/bin:/usr/local/bin"
_MISSING = (
    "no haproxy found on PATH or in /usr/sbin: install it with "
    "'apt-get install haproxy' (Debian, Ubuntu) or 'brew install haproxy' (macOS)"
)


@dataclass(frozen=True)
class Queued:
    """One session by HAProxy's own clock, in seconds, to the millisecond: queued, then holding a connection of the pool."""

    waited_seconds: float
    held_seconds: float


class HaProxy:
    """HAProxy as a context manager, in front of a server that already runs.

    `pool_size` is in connections, `borrow_timeout_seconds` a whole number of seconds after which who waits is sent away.
    Raises RehearsalError for bad numbers, a missing program, or a start that fails (with the last log lines).
    """

    def __init__(
        self, server: Upstream, *, pool_size: int, borrow_timeout_seconds: int, max_client_connections: int = 1000
    ) -> None:
        numbers = {
            "pool_size": pool_size,
            "borrow_timeout_seconds": borrow_timeout_seconds,
            "max_client_connections": max_client_connections,
        }
        wrong = [f"{name} is {value}: allowed is 1 or more" for name, value in numbers.items() if value < 1]
        if wrong:
            raise RehearsalError("\n".join(wrong))
        self.pool_size = pool_size
        self.borrow_timeout_seconds = borrow_timeout_seconds
        self.max_client_connections = max_client_connections
        self.host = "127.0.0.1"
        self.port = 0
        self._server = server
        self._stack = ExitStack()
        self._process: ServerProcess | None = None

    def __enter__(self) -> Self:
        with ExitStack() as starting:
            starting.enter_context(exit_on_termination())
            allow_many_files()
            account = server_account()
            program = _program()
            folder = make_folder("haproxy", account)
            starting.callback(remove_folder, folder)
            starting.callback(self._stop)
            self._start(program, account, folder)
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def sessions(self) -> list[Queued]:
        """What the queue itself logged of every session that had a connection and is over, in the order they ended."""
        text = self._process.log.read_text(errors="replace") if self._process else ""
        found = (line.split() for line in text.splitlines() if line.startswith(_SESSION))
        times = ([int(part) for part in parts[1:]] for parts in found)
        # Who was sent away, or left before the database was reached, has −1 as the time to reach it.
        return [Queued(waited / 1000, (whole - waited) / 1000) for waited, reached, whole in times if reached >= 0]

    def _start(self, program: str, account: Account, folder: Path) -> None:
        for attempt in range(1, _START_ATTEMPTS + 1):
            self.port = free_port(self.host)
            configuration = folder / "haproxy.cfg"
            configuration.write_text(self._configuration())
            account.own(configuration)
            arguments = [program, "-db", "-f", str(configuration)]
            self._process = ServerProcess("haproxy", arguments, account, folder)
            try:
                self._process.wait_until(lambda: accepts(self.host, self.port), 10)
                return
            except RehearsalError as error:
                if attempt == _START_ATTEMPTS or "in use" not in str(error):
                    raise

    def _configuration(self) -> str:
        # One thread: several would each have a queue of their own, which is not first come, first served.
        lines = [
            "global",
            "  log stdout format raw local0 info",
            "  nbthread 1",
            f"  maxconn {self.max_client_connections}",
            "defaults",
            "  mode tcp",
            "  log global",
            "  option dontlognull",  # who only looks whether somebody listens is no session
            f'  log-format "{_SESSION} %Tw %Tc %Tt"',
            "  timeout connect 5s",
            "  timeout client 1h",
            "  timeout server 1h",
            f"  timeout queue {self.borrow_timeout_seconds}s",
            "listen pool",
            f"  bind {self.host}:{self.port} backlog 4096",
            f"  maxconn {self.max_client_connections}",
            f"  server database {self._server.host}:{self._server.port} maxconn {self.pool_size}",
            "",
        ]
        return "\n".join(lines)

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop(signal.SIGTERM)  # HAProxy's hard stop: it does not wait for its clients


def _program() -> str:
    found = shutil.which("haproxy") or shutil.which("haproxy", path=_PLACES)
    if found is None:
        raise RehearsalError(_MISSING)
    return found
