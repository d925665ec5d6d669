"""500 orders at once through the deployed API: throttled requests come back later, until every order exists."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.burst import percentile
from constructs_lib.rehearsal.sampling import Sample, Sampler, peak_connections
from constructs_lib.rehearsal.together import together
from demo.http_client import Answer, Line, open_line, request
from demo.machine import Machine

_CREATED = (200, 201)
_TRY_LATER = (429, 503)
_FIRST_PAUSE_SECONDS = 0.4
_LONGEST_PAUSE_SECONDS = 5.0
_ATTEMPTS = 60


@dataclass(frozen=True)
class Address:
    """Where requests go, and who makes them: tenant → identity token."""

    port: int
    base_path: str
    tokens: Mapping[str, str]


@dataclass(frozen=True)
class OrderOutcome:
    """One order: how often it was sent, when it existed, and the last status."""

    number: int
    tenant: str
    attempts: int
    status: int
    seconds: float
    order_id: str | None


@dataclass(frozen=True)
class Storm:
    """Every order's outcome, every answer by status, and what the server said meanwhile."""

    orders: tuple[OrderOutcome, ...]
    statuses: Mapping[int, int]
    answers: tuple[tuple[float, int], ...]
    """Moment on the samples' clock, and status."""
    samples: tuple[Sample, ...]
    seconds: float

    @property
    def created(self) -> int:
        return sum(order.status in _CREATED for order in self.orders)

    @property
    def throttled(self) -> int:
        return self.statuses.get(429, 0)

    @property
    def failures(self) -> dict[int, int]:
        """Answers that are neither an order nor a request to come back later: status → count."""
        return {status: n for status, n in self.statuses.items() if status not in (*_CREATED, 429)}

    @property
    def peak_connections(self) -> int:
        return peak_connections(self.samples)

    @property
    def most_environments(self) -> int:
        """The most clients the pooler ever had: each execution environment is one."""
        return max((sample.pooled_clients for sample in self.samples), default=0)

    @property
    def most_waiting(self) -> int:
        return max((sample.clients_waiting for sample in self.samples), default=0)

    def percentile(self, percent: float) -> float | None:
        """Seconds from the first attempt until the order existed, retries included."""
        return percentile([order.seconds for order in self.orders if order.status in _CREATED], percent)


@dataclass
class _Progress:
    """Shared by the clients of one event loop and read by the sampler's thread."""

    outstanding: int
    answers: list[tuple[float, int]] = field(default_factory=list)
    now: Callable[[], float] = time.monotonic


def storm(address: Address, machine: Machine, *, orders: int, deadline_seconds: float = 120.0) -> Storm:
    """Send all orders at the same moment. Raises RehearsalError when they are not done by the deadline."""
    progress = _Progress(outstanding=orders)
    with Sampler(machine.server, machine.pooler, clients=lambda: progress.outstanding) as sampler:
        started = time.monotonic()
        progress.now = sampler.now
        outcomes = asyncio.run(_all(address, orders, progress, deadline_seconds))
        seconds = time.monotonic() - started
    statuses = Counter(status for _, status in progress.answers)
    return Storm(tuple(outcomes), dict(statuses), tuple(progress.answers), sampler.samples, seconds)


async def _all(address: Address, orders: int, progress: _Progress, deadline: float) -> list[OrderOutcome]:
    """Connect everybody first, then let everybody send at once."""
    tenants = sorted(address.tokens)
    lines = await asyncio.gather(*(open_line(address.port) for _ in range(orders)))
    clients = (_place(address, n, tenants[n % len(tenants)], line, progress) for n, line in enumerate(lines))
    try:
        return await together(clients, deadline)
    except asyncio.TimeoutError as error:
        left = f"{progress.outstanding} of {orders} orders were still missing"
        raise RehearsalError(f"{left} after {deadline:g} s; answers so far: {_counted(progress)}") from error


async def _place(address: Address, number: int, tenant: str, line: Line, progress: _Progress) -> OrderOutcome:
    """Send one order until it exists: an answer of 429 or 503 means later, and the same key means the same order."""
    started = time.monotonic()
    for attempt in range(1, _ATTEMPTS + 1):
        answer = await _send(address, number, tenant, line)
        progress.answers.append((progress.now(), answer.status))
        if answer.status not in _TRY_LATER:
            break
        await asyncio.sleep(_pause(attempt))
        line = await open_line(address.port)
    progress.outstanding -= 1
    return OrderOutcome(number, tenant, attempt, answer.status, time.monotonic() - started, _order_id(answer))


async def _send(address: Address, number: int, tenant: str, line: Line) -> Answer:
    headers = {
        "authorization": f"Bearer {address.tokens[tenant]}",
        "content-type": "application/json",
        "idempotency-key": order_key(number),
    }
    return await line.exchange("POST", f"{address.base_path}/orders", headers=headers, body=_order(number))


async def _answered(address: Address, path: str, tenant: str) -> bool:
    headers = {"authorization": f"Bearer {address.tokens[tenant]}"}
    return (await request(address.port, "GET", f"{address.base_path}{path}", headers=headers)).status == HTTPStatus.OK


def warm_up(address: Address, environments: int) -> int:
    """Ask for as many listings at once as there may be environments, so that each one starts; how many answered."""
    tenant = next(iter(address.tokens))

    async def ask() -> list[bool]:
        return list(await asyncio.gather(*(_answered(address, "/orders", tenant) for _ in range(environments))))

    return sum(asyncio.run(ask()))


def order_key(number: int) -> str:
    """The client's own name of an order: sent with every attempt, so that no attempt makes a second order."""
    return f"burst-{number:04d}"


def _order(number: int) -> bytes:
    lines = [{"sku": f"sku-{number % 7}", "quantity": 1 + number % 3, "unit_price_minor": 1_250}]
    order = {"currency": "EUR", "lines": lines}
    return json.dumps(order).encode()


def _order_id(answer: Answer) -> str | None:
    if answer.status not in _CREATED:
        return None
    found = json.loads(answer.body).get("order_id")
    return str(found) if found is not None else None


def _pause(attempt: int) -> float:
    """Exponential back-off with full jitter: clients that were refused together do not come back together."""
    return random.uniform(0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - no secret


def _counted(progress: _Progress) -> dict[int, int]:
    return dict(Counter(status for _, status in progress.answers))
