"""Just enough HTTP/1.1 for a burst: one request, one connection, hundreds at once on one event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Answer:
    """Status, headers by lower-case name, and body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Line:
    """An open connection for one request."""

    port: int
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"", timeout_seconds: float = 60.0
    ) -> Answer:
        """Send a request, read the whole answer, hang up.

        Raises ConnectionResetError when the server hangs up early, and asyncio.TimeoutError when it is silent.
        """
        try:
            self.writer.write(_head(self.port, method, path, headers, len(body)) + body)
            await self.writer.drain()
            return _parse(await asyncio.wait_for(self.reader.read(), timeout_seconds))
        finally:
            self.writer.close()


async def open_line(port: int) -> Line:
    """Connect to a port of this machine; who is called off meanwhile leaves no open connection. Raises OSError when nobody listens."""
    opening = asyncio.ensure_future(asyncio.open_connection(HOST, port))
    try:
        return Line(port, *await asyncio.shield(opening))
    except asyncio.CancelledError:
        await asyncio.wait([opening])
        if not opening.cancelled() and opening.exception() is None:
            opening.result()[1].close()
        raise


async def request(port: int, method: str, path: str, *, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Connect, send, read."""
    return await (await open_line(port)).exchange(method, path, headers=headers, body=body)


def _head(port: int, method: str, path: str, headers: Mapping[str, str], length: int) -> bytes:
    fields = {"host": f"{HOST}:{port}", "connection": "close", "content-length": str(length), **headers}
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _parse(raw: bytes) -> Answer:
    head, separator, body = raw.partition(b"\r\n\r\n")
    if not separator:
        raise ConnectionResetError("the server hung up before it had answered")
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = _unchunked(body)
    return Answer(int(status_line.split()[1]), headers, body)


def _unchunked(body: bytes) -> bytes:
    parts = []
    while body:
        size, _, rest = body.partition(b"\r\n")
        length = int(size.split(b";")[0], 16)
        if length == 0:
            break
        parts.append(rest[:length])
        body = rest[length + 2 :]
    return b"".join(parts)
