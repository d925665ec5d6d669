"""What an audit adds to a report: drift from the plan, and the highest values that were seen beside what can be carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from constructs_lib.check import Report
from constructs_lib.model.drift import Drift
from constructs_lib.model.origin import Origin
from constructs_lib.reporters.ink import Sheet


@dataclass(frozen=True)
class Audit:
    """``compared`` says that a plan was given; ``nameless`` are planned resources whose deployed name nobody can tell.

    ``maxima`` are metrics by subject over ``days``; no day means that nobody looked.
    """

    compared: bool = False
    drifts: Sequence[Drift] = ()
    nameless: Sequence[str] = ()
    days: int = 0
    maxima: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def render(report: Report, audit: Audit, *, color: bool = False) -> str:
    """The sections as text; empty when neither a plan nor days were given."""
    sheet = Sheet(color)
    if audit.compared:
        _drift(sheet, audit)
    if audit.days:
        _observed(sheet, report, audit)
    return sheet.text() if sheet.lines else ""


def _drift(sheet: Sheet, audit: Audit) -> None:
    sheet.heading("drift from the plan")
    for item in audit.drifts:
        sheet.line(sheet.ink(str(item), "yellow" if item.certain else ""), indent=2)
        sheet.line(sheet.ink(f"planned at {item.planned_origin}", "dim"), indent=4)
    for name in audit.nameless:
        sheet.line(sheet.ink(f"{name}: its deployed name is not in the plan, so it was not compared"), indent=2)
    if not audit.drifts and not audit.nameless:
        sheet.line(sheet.ink("none: what is deployed has the numbers of the plan", "green"), indent=2)


def _observed(sheet: Sheet, report: Report, audit: Audit) -> None:
    days = f"{audit.days} day{'' if audit.days == 1 else 's'}"
    sheet.heading(f"highest values of the last {days}")
    offered = _offered(report)
    for subject, metrics in sorted(audit.maxima.items()):
        for metric, value in sorted(metrics.items()):
            beside = offered.get((subject, metric), "")
            sheet.line(sheet.ink(f"{subject}: {metric} {value:g}{f' of {beside}' if beside else ''}"), indent=2)
    if not audit.maxima:
        sheet.line(sheet.ink("CloudWatch has no values of these metrics"), indent=2)


def _offered(report: Report) -> dict[tuple[str, str], str]:
    """What stands beside a metric: the limit it may reach."""
    found: dict[tuple[str, str], str] = {}
    for item in report.budget.stores:
        for instance in item.store.instances or ():
            found[instance.id, "DatabaseConnections"] = f"max_connections {item.capacity.max_connections}"
        for pool in item.pools:
            found[pool.pool.id, "DatabaseConnections"] = f"a pool of {pool.connections}"
    for consumer in report.fleet.consumers:
        if consumer.reserved_concurrency is not None:
            found[consumer.id, "ConcurrentExecutions"] = f"{consumer.reserved_concurrency} reserved"
    return found


def document(audit: Audit) -> dict[str, Any]:
    """The keys ``drift`` and ``observed`` of the JSON report; a key only for what was asked for."""
    found: dict[str, Any] = {}
    if audit.compared:
        found["drift"] = {
            "differences": [_difference(item) for item in audit.drifts],
            "not_compared": list(audit.nameless),
        }
    if audit.days:
        found["observed"] = {
            "days": audit.days,
            "maxima": {name: dict(metrics) for name, metrics in audit.maxima.items()},
        }
    return found


def _difference(item: Drift) -> dict[str, Any]:
    return {
        "subject": item.subject, "setting": item.setting, "planned": item.planned, "deployed": item.deployed,
        "certain": item.certain, "planned_origin": _origin(item.planned_origin), "deployed_origin": _origin(item.deployed_origin),
    }  # fmt: skip


def _origin(origin: Origin) -> dict[str, Any]:
    return {"file": origin.file, "line": origin.line, "logical_id": origin.logical_id, "path": origin.path}
