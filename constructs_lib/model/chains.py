"""One function's way through a pool: what its transactions need, waits included, against its own timeout.

A client that is not pinned waits before each transaction, a pinned one before its first. The wait is that of this very function: a
client never waits behind itself, so a function with a long hold waits less than one with a short hold in the same pool.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from constructs_lib.model.demand import Demand
from constructs_lib.model.quantity import ONE, ZERO, Number, Quantity
from constructs_lib.model.verdict import Verdict
from constructs_lib.model.waiting import Holders, forced_wait_behind, longest_wait, longest_wait_behind


@dataclass(frozen=True)
class Chain:
    """``transactions × (wait + hold) + other work`` seconds (pinned: one wait) against the function's timeout.

    ``needed`` reaches from what some schedule certainly makes it take to what none exceeds; ``elsewhere`` is the part of it that the
    same invocation spends on the function's other connections.
    """

    demand: Demand
    hold: Quantity
    hold_assumed: bool
    transactions: Quantity
    wait: Quantity
    needed: Quantity
    verdict: Verdict
    elsewhere: Quantity = ZERO

    @property
    def work(self) -> Quantity:
        return self.demand.connection.other_work_seconds or ZERO

    @property
    def formula(self) -> str:
        """The sum in words, without its result."""
        other = "".join(f" + {part}" for part in (self.work, self.elsewhere) if part != ZERO)
        if self.demand.connection.pins_session:
            return f"wait + {self.transactions} × {self.hold}{other}"
        return f"{self.transactions} × (wait + {self.hold}){other}"


@dataclass(frozen=True)
class Held:
    """A demand with the seconds each of its transactions keeps a connection, and whether that is only assumed."""

    demand: Demand
    hold: Quantity
    assumed: bool

    @property
    def pinned(self) -> bool:
        return self.demand.connection.pins_session


def held(demand: Demand) -> Held:
    """The hold that counts: the function's timeout when nothing shorter is enforced (then it is assumed)."""
    connection, timeout = demand.connection, demand.consumer.timeout_seconds
    if connection.hold_seconds is None:
        return Held(demand, Quantity(0, timeout.high, timeout.reasons), True)
    if connection.hold_enforced:
        return Held(demand, connection.hold_seconds, False)
    # The function's timeout ends a transaction that was declared longer.
    return Held(
        demand,
        Quantity(min(connection.hold_seconds.low, timeout.low), timeout.high, timeout.reasons),
        True,
    )


@dataclass(frozen=True)
class Crowd:
    """Everybody at a pool, those with the same hold as one group, so that a chain costs the same however many functions there are.

    ``most`` and ``least`` are the clients that are not pinned, at their highest and their lowest numbers; ``most`` is ``None`` when
    nothing bounds them. ``pinned_most`` and ``pinned_least`` are connections that pinned sessions keep. ``mixed`` tells different holds.
    """

    most: tuple[Holders, ...] | None
    least: tuple[Holders, ...]
    pinned_most: int
    pinned_least: int
    mixed: bool


def crowd_of(clients: Sequence[Held]) -> Crowd:
    """The groups of a pool's clients."""
    most, least = Counter[Number](), Counter[Number]()
    pinned_most = pinned_least = 0
    unbounded = False
    for client in clients:
        kept, hold = client.demand.connections, client.hold
        unbounded = unbounded or kept.high is None or hold.high is None
        if client.pinned:
            pinned_most += int(kept.high or 0)
            pinned_least += int(kept.low)
        else:
            once = client.demand.once
            most[hold.high or 0] += int(once.high or 0)
            least[hold.low] += int(once.low)
    mixed = len({client.hold.low for client in clients}) > 1
    return Crowd(None if unbounded else _holders(most), _holders(least), pinned_most, pinned_least, mixed)


def _holders(counts: Counter[Number]) -> tuple[Holders, ...]:
    return tuple(Holders(count, hold) for hold, count in counts.items())


def chains_of(clients: Sequence[Held], connections: Quantity) -> tuple[Chain, ...]:
    """The chain of every demand on a pool of that many connections."""
    crowd = crowd_of(clients)
    return tuple(_chain(client, crowd, connections) for client in clients)


def decide(needed: Quantity, timeout: Quantity) -> Verdict:
    """Whether what is needed surely ends by the timeout, surely does not, or neither."""
    if needed.surely_at_most(timeout):
        return Verdict.FITS
    return Verdict.EXCEEDS if needed.surely_above(timeout) else Verdict.UNDECIDED


def _chain(client: Held, crowd: Crowd, connections: Quantity) -> Chain:
    link, timeout = client.demand.connection, client.demand.consumer.timeout_seconds
    transactions, work = link.transactions_per_invocation or ONE, link.other_work_seconds or ZERO
    wait = Quantity(0, _longest(client, crowd, connections))
    most = (wait + transactions * client.hold if client.pinned else transactions * (wait + client.hold)) + work
    if most.surely_at_most(timeout) and crowd.mixed:
        # The proof holds; what a schedule certainly causes would take a simulation of it and change nothing.
        return Chain(client.demand, client.hold, client.assumed, transactions, wait, most, Verdict.FITS)
    wait = replace(wait, low=_forced(client, crowd, connections))
    needed = replace(most, low=_surely_needed(client, crowd, connections, wait.low) + work.low)
    verdict = decide(needed, timeout)
    if client.demand.once.high == 0 or (wait.high == 0 and client.assumed):
        # Nobody comes, or nobody waits: how long the function then works is its own affair, not the pool's.
        verdict = Verdict.FITS
    return Chain(client.demand, client.hold, client.assumed, transactions, wait, needed, verdict)


def _longest(client: Held, crowd: Crowd, connections: Quantity) -> Number | None:
    """The wait that this client never exceeds; ``None`` when nothing bounds it."""
    if crowd.most is None:
        return None
    servers = int(connections.low) - crowd.pinned_most
    if client.pinned:
        return longest_wait_behind(crowd.most, servers + (1 if client.demand.connections.high else 0))
    own = longest_wait_behind(_without(crowd.most, client.hold.high or 0, 1), servers)
    # Nobody waits longer than the client with the shortest hold, whose bound may be the better one.
    shortest = longest_wait(crowd.most, servers)
    return own if own is None or shortest is None else min(own, shortest)


def _forced(client: Held, crowd: Crowd, connections: Quantity) -> Number:
    """A wait that some schedule certainly causes to this client."""
    behind = crowd.least if client.pinned else _without(crowd.least, client.hold.low, 1)
    return _forced_behind(behind, client, crowd, connections)


def _forced_behind(groups: Sequence[Holders], client: Held, crowd: Crowd, connections: Quantity) -> Number:
    """Zero where no schedule is certain, or where the wait has no end: the pool's own verdict says so then."""
    if connections.high is None:
        return 0
    own = 1 if client.pinned and client.demand.connections.low > 0 else 0
    return forced_wait_behind(groups, int(connections.high) - crowd.pinned_least + own) or 0


def _surely_needed(client: Held, crowd: Crowd, connections: Quantity, first: Number) -> Number:
    """Seconds of waits and holds that some schedule certainly causes.

    Before its later transactions only those surely come again whose hold is no longer than this client's: they began before it and are
    over when it is. The other connections of its own environment may be busy elsewhere.
    """
    transactions = int((client.demand.connection.transactions_per_invocation or ONE).low)
    if transactions < 1:
        return 0
    if client.pinned or transactions == 1:
        return first + transactions * client.hold.low
    again = [group for group in crowd.least if group.hold_seconds <= client.hold.low]
    each = max(1, int(client.demand.per_environment.low))
    later = _forced_behind(_without(again, client.hold.low, each), client, crowd, connections)
    return first + client.hold.low + (transactions - 1) * (later + client.hold.low)


def _without(groups: Sequence[Holders], hold: Number, count: int) -> list[Holders]:
    """The groups less that many clients of one hold."""
    left, result = count, []
    for group in groups:
        taken = min(left, group.clients) if group.hold_seconds == hold else 0
        left -= taken
        result.append(replace(group, clients=group.clients - taken))
    return result
