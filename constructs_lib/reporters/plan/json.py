"""The plan as JSON: numbers, reasons and obstacles under stable names, equal plans as equal text."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from constructs_lib._version import __version__
from constructs_lib.model.finding import Finding
from constructs_lib.model.hosting import Host
from constructs_lib.model.obstacles import Obstacle, reservable
from constructs_lib.model.plan import Plan
from constructs_lib.model.pool_search import mean_wait
from constructs_lib.model.quantity import Number, plain
from constructs_lib.model.sizing import Sizing
from constructs_lib.model.workload import Workload
from constructs_lib.reporters.plan.paste import cdk_lines, cloudformation_lines
from constructs_lib.reporters.plan.reasons import concurrency_reason, expected, reasons

SCHEMA_VERSION = 1

Json = dict[str, Any]


def render(plan: Plan, findings: tuple[Finding, ...] = ()) -> str:
    """The whole plan as indented JSON with a final newline."""
    return json.dumps(document(plan, findings), indent=2, ensure_ascii=False) + "\n"


def document(plan: Plan, findings: tuple[Finding, ...] = ()) -> Json:
    """The plan as plain lists, dictionaries, text and numbers."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "poolproof", "version": __version__},
        "fits": not plan.obstacles,
        "stores": [_store(sizing) for sizing in plan.sizings],
        "functions": [
            {**_function(workload, workload.concurrency, 0), "store": profile.store_name}
            for profile, workload in plan.others
        ],
        "account": {"reserved": plan.total_concurrency, "reservable": reservable(plan.settings)},
        "obstacles": [_obstacle(item) for item in plan.obstacles],
        "findings": [
            {"code": item.code, "severity": item.severity.value, "subject": item.subject, "message": item.message}
            for item in findings
        ],
        "advice": [
            {"function": item.profile, "line": item.line, "better": item.better, "why": item.why}
            for item in plan.advice
        ],
        "assumed": list(plan.notes),
    }


def _store(sizing: Sizing) -> Json:
    host, wait = sizing.host, mean_wait(sizing.averages)
    entry: Json = {
        "store": sizing.store.name,
        "engine": sizing.store.engine,
        "engine_version": sizing.store.engine_version,
        "via": sizing.store.via,
        "fits": host is not None,
        "obstacles": [_obstacle(item) for item in sizing.obstacles],
    }
    if host is None:
        return entry
    pool = {
        "connections": sizing.pool,
        "percent": host.pin.percent,
        "borrow_timeout_seconds": sizing.borrow_timeout_seconds,
    }
    found = expected(sizing)
    return {
        **entry,
        **_host(host),
        "max_connections": host.pin.max_connections,
        "pool": pool if sizing.pool else None,
        "expected": None if found is None else {key: _shown(value) for key, value in asdict(found).items()},
        "functions": [
            _function(item, count, wait) for item, count in zip(sizing.workloads, sizing.concurrency, strict=True)
        ],
        "alternatives": [_host(other) for other in sizing.hosts[1:]],
        "why": [f"{what}: {why}" for what, why in reasons(sizing)],
        "paste": {"cdk": cdk_lines(sizing), "cloudformation": cloudformation_lines(sizing)},
    }


def _host(host: Host) -> Json:
    return {
        "instance_class": host.instance_class,
        "vcpus": host.vcpus,
        "memory_connections": host.memory_connections,
        "burstable": host.burstable,
        "minimum_acu": None if host.minimum_acu is None else plain(host.minimum_acu),
        "maximum_acu": None if host.maximum_acu is None else plain(host.maximum_acu),
    }


def _function(item: Workload, count: int, wait: Number) -> Json:
    return {
        "function": item.name,
        "reserved_concurrency": count,
        "timeout_seconds": plain(item.timeout_seconds),
        "why": concurrency_reason(item, count, wait),
    }


def _obstacle(item: Obstacle) -> Json:
    return {"constraint": item.constraint, "subject": item.subject, "message": item.message}


def _shown(value: float | Number) -> int | float:
    return value if isinstance(value, int) else round(float(value), 6)
