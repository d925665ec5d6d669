"""One server process: its folder, its log, when it is ready, and its end."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account
from constructs_lib.rehearsal.interruption import signals_held_back

_LOG_LINES = 15
_WANTED_FILES = 8192


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that is free now; somebody else may take it before it is used, so starts are tried again."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def accepts(host: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        with socket.create_connection((host, port), timeout=1):
            return True
    except OSError:
        return False


def allow_many_files() -> None:
    """Raise this process's soft limit of open files (macOS starts with 256; 500 clients need a socket each)."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_FILES if hard == resource.RLIM_INFINITY else min(_WANTED_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def make_folder(name: str, account: Account, parent: Path | None = None) -> Path:
    """A new private folder that the account owns and can reach; the caller removes it with `remove_folder`."""
    parent = parent or Path(tempfile.gettempdir())
    if not account.can_enter(parent):
        parent = Path("/tmp")  # noqa: S108 - the one folder every account can reach; mkdtemp makes a private one in it
    folder = Path(tempfile.mkdtemp(prefix=f"poolproof-{name}-", dir=parent))
    account.own(folder)
    return folder


def remove_folder(folder: Path) -> None:
    """Remove a server's folder with all that is in it."""
    if folder.exists():
        shutil.rmtree(folder)


class ServerProcess:
    """A child process in its own session: Ctrl-C at the terminal reaches this program first, never the server."""

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        account: Account,
        folder: Path,
        *,
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self.name = name
        self.log = log or folder / f"{name}.log"
        with self.log.open("ab") as output:
            self._child: subprocess.Popen[bytes] = subprocess.Popen(  # noqa: S603 - our own arguments, no shell
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
                user=account.uid if account.switched else None,
                group=account.gid if account.switched else None,
                extra_groups=[] if account.switched else None,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    @property
    def running(self) -> bool:
        return self._child.poll() is None

    def wait_until(self, ready: Callable[[], bool], timeout_seconds: float) -> None:
        """Wait for readiness; raises RehearsalError with the last log lines when it ends or takes too long."""
        deadline = time.monotonic() + timeout_seconds
        while not ready():
            if not self.running:
                raise self.failure(f"ended with exit code {self._child.returncode} before it was ready")
            if time.monotonic() > deadline:
                raise self.failure(f"not ready after {timeout_seconds:g} s")
            time.sleep(0.02)

    def failure(self, what: str) -> RehearsalError:
        """An error that carries the server's own last words."""
        return RehearsalError(f"{self.name} {what}; its last log lines:\n{self.last_log_lines()}")

    def last_log_lines(self) -> str:
        if not self.log.exists():
            return "  (no log)"
        lines = self.log.read_text(errors="replace").splitlines()[-_LOG_LINES:]
        return "\n".join(f"  {line}" for line in lines) or "  (the log is empty)"

    def stop(self, number: signal.Signals = signal.SIGTERM, timeout_seconds: float = 10.0) -> None:
        """Ask the process to end and wait for it; kill it when it does not, and whatever it leaves. Harmless when ended."""
        with signals_held_back():
            if self.running:
                self._child.send_signal(number)
            try:
                self._child.wait(timeout_seconds)
            except subprocess.TimeoutExpired:
                self._kill_group()
                self._child.wait(timeout_seconds)
            self._kill_group()

    def _kill_group(self) -> None:
        """End every process of the child's group; there may be none."""
        with suppress(ProcessLookupError, PermissionError):  # macOS says EPERM for a group of zombies
            os.killpg(self._child.pid, signal.SIGKILL)


def run_to_end(
    name: str,
    arguments: Sequence[str],
    account: Account,
    folder: Path,
    timeout_seconds: float,
) -> None:
    """Run a set-up command; raises RehearsalError with its output when it fails."""
    process = ServerProcess(name, arguments, account, folder)
    try:
        process.wait_until(lambda: not process.running, timeout_seconds)
    finally:
        process.stop(signal.SIGKILL)
    if process.exit_code != 0:
        raise process.failure(f"failed with exit code {process.exit_code}")
