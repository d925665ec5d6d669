"""What a simulation saw: what went wrong, how long clients waited, how many connections were open."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["slots", "borrow-timeout", "function-timeout"]


@dataclass(frozen=True)
class Violation:
    """Something a proof must rule out.

    ``slots``: a database (``subject``) was asked for one connection more than it has. ``borrow-timeout``: a client of ``subject``
    (a pooler) waited as long as it may. ``function-timeout``: an invocation of ``subject`` went on after its timeout. ``at`` in ticks.
    """

    kind: Kind
    at: int
    subject: str
    function: str = ""


@dataclass
class Outcome:
    """Everything one run recorded; times in ticks.

    ``waits`` is the longest wait per pooler (those cut off by a borrow timeout count in full), ``peaks`` the most connections open per
    database, everybody's included. ``finished`` tells when each invocation, by its number in the schedule, was over; ``durations`` how
    long it took; ``requests`` when each of its strands (invocation, link, slot) asked for a connection.
    """

    violations: list[Violation] = field(default_factory=list)
    waits: dict[str, int] = field(default_factory=dict)
    peaks: dict[str, int] = field(default_factory=dict)
    transactions: dict[str, int] = field(default_factory=dict)
    finished: dict[int, int] = field(default_factory=dict)
    durations: dict[int, int] = field(default_factory=dict)
    requests: dict[tuple[int, int, int], list[int]] = field(default_factory=dict)
    throttled: int = 0
    ended_at: int = 0

    def first(self, kind: Kind) -> Violation | None:
        return next((violation for violation in self.violations if violation.kind == kind), None)
