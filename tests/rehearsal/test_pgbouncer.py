from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal import pgbouncer
from constructs_lib.rehearsal.pgbouncer import PgBouncer, pool_state
from constructs_lib.rehearsal.postgres import PostgresServer

pytestmark = pytest.mark.servers
_PASSWORD = 'quo"te\\d'


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer(max_connections=30) as running:
        running.execute(f"CREATE ROLE app LOGIN PASSWORD '{_PASSWORD}'; CREATE ROLE other LOGIN PASSWORD 'x'")
        yield running


def test_transactions_share_the_pool(server: PostgresServer) -> None:
    with PgBouncer(server, pool_size=1, borrow_timeout_seconds=5, users={"app": _PASSWORD}) as pooler:
        with (
            psycopg.connect(pooler.dsn(), autocommit=True, prepare_threshold=None) as one,
            psycopg.connect(pooler.dsn(), autocommit=True, prepare_threshold=None) as two,
        ):
            first = one.execute("SELECT pg_backend_pid()").fetchone()
            assert two.execute("SELECT pg_backend_pid()").fetchone() == first
        state = pooler.state()
        assert (state.servers_active + state.servers_idle, state.clients_waiting) == (1, 0)


def test_a_client_that_waits_too_long_is_told_so(server: PostgresServer) -> None:
    with (
        PgBouncer(server, pool_size=1, borrow_timeout_seconds=1, users={"app": _PASSWORD}) as pooler,
        psycopg.connect(pooler.dsn(), prepare_threshold=None) as holder,
        psycopg.connect(pooler.dsn(), prepare_threshold=None) as waiting,
    ):
        holder.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            waiting.execute("SELECT 1")


def test_the_pool_bounds_all_users_together(server: PostgresServer) -> None:
    users = {"app": _PASSWORD, "other": "x"}
    with (
        PgBouncer(server, pool_size=1, borrow_timeout_seconds=1, users=users) as pooler,
        psycopg.connect(pooler.dsn("app"), prepare_threshold=None) as one,
    ):
        one.execute("SELECT 1")
        with pytest.raises(psycopg.OperationalError, match="query_wait_timeout"):
            psycopg.connect(pooler.dsn("other"), prepare_threshold=None).execute("SELECT 1")


def test_a_wrong_password_is_refused(server: PostgresServer) -> None:
    with (
        PgBouncer(server, pool_size=1, borrow_timeout_seconds=1, users={"app": _PASSWORD}) as pooler,
        pytest.raises(psycopg.OperationalError),
    ):
        psycopg.connect(pooler.dsn(password="wrong"))


def test_all_bad_numbers_are_named_together(server: PostgresServer) -> None:
    with pytest.raises(RehearsalError) as caught:
        PgBouncer(server, pool_size=0, borrow_timeout_seconds=1.5, users={})
    lines = str(caught.value).splitlines()
    assert lines[0] == "pool_size is 0: allowed is a whole number of 1 or more"
    assert lines[1] == "borrow_timeout_seconds is 1.5: allowed is a whole number of 1 or more"
    assert lines[2].startswith("users is empty")


def test_a_missing_program_says_how_to_install_it(server: PostgresServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgbouncer.shutil, "which", lambda *_, **__: None)
    with pytest.raises(RehearsalError, match=r"apt-get install pgbouncer.*brew install pgbouncer"):
        PgBouncer(server, pool_size=1, borrow_timeout_seconds=1, users={"app": "x"}).__enter__()


def test_pool_state_sums_users_and_leaves_the_console_out() -> None:
    row = {"sv_active": 1, "sv_idle": 2, "sv_used": 3, "sv_tested": 0, "cl_active": 4, "cl_waiting": 5}
    rows = [
        {**row, "database": "orders", "maxwait": 1, "maxwait_us": 500_000},
        {**row, "database": "orders", "maxwait": 0, "maxwait_us": 0},
        {**row, "database": "pgbouncer", "maxwait": 9, "maxwait_us": 0},
    ]
    state = pool_state(rows, "orders")
    assert (state.clients_active, state.clients_waiting, state.servers_active, state.servers_idle) == (8, 10, 2, 10)
    assert state.longest_wait_seconds == 1.5
