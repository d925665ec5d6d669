"""The relational runtime against a real PostgreSQL and a real pooler, with faults injected."""

from __future__ import annotations

import threading
import time
from typing import Any

import psycopg
import pytest
from datastores import postgresql
from datastores.deadline import Deadline
from datastores.errors import (
    ConfigurationError,
    ConflictError,
    CredentialsError,
    DeadlineError,
    OverloadedError,
    SettingsError,
    TimeLimitError,
    UnavailableError,
)
from datastores.relational import RelationalStore, Repeat
from datastores.retry import RetryPolicy
from surroundings import (
    APPLICATION_PASSWORD,
    APPLICATION_USER,
    QUICK,
    Context,
    Secrets,
    count,
    held_connections,
    insert,
    migrate,
    one,
    pooler_before,
    settings_for,
)

from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer

pytestmark = pytest.mark.servers


def sessions_of(server: PostgresServer, application: str) -> int:
    found = server.execute(f"SELECT count(*) FROM pg_stat_activity WHERE application_name = '{application}'")
    return int(found[0][0])


def test_one_connection_is_kept_between_invocations(store_of: Any, postgres: PostgresServer) -> None:
    store = store_of(postgres)
    pids = []
    for _ in range(3):
        with store.invocation(Context(function_name="keeper")):
            pids.append(store.read(lambda connection: connection.info.backend_pid))
            assert sessions_of(postgres, "keeper:7") == 1
    assert len(set(pids)) == 1


def test_per_invocation_leaves_no_connection(store_of: Any, postgres: PostgresServer) -> None:
    store = store_of(postgres, per_invocation=True)
    with store.invocation(Context(function_name="leaver")):
        assert store.read(one) == 1
        assert sessions_of(postgres, "leaver:7") == 1
    deadline = time.monotonic() + 5
    while sessions_of(postgres, "leaver:7"):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_nothing_is_read_or_opened_before_first_use() -> None:
    store = RelationalStore(environ={})
    with pytest.raises(SettingsError, match="POOLPROOF_DATABASE_HOST is missing"):
        store.read(one)


def test_a_transaction_is_whole_or_nothing(store_of: Any, postgres: PostgresServer, tenant: str) -> None:
    def half(connection: psycopg.Connection[Any]) -> None:
        insert(connection, tenant)
        raise ValueError("halfway")

    store = store_of(postgres)
    with pytest.raises(ValueError, match="halfway"):
        store.transact(half, repeat=Repeat.ALWAYS)
    assert count(store, tenant) == 0
    store.transact(lambda connection: insert(connection, tenant), repeat=Repeat.NEVER)
    assert count(store, tenant) == 1


def test_sessions_send_nothing_that_pins(store_of: Any, postgres: PostgresServer) -> None:
    store = store_of(postgres)
    for _ in range(10):
        store.read(one)
    prepared = store.read(
        lambda connection: connection.execute("SELECT count(*) FROM pg_prepared_statements").fetchone()
    )
    assert prepared == (0,)
    changed = store.read(
        lambda connection: connection.execute(
            "SELECT name FROM pg_settings WHERE source = 'session' AND name NOT IN ('application_name')"
        ).fetchall()
    )
    assert changed == []


def test_read_only_and_isolation_hold_for_one_transaction(store_of: Any, postgres: PostgresServer, tenant: str) -> None:
    store = store_of(postgres)
    level = store.transact(
        lambda connection: connection.execute("SHOW transaction_isolation").fetchone(),
        repeat=Repeat.ALWAYS,
        isolation=psycopg.IsolationLevel.REPEATABLE_READ,
    )
    assert level == ("repeatable read",)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        store.transact(lambda connection: insert(connection, tenant), repeat=Repeat.ALWAYS, read_only=True)
    store.transact(lambda connection: insert(connection, tenant), repeat=Repeat.ALWAYS)


def test_a_killed_idle_connection_is_noticed_without_a_failure(store_of: Any, postgres: PostgresServer) -> None:
    store = store_of(postgres)
    first = store.read(lambda connection: connection.info.backend_pid)
    postgres.execute(f"SELECT pg_terminate_backend({first}, 5000)")
    assert store.transact(lambda connection: connection.info.backend_pid, repeat=Repeat.NEVER) != first


def test_a_connection_found_dead_before_begin_is_always_replaced(
    store_of: Any, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(postgres)
    first = store.read(lambda connection: connection.info.backend_pid)
    postgres.execute(f"SELECT pg_terminate_backend({first}, 5000)")
    monkeypatch.setattr(postgresql, "is_alive", lambda _: True)  # as after a freeze in which no packet arrived
    assert store.transact(lambda connection: connection.info.backend_pid, repeat=Repeat.NEVER) != first


def test_a_connection_that_dies_within_the_work_is_tried_again(
    store_of: Any, postgres: PostgresServer, tenant: str
) -> None:
    runs = []

    def dies_once(connection: psycopg.Connection[Any]) -> None:
        runs.append(connection.info.backend_pid)
        insert(connection, tenant)
        if len(runs) == 1:
            postgres.execute(f"SELECT pg_terminate_backend({runs[0]}, 5000)")
            connection.execute("SELECT 1")

    store = store_of(postgres)
    store.transact(dies_once, repeat=Repeat.ROLLED_BACK)
    assert (len(runs), count(store, tenant)) == (2, 1)
    runs.clear()
    with pytest.raises(UnavailableError):
        store.transact(dies_once, repeat=Repeat.NEVER)
    assert (len(runs), count(store, tenant)) == (1, 1)


def test_serialization_failures_repeat_the_whole_transaction(store_of: Any, postgres: PostgresServer) -> None:
    runs = []

    def conflicts_once(connection: psycopg.Connection[Any]) -> int:
        runs.append(1)
        one(connection)
        if len(runs) == 1:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'conflict' USING ERRCODE = '40001'; END $$")
        return len(runs)

    store = store_of(postgres)
    assert store.transact(conflicts_once, repeat=Repeat.ROLLED_BACK) == 2
    runs.clear()
    with pytest.raises(ConflictError):
        store.transact(conflicts_once, repeat=Repeat.NEVER)
    assert len(runs) == 1


def test_real_serialization_conflict_of_two_stores(store_of: Any, postgres: PostgresServer, tenant: str) -> None:
    """Two transactions that each read what the other writes: one must fail and run again."""
    barrier = threading.Barrier(2, timeout=10)
    attempts: list[int] = []

    def withdraw(connection: psycopg.Connection[Any]) -> None:
        attempts.append(1)
        connection.execute("SELECT count(*) FROM orders WHERE tenant_id = %s", (tenant,)).fetchone()
        if len(attempts) <= 2:
            barrier.wait()
        insert(connection, tenant)

    def run() -> None:
        store_of(postgres).transact(withdraw, repeat=Repeat.ROLLED_BACK, isolation=psycopg.IsolationLevel.SERIALIZABLE)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len(attempts) == 3
    assert count(store_of(postgres), tenant) == 2


def test_database_down_is_unavailable_after_the_retries(secrets: Secrets) -> None:
    with PostgresServer(max_connections=10) as server:
        migrate(server)
        store = RelationalStore(environ=settings_for(server), policy=QUICK)
        assert store.read(one) == 1
        server.stop()
        with pytest.raises(UnavailableError, match=r"refused|closed") as caught:
            store.transact(one, repeat=Repeat.ALWAYS)
        assert type(caught.value) is UnavailableError
        assert caught.value.retry_after_seconds >= 1


def test_pooler_down_and_up_again(store_of: Any, postgres: PostgresServer) -> None:
    with pooler_before(postgres) as pooler:
        store = store_of(pooler)
        assert store.read(one) == 1
        pooler.stop()
        with pytest.raises(UnavailableError):
            store.read(one)
    assert store_of(postgres).read(one) == 1


def test_database_behind_the_pooler_down_is_unavailable(secrets: Secrets) -> None:
    with PostgresServer(max_connections=10) as server:
        migrate(server)
        with pooler_before(server) as pooler:
            store = RelationalStore(
                environ=settings_for(pooler), policy=RetryPolicy(retries=1, first_pause_seconds=0.01)
            )
            assert store.read(one) == 1
            server.stop()
            with pytest.raises(UnavailableError):
                store.read(one)


def test_borrow_timeout_sheds_load_at_once(store_of: Any, postgres: PostgresServer, pooler: PgBouncer) -> None:
    runs: list[int] = []
    with held_connections(pooler, 2):
        started = time.monotonic()
        with pytest.raises(OverloadedError, match="query_wait_timeout") as caught:
            store_of(pooler).transact(runs.append, repeat=Repeat.ALWAYS)
        assert 0.9 < time.monotonic() - started < 3.5
    assert runs == []
    assert caught.value.retry_after_seconds >= 1
    assert store_of(pooler).read(one) == 1


def test_the_wait_for_a_borrowed_connection_ends_at_the_deadline(store_of: Any, postgres: PostgresServer) -> None:
    """PgBouncer 1.18 notices a waiter that left only when it is his turn; he must not keep what he is given then."""
    users = {APPLICATION_USER: APPLICATION_PASSWORD}
    with PgBouncer(postgres, pool_size=1, borrow_timeout_seconds=30, users=users) as slow:
        store = store_of(slow)
        with held_connections(slow, 1):
            started = time.monotonic()
            with pytest.raises(DeadlineError), store.invocation(Context(remaining_ms=2800)):
                store.transact(one, repeat=Repeat.ALWAYS)
            assert 2.0 < time.monotonic() - started < 2.8
        assert store.read(one) == 1


def test_a_statement_is_cancelled_at_the_deadline(store_of: Any, postgres: PostgresServer) -> None:
    store = store_of(postgres)
    with store.invocation(Context(function_name="sleeper")):
        assert store.read(one) == 1
    started = time.monotonic()
    with pytest.raises(DeadlineError), store.within(Deadline.after(0.6)):
        store.transact(lambda connection: connection.execute("SELECT pg_sleep(1.9)"), repeat=Repeat.ALWAYS)
    assert 0.6 <= time.monotonic() - started < 1.2
    while sessions_of(postgres, "sleeper:7"):
        assert time.monotonic() - started < 1.7, "the statement still runs at the server"
        time.sleep(0.02)
    assert store.read(one) == 1


def test_too_little_time_to_connect_is_said_at_once(store_of: Any, postgres: PostgresServer) -> None:
    with (
        pytest.raises(DeadlineError, match="raise the function's timeout"),
        store_of(postgres).invocation(Context(remaining_ms=1000)) as store,
    ):
        store.read(one)


def test_the_roles_statement_timeout_is_a_timeout_to_the_caller(store_of: Any, postgres: PostgresServer) -> None:
    with pytest.raises(TimeLimitError) as caught:
        store_of(postgres).read(lambda connection: connection.execute("SELECT pg_sleep(10)"))
    assert not isinstance(caught.value, DeadlineError)


def test_a_rotated_secret_is_fetched_once_more(store_of: Any, postgres: PostgresServer, secrets: Secrets) -> None:
    secrets.answers = ["before the rotation", APPLICATION_PASSWORD]
    assert store_of(postgres).read(one) == 1
    assert secrets.asked == 2


def test_a_rotated_secret_is_fetched_once_more_through_the_pooler(
    store_of: Any, pooler: PgBouncer, secrets: Secrets
) -> None:
    secrets.answers = ["before the rotation", APPLICATION_PASSWORD]
    assert store_of(pooler).read(one) == 1
    assert secrets.asked == 2


@pytest.mark.parametrize("front", ["postgres", "pooler"])
def test_a_wrong_secret_is_not_hammered_and_not_shown(
    front: str, store_of: Any, secrets: Secrets, request: pytest.FixtureRequest
) -> None:
    secrets.answers = ["wrong for good"]
    with pytest.raises(CredentialsError) as caught:
        store_of(request.getfixturevalue(front)).read(one)
    assert secrets.asked == 2
    assert "wrong for good" not in str(caught.value)


@pytest.mark.parametrize("front", ["postgres", "pooler"])
def test_a_database_that_is_not_there_is_a_configuration_error(
    front: str, store_of: Any, request: pytest.FixtureRequest
) -> None:
    with pytest.raises(ConfigurationError):
        store_of(request.getfixturevalue(front), changed={"NAME": "nowhere"}).read(one)


def test_a_server_without_tls_is_a_configuration_error(store_of: Any, postgres: PostgresServer) -> None:
    with pytest.raises(ConfigurationError, match="(?i)ssl"):
        store_of(postgres, changed={"TLS": "verify-full"}).read(one)


def _free_slots(server: PostgresServer) -> int:
    query = "SELECT current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int - "
    taken = "(SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid())"
    return int(server.execute(query + taken)[0][0])


def test_too_many_clients_are_tried_again(store_of: Any, postgres: PostgresServer) -> None:
    hogs = [psycopg.connect(postgres.dsn(APPLICATION_USER, APPLICATION_PASSWORD)) for _ in range(_free_slots(postgres))]
    try:
        with pytest.raises(UnavailableError, match=r"(?i)connection slots|too many clients"):
            store_of(postgres).read(one)
        threading.Timer(0.2, hogs[0].close).start()
        store = RelationalStore(environ=settings_for(postgres), policy=RetryPolicy(uniform=lambda _, most: most))
        assert store.read(one) == 1
        store.close()
    finally:
        for hog in hogs:
            hog.close()


def test_a_reader_that_took_the_writers_place_is_left_for_a_new_connection(
    store_of: Any, postgres: PostgresServer
) -> None:
    nodes: list[int] = []

    def write(connection: psycopg.Connection[Any]) -> None:
        nodes.append(connection.info.backend_pid)
        if len(nodes) == 1:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'standby' USING ERRCODE = '25006'; END $$")

    store_of(postgres).transact(write, repeat=Repeat.ROLLED_BACK)
    assert len(set(nodes)) == 2
