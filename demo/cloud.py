"""The local cloud: MiniStack as a child process on a free port, thrown away afterwards."""

from __future__ import annotations

import http.client
import importlib.util
import os
import signal
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, current_account
from constructs_lib.rehearsal.interruption import exit_on_termination
from constructs_lib.rehearsal.process import ServerProcess, free_port, make_folder, remove_folder
from demo.scratch import scratch_parent

if TYPE_CHECKING:
    from typing_extensions import Self

REGION = "us-east-1"
ACCOUNT = "000000000000"
_ANY_KEY = "test"  # MiniStack takes every key but wants one
_READY_PATH = "/_ministack/health"


class Cloud:
    """MiniStack as a context manager; `endpoint` is what AWS_ENDPOINT_URL must say.

    `account_concurrency` is its account limit of concurrent executions (its own default follows the machine's memory).
    Raises RehearsalError when it is not installed or does not start (with its last log lines).
    """

    def __init__(self, account_concurrency: int = 1000) -> None:
        self.port = 0
        self._account_concurrency = account_concurrency
        self._stack = ExitStack()
        self._process: ServerProcess | None = None

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        if importlib.util.find_spec("ministack") is None:
            raise RehearsalError("MiniStack is not installed: pip install 'ministack==1.5.33' duckdb")
        with ExitStack() as starting:
            starting.enter_context(exit_on_termination())
            account = current_account()
            folder = make_folder("cloud", account, scratch_parent())
            starting.callback(remove_folder, folder)
            starting.callback(self._stop)
            self._start(account, folder)
            self._stack = starting.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    def environment(self) -> dict[str, str]:
        """An environment in which every AWS client, of any language, talks to this cloud and to nothing else."""
        return {
            **_inherited(os.environ),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ACCESS_KEY_ID": _ANY_KEY,
            "AWS_SECRET_ACCESS_KEY": _ANY_KEY,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
        }

    def client(self, service: str, *, attempts: int = 5) -> Any:
        """A boto3 client of this cloud; `attempts` counts the first one too, and boto3 repeats throttled calls."""
        make: Any = boto3.client
        return make(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=_ANY_KEY,
            aws_secret_access_key=_ANY_KEY,
            config=Config(retries={"total_max_attempts": attempts}),
        )

    @property
    def log_lines(self) -> str:
        """The last lines of its log."""
        return self._process.last_log_lines() if self._process else ""

    def _start(self, account: Account, folder: Path) -> None:
        self.port = free_port()
        self._process = ServerProcess(
            "ministack",
            [sys.executable, "-m", "ministack"],
            account,
            folder,
            environment={**self.environment(), **self._settings(folder)},
        )
        self._process.wait_until(self._is_ready, 60)

    def _settings(self, folder: Path) -> Mapping[str, str]:
        return {
            "GATEWAY_PORT": str(self.port),
            "BIND_HOST": "127.0.0.1",
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            "LAMBDA_ACCOUNT_CONCURRENCY": str(self._account_concurrency),
            "LAMBDA_EXECUTOR": "local",
            "LOG_LEVEL": "WARNING",
            "SFTP_ENABLED": "0",
            "S3_DATA_DIR": str(folder / "s3"),
            "TMPDIR": str(folder),
        }

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=2)
        try:
            connection.request("GET", _READY_PATH)
            return connection.getresponse().status == http.HTTPStatus.OK
        except OSError:
            return False
        finally:
            connection.close()

    def _stop(self) -> None:
        if self._process is not None:
            self._process.stop(signal.SIGTERM)


def _inherited(environment: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without his AWS account: no profile, no credentials, no endpoint may reach the demo.

    Python may keep the bytecode it compiles: four syntheses and dozens of functions import the same packages.
    """
    dropped = ("AWS_", "PYTHONDONTWRITEBYTECODE")
    return {name: value for name, value in environment.items() if not name.startswith(dropped)}
