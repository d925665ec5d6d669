"""What clients of a rehearsal do, and what becomes of them.

A client does as an execution environment that is always asked again: invocation after invocation, each with its transactions and its
other work, on one connection. What fails is tried again as the functions' runtime does it: three times, after random pauses whose bound
doubles from a tenth of a second to two.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from constructs_lib.rehearsal.plan import Group
from constructs_lib.rehearsal.sessions import FAILURES, Served, Session, Target, failure_of

RETRIES = 3
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.1, 2.0
#: Log-ins at a time: each keeps a core busy for milliseconds, and together they would outlast every patience.
_AT_ONCE = 25


@dataclass
class Tally:
    """What the clients at one pool, or straight at the database, lived through."""

    clients: int = 0
    served: list[Served] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    longest_overrun: float = 0.0
    """The most seconds that a hold lasted longer in the database than it was asked to."""
    gave_up: int = 0
    """Clients whose last retry failed too."""
    outlived: int = 0
    """Invocations that took longer than their function's, or their caller's, timeout."""

    def note(self, served: Served, hold_seconds: float) -> None:
        """One more transaction, which asked for that hold."""
        self.served.append(served)
        self.longest_overrun = max(self.longest_overrun, served.ended - served.started - hold_seconds)

    @property
    def longest_wait(self) -> float:
        return max((item.wait_seconds for item in self.served), default=0.0)


@dataclass(frozen=True)
class Client:
    """A session with what it does."""

    group: Group
    target: Target
    session: Session
    tally: Tally


async def open_all(clients: Sequence[Client]) -> list[Client]:
    """Let everybody connect; those that got in, in order."""
    limit = asyncio.Semaphore(_AT_ONCE)

    async def one(client: Client) -> bool:
        async with limit:
            opened = await _attempted(client, opening=True) is not None
        client.tally.gave_up += not opened
        return opened

    opened = await asyncio.gather(*(one(client) for client in clients))
    return [client for client, inside in zip(clients, opened, strict=True) if inside]


async def perform(client: Client, until: float) -> None:
    """Invocation after invocation until that moment (of the monotonic clock), but at least one."""
    while True:
        if not await _invocation(client):
            client.tally.gave_up += 1
            return
        if time.monotonic() >= until:
            return


async def _invocation(client: Client) -> bool:
    group, began = client.group, time.time()
    ended = began
    for _ in range(group.transactions):
        served = await _attempted(client)
        if served is None:
            return False
        ended = served.ended
    await asyncio.sleep(float(group.work_seconds))
    lasted = ended - began + float(group.work_seconds)
    client.tally.outlived += group.timeout_seconds is not None and Fraction(lasted) > group.timeout_seconds
    return True


async def _attempted(client: Client, *, opening: bool = False) -> Served | None:
    """A transaction, or (while ``opening``) a connection, after as many retries as the runtime makes; ``None`` when all fail."""
    for attempt in range(RETRIES + 1):
        began = time.time()
        try:
            if opening:
                await client.session.open()
                return Served(began, began, began)
            served = await client.session.transaction(float(client.group.hold_seconds), keep=client.group.pinned)
        except FAILURES as error:
            client.tally.failures[failure_of(error, client.target, time.time() - began)] += 1
            await client.session.close()
            if attempt < RETRIES:
                await asyncio.sleep(_pause(attempt))
        else:
            client.tally.note(served, float(client.group.hold_seconds))
            return served
    return None


def _pause(attempt: int) -> float:
    return random.uniform(0.0, min(_LONGEST_PAUSE_SECONDS, _FIRST_PAUSE_SECONDS * 2**attempt))  # noqa: S311 - no secret
