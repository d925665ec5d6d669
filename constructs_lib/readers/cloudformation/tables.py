"""DynamoDB tables: keys, caps on throughput, expiry, recovery, stream readers and the variables they are known by."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs_lib.model.key_value import Export, Index, KeyValueTable
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.exports import exports
from constructs_lib.readers.cloudformation.functions import FUNCTION
from constructs_lib.readers.cloudformation.kinds import TABLES
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    Unresolved,
    Value,
    entries_of,
    items_of,
    quantity_of,
    scalar_text,
    text_of,
)

_STREAM_READERS = {"AWS::Lambda::EventSourceMapping": "EventSourceArn", "AWS::Pipes::Pipe": "Source"}
_SCALABLE = "AWS::ApplicationAutoScaling::ScalableTarget"
_DIMENSIONS = {"dynamodb:table:ReadCapacityUnits": "Read", "dynamodb:table:WriteCapacityUnits": "Write"}


class Tables:
    """The tables of an estate, by fleet id."""

    def __init__(self, estate: Estate, environment: Environment, permissions: Permissions) -> None:
        self.environment = environment
        self._readers: dict[str, list[str]] = {}
        self._names: dict[str, dict[str, None]] = {}
        self._scaled: dict[tuple[str, str], Quantity] = {}
        self._exports: dict[str, list[Export]] = {}
        if any(True for _ in estate.of_type(*TABLES)):
            self._collect(estate)
            self._exports = exports(estate, environment, permissions)
        self.by_id = {table.id: self._table(table) for table in estate.of_type(*TABLES)}

    def _collect(self, estate: Estate) -> None:
        for kind, key in _STREAM_READERS.items():
            for reader in estate.of_type(kind):
                for table in self._led_to(reader.get(key)) if not _is_off(reader) else ():
                    self._readers.setdefault(table, []).append(reader.id)
        for function in estate.of_type(FUNCTION):
            for name, value in entries_of(function.get("Environment", "Variables")).items():
                for table in self._led_to(value):
                    self._names.setdefault(table, {})[str(name)] = None
        for target in estate.of_type(_SCALABLE):
            way = _DIMENSIONS.get(text_of(target.get("ScalableDimension")) or "")
            most = quantity_of(target.get("MaxCapacity"), f"MaxCapacity of '{target.id}'")
            for table in self._led_to(target.get("ResourceId")) if way and most is not None else ():
                self._scaled[table, way or ""] = most or Quantity.exact(0)

    def _led_to(self, value: Value) -> list[str]:
        uses = self.environment.uses(value, "") if value is not None else ()
        return list(dict.fromkeys(use.resource.id for use in uses if use.resource.type in TABLES))

    def _table(self, table: Resource) -> KeyValueTable:
        replica = _replica(table)
        return KeyValueTable(
            name=text_of(table.get("TableName")),
            partition_key=_partition_key(table.get("KeySchema")),
            indexes=tuple(_indexes(table)),
            on_demand=_on_demand(table),
            read_units=self._units(table, "Read"),
            write_units=self._units(table, "Write"),
            time_to_live=_switch(table.get("TimeToLiveSpecification"), "Enabled"),
            point_in_time_recovery=_switch(
                _first(table.get("PointInTimeRecoverySpecification"), replica.get("PointInTimeRecoverySpecification")),
                "PointInTimeRecoveryEnabled",
            ),
            deletion_protection=_switch(
                {"On": _first(table.get("DeletionProtectionEnabled"), replica.get("DeletionProtectionEnabled"))}, "On"
            ),
            kept=str(table.body.get("DeletionPolicy", "")).startswith("Retain"),
            known_as=tuple(self._names.get(table.id, ())),
            stream_readers=tuple(self._readers.get(table.id, ())),
            exports=tuple(self._exports.get(table.id, ())),
            replicas=max(1, len(items_of(table.get("Replicas")))),
        )

    def _units(self, table: Resource, way: str) -> Quantity | None:
        """The most units a second in one direction; ``None`` when only the account's quota caps it."""
        if (table.id, way) in self._scaled:
            return self._scaled[table.id, way]
        for path in _unit_paths(way):
            value = table.get(*path)
            if value is None and path[0].startswith("Read"):
                value = _at(_replica(table), path)
            if value is not None:
                units = quantity_of(value, f"{path[-1]} of '{table.id}'")
                # -1 takes an on-demand maximum away (UpdateTable, read 2026-11-21)
                return None if scalar_text(value) == "-1" else units
        return None


def _unit_paths(way: str) -> Iterator[tuple[str, ...]]:
    scaling = f"{way}CapacityAutoScalingSettings"
    yield "ProvisionedThroughput", f"{way}CapacityUnits"
    yield f"{way}ProvisionedThroughputSettings", scaling, "MaxCapacity"
    yield f"{way}ProvisionedThroughputSettings", f"{way}CapacityUnits"
    yield "OnDemandThroughput", f"Max{way}RequestUnits"
    yield f"{way}OnDemandThroughputSettings", f"Max{way}RequestUnits"


def _is_off(reader: Resource) -> bool:
    return text_of(reader.get("Enabled")) == "false" or text_of(reader.get("DesiredState")) == "STOPPED"


def _replica(table: Resource) -> dict[str, Any]:
    """What a global table says for the region it is deployed to: its replicas are alike, or it has one."""
    replicas = [item for item in items_of(table.get("Replicas")) if isinstance(item, dict)]
    return replicas[0] if replicas else {}


def _at(value: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _first(*values: Value) -> Value:
    return next((value for value in values if value is not None), None)


def _switch(specification: Value, key: str) -> bool | None:
    """A switch inside a specification: off when nothing is written, ``None`` when it could not be decided."""
    if isinstance(specification, (Unresolved, Either)):
        return None
    value = entries_of(specification).get(key)
    if value is None:
        return False
    plain = scalar_text(value)
    return {"true": True, "false": False}.get((plain or "").lower())


def _on_demand(table: Resource) -> bool | None:
    mode = table.get("BillingMode")
    if mode is None:
        return False
    return {"PAY_PER_REQUEST": True, "PROVISIONED": False}.get(text_of(mode) or "")


def _partition_key(schema: Value) -> str | None:
    for item in items_of(schema):
        if isinstance(item, dict) and text_of(item.get("KeyType")) == "HASH":
            return text_of(item.get("AttributeName"))
    return None


def _indexes(table: Resource) -> Iterator[Index]:
    for item in items_of(table.get("GlobalSecondaryIndexes")):
        if isinstance(item, dict):
            yield Index(text_of(item.get("IndexName")) or "an index", _partition_key(item.get("KeySchema")))
