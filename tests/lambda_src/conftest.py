"""Real servers for the functions: PostgreSQL with its schema, PgBouncer before it, a local cloud, and handlers loaded by path."""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer
from demo.cloud import Cloud

_HERE = Path(__file__).resolve().parent
_SOURCES = _HERE.parents[1] / "lambda_src"
_FUNCTIONS = ("order_api", "idempotency_check", "project_catalog", "sales_dashboard_projector", "database_migration")
sys.path[:0] = [str(_HERE), str(_SOURCES), *(str(_SOURCES / name) for name in _FUNCTIONS)]

# Found through the path above.
from datastores.relational import RelationalStore  # noqa: E402
from surroundings import QUICK, Secrets, migrate, pooler_before, settings_for  # noqa: E402


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with PostgresServer(max_connections=40) as server:
        migrate(server)
        yield server


@pytest.fixture(scope="session")
def pooler(postgres: PostgresServer) -> Iterator[PgBouncer]:
    with pooler_before(postgres) as running:
        yield running


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> Secrets:
    import datastores.credentials

    answers = Secrets()
    monkeypatch.setattr(datastores.credentials, "secret_text", answers.text)
    return answers


@pytest.fixture
def store_of(secrets: Secrets) -> Iterator[Callable[..., RelationalStore]]:
    made: list[RelationalStore] = []

    def make(server: Any, *, changed: dict[str, str] | None = None, **options: Any) -> RelationalStore:
        environ = settings_for(server, **(changed or {}))
        made.append(RelationalStore(environ=environ, policy=QUICK, **options))
        return made[-1]

    yield make
    for store in made:
        store.close()


@pytest.fixture
def tenant() -> str:
    """A tenant of this test alone."""
    return f"tenant-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch, secrets: Secrets) -> Callable[..., None]:
    """Points the relational environment at a server."""

    def point(server: Any, **changed: str) -> None:
        for name, value in settings_for(server, **changed).items():
            monkeypatch.setenv(name, value)

    return point


@pytest.fixture(scope="session")
def cloud_process() -> Iterator[Cloud]:
    with Cloud() as running:
        yield running


@pytest.fixture
def cloud(cloud_process: Cloud, monkeypatch: pytest.MonkeyPatch) -> Cloud:
    """The local cloud as every AWS client of this process sees it."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in cloud_process.environment().items():
        monkeypatch.setenv(name, value)
    # boto3's default session keeps the credentials it found first; this test's must not outlive it.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return cloud_process


@pytest.fixture
def single_table(cloud: Cloud) -> str:
    """The name of a table of this test alone, with one overloaded index, as the construct makes it."""
    from datastores import credentials, dynamodb

    for cached in (dynamodb.client, credentials._secrets):
        cached.cache_clear()
    name = f"table-{uuid.uuid4().hex[:12]}"
    parts = {"PK": "HASH", "SK": "RANGE"}
    keys = [{"AttributeName": part, "KeyType": kind} for part, kind in parts.items()]
    index_keys = [{"AttributeName": f"GSI1{part}", "KeyType": kind} for part, kind in parts.items()]
    names = [f"{prefix}{part}" for prefix in ("", "GSI1") for part in parts]
    cloud.client("dynamodb").create_table(
        TableName=name,
        KeySchema=keys,
        AttributeDefinitions=[{"AttributeName": part, "AttributeType": "S"} for part in names],
        GlobalSecondaryIndexes=[
            {"IndexName": "GSI1", "KeySchema": index_keys, "Projection": {"ProjectionType": "ALL"}}
        ],
        BillingMode="PAY_PER_REQUEST",
    )
    return name
