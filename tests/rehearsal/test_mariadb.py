from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncmy
import pytest
from asyncmy.errors import OperationalError

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.haproxy import HaProxy
from constructs_lib.rehearsal.mariadb import MariaDbServer
from constructs_lib.rehearsal.process import accepts

_TOO_MANY = 1040
_HOLD_A_SERVER = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_DFL)  # a test run in the background ignores some, and so would its children
signal.signal(signal.SIGINT, signal.default_int_handler)
from constructs_lib.rehearsal.mariadb import MariaDbServer
with MariaDbServer(max_connections=10) as server:
    print(server.port, server._process.pid, server._process.log.parent, flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[MariaDbServer]:
    with MariaDbServer(max_connections=12, settings={"max_statement_time": "7"}) as running:
        running.create_user("app", "it's \\ secret")
        yield running


def _login(server: MariaDbServer, port: int | None = None) -> Any:
    return asyncmy.connect(
        host=server.host, port=port or server.port, user="app", password="it's \\ secret", connect_timeout=30
    )


async def _attempts(server: MariaDbServer, limit: int, more: int) -> tuple[int, list[int]]:
    """Connections that got in one after another beside one session of the administrator, and how `more` at once then failed.

    Not all at once from the start: a session that is about to be refused counts until it has gone, so that in a burst MariaDB
    now and then refuses a client it has room for.
    """
    watching = await asyncmy.connect(host=server.host, port=server.port, user=server.user, password=server.password)
    await _counted(watching, 1)
    opened: list[Any] = []
    refused: list[BaseException] = []
    while not refused and len(opened) < 2 * limit:
        (result,) = await asyncio.gather(_login(server), return_exceptions=True)
        (refused if isinstance(result, BaseException) else opened).append(result)
    await _counted(watching, 1 + len(opened))
    refused += await asyncio.gather(*(_login(server) for _ in range(more)), return_exceptions=True)
    errors = [result.args[0] for result in refused if isinstance(result, OperationalError)]
    await _counted(watching, 1 + len(opened))
    extra = await server._execute(["SELECT CURRENT_USER()"])
    assert extra == [("root@127.0.0.1",)]
    for connection in (*opened, watching):
        await connection.ensure_closed()
    return len(opened), errors


async def _counted(watching: Any, sessions: int) -> None:
    """Until the server counts so many: it forgets those whose clients have left, or were refused, a moment later."""
    async with watching.cursor() as cursor:
        for _ in range(500):
            await cursor.execute("SHOW GLOBAL STATUS LIKE 'Threads_connected'")
            if await cursor.fetchone() == ("Threads_connected", str(sessions)):
                return
            await asyncio.sleep(0.02)
    pytest.fail(f"the server does not come to count {sessions} sessions")


@pytest.mark.servers
def test_exactly_max_connections_get_in_and_one_administrator(server: MariaDbServer) -> None:
    opened, errors = asyncio.run(_attempts(server, limit=12, more=28))
    assert opened + 1 == 12  # for MariaDB the model keeps back nothing
    assert errors == [_TOO_MANY] * 29


@pytest.mark.servers
def test_settings_are_in_force_and_the_log_is_readable(server: MariaDbServer) -> None:
    assert server.execute("SELECT 1", "SELECT @@max_connections, @@max_statement_time") == [(12, 7.0)]
    assert "ready for connections" in server.log_text()


@pytest.mark.servers
def test_without_the_password_nobody_gets_in(server: MariaDbServer) -> None:
    async def knock(user: str) -> None:
        await asyncmy.connect(host=server.host, port=server.port, user=user, password="")

    for user in ("root", "app", ""):
        with pytest.raises(OperationalError, match="Access denied"):
            asyncio.run(knock(user))


@pytest.mark.servers
def test_behind_the_queue_everybody_is_served_in_turn(server: MariaDbServer) -> None:
    starts: list[tuple[int, float]] = []

    async def client(number: int, port: int) -> None:
        await asyncio.sleep(number * 0.01)
        connection = await _login(server, port)
        starts.append((number, time.monotonic()))
        async with connection.cursor() as cursor:
            await cursor.execute("SELECT SLEEP(0.2)")
        await connection.ensure_closed()

    async def everybody(port: int) -> None:
        await asyncio.gather(*(client(number, port) for number in range(20)))

    with HaProxy(server, pool_size=4, borrow_timeout_seconds=10) as queue:
        began = time.monotonic()
        asyncio.run(everybody(queue.port))
        assert time.monotonic() - began >= 5 * 0.2  # 20 clients, 4 at a time
        time.sleep(0.3)  # the log's last lines
        logged = queue.sessions()
    assert len(logged) == 20
    assert all(session.held_seconds >= 0.2 for session in logged)
    # the last four, who come 0.19 s after the first, wait for what is left of four holds in a row
    assert sum(session.waited_seconds >= 0.55 for session in logged) >= 4
    assert sum(session.waited_seconds <= 0.01 for session in logged) >= 4
    rounds = [number // 4 for number, _ in starts]
    assert rounds == sorted(rounds)


@pytest.mark.servers
def test_who_waits_longer_than_the_borrow_timeout_is_sent_away(server: MariaDbServer) -> None:
    async def two(port: int) -> float:
        first = await _login(server, port)
        began = time.monotonic()
        with pytest.raises(OperationalError):
            await _login(server, port)
        waited = time.monotonic() - began
        await first.ensure_closed()
        return waited

    with HaProxy(server, pool_size=1, borrow_timeout_seconds=1) as queue:
        assert 0.9 <= asyncio.run(two(queue.port)) < 5


@pytest.mark.servers
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_after_a_signal(number: signal.Signals) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _HOLD_A_SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    assert program.stdout is not None
    port, pid, folder = program.stdout.readline().split()
    program.send_signal(number)
    assert program.wait(20) != 0
    program.stdout.close()
    assert not Path(folder).exists()
    assert not accepts("127.0.0.1", int(port))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


@pytest.mark.servers
def test_a_setting_the_server_refuses_comes_with_its_own_words() -> None:
    with pytest.raises(RehearsalError, match="no_such_setting"):
        MariaDbServer(settings={"no_such_setting": "1"}).__enter__()


def test_numbers_that_cannot_be_are_refused_before_anything_starts() -> None:
    with pytest.raises(RehearsalError, match="max_connections is 9: allowed is 10 or more"):
        MariaDbServer(max_connections=9)
    with pytest.raises(RehearsalError, match="pool_size is 0: allowed is 1 or more\nborrow_timeout_seconds is 0"):
        HaProxy(MariaDbServer(), pool_size=0, borrow_timeout_seconds=0)


def test_missing_programs_say_how_to_install_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    with pytest.raises(RehearsalError, match=r"apt-get install mariadb-server-core mariadb-client-core.*brew install"):
        MariaDbServer().__enter__()
    with pytest.raises(RehearsalError, match=r"apt-get install haproxy.*brew install haproxy"):
        HaProxy(MariaDbServer(), pool_size=1, borrow_timeout_seconds=1).__enter__()
