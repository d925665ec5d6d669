"""The migration on a real PostgreSQL: once, in order, together, and with no more rights than needed."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from application_role import Role, RoleError
from migrations import MigrationError, Outcome, apply, migrate, versions_in
from surroundings import Context, load, settings_for

from constructs_lib.rehearsal.postgres import PostgresServer

NAMES = ("0001_orders", "0002_listing_and_projection")


@pytest.fixture
def database(postgres: PostgresServer, tenant: str) -> Iterator[str]:
    """The DSN of an empty database of this test alone, as its owner, who is no superuser, like the master user of RDS."""
    name, owner = tenant.replace("-", "_"), f"owner_{tenant[-12:]}"
    postgres.execute(f"CREATE ROLE {owner} LOGIN PASSWORD 'owner' CREATEDB CREATEROLE")
    postgres.execute(f"CREATE DATABASE {name} OWNER {owner}")
    yield postgres.dsn(owner, "owner", name)
    postgres.execute(f"DROP DATABASE {name} WITH (FORCE)")


def role_of(tenant: str, **more: Any) -> Role:
    return Role(f"app_{tenant[-12:]}", "p'w\"d §", **more)


def as_application(dsn: str, role: Role) -> psycopg.Connection[Any]:
    return psycopg.connect(dsn, user=role.name, password=role.password, autocommit=True)


@pytest.mark.servers
def test_an_owner_without_superuser_brings_an_empty_database_up_and_again(database: str, tenant: str) -> None:
    role = role_of(tenant)
    assert migrate(database, role) == Outcome(2, NAMES)
    assert migrate(database, role) == Outcome(2, ())
    with as_application(database, role) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)


@pytest.mark.servers
def test_the_application_may_do_what_it_needs_and_nothing_else(database: str, tenant: str) -> None:
    role = role_of(tenant)
    migrate(database, role)
    order = (
        "INSERT INTO orders VALUES (gen_random_uuid(), 't', 'c', 'EUR', 1, gen_random_uuid(), 'd') RETURNING order_id"
    )
    with as_application(database, role) as connection:
        row = connection.execute(order).fetchone()
        assert row is not None
        connection.execute("INSERT INTO order_lines VALUES (%s, 1, 'sku', 1, 1)", row)
        for statement in (
            "UPDATE orders SET total_minor = 0",
            "DELETE FROM order_lines",
            "TRUNCATE orders CASCADE",
            "CREATE TABLE mine (id int)",
            "CREATE TEMP TABLE mine (id int)",
            "CREATE SCHEMA mine",
            "SELECT * FROM schema_migrations",
            "DROP TABLE order_lines",
            "CREATE ROLE other",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement)


@pytest.mark.servers
def test_nobody_else_gets_in(database: str, tenant: str, postgres: PostgresServer) -> None:
    migrate(database, role_of(tenant))
    postgres.execute(f"CREATE ROLE stranger_{tenant[-12:]} LOGIN PASSWORD 'x'")
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(database, user=f"stranger_{tenant[-12:]}", password="x")


@pytest.mark.servers
def test_the_roles_timeouts_enforce_the_hold(database: str, tenant: str) -> None:
    role = role_of(tenant, hold_ms=500, lock_timeout_ms=50)
    migrate(database, role)
    with as_application(database, role) as connection:
        with pytest.raises(psycopg.errors.QueryCanceled):
            connection.execute("SELECT pg_sleep(5)")
        shown = [connection.execute(f"SHOW {name}").fetchone() for name in ("lock_timeout", "transaction_timeout")]
        assert shown == [("50ms",), ("500ms",)]


@pytest.mark.servers
def test_a_new_password_replaces_the_old_one(database: str, tenant: str) -> None:
    old, new = role_of(tenant), Role(role_of(tenant).name, "new one")
    migrate(database, old)
    migrate(database, new)
    as_application(database, new).close()
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        as_application(database, old)


@pytest.mark.servers
def test_no_statement_holds_the_password(database: str, tenant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    execute = psycopg.Cursor.execute

    def noting(self: psycopg.Cursor[Any], query: Any, *arguments: Any, **options: Any) -> Any:
        sent.append(query.as_string(self) if isinstance(query, psycopg.sql.Composable) else str(query))
        return execute(self, query, *arguments, **options)

    monkeypatch.setattr(psycopg.Cursor, "execute", noting)
    migrate(database, role_of(tenant))
    assert any("SCRAM-SHA-256$" in statement for statement in sent)
    assert not any("p'w" in statement or "p''w" in statement for statement in sent)


@pytest.mark.servers
def test_two_deployments_at_once_wait_for_each_other(database: str, tenant: str) -> None:
    outcomes: list[Outcome] = []
    threads = [threading.Thread(target=lambda: outcomes.append(migrate(database, role_of(tenant)))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(len(outcome.applied) for outcome in outcomes) == [0, 0, 2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "0001_orders.sql").write_text("CREATE TABLE orders (id int); CREATE TABLE order_lines (id int);")
    return tmp_path


@pytest.mark.servers
def test_a_failing_version_leaves_nothing_behind(database: str, tenant: str, folder: Path) -> None:
    (folder / "0002_wrong.sql").write_text("CREATE TABLE half (id int); SELECT 1 / 0;")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database, role_of(tenant), folder)
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT to_regclass('orders'), to_regclass('schema_migrations')").fetchone() == (
            None,
            None,
        )
    (folder / "0002_wrong.sql").write_text("CREATE TABLE half (id int);")
    assert migrate(database, role_of(tenant), folder).applied == ("0001_orders", "0002_wrong")


@pytest.mark.servers
def test_history_and_files_must_agree(database: str, tenant: str, folder: Path) -> None:
    (folder / "0002_more.sql").write_text("CREATE TABLE more (id int);")
    migrate(database, role_of(tenant), folder)
    (folder / "0001_orders.sql").write_text("CREATE TABLE orders (id bigint);")
    (folder / "0002_more.sql").unlink()
    with pytest.raises(MigrationError, match=r"version 1 .* was edited .*; the database has version 2"):
        migrate(database, role_of(tenant), folder)


@pytest.mark.parametrize(
    "names", [[], ["0002_a.sql"], ["0001_a.sql", "0001_b.sql"], ["0001_a.sql", "0003_b.sql"], ["1_a.sql"]]
)
def test_misnamed_files_are_refused(tmp_path: Path, names: list[str]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1")
    with pytest.raises(MigrationError):
        versions_in(tmp_path)


@pytest.mark.servers
@pytest.mark.parametrize("power", ["SUPERUSER", "CREATEDB", "CREATEROLE", "REPLICATION", "BYPASSRLS"])
def test_a_role_with_powers_is_no_application_role(
    database: str, tenant: str, postgres: PostgresServer, power: str
) -> None:
    role = role_of(tenant)
    postgres.execute(f"CREATE ROLE {role.name} LOGIN {power}")
    with pytest.raises(RoleError, match=power.lower()):
        migrate(database, role)


@pytest.mark.servers
def test_the_owner_and_members_of_roles_are_no_application_role(
    database: str, tenant: str, postgres: PostgresServer
) -> None:
    with psycopg.connect(database, autocommit=True) as connection, pytest.raises(RoleError, match="the owner itself"):
        apply(connection, Role(connection.info.user, "x"))
    role = role_of(tenant)
    postgres.execute(f"CREATE ROLE {role.name} LOGIN; GRANT pg_read_all_data TO {role.name}")
    with pytest.raises(RoleError, match="member of roles"):
        migrate(database, role)


@pytest.mark.servers
def test_the_custom_resource_migrates_and_keeps_the_data(
    database: str, postgres: PostgresServer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import datastores.credentials

    info = psycopg.conninfo.conninfo_to_dict(database)
    role = role_of(tenant)
    secrets = {
        "owner": {"username": info["user"], "password": info["password"]},
        "application": {"username": role.name, "password": role.password},
    }
    monkeypatch.setattr(datastores.credentials, "secret_text", lambda arn: json.dumps(secrets[arn]))
    environ = settings_for(postgres, SECRET_ARN="owner", NAME=str(info["dbname"]), STATEMENT_TIMEOUT_MS="1234")
    for name, value in {**environ, "POOLPROOF_APPLICATION_SECRET_ARN": "application"}.items():
        monkeypatch.setenv(name, value)
    handler: Callable[..., dict[str, Any]] = load("database_migration").handler
    made = handler({"RequestType": "Create"}, Context(60_000))
    identity = f"database-migration-{info['dbname']}"
    assert made == {"PhysicalResourceId": identity, "Data": {"Version": "2", "Applied": ",".join(NAMES)}}
    updated = handler({"RequestType": "Update", "PhysicalResourceId": identity}, Context(60_000))
    assert updated["Data"] == {"Version": "2", "Applied": ""}
    assert handler({"RequestType": "Delete", "PhysicalResourceId": identity}, Context(60_000)) == {
        "PhysicalResourceId": identity
    }
    with as_application(database, role) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (0,)
        assert connection.execute("SHOW statement_timeout").fetchone() == ("1110ms",)


def test_the_custom_resource_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    from datastores.errors import SettingsError

    with pytest.raises(SettingsError, match="POOLPROOF_DATABASE_HOST is missing"):
        load("database_migration").handler({"RequestType": "Create"}, Context())
