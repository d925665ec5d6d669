"""What the reader's tests share: a fleet as plain data, small enough to be read beside its template."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from constructs_lib.model.fleet import Connection, Consumer, EventSource, Pool, Store
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.reading import Reading
from constructs_lib.readers.sources import read

DATA = Path(__file__).parent / "data"


def _given(entry: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in entry.items() if value not in (None, (), {}, [], False, "")}


def _quantity(quantity: Quantity | None) -> Any:
    return None if quantity is None else str(quantity)


def _store(store: Store) -> dict[str, Any]:
    instances = [
        _given({"id": i.id, "class": i.instance_class, "role": i.role, "unknown": i.class_reason})
        for i in store.instances
    ]
    return _given(
        {
            "id": store.id,
            "kind": store.kind,
            "engine": store.engine,
            "version": store.engine_version,
            "instances": instances,
            "max_connections": _quantity(store.max_connections),
            "formula": store.max_connections_expression,
            "acu": [_quantity(store.serverless_min), _quantity(store.serverless_max)] if store.serverless_max else None,
            "parameters": dict(store.parameters),
            "operator_reserve": store.operator_reserve,
            "others": [[name, str(count)] for name, count in store.other_connections],
            "data_api": store.data_api,
        }
    )


def _pool(pool: Pool) -> dict[str, Any]:
    return _given(
        {
            "id": pool.id,
            "store": pool.store,
            "kind": pool.kind,
            "percent": _quantity(pool.percent),
            "idle_percent": _quantity(pool.idle_percent),
            "connections": _quantity(pool.connections),
            "borrow": _quantity(pool.borrow_timeout_seconds),
            "idle_client": _quantity(pool.idle_client_timeout_seconds),
            "tls": pool.require_tls,
            "iam": pool.iam_auth,
            "family": pool.engine_family,
            "reader": pool.has_reader_endpoint,
            "filters": list(pool.session_pinning_filters),
        }
    )


def _source(source: EventSource) -> str:
    parts = [source.kind, source.id]
    if source.maximum_concurrency is not None:
        parts.append(f"at most {source.maximum_concurrency}")
    if source.timeout_seconds is not None:
        parts.append(f"waits {source.timeout_seconds} s")
    if source.max_receive_count is not None:
        parts.append(f"{source.max_receive_count} receives")
    return " ".join(parts if source.enabled else [*parts, "off"])


def _consumer(consumer: Consumer) -> dict[str, Any]:
    return _given(
        {
            "id": consumer.id,
            "reserved": _quantity(consumer.reserved_concurrency),
            "provisioned": [str(item.executions) for item in consumer.provisioned],
            "timeout": str(consumer.timeout_seconds),
            "sources": [_source(source) for source in consumer.event_sources],
            "deploy_time": consumer.deploy_time,
            "generated": consumer.generated,
        }
    )


def _connection(connection: Connection) -> dict[str, Any]:
    return _given(
        {
            "edge": f"{connection.consumer} -> {connection.store} via {connection.via}",
            "pool": connection.pool,
            "role": connection.role if connection.role == "reader" else None,
            "per_environment": _quantity(connection.connections_per_environment),
            "hold": _quantity(connection.hold_seconds),
            "transactions": _quantity(connection.transactions_per_invocation),
            "certainty": connection.certainty,
            "evidence": list(connection.evidence),
            "bound": connection.bound,
        }
    )


def summary_of(reading: Reading) -> dict[str, Any]:
    fleet = reading.fleet
    return {
        "stores": [_store(item) for item in fleet.stores],
        "pools": [_pool(item) for item in fleet.pools],
        "consumers": [_consumer(item) for item in fleet.consumers],
        "connections": [_connection(item) for item in fleet.connections],
        "gaps": [f"{gap.subject}: {gap.missing}" for gap in fleet.gaps],
        "unread": [item.reason for item in reading.unread],
    }


@pytest.fixture(scope="session")
def summary() -> Callable[[Reading], dict[str, Any]]:
    return summary_of


@pytest.fixture
def data() -> Path:
    return DATA


@pytest.fixture
def reading_of(tmp_path: Path) -> Callable[..., Reading]:
    """Read resources (and other sections) given as plain values, written to a file first."""

    def read_values(resources: dict[str, Any], parameters: dict[str, str] | None = None, **sections: Any) -> Reading:
        path = tmp_path / "stack.json"
        path.write_text(json.dumps({"Resources": resources, **sections}, indent=1), encoding="utf-8")
        return read([path], parameters or {})

    return read_values
