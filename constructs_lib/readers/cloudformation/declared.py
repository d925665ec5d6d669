"""What constructs wrote into metadata under keys that start with ``poolproof:``: connections, stores and pools a template cannot show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

from constructs_lib.facts import presets
from constructs_lib.model.fleet import Connection, Gap, Instance, Pool, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.outsiders import Contradiction
from constructs_lib.model.quantity import LARGEST, Quantity, refused
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.values import Unresolved, why_unread

CONNECTIONS = "poolproof:connections"
STORE = "poolproof:store"
STORES = "poolproof:stores"
POOLS = "poolproof:pools"
_VIA = ("direct", "proxy", "data-api", "http")


class Declared:
    """Declarations of an estate. What they name is looked up in the same stack, then as ``Template/LogicalId``, then as a declared id."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.gaps: list[Gap] = []
        self.contradictions: list[Contradiction] = []
        self._by_document = {stack.document.name: stack for stack in estate.stacks.values()}
        # A declared id is the fleet's id as it is: one external database declared in two stacks is one store.
        self._ids = {str(entry["id"]) for key in (STORES, POOLS) for _, entry in self._entries(key)}

    def _entries(self, key: str) -> Iterator[tuple[Stack, Mapping[str, Any]]]:
        for stack in self.estate.stacks.values():
            entries = stack.document.section("Metadata").get(key)
            for entry in entries if isinstance(entries, list) else ():
                if isinstance(entry, dict) and "id" in entry:
                    yield stack, entry

    def store(self, resource: Resource, store: Store) -> Store:
        """The store with what its own resource declares."""
        entry = resource.metadata.get(STORE)
        if not isinstance(entry, dict):
            return store
        changes: dict[str, Any] = {}
        if _whole(entry.get("operator_reserve")) is not None:
            changes["operator_reserve"] = _whole(entry.get("operator_reserve"))
        limit = _quantity(entry.get("max_connections"), f"max_connections declared for '{store.id}'")
        if limit is not None and store.max_connections is None and store.max_connections_expression is None:
            changes.update(max_connections=limit, max_connections_origin=resource.origin)
        elif limit is not None and store.max_connections is not None and limit != store.max_connections:
            counts, passed_over = f"{store.max_connections} in its parameter group", f"{limit} under {STORE}"
            self.contradictions.append(Contradiction(store.id, "max_connections", counts, passed_over, resource.origin))
        others = _others(entry)
        return store._replace(**changes, other_connections=others) if changes or others else store

    def stores(self, resources: Set[str]) -> list[Store]:
        """Stores that are no resources of any template, each id once."""
        return [_store(entry, _place(stack, STORES, entry)) for stack, entry in self._once(STORES, resources)]

    def pools(self, resources: Set[str]) -> list[Pool]:
        """Pools that are no resources of any template, each id once."""
        return [
            _pool(
                entry, self.identify(stack, entry.get("store")) or str(entry.get("store")), _place(stack, POOLS, entry)
            )
            for stack, entry in self._once(POOLS, resources)
        ]

    def _once(self, key: str, resources: Set[str]) -> Iterator[tuple[Stack, Mapping[str, Any]]]:
        """The first declaration of every id; what a later one says otherwise, or of a resource, is a contradiction."""
        first: dict[str, Mapping[str, Any]] = {}
        for stack, entry in self._entries(key):
            name, place = str(entry["id"]), _place(stack, key, entry)
            if name in resources:
                said = Contradiction(name, "what it is", "the resource of that name", f"an entry of {key}", place)
                self.contradictions.append(said)
            elif name not in first:
                first[name] = entry
                yield stack, entry
            else:
                self.contradictions += _differences(name, first[name], entry, place)

    def hosts(self) -> dict[str, tuple[str, str | None]]:
        """Addresses that declared stores and pools go by: host → store, and pool where the address is a pool's."""
        known: dict[str, tuple[str, str | None]] = {}
        for key in (STORES, POOLS):
            for stack, entry in self._entries(key):
                pool = str(entry["id"]) if key == POOLS else None
                store = self.identify(stack, entry.get("store")) if pool else str(entry["id"])
                hosts = entry.get("hosts")
                for host in hosts if isinstance(hosts, list) and store else ():
                    known[str(host)] = (str(store), pool)
        return known

    def identify(self, stack: Stack, name: Any) -> str | None:
        """The fleet's id of what a declaration names; ``None`` when nothing has that name."""
        if not isinstance(name, str):
            return None
        if name in stack.resources:
            return stack.fleet_id(name)
        if name in self._ids:
            return name
        template, _, logical_id = name.rpartition("/")
        other = self._by_document.get(template)
        return other.fleet_id(logical_id) if other is not None and logical_id in other.resources else None

    def connections(self, function: Resource) -> Iterator[Connection]:
        """The connections that a function's resource declares."""
        entries = function.metadata.get(CONNECTIONS)
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict):
                continue
            store = self.identify(function.stack, entry.get("store"))
            if store is None:
                self._missing(function, entry.get("store"), "store")
                continue
            pool = entry.get("pool")
            if pool is not None and self.identify(function.stack, pool) is None:
                self._missing(function, pool, "pool")
            yield self._connection(function, entry, store)

    def _missing(self, function: Resource, name: Any, what: str) -> None:
        missing = f"the declared {what} '{name}' is in none of the given templates"
        advice = f"give the template that makes it as well, or declare it under poolproof:{what}s"
        self.gaps.append(Gap(function.id, missing, advice, function.origin))

    def _connection(self, function: Resource, entry: Mapping[str, Any], store: str) -> Connection:
        via = entry.get("via")
        subject = f"declared connection of '{function.id}'"
        return Connection(
            consumer=function.id,
            store=store,
            via=via if via in _VIA else "direct",
            pool=self.identify(function.stack, entry.get("pool")),
            role="reader" if entry.get("role") == "reader" else "writer",
            connections_per_environment=_quantity(entry.get("connections_per_environment"), subject),
            hold_seconds=_quantity(entry.get("hold_seconds"), subject),
            hold_enforced=entry.get("hold_enforced") is True,
            transactions_per_invocation=_quantity(entry.get("transactions_per_invocation"), subject),
            other_work_seconds=_quantity(entry.get("other_work_seconds"), subject),
            pins_session=entry.get("pins_session") is True,
            certainty="certain",
            evidence=("declared by poolproof:connections",),
            origin=function.origin,
            addressed=True,
        )


def _place(stack: Stack, key: str, entry: Mapping[str, Any]) -> Origin:
    return Origin(stack.document.path, stack.document.line("Metadata", key), str(entry["id"]))


def _differences(
    name: str, first: Mapping[str, Any], other: Mapping[str, Any], place: Origin
) -> Iterator[Contradiction]:
    for key in other:
        if key in first and first[key] != other[key]:
            counts, passed_over = f"'{str(first[key])[:40]}', declared first", f"'{str(other[key])[:40]}'"
            yield Contradiction(name, key, counts, passed_over, place)


def _quantity(value: Any, what: str) -> Quantity | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Quantity.unknown(f"{what}: not a number that the template shows")
    if not 0 <= value <= LARGEST:
        return Quantity.unknown(refused(f"{what}:", value))
    return Quantity.exact(value)


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _others(entry: Mapping[str, Any]) -> tuple[tuple[str, Quantity], ...]:
    others = entry.get("other_connections")
    pairs = []
    for other in others if isinstance(others, list) else ():
        if isinstance(other, dict):
            name = str(other.get("name", "another client"))
            count = _quantity(other.get("connections"), f"connections of '{name}'")
            pairs.append((name, count or Quantity.unknown(f"connections of '{name}' are not declared")))
    return tuple(pairs)


def _store(entry: Mapping[str, Any], origin: Origin) -> Store:
    name = str(entry["id"])
    instance_class = entry.get("instance_class")
    member = Instance(name, _text(instance_class), class_reason=why_unread(instance_class) or "", origin=origin)
    limit = _quantity(entry.get("max_connections"), f"max_connections declared for '{name}'")
    parameters = entry.get("parameters")
    return Store(
        id=name,
        kind=_text(entry.get("kind")) or "external",
        engine=_text(entry.get("engine")),
        engine_version=_text(entry.get("engine_version")),
        instances=(member,) if instance_class is not None else (),
        max_connections=limit,
        max_connections_origin=origin,
        parameters={str(k): str(v) for k, v in parameters.items()} if isinstance(parameters, dict) else {},
        operator_reserve=_whole(entry.get("operator_reserve")),
        other_connections=_others(entry),
        data_api=entry.get("data_api") is True,
        origin=origin,
        preset=_text(entry.get("preset")),
    )


def _pool(entry: Mapping[str, Any], store: str, origin: Origin) -> Pool:
    name, given = str(entry["id"]), _text(entry.get("preset"))
    hidden = why_unread(entry.get("preset"))
    published = presets.preset(given) if given is not None else None

    def number(key: str, default: int | None = None) -> Quantity | None:
        return _quantity(entry.get(key, default), f"{key} declared for '{name}'")

    connections = number("connections", published.connections if published is not None else None)
    if given is not None and connections is None:
        why = (
            f"no pool size is published for '{given}' of '{name}'" if published is not None else presets.unknown(given)
        )
        connections = Quantity.unknown(f"{why}: declare connections of '{name}'")
    elif hidden is not None and connections is None:
        connections = Quantity.unknown(f"{hidden}: declare connections of '{name}'")

    return Pool(
        id=name,
        store=store,
        kind=_text(entry.get("kind")) or ("pgbouncer" if "connections" in entry or "preset" in entry else "rds-proxy"),
        percent=number("percent"),
        idle_percent=number("idle_percent"),
        connections=connections,
        borrow_timeout_seconds=number(
            "borrow_timeout_seconds", published.borrow_timeout_seconds if published is not None else None
        ),
        idle_client_timeout_seconds=number("idle_client_timeout_seconds"),
        require_tls=_flag(entry.get("require_tls")),
        iam_auth=_flag(entry.get("iam_auth")),
        engine_family=_text(entry.get("engine_family")),
        has_reader_endpoint=entry.get("has_reader_endpoint") is True,
        origin=origin,
        maximum_clients=number("maximum_clients", published.clients if published is not None else None),
    )


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return None if value is None or isinstance(value, Unresolved) else str(value)
