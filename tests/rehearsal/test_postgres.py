from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.account import Account, server_account
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.postgres_binaries import reachable_binaries
from constructs_lib.rehearsal.process import accepts, make_folder, remove_folder

pytestmark = pytest.mark.servers

_HOLD_A_SERVER = """
import signal
for number in (signal.SIGTERM, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)  # a test run under nohup ignores some, and so would its children
signal.signal(signal.SIGINT, signal.default_int_handler)
import sys, time
from constructs_lib.rehearsal.postgres import PostgresServer
with PostgresServer(max_connections=20) as server:
    print(server.port, server._process.pid, server._process.log.parent, flush=True)
    time.sleep(60)
"""


def test_settings_roles_and_several_statements() -> None:
    with PostgresServer(max_connections=42, settings={"statement_timeout": "5s"}) as server:
        assert server.execute("SHOW max_connections") == [("42",)]
        assert server.execute("CREATE TABLE t (n int); INSERT INTO t VALUES (7); SELECT n FROM t") == [(7,)]
        server.execute("CREATE ROLE app LOGIN PASSWORD 'it''s @ / secret'")
        with psycopg.connect(server.dsn(user="app", password="it's @ / secret")) as connection:
            assert connection.execute("SHOW statement_timeout").fetchone() == ("5s",)
            assert connection.execute("SELECT current_user").fetchone() == ("app",)


def test_a_wrong_password_is_refused() -> None:
    with (
        PostgresServer(max_connections=10) as server,
        pytest.raises(psycopg.OperationalError, match="password authentication failed"),
    ):
        psycopg.connect(server.dsn(password="wrong"))


def test_nothing_is_left_after_an_exception() -> None:
    server = PostgresServer(max_connections=10)
    folders = []

    def fail_in_the_middle() -> None:
        with server:
            folders.append(server._process.log.parent)
            assert folders[0].exists()
            raise ValueError("in the middle")

    with pytest.raises(ValueError, match="in the middle"):
        fail_in_the_middle()
    assert not folders[0].exists()
    assert not accepts(server.host, server.port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_after_a_signal(number: signal.Signals) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", _HOLD_A_SERVER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": str(Path.cwd())},
    )
    port, pid, folder = program.stdout.readline().split()
    program.send_signal(number)
    assert program.wait(20) != 0
    program.stdout.close()
    assert not Path(folder).exists()
    assert not accepts("127.0.0.1", int(port))
    with pytest.raises(ProcessLookupError):
        os.kill(int(pid), 0)


def test_a_setting_the_server_refuses_comes_with_its_own_words() -> None:
    with pytest.raises(RehearsalError, match='invalid value for parameter "work_mem"'):
        PostgresServer(settings={"work_mem": "plenty"}).__enter__()


def test_too_few_connections_are_refused_before_anything_starts() -> None:
    with pytest.raises(RehearsalError, match="max_connections is 3: allowed is 5 or more"):
        PostgresServer(max_connections=3)


def test_a_sigterm_handler_of_the_program_is_kept() -> None:
    seen = []
    previous = signal.signal(signal.SIGTERM, lambda *_: seen.append("mine"))
    try:
        with PostgresServer(max_connections=10):
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.05)
        assert seen == ["mine"]
    finally:
        signal.signal(signal.SIGTERM, previous)


def test_programs_are_copied_where_the_account_can_reach_them(tmp_path: Path) -> None:
    stranger = Account("stranger", os.geteuid() + 54321, os.getegid() + 54321, switched=True)
    tmp_path.chmod(0o700)
    assert not stranger.can_enter(tmp_path)

    class Locked(Account):
        def can_enter(self, folder: Path) -> bool:
            return False

    binaries = reachable_binaries(Locked("locked", os.geteuid(), os.getegid(), switched=False), tmp_path)
    assert binaries.is_relative_to(tmp_path)
    version = subprocess.run([binaries / "postgres", "--version"], capture_output=True, text=True, check=True)
    assert "PostgreSQL" in version.stdout


def test_folders_belong_to_the_server_account() -> None:
    account = server_account()
    folder = make_folder("test", account)
    try:
        assert folder.stat().st_uid == account.uid
        assert account.uid != 0
    finally:
        remove_folder(folder)
    assert not folder.exists()
