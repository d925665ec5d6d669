from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.rehearsal.process import accepts
from demo.cloud import ACCOUNT, Cloud

pytestmark = pytest.mark.local_cloud

ROOT = Path(__file__).resolve().parents[2]
_SLOW = """
import os, time
def handler(event, context):
    time.sleep(1)
    return {"endpoint": os.environ["AWS_ENDPOINT_URL"], "pid": os.getpid()}
"""
_HOLD_EVERYTHING = """
import signal
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # a test run under nohup ignores some, and so would its children
signal.signal(signal.SIGINT, signal.default_int_handler)
import time
from demo.cloud import Cloud
from demo.machine import Numbers, machine
with Cloud() as cloud, machine(Numbers(20, 5, 5, 2000)) as here:
    print(cloud.port, here.server.port, here.pooler.port, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


def test_it_is_an_account_of_its_own(cloud: Cloud) -> None:
    assert cloud.client("sts").get_caller_identity()["Account"] == ACCOUNT


def test_nothing_of_the_callers_own_account_reaches_it(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "real")
    environment = cloud.environment()
    assert "AWS_PROFILE" not in environment
    assert "AWS_SESSION_TOKEN" not in environment
    assert environment["AWS_ENDPOINT_URL"] == cloud.endpoint


def test_reserved_concurrency_set_through_the_api_is_enforced(cloud: Cloud) -> None:
    client = cloud.client("lambda", attempts=1)
    _make_function(client, "slow")
    client.put_function_concurrency(FunctionName="slow", ReservedConcurrentExecutions=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: _call(client), range(8)))
    served = [answer for answer in answers if answer is not None]
    assert len(served) == 2
    assert {answer["endpoint"] for answer in served} == {cloud.endpoint}
    assert len({answer["pid"] for answer in served}) == 2


@pytest.mark.servers
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_cloud_database_and_pooler_end_with_the_program(number: signal.Signals) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _HOLD_EVERYTHING],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with program:
        ports = [int(port) for port in program.stdout.readline().split()]
        assert len(ports) == 3
        assert all(accepts("127.0.0.1", port) for port in ports)
        program.send_signal(number)
        assert program.wait(30) != 0
    assert not any(accepts("127.0.0.1", port) for port in ports)


def _make_function(client: Any, name: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("slow.py", _SLOW)
    client.create_function(
        FunctionName=name,
        Runtime="python3.13",
        Role=f"arn:aws:iam::{ACCOUNT}:role/any",
        Handler="slow.handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=10,
    )


def _call(client: Any) -> dict[str, Any] | None:
    try:
        return dict(json.loads(client.invoke(FunctionName="slow")["Payload"].read()))
    except client.exceptions.TooManyRequestsException:
        return None
