"""What a store offers: its max_connections, what the engine and people keep back, and what is left for functions.

Order of precedence and bounds: the pinned or declared limit, the Serverless v2 table, the Aurora MySQL table, the default formula
over instance memory as bounds, else unknown. Facts come from ``constructs_lib.facts`` with their sources.
"""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.facts import classes, defaults, presets, reserved, stores
from constructs_lib.model.expression import FormulaError, evaluate
from constructs_lib.model.fleet import Instance, Role, Store
from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.quantity import Quantity, total
from constructs_lib.model.settings import Settings

#: The class of every instance whose size follows the load.
SERVERLESS = "db.serverless"


class Term(NamedTuple):
    """One line of arithmetic: what the number is, the number, and where it was read."""

    label: str
    quantity: Quantity
    origin: Origin = NOWHERE

    def __str__(self) -> str:
        place = str(self.origin)
        return f"{self.label}: {self.quantity}" + (f"  [{place}]" if place else "")


class Capacity(NamedTuple):
    """Connections of one role (writer or reader) of a store.

    ``max_connections`` is M; ``reserved`` what the engine keeps; ``set_aside`` the operator reserve and declared other clients;
    ``usable`` = M − reserved − set_aside, never below zero. ``pinned`` tells whether M is a literal or declared limit.
    ``default`` is what the class would give without a pin (bounds), ``vcpus`` of the smallest instance of the role;
    both ``None`` when the class is unknown. ``declare`` is the next step when M is unknown.
    """

    store: str
    role: Role
    max_connections: Quantity
    reserved: Quantity
    set_aside: Quantity
    pinned: bool
    default: Quantity | None
    vcpus: Quantity | None
    terms: tuple[Term, ...]
    declare: str = ""

    @property
    def usable(self) -> Quantity:
        return self.max_connections.less(self.reserved + self.set_aside)

    @property
    def beyond_engine(self) -> Quantity:
        """What is left after the engine's own slots only."""
        return self.max_connections.less(self.reserved)


def capacity_of(store: Store, settings: Settings, role: Role = "writer") -> Capacity:
    """The capacity of one role of a store; never raises, unknown inputs give an unknown limit with what to declare."""
    instances = instances_that_may_serve(store, role)
    default, why = _default_limit(store, instances)
    limit, label, origin, pinned = _limit_in_force(store, settings, default, why, instances)
    slots = _kept(store, settings)
    others = [Term(f"declared client {name}", quantity) for name, quantity in store.other_connections]
    others += [
        Term(f"declared client {name}", Quantity.exact(count))
        for name, count in settings.declared_consumers.get(store.id, ())
    ]
    operator = Quantity.exact(settings.operator_reserve if store.operator_reserve is None else store.operator_reserve)
    engine_reserve = Quantity.exact(slots.connections)
    terms = (
        Term(label, limit, origin),
        Term(f"kept by the engine ({slots.note})", engine_reserve),
        Term("operator reserve", operator),
        *others,
    )
    return Capacity(
        store=store.id,
        role=role,
        max_connections=limit,
        reserved=engine_reserve,
        set_aside=operator + total([term.quantity for term in others]),
        pinned=pinned,
        default=default,
        vcpus=_vcpus(instances),
        terms=terms,
        declare=_declare(store) if limit.is_unknown else "",
    )


def _declare(store: Store) -> str:
    or_pin = ", or pin it in its parameter group" if store.on_rds else ""
    return f"declare max_connections of '{store.id}'{or_pin}"


def instances_that_may_serve(store: Store, role: Role) -> tuple[Instance, ...]:
    """The instances that may hold the role: any of a cluster may be promoted to writer, and the writer before it then reads."""
    if role == "reader" and not any(instance.role == "reader" for instance in store.instances):
        return ()
    return store.instances


def _limit_in_force(
    store: Store, settings: Settings, default: Quantity | None, why: str, instances: tuple[Instance, ...]
) -> tuple[Quantity, str, Origin, bool]:
    """The limit, what to call it, where it was read, and whether somebody fixed it."""
    if store.id in settings.declared_max_connections:
        declared = Quantity.exact(settings.declared_max_connections[store.id])
        return declared, "max_connections, declared", NOWHERE, True
    if store.max_connections_expression is not None and not _is_default_formula(store):
        limit = smallest_of([_formula_limit(store, instance) for instance in instances])
        if not instances:
            limit = Quantity.unknown(f"'{store.id}' has no instance whose memory its max_connections formula could use")
        return (
            limit,
            f"max_connections, {store.max_connections_expression}",
            store.max_connections_origin,
            limit.is_exact,
        )
    if store.max_connections is not None and store.max_connections_expression is None:
        cap = serverless_cap(store, instances)
        limit = store.max_connections if cap is None else store.max_connections.at_most(cap)
        label = (
            "max_connections, pinned"
            if limit == store.max_connections
            else "max_connections, pinned above what AWS admits"
        )
        return limit, label, store.max_connections_origin, True
    if (preset := preset_of(store, settings)) is not None:
        return _preset_limit(store, preset), f"max_connections, preset {preset}", store.origin, True
    if default is None:
        return Quantity.unknown(why), "max_connections", store.origin, False
    return default, "max_connections, engine default", store.origin, False


def preset_of(store: Store, settings: Settings) -> str | None:
    """The name of the preset that counts for a store: the settings', else its own."""
    return settings.declared_presets.get(store.id, store.preset)


def _preset_limit(store: Store, name: str) -> Quantity:
    found = presets.preset(name)
    if found is None:
        return Quantity.unknown(f"'{store.id}': {presets.unknown(name)}")
    if found.limit is None:
        return Quantity.unknown(
            f"no limit is published for '{name}' of '{store.id}'" + (f": {found.note}" if found.note else "")
        )
    return Quantity.exact(found.limit)


def _kept(store: Store, settings: Settings) -> reserved.EngineSlots:
    """What the engine keeps back, or the service that runs it; a pooler keeps nothing back from its clients."""
    name = preset_of(store, settings)
    found = presets.preset(name) if name is not None else None
    if found is not None and found.kind == "pooler":
        return reserved.EngineSlots(0, f"clients of {found.name}")
    if found is not None and found.kept is not None:
        return reserved.EngineSlots(found.kept, f"{found.kept} by {found.name}")
    engine = store.engine or (found.engine if found is not None else None)
    return reserved.engine_slots(engine, store.engine_version)


def serverless_cap(store: Store, instances: tuple[Instance, ...]) -> Quantity | None:
    """What Aurora PostgreSQL Serverless admits at most, whatever is pinned; ``None`` where nothing caps it.

    A minimum capacity nobody could read may or may not be small enough for the cap.
    """
    serverless = any(instance.instance_class == SERVERLESS for instance in instances)
    if not serverless or store.engine != "aurora-postgresql":
        return None
    minimum = store.serverless_min
    may_be, surely = _capped(minimum)
    if not may_be:
        return None
    reason = f"minimum Aurora capacity of '{store.id}' is not known"
    return (
        Quantity.exact(defaults.SERVERLESS_CAP) if surely else Quantity.bounded(defaults.SERVERLESS_CAP, None, reason)
    )


def _capped(minimum: Quantity | None) -> tuple[bool, bool]:
    """Whether a minimum capacity may be, and surely is, so small that Aurora PostgreSQL caps the limit."""
    if minimum is None:
        return True, False
    least = defaults.SERVERLESS_CAP_UP_TO
    return minimum.low <= least, minimum.high is not None and minimum.high <= least


def smallest_of(limits: list[Quantity]) -> Quantity:
    """The smallest of several limits; unbounded and unknown for none."""
    if not limits:
        return Quantity(0, None)
    smallest = limits[0]
    for limit in limits[1:]:
        smallest = smallest.at_most(limit)
    return smallest


def _is_default_formula(store: Store) -> bool:
    expression = (store.max_connections_expression or "").replace(" ", "")
    return expression == defaults.expression(store.engine, store.engine_version).replace(" ", "")


def _formula_limit(store: Store, instance: Instance) -> Quantity:
    try:
        return evaluate(store.max_connections_expression or "", _formula_variables(instance))
    except FormulaError as problem:
        return Quantity.unknown(f"max_connections of '{store.id}': {problem}")


def _formula_variables(instance: Instance) -> dict[str, Quantity]:
    memory, count = classes.memory_bytes(instance.instance_class or ""), classes.vcpus(instance.instance_class or "")
    variables = {"TrueIfReplica": Quantity.bounded(0, 1)}
    if memory is not None and count is not None:
        reason = f"memory of {instance.instance_class} that AWS feeds the formula"
        variables["DBInstanceClassMemory"] = Quantity.bounded(*defaults.memory_bounds(memory), reason)
        variables["DBInstanceVCPU"] = Quantity.exact(count)
    return variables


def _default_limit(store: Store, instances: tuple[Instance, ...]) -> tuple[Quantity | None, str]:
    """The engine's default over the instances of a role: the smallest one binds, because any of them may serve."""
    if stores.knows(store.kind):
        return _documented_limit(store, instances)
    if store.engine is None:
        return None, f"engine of '{store.id}' is unknown"
    if not defaults.knows(store.engine):
        return None, f"no default max_connections is published for engine '{store.engine}' of '{store.id}'"
    if not instances:
        return None, f"'{store.id}' has no instance whose class could be read"
    limits = [_instance_default(store, instance) for instance in instances]
    missing = [reason for limit, reason in limits if limit is None]
    if missing:
        return None, missing[0]
    return smallest_of([limit for limit, _ in limits if limit is not None]), ""


def _documented_limit(store: Store, instances: tuple[Instance, ...]) -> tuple[Quantity | None, str]:
    if store.kind == "documentdb-cluster" and any(instance.instance_class == SERVERLESS for instance in instances):
        return _documentdb_serverless(store, instances)
    names = [instance.instance_class for instance in instances] or [None]
    limits = [stores.documented_limit(store.kind, name) for name in names]
    if any(limit is None for limit in limits):
        unlisted = next(name for name, limit in zip(names, limits, strict=True) if limit is None)
        return None, f"no connection limit is documented for class '{unlisted}' of '{store.id}'"
    return smallest_of([Quantity.exact(limit.connections) for limit in limits if limit is not None]), ""


def _documentdb_serverless(store: Store, instances: tuple[Instance, ...]) -> tuple[Quantity | None, str]:
    """The limit follows the current capacity: what the lowest capacity admits is sure, what the highest admits is possible."""
    minimum, maximum = store.serverless_min, store.serverless_max
    if minimum is None or maximum is None or maximum.high is None:
        return None, f"the capacity range of '{store.id}' is unknown"
    low, high = stores.documentdb_serverless(minimum.low, maximum.high)
    reason = f"follows the current capacity, {minimum} to {maximum} units" if low != high else ""
    provisioned = tuple(instance for instance in instances if instance.instance_class != SERVERLESS)
    fixed, why = _documented_limit(store, provisioned) if provisioned else (None, "")
    limit = Quantity.bounded(low, max(low, high), reason)
    return (None, why) if why else (limit if fixed is None else limit.at_most(fixed), "")


def _instance_default(store: Store, instance: Instance) -> tuple[Quantity | None, str]:
    engine = store.engine or ""
    if instance.instance_class is None:
        return None, instance.class_reason or f"instance class of '{instance.id}' is unknown"
    if instance.instance_class == SERVERLESS:
        return _serverless_default(store, engine)
    memory = classes.memory_bytes(instance.instance_class)
    if memory is None:
        return None, (
            f"unknown instance class '{instance.instance_class}'; capacity of '{store.id}' is unknown: "
            "declare max_connections or add the class to the facts"
        )
    bounds = defaults.bounds(engine, store.engine_version, instance.instance_class, memory)
    if bounds is None:
        return (
            None,
            f"no documented max_connections for '{instance.instance_class}' with engine '{engine}' of '{store.id}'",
        )
    low, high = bounds
    reason = f"default of {instance.instance_class}, derived from its memory" if low != high else ""
    return Quantity.bounded(low, high, reason), ""


def _serverless_default(store: Store, engine: str) -> tuple[Quantity | None, str]:
    maximum, minimum = store.serverless_max, store.serverless_min
    if maximum is None or not maximum.is_exact:
        reason = maximum.reason if maximum is not None else "no maximum capacity is set"
        return None, f"maximum Aurora capacity of '{store.id}' is unknown ({reason})"
    # Aurora PostgreSQL stops at 2,000 when the minimum capacity is 0 or 0.5; a minimum nobody could read may or may not be that small.
    may_be_capped, surely_capped = _capped(minimum)
    low = defaults.serverless_bounds(engine, maximum.value, capped=may_be_capped)[0]
    high = defaults.serverless_bounds(engine, maximum.value, capped=surely_capped)[1]
    return Quantity.bounded(low, high, "" if low == high else "AWS's table of capacity units leaves a range"), ""


def _vcpus(instances: tuple[Instance, ...]) -> Quantity | None:
    counts = []
    for instance in instances:
        if instance.instance_class == SERVERLESS:
            return None
        count = classes.vcpus(instance.instance_class or "")
        if count is None:
            return None
        counts.append(count)
    return Quantity.exact(min(counts)) if counts else None
