"""One function's way through a pool: what its transactions need, waits included, against its own timeout.

A client that is not pinned waits before each transaction, a pinned one before its first. The wait is that of this very function: a
client never waits behind itself, so a function with a long hold waits less than one with a short hold in the same pool.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import NamedTuple

from constructs_lib.model.demand import Demand
from constructs_lib.model.quantity import ONE, ZERO, Number, Quantity, joined
from constructs_lib.model.verdict import Verdict
from constructs_lib.model.waiting import Holders, forced_wait, forced_wait_behind, longest_wait, longest_wait_behind


class Chain(NamedTuple):
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


class Held(NamedTuple):
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


class Crowd(NamedTuple):
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
    most, least = _Groups(), _Groups()
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
            most.add(hold.high or 0, int(once.high or 0))
            least.add(hold.low, int(once.low))
    mixed = len({client.hold.low.as_integer_ratio() for client in clients}) > 1
    return Crowd(None if unbounded else most.holders, least.holders, pinned_most, pinned_least, mixed)


class _Groups:
    """Clients counted by their hold. Fractions are slow to hash; their two whole numbers are not."""

    def __init__(self) -> None:
        self._found: dict[tuple[int, int], tuple[Number, int]] = {}

    def add(self, hold: Number, clients: int) -> None:
        ratio = hold.as_integer_ratio()
        self._found[ratio] = (hold, self._found.get(ratio, (hold, 0))[1] + clients)

    @property
    def holders(self) -> tuple[Holders, ...]:
        return tuple(Holders(clients, hold) for hold, clients in self._found.values())


def chains_of(clients: Sequence[Held], waits: Waits) -> tuple[Chain, ...]:
    """The chain of every demand on a pool with those waits."""
    return tuple(_chain(client, waits) for client in clients)


def decide(needed: Quantity, demand: Demand) -> Verdict:
    """Whether what is needed surely ends by the function's timeout, surely does not, or neither.

    Nothing is sure of a function whose reservation may be zero; one that reserves nothing may always run once.
    """
    timeout = demand.consumer.timeout_seconds
    if needed.surely_at_most(timeout):
        return Verdict.FITS
    comes = demand.once.low > 0 or not demand.bounded
    return Verdict.EXCEEDS if comes and needed.surely_above(timeout) else Verdict.UNDECIDED


def _chain(client: Held, waits: Waits) -> Chain:
    """The pool's longest wait decides most chains; what this very client may meet is worked out only where it does not."""
    wait = Quantity(0, waits.longest_own(client)) if client.pinned else waits.longest_span
    chain = _weighed(client, wait, 0)
    if chain.verdict is Verdict.FITS and waits.crowd.mixed:
        # What a schedule certainly causes would take a simulation of it and change nothing.
        return chain
    surely = waits.surely_needed(client)
    chain = _weighed(client, Quantity(waits.forced(client), wait.high), surely)
    if chain.verdict is Verdict.UNDECIDED:
        chain = _weighed(client, Quantity(chain.wait.low, waits.longest_own(client)), surely)
    return chain


def _weighed(client: Held, wait: Quantity, surely: Number) -> Chain:
    """The chain for a wait, with the seconds of waits and holds that are certain."""
    link = client.demand.connection
    transactions, work, hold = link.transactions_per_invocation or ONE, link.other_work_seconds or ZERO, client.hold
    low = (surely or transactions.low * hold.low) + work.low
    needed = Quantity(
        low, _most(client, wait, transactions, work), joined(transactions.reasons, hold.reasons, work.reasons)
    )
    verdict = decide(needed, client.demand)
    if client.demand.once.high == 0 or (wait.high == 0 and client.assumed):
        # Nobody comes, or nobody waits: how long the function then works is its own affair, not the pool's.
        verdict = Verdict.FITS
    return Chain(client.demand, client.hold, client.assumed, transactions, wait, needed, verdict)


def _most(client: Held, wait: Quantity, transactions: Quantity, work: Quantity) -> Number | None:
    """``transactions × (wait + hold) + work`` at their highest, a pinned client's wait once; ``None`` when one of them has no bound."""
    count, waited, held_each, other = transactions.high, wait.high, client.hold.high, work.high
    if count is None or waited is None or held_each is None or other is None:
        return None
    return waited + count * held_each + other if client.pinned else count * (waited + held_each) + other


class Waits:
    """Waits at one pool, each worked out once: they differ only by what the client itself holds."""

    def __init__(self, crowd: Crowd, connections: Quantity) -> None:
        self.crowd = crowd
        self.servers = int(connections.low) - crowd.pinned_most
        self.servers_at_most = None if connections.high is None else int(connections.high) - crowd.pinned_least
        self._known: dict[tuple[str, bool, tuple[int, int] | None, int], Number | None] = {}

    @property
    def certain(self) -> Number:
        """A wait that some schedule certainly produces; zero where none is certain or where it has no end."""
        return 0 if self.servers_at_most is None else forced_wait(self.crowd.least, self.servers_at_most) or 0

    @cached_property
    def longest(self) -> Number | None:
        """The wait of the client with the shortest hold, which nobody's exceeds."""
        return None if self.crowd.most is None else longest_wait(self.crowd.most, self.servers)

    @cached_property
    def longest_span(self) -> Quantity:
        """From no wait at all to the longest."""
        return Quantity(0, self.longest)

    def longest_own(self, client: Held) -> Number | None:
        """The wait that this client never exceeds; ``None`` when nothing bounds it."""
        own = 1 if client.pinned and client.demand.connections.high else 0
        return self._once("longest", client.pinned, client.hold.high, own, self._longest_own)

    def _longest_own(self, pinned: bool, hold: Number | None, own: int) -> Number | None:
        if self.crowd.most is None:
            return None
        if pinned:
            return longest_wait_behind(self.crowd.most, self.servers + own)
        bound = longest_wait_behind(_without(self.crowd.most, hold or 0, 1), self.servers)
        return bound if bound is None or self.longest is None else min(bound, self.longest)

    def forced(self, client: Held) -> Number:
        """A wait that some schedule certainly causes to this client; zero where none is certain or where it has no end."""
        own = 1 if client.pinned and client.demand.connections.low > 0 else 0
        return self._once("forced", client.pinned, client.hold.low, own, self._forced) or 0

    def _forced(self, pinned: bool, hold: Number | None, own: int) -> Number | None:
        behind = self.crowd.least if pinned else _without(self.crowd.least, hold or 0, 1)
        return None if self.servers_at_most is None else forced_wait_behind(behind, self.servers_at_most + own)

    def surely_needed(self, client: Held) -> Number:
        """Seconds of waits and holds that some schedule certainly causes.

        Before its later transactions only those surely come again whose hold is no longer than this client's: they began before it and
        are over when it is. The other connections of its own environment may be busy elsewhere.
        """
        transactions = int((client.demand.connection.transactions_per_invocation or ONE).low)
        first = self.forced(client) + client.hold.low
        if transactions < 1:
            return 0
        if client.pinned or transactions == 1:
            return first + (transactions - 1) * client.hold.low
        each = max(1, int(client.demand.per_environment.low))
        later = self._once("again", False, client.hold.low, each, self._again) or 0
        return first + (transactions - 1) * (later + client.hold.low)

    def _again(self, _pinned: bool, hold: Number | None, each: int) -> Number | None:
        again = [group for group in self.crowd.least if group.hold_seconds <= (hold or 0)]
        if self.servers_at_most is None:
            return None
        return forced_wait_behind(_without(again, hold or 0, each), self.servers_at_most)

    def _once(
        self,
        what: str,
        pinned: bool,
        hold: Number | None,
        count: int,
        work_out: Callable[[bool, Number | None, int], Number | None],
    ) -> Number | None:
        key = (what, pinned, None if hold is None else hold.as_integer_ratio(), count)
        if key not in self._known:
            self._known[key] = work_out(pinned, hold, count)
        return self._known[key]


def _without(groups: Sequence[Holders], hold: Number, count: int) -> list[Holders]:
    """The groups less that many clients of one hold."""
    left, result = count, []
    for group in groups:
        taken = min(left, group.clients) if group.hold_seconds == hold else 0
        left -= taken
        result.append(Holders(group.clients - taken, group.hold_seconds) if taken else group)
    return result
