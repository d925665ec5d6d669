from __future__ import annotations

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import demo.storm
from constructs_lib.errors import RehearsalError
from demo.http_client import open_line, request
from demo.machine import Machine, Numbers, machine
from demo.storm import Address, storm

_NUMBERS = Numbers(max_connections=20, pool_connections=4, borrow_timeout_seconds=5, transaction_timeout_ms=2000)


@dataclass
class Shop:
    """A stand-in for the API: refuses the first attempt of every order, then takes it."""

    refuse_with: int = 429
    refusals: int = 1
    seen: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, key: str) -> tuple[int, dict[str, str]]:
        with self.lock:
            self.seen[key] += 1
            if self.seen[key] <= self.refusals:
                return self.refuse_with, {"message": "not now"}
            return 201, {"order_id": f"id-{key}"}


@pytest.fixture
def shop() -> Iterator[tuple[Shop, Address]]:
    shop = Shop()

    class Till(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            status, body = shop.answer(self.headers["idempotency-key"])
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Till)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield shop, Address(server.server_address[1], "", {"acme": "token", "borealis": "token"})
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def here() -> Iterator[Machine]:
    with machine(_NUMBERS) as running:
        yield running


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo.storm, "_FIRST_PAUSE_SECONDS", 0.01)


@pytest.mark.servers
def test_throttled_orders_come_back_until_all_exist(shop: tuple[Shop, Address], here: Machine) -> None:
    keeper, address = shop
    result = storm(address, here, orders=40)
    assert (result.created, result.throttled, result.failures) == (40, 40, {})
    assert set(keeper.seen.values()) == {2}
    assert {order.attempts for order in result.orders} == {2}
    assert len({order.order_id for order in result.orders}) == 40
    assert Counter(order.tenant for order in result.orders) == {"acme": 20, "borealis": 20}


@pytest.mark.servers
def test_a_busy_store_is_tried_again_but_counted_as_a_failure(shop: tuple[Shop, Address], here: Machine) -> None:
    keeper, address = shop
    keeper.refuse_with = HTTPStatus.SERVICE_UNAVAILABLE
    result = storm(address, here, orders=5)
    assert result.created == 5
    assert result.failures == {503: 5}


@pytest.mark.servers
def test_an_error_is_not_repeated(shop: tuple[Shop, Address], here: Machine) -> None:
    keeper, address = shop
    keeper.refuse_with = HTTPStatus.INTERNAL_SERVER_ERROR
    result = storm(address, here, orders=5)
    assert (result.created, result.failures) == (0, {500: 5})
    assert set(keeper.seen.values()) == {1}


@pytest.mark.servers
def test_orders_that_never_get_in_end_at_the_deadline(shop: tuple[Shop, Address], here: Machine) -> None:
    keeper, address = shop
    keeper.refusals = 10_000
    with pytest.raises(
        RehearsalError, match=r"3 of 3 orders were still missing after 0\.5 s; answers so far: \{429: \d+\}"
    ):
        storm(address, here, orders=3, deadline_seconds=0.5)


def test_a_line_that_opens_while_its_client_is_called_off_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    closed: list[bool] = []

    class Writer:
        def close(self) -> None:
            closed.append(True)

    async def opened(*_: object) -> tuple[None, Writer]:
        return None, Writer()

    async def called_off() -> None:
        client = asyncio.ensure_future(open_line(1))
        for _ in range(2):
            await asyncio.sleep(0)
        client.cancel()
        await client

    monkeypatch.setattr(asyncio, "open_connection", opened)
    with pytest.raises(asyncio.CancelledError):
        asyncio.run(called_off())
    assert closed == [True]


@pytest.mark.parametrize(
    ("raw", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", b"ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n1;x=y\r\n!\r\n0\r\n\r\n", b"ok!"),
    ],
)
def test_http_bodies_are_read_whole(raw: bytes, body: bytes) -> None:
    assert asyncio.run(_exchange_with(raw)).body == body


def test_a_server_that_hangs_up_is_an_error() -> None:
    with pytest.raises(ConnectionResetError, match="hung up before it had answered"):
        asyncio.run(_exchange_with(b""))


async def _exchange_with(raw: bytes) -> demo.http_client.Answer:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(raw)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        return await request(port, "GET", "/", headers={})
