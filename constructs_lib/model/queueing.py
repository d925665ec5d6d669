"""How long clients of a pool can wait: the bounded wait that proves, and averages that only size.

With a closed population (reserved concurrency bounds the clients), at most ``clients − 1`` others stand before a newcomer in a
first-come-first-served pool, and while it waits every connection of the pool is busy, so completions arrive at least ``pool`` per hold.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from constructs_lib.model.quantity import Number, plain


def bounded_wait(clients: Number, pool: Number, hold_seconds: Number) -> Number | None:
    """The longest wait in seconds for a connection: ``ceil((clients − pool) / pool) × hold``.

    Zero when the clients fit the pool; ``None`` when the pool has no connection at all and somebody needs one.
    """
    if clients <= pool:
        return 0
    if pool <= 0:
        return None
    rounds = math.ceil(Fraction(clients - pool) / Fraction(pool))
    return rounds * hold_seconds


def largest_clients(pool: int, hold_seconds: Number, longest_wait_seconds: Number) -> int:
    """The most clients whose bounded wait stays strictly below ``longest_wait_seconds``; at least the pool itself."""
    if pool <= 0:
        return 0
    if hold_seconds == 0:
        raise ValueError("hold must be positive to bound the number of clients, got 0 s")
    if longest_wait_seconds <= 0:
        return pool
    rounds = math.ceil(Fraction(longest_wait_seconds) / Fraction(hold_seconds)) - 1
    return pool * (rounds + 1)


class Averages(NamedTuple):
    """Machine-repairman averages of a pool: seconds waited, share of the pool in use, transactions per second."""

    wait_seconds: float
    utilisation: float
    throughput_per_second: float


def averages(clients: int, pool: int, think_seconds: float, hold_seconds: float) -> Averages:
    """Mean values for ``clients`` sources that think, then hold one of ``pool`` connections (exponential times).

    For sizing, not for proof. Raises ``ValueError`` unless clients and pool are at least 1 and the hold is positive.
    """
    if clients < 1 or pool < 1 or hold_seconds <= 0 or think_seconds < 0:
        raise ValueError(
            f"needs clients >= 1, pool >= 1, hold > 0 and think >= 0, got {clients}, {pool}, {hold_seconds}, {think_seconds}"
        )
    if think_seconds == 0:
        busy = min(clients, pool)
        throughput = busy / hold_seconds
        return Averages(clients / throughput - hold_seconds, busy / pool, throughput)
    probabilities = _states(clients, pool, math.log(hold_seconds) - math.log(think_seconds))
    busy_mean = sum(p * min(n, pool) for n, p in enumerate(probabilities))
    inside = sum(p * n for n, p in enumerate(probabilities))
    throughput = busy_mean / hold_seconds
    return Averages(max(0.0, inside / throughput - hold_seconds), busy_mean / pool, throughput)


def _states(clients: int, pool: int, log_ratio: float) -> Sequence[float]:
    """Stationary probabilities of n clients inside; in logarithms, because factors overflow from a few hundred clients on."""
    logs = [0.0]
    for n in range(1, clients + 1):
        logs.append(logs[-1] + log_ratio + math.log((clients - n + 1) / min(n, pool)))
    peak = max(logs)
    weights = [math.exp(value - peak) for value in logs]
    whole = sum(weights)
    return [weight / whole for weight in weights]


def little(rate_per_second: Number, duration_seconds: Number) -> int:
    """Concurrent executions that a request rate needs: ``ceil(rate × duration)`` (Little's law)."""
    return math.ceil(Fraction(rate_per_second) * Fraction(duration_seconds))


def seconds(value: Number | None) -> str:
    """Seconds as reports show them."""
    return "no bound" if value is None else f"{plain(value):.3f}".rstrip("0").rstrip(".") + " s"
