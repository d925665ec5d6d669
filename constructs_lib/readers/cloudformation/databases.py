"""Stores of a fleet: RDS instances, Aurora clusters with their members, and stores of other kinds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from constructs_lib.model.fleet import Instance, Role, Store
from constructs_lib.readers.cloudformation import atlas
from constructs_lib.readers.cloudformation.declared import Declared
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.kinds import CLUSTER, CLUSTERS, INSTANCE, MEMBERS, STORES, TABLES, WAREHOUSES
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.parameter_groups import ParameterGroups, Settings
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Reference,
    Unresolved,
    Value,
    quantity_of,
    references_in,
    text_of,
    truth_of,
)

_GROUP_KEYS = ("DBClusterParameterGroupName", "ParameterGroupName")
_SCALING = "ServerlessV2ScalingConfiguration"
_CLASS_KEYS = ("CacheNodeType", "NodeType", "DBInstanceClass", "DBClusterInstanceClass")


class Databases:
    """Reads the stores of an estate and knows which store a resource belongs to."""

    def __init__(self, estate: Estate, named: Named, declared: Declared) -> None:
        self.estate = estate
        self.named = named
        self.declared = declared
        self.groups = ParameterGroups(estate)
        self.members: dict[tuple[str, str], list[Resource]] = {}
        self.home: dict[tuple[str, str], Resource] = {}
        self._collect()

    def _collect(self) -> None:
        for kind in STORES:
            for resource in self.estate.of_type(kind):
                cluster = self._cluster_of(resource) if kind == INSTANCE else None
                self._place(resource, cluster)
        for kind in MEMBERS:
            for resource in self.estate.of_type(kind):
                cluster = self._cluster_of(resource)
                if cluster is not None:
                    self._place(resource, cluster)

    def _place(self, resource: Resource, cluster: Resource | None) -> None:
        self.home[resource.key] = cluster or resource
        if cluster is not None:
            self.members.setdefault(cluster.key, []).append(resource)

    def _cluster_of(self, resource: Resource) -> Resource | None:
        value = resource.get("DBClusterIdentifier")
        if isinstance(value, Reference):
            found = self.estate.resource(value)
            return found if found is not None and found.type in CLUSTERS else None
        return self.named.resource(value, CLUSTERS)

    @cached_property
    def conditional(self) -> frozenset[str]:
        """Ids of stores that exist only if a condition holds which nobody decided."""
        return frozenset(resource.id for resource in self.home.values() if resource.maybe)

    @cached_property
    def relational(self) -> frozenset[str]:
        """Ids of the RDS and Aurora databases."""
        return frozenset(home.id for home in self.home.values() if home.type in (CLUSTER, INSTANCE))

    @cached_property
    def holding(self) -> dict[str, list[Resource]]:
        """The stores that hold connections, by stack."""
        found: dict[str, list[Resource]] = {}
        for home in dict.fromkeys(self.home.values()):
            if home.type not in TABLES:
                found.setdefault(home.stack.key, []).append(home)
        return found

    def store_of(self, resource: Resource) -> Resource | None:
        """The resource of the store that an instance, cluster, table … belongs to."""
        return self.home.get(resource.key)

    def all(self) -> Iterator[Store]:
        """The stores, in the order of their types and templates."""
        seen = set()
        for resource in self.home.values():
            if resource.key not in seen:
                seen.add(resource.key)
                yield self.declared.store(resource, self._store(resource))

    def _store(self, resource: Resource) -> Store:
        if resource.type in (INSTANCE, CLUSTER):
            return self._relational(resource)
        kind = STORES[resource.type]
        settings = self.groups.settings(next((v for k in _GROUP_KEYS if (v := resource.get(k)) is not None), None))
        return Store(
            id=resource.id,
            kind=kind.store,
            engine=(text_of(resource.get("Engine")) or kind.engine or "").lower() or None,
            engine_version=text_of(resource.get("EngineVersion")),
            instances=self._instances(resource),
            serverless_min=quantity_of(resource.get(_SCALING, "MinCapacity"), f"MinCapacity of '{resource.id}'"),
            serverless_max=quantity_of(resource.get(_SCALING, "MaxCapacity"), f"MaxCapacity of '{resource.id}'"),
            parameters=settings.plain,
            origin=resource.origin,
            preset=atlas.preset_of(resource),
        )

    def _relational(self, resource: Resource) -> Store:
        settings = self._settings(resource)
        limit, formula, origin = settings.limit(resource.id)
        engine, version = self._engine(resource)
        return Store(
            id=resource.id,
            kind=_relational_kind(resource, engine),
            engine=engine,
            engine_version=version,
            instances=self._instances(resource),
            max_connections=limit,
            max_connections_expression=formula,
            max_connections_origin=origin,
            serverless_min=quantity_of(resource.get(_SCALING, "MinCapacity"), f"MinCapacity of '{resource.id}'"),
            serverless_max=quantity_of(resource.get(_SCALING, "MaxCapacity"), f"MaxCapacity of '{resource.id}'"),
            parameters=settings.plain,
            unread_parameters=settings.unread,
            data_api=truth_of(resource.get("EnableHttpEndpoint")) is True,
            origin=resource.origin,
        )

    def _settings(self, resource: Resource) -> Settings:
        if resource.type == INSTANCE:
            return self._instance_settings(resource)
        outer = self.groups.settings(resource.get("DBClusterParameterGroupName"))
        inner = [
            self.groups.settings(member.get("DBParameterGroupName")) for member in self.members.get(resource.key, ())
        ]
        return _smallest(inner).over(outer) if inner else outer

    def _instance_settings(self, resource: Resource) -> Settings:
        """A replica without a group of its own takes its source's in the same region (CreateDBInstanceReadReplica, read 2026-11-21)."""
        source = self._source(resource) if resource.get("DBParameterGroupName") is None else None
        taken_over = source is not None and source.stack.document.region == resource.stack.document.region
        named = source if source is not None and taken_over else resource
        return self.groups.settings(named.get("DBParameterGroupName"))

    @cached_property
    def warehouses(self) -> frozenset[str]:
        """Ids of the stores that are asked through Redshift's own API as well."""
        return frozenset(home.id for home in self.home.values() if home.type in WAREHOUSES)

    @cached_property
    def source_of(self) -> dict[str, str]:
        """For each read replica the store that it is a copy of, by their ids."""
        found = ((home, self._source(home)) for home in self.home.values() if home.type in (CLUSTER, INSTANCE))
        copies = {home.id: self.store_of(source) for home, source in found if source is not None}
        return {copy: store.id for copy, store in copies.items() if store is not None and store.id != copy}

    def _source(self, resource: Resource) -> Resource | None:
        """The database that a replica, or a member of a global cluster, is a copy of."""
        for key in ("SourceDBInstanceIdentifier", "SourceDBClusterIdentifier", "GlobalClusterIdentifier"):
            for reference in references_in(resource.get(key)):
                found = self.estate.resource(reference)
                if found is not None and found is not resource:
                    return found
        return None

    def _engine(self, resource: Resource) -> tuple[str | None, str | None]:
        engine, version = text_of(resource.get("Engine")), text_of(resource.get("EngineVersion"))
        source = self._source(resource) if engine is None else None
        if source is not None:
            engine, version = text_of(source.get("Engine")), version or text_of(source.get("EngineVersion"))
        return (engine.lower() if engine else None), version

    def _instances(self, resource: Resource) -> tuple[Instance, ...]:
        members = self.members.get(resource.key, [])
        if not members:
            return (_instance(resource, "writer"),) if _has_class(resource) else ()
        instances = [_instance(member, "writer") for member in members]
        order = sorted(range(len(instances)), key=lambda i: (_tier(instances[i]), i))
        return tuple(
            instance._replace(role="writer" if index == order[0] else "reader")
            for index, instance in enumerate(instances)
        )


def _tier(instance: Instance) -> int:
    return 1 if instance.promotion_tier is None else instance.promotion_tier


def _relational_kind(resource: Resource, engine: str | None) -> str:
    if resource.type == INSTANCE:
        return "rds-instance"
    if engine is None or engine.startswith("aurora"):
        return "aurora-cluster"
    return "rds-cluster"


def _has_class(resource: Resource) -> bool:
    return resource.type == INSTANCE or any(resource.get(key) is not None for key in _CLASS_KEYS)


def _instance(resource: Resource, role: Role) -> Instance:
    value: Value = next((v for key in _CLASS_KEYS if (v := resource.get(key)) is not None), None)
    name = text_of(value)
    tier = text_of(resource.get("PromotionTier"))
    return Instance(
        id=resource.id,
        instance_class=name,
        role=role,
        promotion_tier=int(tier) if tier is not None and tier.isdigit() else None,
        class_reason="" if name else _why_no_class(resource, value),
        origin=resource.origin,
    )


def _why_no_class(resource: Resource, value: Value) -> str:
    if value is None:
        return f"'{resource.id}' does not say its instance class"
    reason = value.reason if isinstance(value, Unresolved) else "it depends on a condition or parameter"
    return f"instance class of '{resource.id}' is unknown: {reason}"


def _smallest(settings: list[Settings]) -> Settings:
    """Of several instances any may become the writer: the one that admits the fewest connections counts."""

    def admits(item: Settings) -> float:
        limit = item.limit("")[0]
        return float("inf") if limit is None or not limit.is_exact else float(limit.low)

    return min(settings, key=admits)
