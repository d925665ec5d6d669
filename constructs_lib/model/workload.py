"""What one function must carry at its peak, and what it may wait for."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.quantity import Number, whole
from constructs_lib.model.queueing import little


@dataclass(frozen=True)
class Workload:
    """A function at its peak. Times in seconds, per invocation; holds are per transaction.

    ``duration_seconds`` is the usual one, without waiting. ``hold_seconds`` is the longest that the database lets a transaction keep
    its connection, ``None`` when nothing ends it; ``average_hold_seconds`` what it usually takes (by default the hold, at most the
    invocation's share). ``reserved`` fixes the concurrency; without a rate such a function is taken for busy all the time.
    """

    name: str
    peak_requests_per_second: Number | None
    duration_seconds: Number
    hold_seconds: Number | None = None
    transactions: int = 1
    timeout_seconds: Number = 30
    average_hold_seconds: Number | None = None
    reserved: int | None = None

    @property
    def rate(self) -> Number:
        """Requests per second at the peak."""
        if self.peak_requests_per_second is not None:
            return self.peak_requests_per_second
        return whole(Fraction(self.reserved or 1) / self.duration_seconds)

    @property
    def concurrency(self) -> int:
        """Executions at the peak when nobody waits (Little's law), at least one; or what is fixed."""
        return self.reserved or self.needed_concurrency(0)

    def needed_concurrency(self, wait_seconds: Number) -> int:
        """Executions that carry the peak when each transaction waits that long for its connection; at least one."""
        return max(1, little(self.rate, self.duration_seconds + self.transactions * wait_seconds))

    @property
    def usual_hold_seconds(self) -> Number:
        """Average seconds a transaction keeps its connection; an invocation's transactions last no longer than it does."""
        share = whole(Fraction(self.duration_seconds) / self.transactions)
        given = self.average_hold_seconds if self.average_hold_seconds is not None else self.hold_seconds
        return share if given is None else min(given, share)

    @property
    def busy_connections(self) -> Number:
        """Connections in use on average at the peak."""
        return self.rate * self.transactions * self.usual_hold_seconds

    @property
    def other_work_seconds(self) -> Number:
        """Seconds of an invocation that no transaction takes."""
        return max(0, self.duration_seconds - self.transactions * self.usual_hold_seconds)

    @property
    def patience_seconds(self) -> Number:
        """The longest wait per transaction that still lets an invocation end before its timeout; below zero when none does."""
        hold = self.usual_hold_seconds if self.hold_seconds is None else self.hold_seconds
        return Fraction(self.timeout_seconds - self.other_work_seconds) / self.transactions - hold
