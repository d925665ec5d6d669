"""Who gets how much reserved concurrency: numbers first, then shares of what is left, then everybody else evenly.

Largest remainder, ties broken by path: the same functions always get the same, in whatever order they are named. What cannot be proven
is never handed out.

What adding a function changes, and what not (each law is a property test):

* a number is never changed by anything;
* "whatever fits" that is added leaves every number and every share as it was, and lets no other "whatever fits" grow;
* a share that is added leaves numbers as they were; while all shares together stay within everything, it moves no other share by more
  than one environment; else all shrink alike;
* a number that is added lets no share and no "whatever fits" grow by more than one environment.

One environment is what largest remainder may hand to another when the whole changes: every function gets the whole part of its ideal
number or one more, which no rule that is free of such moves can promise. (The laws on growth are of claims of equal size each.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.errors import ConnectError
from constructs_lib.model.quantity import Number, to_number
from constructs_lib.model.queueing import largest_clients


@dataclass(frozen=True)
class Share:
    """A part of the connections that fixed numbers leave, above 0 and at most 1 (0.25 is a quarter). Rounded down to environments."""

    part: float

    def __post_init__(self) -> None:
        if isinstance(self.part, bool) or not isinstance(self.part, (int, float)) or not 0 < self.part <= 1:
            raise ConnectError(f"a share must be above 0 and at most 1, got {self.part!r}")


@dataclass(frozen=True)
class WhateverFits:
    """An even part of what fixed numbers and shares leave."""


Concurrency = int | Share | WhateverFits


@dataclass(frozen=True)
class Claim:
    """What one function asks of a pool or database; ``each`` is connections (or clients) per execution environment, from 1."""

    path: str
    wanted: Concurrency
    each: int = 1


def allocate(room: int, claims: Sequence[Claim]) -> dict[str, int]:
    """Environments per function so that all together stay within ``room`` connections, as far as fixed numbers allow.

    Fixed numbers are returned as they are, also beyond the room: judging them is the checker's part. Shares that add up to more than
    everything shrink alike. A function for which nothing is left gets 0.
    """
    result = {claim.path: claim.wanted for claim in claims if isinstance(claim.wanted, int)}
    taken = sum(claim.wanted * claim.each for claim in claims if isinstance(claim.wanted, int))
    left = max(0, room - taken)
    parts = {claim: to_number(claim.wanted.part) for claim in claims if isinstance(claim.wanted, Share)}
    whole = max(1, sum(parts.values()))
    shares = {claim: Fraction(part) * left / whole for claim, part in parts.items()}
    granted = _largest_remainder(shares, math.floor(sum(shares.values())))
    result.update({claim.path: count for claim, count in granted.items()})
    rest = left - sum(claim.each * count for claim, count in granted.items())
    open_claims = [claim for claim in claims if isinstance(claim.wanted, WhateverFits)]
    even: dict[Claim, Number] = {claim: Fraction(rest, len(open_claims)) for claim in open_claims}
    result.update({claim.path: count for claim, count in _largest_remainder(even, rest).items()})
    return result


def _largest_remainder(ideal: Mapping[Claim, Number], room: int) -> dict[Claim, int]:
    """Whole environments for ideal numbers of connections, never more than ``room`` connections in all."""
    exact = {claim: Fraction(connections) / claim.each for claim, connections in ideal.items()}
    granted = {claim: math.floor(environments) for claim, environments in exact.items()}
    spare = room - sum(claim.each * count for claim, count in granted.items())
    for claim in sorted(exact, key=lambda claim: (granted[claim] - exact[claim], claim.path)):
        if exact[claim] > granted[claim] and claim.each <= spare:
            granted[claim] += 1
            spare -= claim.each
    return granted


@dataclass(frozen=True)
class Errand:
    """What bounds one function's wait, in seconds: its hold per transaction (``None`` = nothing enforces it) and its own deadline."""

    hold_seconds: Number | None
    transactions: int
    other_work_seconds: Number
    timeout_seconds: Number | None


def provable_clients(pool: int, borrow_timeout_seconds: Number | None, errands: Sequence[Errand]) -> int:
    """The most clients for which nobody waits too long (proof B), or the pool itself where only proof A can be made."""
    if pool <= 0 or borrow_timeout_seconds is None or not errands:
        return max(pool, 0)
    holds = [errand.hold_seconds for errand in errands]
    longest = max((hold for hold in holds if hold is not None), default=0)
    patience = [_patience(errand) for errand in errands]
    if any(hold is None for hold in holds) or longest <= 0 or any(wait is None for wait in patience):
        return pool
    shortest = min(wait for wait in patience if wait is not None)
    rounds = math.floor(Fraction(shortest) / Fraction(longest))
    return min(largest_clients(pool, longest, borrow_timeout_seconds), pool * (1 + max(0, rounds)))


def _patience(errand: Errand) -> Number | None:
    """How long one wait may last: ``transactions × (wait + hold) + other work ≤ timeout``."""
    if errand.timeout_seconds is None or errand.hold_seconds is None:
        return None
    return Fraction(errand.timeout_seconds - errand.other_work_seconds) / errand.transactions - Fraction(
        errand.hold_seconds
    )
