"""What the tests of the functions share: a context, events, handlers loaded by path, and settings as a construct writes them."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
from datastores.relational import RelationalStore
from datastores.retry import RetryPolicy

from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer

SOURCES = Path(__file__).resolve().parents[2] / "lambda_src"
APPLICATION_USER, APPLICATION_PASSWORD = "orders_app", 'it\'s "quoted" #1'
PREFIX = "POOLPROOF_DATABASE"
QUICK = RetryPolicy(first_pause_seconds=0.01, longest_pause_seconds=0.05)


@dataclass
class Context:
    """What Lambda hands over beside the event; the time left does not run."""

    remaining_ms: int = 10_000
    function_name: str = "order-api"
    function_version: str = "7"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:000000000000:function:order-api"
    aws_request_id: str = "request-1"

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def load(function: str, module: str = "handler") -> ModuleType:
    """A fresh copy of a function's module under its own name: all handlers are called ``handler``."""
    specification = importlib.util.spec_from_file_location(f"{function}_{module}", SOURCES / function / f"{module}.py")
    assert specification is not None
    assert specification.loader is not None
    loaded = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(loaded)
    return loaded


def migrate(server: PostgresServer) -> Any:
    """The schema and the application's role on a server."""
    from application_role import Role
    from migrations import migrate

    return migrate(server.dsn(), Role(APPLICATION_USER, APPLICATION_PASSWORD))


def pooler_before(server: PostgresServer, pool_size: int = 2) -> PgBouncer:
    users = {APPLICATION_USER: APPLICATION_PASSWORD}
    return PgBouncer(server, pool_size=pool_size, borrow_timeout_seconds=1, users=users, database=server.database)


def settings_for(server: Any, **changed: str) -> dict[str, str]:
    """The environment that a construct would write for a server of this machine."""
    values = {
        "HOST": server.host,
        "PORT": str(server.port),
        "NAME": server.database,
        "ENGINE": "postgresql",
        "AUTH": "secret",
        "SECRET_ARN": "application",
        "CONNECTIONS": "1",
        "TLS": "disable",
        **changed,
    }
    return {f"{PREFIX}_{name}": value for name, value in values.items()}


class Secrets:
    """Secrets Manager in memory: what it answers may change, and it counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0
        self.answers = [APPLICATION_PASSWORD]

    def text(self, arn: str) -> str:
        assert arn == "application"
        password = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        return json.dumps({"username": APPLICATION_USER, "password": password})


def api_event(
    method: str,
    path: str,
    tenant: str | None,
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """A request as the HTTP API hands it over, payload format 2.0; header names arrive in lower case."""
    claims = {"sub": "user-1", "custom:tenant": tenant} if tenant else {"sub": "user-1"}
    return {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": "",
        "headers": headers or {},
        "queryStringParameters": query or {},
        "requestContext": {
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "authorizer": {"jwt": {"claims": claims, "scopes": None}},
            "requestId": "api-request",
            "stage": "$default",
        },
        "body": body if isinstance(body, str) or body is None else json.dumps(body),
        "isBase64Encoded": False,
    }


@contextmanager
def held_connections(pooler: PgBouncer, connections: int) -> Iterator[None]:
    """Keep so many connections of a pool in open transactions."""
    with ExitStack() as stack:
        for _ in range(connections):
            connection = stack.enter_context(psycopg.connect(pooler.dsn(), prepare_threshold=None))
            connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            connection.execute("SET LOCAL transaction_timeout = 0")
        yield


def one(connection: psycopg.Connection[Any]) -> Any:
    row = connection.execute("SELECT 1").fetchone()
    assert row is not None
    return row[0]


def insert(connection: psycopg.Connection[Any], tenant: str) -> None:
    connection.execute(
        "INSERT INTO orders (order_id, tenant_id, customer_id, currency, total_minor, idempotency_key, request_digest)"
        " VALUES (gen_random_uuid(), %s, 'c', 'EUR', 1, gen_random_uuid(), '')",
        (tenant,),
    )


def count(store: RelationalStore, tenant: str) -> int:
    def work(connection: psycopg.Connection[Any]) -> int:
        row = connection.execute("SELECT count(*) FROM orders WHERE tenant_id = %s", (tenant,)).fetchone()
        assert row is not None
        return int(row[0])

    return store.read(work)
