"""From a judged store to a plan: every number is taken from the fleet, or its absence is named.

A bounded number stands as the proof takes it: a capacity at its low end, clients and holds at their high end. Rounding, when a fleet is
too big for this machine, follows the verdict: what fits is never made to overflow by it, nor the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from fractions import Fraction

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.demand import Demand
from constructs_lib.model.fleet import Gap
from constructs_lib.model.patience import patience_of
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import Number, Quantity
from constructs_lib.model.verdict import Verdict
from constructs_lib.rehearsal.plan import Group, Plan, PoolPlan, Product

PRODUCTS: dict[str, Product] = {
    "postgres": "PostgreSQL",
    "aurora-postgresql": "PostgreSQL",
    "mysql": "MariaDB",
    "mariadb": "MariaDB",
    "aurora-mysql": "MariaDB",
}
#: Where nobody waits, no verdict hangs on how long a transaction takes.
ANY_HOLD: Number = Fraction(1, 20)
#: No rehearsal opens that many; a larger limit would only cost memory.
MOST_SLOTS = 2000
_LITERAL = "write a literal there, or give the value of the parameter it comes from"


def plan_of(
    item: StoreBudget, *, most_clients: int, hold_seconds: Number | None = None
) -> tuple[Plan | None, tuple[Gap, ...]]:
    """The plan for one role of a store, or what must be declared before there is one.

    ``hold_seconds`` stands for holds that nobody declared. ``most_clients`` is what this machine carries.
    """
    engine = item.store.engine
    if engine not in PRODUCTS:
        missing = (
            f"engine of '{item.store.id}' is unknown" if engine is None else f"engine '{engine}' is not relational"
        )
        return None, (Gap(item.store.id, missing, f"write one of {', '.join(sorted(PRODUCTS))}", item.store.origin),)
    draft = _Draft(item, hold_seconds)
    plan = Plan(
        store=item.store.id,
        role=item.role,
        engine=engine,
        product=PRODUCTS[engine],
        max_connections=draft.most_connections(),
        slots=draft.slots(),
        others=draft.whole(item.store.id, "connections of declared other clients", item.capacity.set_aside),
        pools=tuple(draft.pool(pool) for pool in item.pools if pool.demands),
        direct=tuple(draft.group(demand, waits=False) for demand in item.direct),
        verdict=item.verdict,
        notes=tuple(draft.notes),
    )
    gaps = tuple(dict.fromkeys(draft.gaps))
    if gaps:
        return None, gaps
    scaled = _scaled(plan, most_clients)
    if scaled is None:
        missing = f"{plan.others + plan.clients:,} clients cannot be made {most_clients:,} without changing who waits for whom"
        return None, (Gap(plan.store, missing, "allow more with --max-clients", item.store.origin),)
    return _capped(scaled), ()


@dataclass
class _Draft:
    item: StoreBudget
    hold_seconds: Number | None
    gaps: list[Gap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def most_connections(self) -> int:
        capacity = self.item.capacity
        limit = capacity.max_connections
        if limit.is_unknown or limit.low < 1:
            missing = limit.reason or f"max_connections of '{capacity.store}' is {limit}"
            declare = capacity.declare or f"pin or declare max_connections of '{capacity.store}'"
            self.gaps.append(Gap(capacity.store, missing, declare, self.item.store.origin))
        elif not limit.is_exact:
            self.notes.append(f"max_connections is {limit} ({limit.reason}): rehearsed with the least")
        return int(limit.low)

    def slots(self) -> int:
        """What is left beyond the engine's own."""
        return int(self.item.capacity.beyond_engine.low)

    def pool(self, pool: PoolBudget) -> PoolPlan:
        subject = pool.pool.id
        exceeds = self.item.verdict is Verdict.EXCEEDS
        size = pool.opening if exceeds else pool.connections
        if size.low < 1:
            self._missing(subject, f"the pool of {subject} has {size} connections", "give it at least one connection")
        borrow = self.whole(subject, f"borrow timeout of {subject}", pool.borrow_timeout)
        if not borrow:
            self._missing(subject, f"borrow timeout of {subject} is 0 s", "allow clients to wait for a second at least")
        return PoolPlan(
            id=subject,
            connections=int(size.low),
            borrow_timeout_seconds=borrow,
            groups=tuple(self.group(demand, waits=not pool.nobody_waits) for demand in pool.demands),
            verdict=pool.verdict,
        )

    def group(self, demand: Demand, *, waits: bool) -> Group:
        connection, consumer = demand.connection, demand.consumer
        clients = self.whole(consumer.id, f"connections of {consumer.id}", demand.connections)
        if not demand.bounded and demand.connections.high is not None:
            self.notes.append(
                f"{consumer.id} reserves no concurrency: {clients:,} clients, all that the account may run"
            )
        patience = [limit.quantity.low for limit in patience_of(consumer) if not limit.quantity.is_unknown]
        transactions = connection.transactions_per_invocation
        work = connection.other_work_seconds
        return Group(
            name=consumer.id,
            clients=clients,
            hold_seconds=self._hold(demand, waits=waits),
            transactions=1 if transactions is None else max(1, self._high(consumer.id, "transactions", transactions)),
            work_seconds=0 if work is None else self._number(consumer.id, f"other_work_seconds of {consumer.id}", work),
            timeout_seconds=min(patience, default=None),
            pinned=connection.pins_session and connection.via == "proxy",
            why=demand.term.label,
        )

    def whole(self, subject: str, what: str, quantity: Quantity) -> int:
        """The high end of a count; 0 and a gap when nothing bounds it."""
        return int(self._number(subject, what, quantity))

    def _high(self, subject: str, what: str, quantity: Quantity) -> int:
        return self.whole(subject, f"{what}_per_invocation of {subject}", quantity)

    def _hold(self, demand: Demand, *, waits: bool) -> Number:
        declared, name = demand.connection.hold_seconds, demand.consumer.id
        if declared is not None:
            return self._number(name, f"hold_seconds of {name}", declared)
        if self.hold_seconds is not None:
            self.notes.append(f"hold_seconds of {name} is not declared: {float(self.hold_seconds):g} s as asked for")
            return self.hold_seconds
        if not waits:
            self.notes.append(
                f"hold_seconds of {name} is not declared: {float(ANY_HOLD):g} s; nobody waits, so no verdict hangs on it"
            )
            return ANY_HOLD
        self._missing(
            name, f"hold_seconds of {name} is not declared", f"declare it for '{name}', or give --hold SECONDS"
        )
        return ANY_HOLD

    def _number(self, subject: str, what: str, quantity: Quantity) -> Number:
        if quantity.high is None:
            self._missing(subject, f"{what} is {quantity}", _LITERAL)
            return 0
        return quantity.high

    def _missing(self, subject: str, missing: str, declare: str) -> None:
        self.gaps.append(Gap(subject, missing, declare))


@dataclass(frozen=True)
class _Scale:
    """Divides counts; ``up`` rounds up, so that what exceeds does so here too."""

    divisor: int
    up: bool

    def part(self, count: int) -> int:
        return self.share(count, 1, self.divisor)

    def share(self, count: int, of: int, whole: int) -> int:
        return -(-count * of // whole) if self.up else count * of // whole

    def pool(self, pool: PoolPlan) -> PoolPlan:
        """A smaller pool whose clients wait as many rounds: they shrink as the pool itself does."""
        size = max(1, self.part(pool.connections))
        shrunk = (
            replace(group, clients=self.share(group.clients, size, max(1, pool.connections))) for group in pool.groups
        )
        return replace(pool, connections=size, groups=_some(shrunk))


def _scaled(plan: Plan, most_clients: int) -> Plan | None:
    """All counts divided by the same whole number, the least with which this machine carries the clients; ``None`` when there is none."""
    everybody = plan.others + plan.clients
    if everybody <= most_clients:
        return plan
    divisor = -(-everybody // most_clients)
    while divisor <= everybody:
        smaller = _divided(plan, _Scale(divisor, Verdict.EXCEEDS in plan.verdicts))
        if smaller.others + smaller.clients <= most_clients:
            note = (
                f"{everybody:,} clients are more than the {most_clients:,} allowed here: every count is divided by {divisor}; "
                "waits stay as they are, and what is predicted is predicted for the smaller numbers"
            )
            return replace(smaller, notes=(*plan.notes, note))
        divisor += max(1, divisor // 8)
    return None


def _divided(plan: Plan, scale: _Scale) -> Plan:
    reserved, slots = plan.max_connections - plan.slots, plan.slots // scale.divisor
    smaller = replace(
        plan,
        scale=scale.divisor,
        slots=slots,
        max_connections=slots + reserved,
        others=scale.part(plan.others),
        pools=tuple(scale.pool(pool) for pool in plan.pools),
        direct=_some(replace(group, clients=scale.part(group.clients)) for group in plan.direct),
    )
    if plan.verdict is Verdict.FITS and smaller.overflow:
        # A pool has one connection at least: what fits must not overflow only because several were rounded up to it.
        smaller = replace(smaller, slots=smaller.opened, max_connections=smaller.opened + reserved)
    return smaller


def _some(groups: Iterable[Group]) -> tuple[Group, ...]:
    return tuple(group for group in groups if group.clients)


def _capped(plan: Plan) -> Plan:
    """A limit far beyond what anybody here asks for is not needed to show that it holds."""
    most = max(MOST_SLOTS, plan.opened)
    if plan.slots <= most:
        return plan
    note = f"of {plan.slots:,} connections the server here offers {most:,}: nobody asks for more than {plan.opened:,}"
    return replace(plan, slots=most, notes=(*plan.notes, note))
