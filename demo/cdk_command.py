"""The real CDK command line, as a child that never outlives the demo."""

from __future__ import annotations

import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import current_account
from constructs_lib.rehearsal.process import ServerProcess

ROOT = Path(__file__).resolve().parent.parent
_TIMEOUT_SECONDS = 600.0


@dataclass(frozen=True)
class Finished:
    """How a command ended: exit code, all it printed, and how long it took."""

    exit_code: int
    output: str
    seconds: float

    def last_lines(self, count: int = 25) -> str:
        return "\n".join(self.output.splitlines()[-count:])


class Command:
    """A CDK command under way; leaving its context ends it, however it is left."""

    def __init__(self, arguments: Sequence[str], *, environment: Mapping[str, str], folder: Path, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self._started = time.monotonic()
        self._process = ServerProcess(
            log.stem,
            [cdk_program(), *arguments],
            current_account(),
            folder,
            environment=command_environment(environment),
            log=log,
        )

    def __enter__(self) -> Command:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stop()

    def wait(self) -> Finished:
        """Wait for the end; raises RehearsalError when it takes longer than ten minutes."""
        try:
            self._process.wait_until(lambda: not self._process.running, _TIMEOUT_SECONDS)
        finally:
            self._process.stop()
        text = self._process.log.read_text(errors="replace")
        return Finished(self._process.exit_code or 0, text, time.monotonic() - self._started)


def start(name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log_folder: Path) -> Command:
    """Start a CDK command of this checkout; its output goes to `<log_folder>/<name>.log`."""
    return Command(arguments, environment=environment, folder=ROOT, log=log_folder / f"{name}.log")


def run(name: str, arguments: Sequence[str], *, environment: Mapping[str, str], log_folder: Path) -> Finished:
    """The same, to its end."""
    with start(name, arguments, environment=environment, log_folder=log_folder) as command:
        return command.wait()


def must(finished: Finished, what: str) -> Finished:
    """The command again, or RehearsalError with its last lines when it failed."""
    if finished.exit_code != 0:
        raise RehearsalError(f"{what} failed with exit code {finished.exit_code}:\n{finished.last_lines()}")
    return finished


def cdk_program() -> str:
    """The pinned command line of the checkout, else the one on PATH."""
    pinned = ROOT / "node_modules" / ".bin" / "cdk"
    found = str(pinned) if pinned.exists() else shutil.which("cdk")
    if found is None:
        raise RehearsalError("no CDK command line found in node_modules/.bin or on PATH: run 'npm ci' in the checkout")
    return found


def command_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The app of cdk.json must run in this interpreter's environment; and no banners of Node in the output."""
    return {
        **environment,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), environment.get("PATH", os.defpath)]),
        "VIRTUAL_ENV": sys.prefix,
        "JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION": "20",
        "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
        "NODE_NO_WARNINGS": "1",
        "CI": "1",
        "CDK_DISABLE_CLI_TELEMETRY": "true",
        "NO_COLOR": "1",
    }
