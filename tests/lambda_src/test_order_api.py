"""Orders over HTTP against a real PostgreSQL behind a real pooler."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import psycopg
import pytest
from datastores.retry import RetryPolicy
from hypothesis import given
from hypothesis import strategies as st
from surroundings import (
    APPLICATION_PASSWORD,
    Context,
    Secrets,
    api_event,
    held_connections,
    load,
    migrate,
    pooler_before,
)

from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer

ORDER = {
    "currency": "EUR",
    "lines": [
        {"sku": "tea", "quantity": 2, "unit_price_minor": 350},
        {"sku": "cup", "quantity": 1, "unit_price_minor": 1200},
    ],
}


class Client:
    """Calls one copy of the handler, as one execution environment would be called."""

    def __init__(self, module: ModuleType) -> None:
        self.module = module
        self.context = Context()

    def call(self, method: str, path: str, tenant: str | None, **more: Any) -> tuple[int, Any, dict[str, str]]:
        answer = self.module.handler(api_event(method, path, tenant, **more), self.context)
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    def place(self, tenant: str, key: str = "key-1", order: Any = None) -> tuple[int, Any, dict[str, str]]:
        body = ORDER if order is None else order
        return self.call("POST", "/orders", tenant, body=body, headers={"idempotency-key": key})


@pytest.fixture
def api() -> Iterator[Client]:
    client = Client(load("order_api"))
    yield client
    client.module.database.close()


@pytest.fixture
def orders(api: Client, use: Callable[..., None], pooler: PgBouncer) -> Client:
    """The API with its database in place."""
    use(pooler)
    return api


def stored(server: PostgresServer, tenant: str) -> int:
    return int(server.execute(f"SELECT count(*) FROM orders WHERE tenant_id = '{tenant}'")[0][0])


@pytest.mark.servers
def test_an_order_is_placed_and_read_back(orders: Client, tenant: str) -> None:
    status, placed, headers = orders.place(tenant)
    assert status == 201
    assert headers["Location"] == f"/orders/{placed['order_id']}"
    assert headers["Content-Type"] == "application/json"
    assert (placed["currency"], placed["total_minor"], placed["customer_id"]) == ("EUR", 1900, "user-1")
    assert placed["lines"] == ORDER["lines"]
    assert placed["created_at"].endswith("Z")
    assert orders.call("GET", headers["Location"], tenant)[:2] == (200, placed)


@pytest.mark.servers
def test_a_repeated_request_writes_nothing_and_answers_the_same(
    orders: Client, tenant: str, postgres: PostgresServer
) -> None:
    _, first, _ = orders.place(tenant)
    status, again, _ = orders.place(tenant)
    assert (status, again) == (200, first)
    assert stored(postgres, tenant) == 1


@pytest.mark.servers
def test_a_key_belongs_to_one_order_of_one_tenant(orders: Client, tenant: str, postgres: PostgresServer) -> None:
    orders.place(tenant)
    status, body, _ = orders.place(tenant, order={**ORDER, "currency": "USD"})
    assert status == 409
    assert "key-1" in body["message"]
    assert orders.place(f"{tenant}-b")[0] == 201
    assert (stored(postgres, tenant), stored(postgres, f"{tenant}-b")) == (1, 1)


@pytest.mark.servers
def test_rivals_with_one_key_place_one_order(
    use: Callable[..., None], pooler: PgBouncer, tenant: str, postgres: PostgresServer
) -> None:
    use(pooler)
    clients = [Client(load("order_api")) for _ in range(6)]
    answers: list[tuple[int, Any]] = []
    threads = [threading.Thread(target=lambda c=client: answers.append(c.place(tenant)[:2])) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    for client in clients:
        client.module.database.close()
    assert sorted(status for status, _ in answers) == [200] * 5 + [201]
    assert len({body["order_id"] for _, body in answers}) == 1
    assert stored(postgres, tenant) == 1


@pytest.mark.servers
def test_orders_of_others_do_not_exist(orders: Client, tenant: str) -> None:
    _, placed, _ = orders.place(tenant)
    status, body, _ = orders.call("GET", f"/orders/{placed['order_id']}", f"{tenant}-b")
    assert status == 404
    assert body["request_id"] == "request-1"
    assert orders.call("GET", "/orders/not-an-id", tenant)[0] == 404
    assert orders.call("GET", "/orders", f"{tenant}-b")[1] == {"orders": [], "next_cursor": None}


@pytest.mark.servers
def test_pages_show_every_order_once_newest_first(orders: Client, tenant: str) -> None:
    placed = [orders.place(tenant, f"key-{number}")[1]["order_id"] for number in range(7)]
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        status, page, _ = orders.call("GET", "/orders", tenant, query=query)
        assert status == 200
        assert len(page["orders"]) <= 3
        assert all("lines" not in order for order in page["orders"])
        seen += [order["order_id"] for order in page["orders"]]
        if page["next_cursor"] is None:
            break
        query = {"limit": "3", "cursor": page["next_cursor"]}
    assert seen == placed[::-1]


def test_every_problem_of_a_request_is_named_at_once(api: Client, tenant: str) -> None:
    order = {"currency": "euro", "lines": [{"sku": "", "quantity": True, "unit_price_minor": 1.5}, 7], "tenant": "x"}
    status, body, _ = api.call("POST", "/orders", tenant, body=order)
    assert status == 400
    text = "\n".join(body["problems"])
    for part in (
        "Idempotency-Key",
        "currency",
        "lines[0].sku",
        "lines[0].quantity",
        "lines[0].unit_price_minor",
        "lines[1].sku",
        "'tenant'",
    ):
        assert part in text


@pytest.mark.parametrize("body", [None, "", "{", "[]", "7", '"text"', "\x00", "{}", '{"currency":"EUR","lines":[]}'])
def test_no_body_brings_the_function_down(api: Client, tenant: str, body: str | None) -> None:
    assert api.call("POST", "/orders", tenant, body=body, headers={"idempotency-key": "k"})[0] == 400


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "101"}, {"limit": "x"}, {"limit": "²"}, {"cursor": ""}, {"cursor": "???"}]
)
def test_wrong_pages_are_refused(api: Client, tenant: str, query: dict[str, str]) -> None:
    assert api.call("GET", "/orders", tenant, query=query)[0] == 400


@given(st.text())
def test_no_made_up_cursor_is_taken(cursor: str) -> None:
    from datastores.http import RequestError
    from order_requests import page_of

    with pytest.raises(RequestError, match="cursor"):
        page_of({"cursor": cursor})


def test_cursors_come_back_as_they_left() -> None:
    import uuid
    from datetime import datetime, timezone

    from order_requests import cursor_of, page_of

    position = (datetime(2026, 1, 2, 3, 4, 5, 678901, timezone.utc), uuid.uuid4())
    assert page_of({"cursor": cursor_of(*position)}).after == position


def test_the_tenant_comes_from_the_token_alone(api: Client) -> None:
    status, body, _ = api.call("GET", "/orders", None, query={"tenant": "acme", "custom:tenant": "acme"})
    assert status == 403
    assert "custom:tenant" in body["message"]
    event = api_event("GET", "/orders", "acme")
    del event["requestContext"]["authorizer"]
    assert api.module.handler(event, Context())["statusCode"] == 401


def test_unknown_routes_are_not_found(api: Client, tenant: str) -> None:
    assert api.call("GET", "/elsewhere", tenant)[0] == 404
    assert api.call("DELETE", "/orders", tenant)[0] == 404


def logged(caplog: pytest.LogCaptureFixture) -> str:
    """What the functions' log says, extra fields included."""
    return "\n".join(json.dumps(vars(record), default=str) for record in caplog.records)


def unavailable(api: Client, tenant: str, caplog: pytest.LogCaptureFixture, cause: str) -> None:
    """503 with Retry-After, and a log that names the cause."""
    status, body, headers = api.place(tenant)
    assert status == 503
    assert int(headers["Retry-After"]) >= 1
    assert body["request_id"] == "request-1"
    assert cause in logged(caplog)


@pytest.mark.servers
def test_database_and_pooler_down(
    api: Client, use: Callable[..., None], tenant: str, caplog: pytest.LogCaptureFixture
) -> None:
    api.module.database._policy = RetryPolicy(retries=1, first_pause_seconds=0.01)
    with PostgresServer(max_connections=10) as server:
        migrate(server)
        with pooler_before(server) as pooler:
            use(pooler)
            assert api.place(tenant, "before")[0] == 201
            server.stop()
            unavailable(api, tenant, caplog, "store unavailable")
            pooler.stop()
            unavailable(api, tenant, caplog, "refused")


@pytest.mark.servers
def test_an_exhausted_pool_sheds_load_and_keeps_the_order_whole(
    orders: Client, tenant: str, pooler: PgBouncer, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    with held_connections(pooler, pooler.pool_size):
        unavailable(orders, tenant, caplog, "OverloadedError")
    assert orders.place(tenant)[0] == 201
    assert stored(postgres, tenant) == 1


@pytest.mark.servers
def test_an_order_whose_commit_was_lost_exists_once(
    orders: Client, tenant: str, postgres: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave = psycopg.Transaction.__exit__
    lost: list[int] = []

    def commit_then_lose(self: psycopg.Transaction, *failure: Any) -> Any:
        answer = leave(self, *failure)
        if failure[0] is None and not lost:
            lost.append(1)
            self.connection.close()
            raise psycopg.OperationalError("server closed the connection unexpectedly")
        return answer

    monkeypatch.setattr(psycopg.Transaction, "__exit__", commit_then_lose)
    status, body, _ = orders.place(tenant)
    assert lost
    assert status == 200
    assert body["lines"] == ORDER["lines"]
    assert stored(postgres, tenant) == 1


@pytest.mark.servers
def test_a_wrong_secret_is_an_error_that_shows_no_secret(
    orders: Client, tenant: str, secrets: Secrets, caplog: pytest.LogCaptureFixture
) -> None:
    secrets.answers = ["wrong-for-good"]
    status, body, _ = orders.place(tenant)
    assert status == 500
    assert body["request_id"] == "request-1"
    log = logged(caplog)
    assert "CredentialsError" in log
    assert "wrong-for-good" not in log + json.dumps(body)
    secrets.answers = [APPLICATION_PASSWORD]
    assert orders.place(tenant)[0] == 201


def test_a_pool_size_that_nobody_counts_refuses_to_start(
    api: Client, use: Callable[..., None], tenant: str, caplog: pytest.LogCaptureFixture
) -> None:
    class Nowhere:
        host, port, database = "", 0, "orders"

    use(Nowhere(), CONNECTIONS="10")
    assert api.place(tenant)[0] == 500
    log = logged(caplog)
    assert "POOLPROOF_DATABASE_CONNECTIONS is '10'" in log
    assert "POOLPROOF_DATABASE_HOST is missing" in log


@pytest.mark.servers
def test_the_answer_comes_before_the_invocation_ends(
    orders: Client, tenant: str, postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    assert orders.place(tenant, "warm")[0] == 201
    with psycopg.connect(postgres.dsn()) as owner:
        owner.execute("LOCK TABLE orders IN ACCESS EXCLUSIVE MODE")
        orders.context = Context(remaining_ms=1000)
        unavailable(orders, tenant, caplog, "DeadlineError")
    orders.context = Context()
    assert orders.call("GET", "/orders", tenant)[0] == 200
