"""The report as JSON: the published shape of ``schema/report-1.json``, sorted so that equal reports are equal text."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib import resources
from typing import Any

from constructs_lib._version import __version__
from constructs_lib.check import Report
from constructs_lib.model.demand import demand_of, environments_of
from constructs_lib.model.finding import Finding
from constructs_lib.model.fleet import Connection, Consumer, Pool, Store
from constructs_lib.model.origin import Origin
from constructs_lib.model.pools import borrow_timeout, pool_percent
from constructs_lib.model.quantity import Quantity, plain
from constructs_lib.reporters.unread import Unread

SCHEMA_VERSION = 1

Json = dict[str, Any]


def render(report: Report, unread: Sequence[Unread] = ()) -> str:
    """The whole report as indented JSON with a final newline."""
    return json.dumps(document(report, unread), indent=2, ensure_ascii=False) + "\n"


def schema() -> Mapping[str, Any]:
    """The JSON Schema that every report of this version satisfies."""
    folder = resources.files("constructs_lib.reporters").joinpath("schema")
    loaded: Mapping[str, Any] = json.loads(folder.joinpath(f"report-{SCHEMA_VERSION}.json").read_text(encoding="utf-8"))
    return loaded


def document(report: Report, unread: Sequence[Unread] = ()) -> Json:
    """The report as plain lists, dictionaries, text and numbers."""
    fleet = report.fleet
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "poolproof", "version": __version__},
        "stores": _sorted((_store(store, report) for store in fleet.stores), _id),
        "pools": _sorted((_pool(pool, report) for pool in fleet.pools), _id),
        "consumers": _sorted((_consumer(consumer, report) for consumer in fleet.consumers), _id),
        "connections": _sorted((_connection(connection, report) for connection in fleet.connections), _ends),
        "findings": [_finding(finding) for finding in report.findings],
        "not_decided": _sorted(
            ({"subject": gap.subject, "missing": gap.missing, "declare": gap.declare} for gap in report.not_decided),
            lambda entry: (entry["subject"], entry["missing"], entry["declare"]),
        ),
        "unread": _sorted(
            ({"path": item.path, "reason": _reason(item)} for item in unread),
            lambda entry: (entry["path"], entry["reason"]),
        ),
    }


def _reason(item: Unread) -> str:
    return f"line {item.line}: {item.reason}" if item.line else item.reason


def _sorted(entries: Iterable[Json], key: Callable[[Json], Any]) -> list[Json]:
    return sorted(entries, key=key)


def _id(entry: Json) -> str:
    return str(entry["id"])


def _ends(entry: Json) -> tuple[str, str, str, str]:
    return entry["consumer"], entry["store"], entry["via"], entry["pool"] or ""


def quantity(value: Quantity) -> Json:
    """``{"exact": n}``, ``{"low": n, "high": n | null}`` or ``{"unknown": reason}``."""
    if value.is_exact:
        return {"exact": plain(value.low)}
    if value.is_unknown:
        return {"unknown": value.reason or "no reason was recorded"}
    return {"low": plain(value.low), "high": None if value.high is None else plain(value.high)}


def _origin(origin: Origin) -> Json:
    return {"file": origin.file, "line": origin.line, "logical_id": origin.logical_id, "path": origin.path}


def _store(store: Store, report: Report) -> Json:
    budget = report.budget.of(store.id)
    nothing = Quantity.unknown(f"clients of '{store.id}' hold no connections open")
    classes = sorted(
        (i for i in store.instances if i.instance_class is not None), key=lambda i: (i.role != "writer", i.id)
    )
    return {
        "id": store.id,
        "kind": store.kind,
        "engine": store.engine,
        "instance_class": classes[0].instance_class if classes else None,
        "max_connections": quantity(budget.capacity.max_connections if budget else nothing),
        "usable_connections": quantity(budget.capacity.usable if budget else nothing),
        "origin": _origin(store.origin),
    }


def _pool(pool: Pool, report: Report) -> Json:
    judged = next((item for _, item in report.budget.pools if item.pool.id == pool.id), None)
    absolute = Quantity.unknown(f"'{pool.id}' has a size of its own, not a share")
    lost = Quantity.unknown(f"the target '{pool.store}' of '{pool.id}' is not among what was read")
    return {
        "id": pool.id,
        "store": pool.store,
        "percent": quantity(pool_percent(pool) if pool.connections is None else absolute),
        "connections": quantity(judged.connections if judged else pool.connections or lost),
        "borrow_timeout_seconds": quantity(borrow_timeout(pool)),
        "origin": _origin(pool.origin),
    }


def _consumer(consumer: Consumer, report: Report) -> Json:
    environments, _ = environments_of(consumer, report.fleet, report.settings)
    reserved = consumer.reserved_concurrency or Quantity.unknown(f"'{consumer.id}' reserves no concurrency")
    return {
        "id": consumer.id,
        "kind": consumer.kind,
        "reserved_concurrency": quantity(reserved),
        "environments": quantity(environments),
        "timeout_seconds": quantity(consumer.timeout_seconds),
        "origin": _origin(consumer.origin),
    }


def _connection(connection: Connection, report: Report) -> Json:
    known = connection.consumer in report.fleet.consumer_by_id
    lost = Quantity.unknown(f"consumer '{connection.consumer}' is not among what was read")
    opened = demand_of(connection, report.fleet, report.settings).connections if known else lost
    return {
        "consumer": connection.consumer,
        "store": connection.store,
        "via": connection.via,
        "pool": connection.pool,
        "connections": quantity(opened),
        "certainty": connection.certainty,
        "evidence": list(connection.evidence),
    }


def _finding(finding: Finding) -> Json:
    return {
        "code": finding.code,
        "name": finding.name,
        "severity": finding.severity.value,
        "confidence": finding.confidence.value,
        "subject": finding.subject,
        "message": finding.message,
        "arithmetic": list(finding.arithmetic),
        "fix": finding.fix,
        "origin": _origin(finding.origin),
        "acknowledged": finding.acknowledged,
    }
