"""How many more clients a pool may get while every proof still holds, as far as one division can tell.

All waits are bounded as if everybody held as long as the longest holder: ``⌈(clients − pool) / pool⌉ × hold`` is never below the bound
on mixed holds, so what fits by it fits. With equal holds the answer is exact.
"""

from __future__ import annotations

import math
from fractions import Fraction

from constructs_lib.model.chains import Chain
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import Number, Quantity, total


def room_for_clients(pool: PoolBudget) -> Quantity:
    """Further clients that surely fit if they hold a connection no longer than those that are there and wait as patiently.

    Unknown while the pool, its clients or a hold has no bound.
    """
    waiting = total([demand.once for demand in pool.demands if not demand.connection.pins_session])
    left = pool.connections.less(pool.pinned)
    hold = pool.hold.high
    if pool.connections.is_unknown or waiting.high is None or pool.pinned.high is None or hold is None:
        reasons = (pool.connections.reason, waiting.reason, pool.pinned.reason, pool.hold.reason)
        return Quantity.unknown("; ".join(dict.fromkeys(filter(None, reasons))))
    rounds = _rounds(pool, hold)
    if rounds is None:
        return Quantity.bounded(0, None, "no transaction holds a connection")
    return Quantity.exact(max(0, left.low * (rounds + 1) - waiting.high))


def _rounds(pool: PoolBudget, hold: Number) -> int | None:
    """How often the whole pool may change hands before a newcomer's turn; −1 when nobody can be served, ``None`` without a hold."""
    patience = [_patience(chain) for chain in pool.chains if chain.demand.once.high != 0]
    if any(seconds < 0 for seconds in patience):
        return -1
    if hold == 0:
        return None
    borrow = max(0, math.ceil(Fraction(pool.borrow_timeout.low) / Fraction(hold)) - 1)
    return min((borrow, *(math.floor(Fraction(seconds) / Fraction(hold)) for seconds in patience)))


def _patience(chain: Chain) -> Number:
    """Seconds a function may wait each time and still end before its timeout; 0 where only not waiting at all is proven."""
    timeout = chain.demand.consumer.timeout_seconds.low
    transactions, hold, work = chain.transactions.high, chain.hold.high, chain.work.high
    if transactions is None or hold is None or work is None:
        return 0 if chain.hold_assumed else -1
    waits = 1 if chain.demand.connection.pins_session else max(1, transactions)
    left = Fraction(timeout - work - transactions * hold) / waits
    return 0 if chain.hold_assumed and left < 0 else left
