"""The plan for people: numbers, why, what to expect, what stands in the way, and what to paste."""

from __future__ import annotations

from constructs_lib.model.finding import Finding
from constructs_lib.model.hosting import Host
from constructs_lib.model.obstacles import reservable, seconds
from constructs_lib.model.plan import Plan
from constructs_lib.model.profile import StoreProfile
from constructs_lib.model.sizing import Sizing
from constructs_lib.reporters.ink import Sheet
from constructs_lib.reporters.plan.paste import snippet
from constructs_lib.reporters.plan.reasons import concurrency_reason, expected, reasons


def render(plan: Plan, findings: tuple[Finding, ...] = (), *, color: bool = False) -> str:
    """The plan as text; ``findings`` are what the checker says about the fleet it stands for."""
    sheet = Sheet(color)
    for sizing in plan.sizings:
        _store(sheet, sizing)
    _others(sheet, plan)
    _list(sheet, "In the way", [f"[{item.constraint}] {item.message}" for item in plan.obstacles], "red")
    _list(sheet, "Found by the check of this plan", [f"{item.code} {item.message}" for item in findings], "yellow")
    _list(sheet, "Better stores", [str(item) for item in plan.advice], "yellow")
    _list(sheet, "Assumed", list(plan.notes))
    for sizing in plan.sizings:
        _paste(sheet, sizing)
    sheet.heading(_summary(plan))
    return sheet.text()


def _store(sheet: Sheet, sizing: Sizing) -> None:
    sheet.heading(f"{sizing.store.name}: {_kind(sizing.store)}")
    host = sizing.host
    if host is None:
        sheet.line(sheet.ink("no size fits; see what is in the way", "red"), indent=2)
        return
    rows = [("class", host.name), ("max_connections", f"{host.pin.max_connections:,}")]
    if sizing.pool:
        rows.append(("MaxConnectionsPercent", f"{host.pin.percent} (a pool of {host.pin.pool:,})"))
        rows.append(("ConnectionBorrowTimeout", f"{sizing.borrow_timeout_seconds} s"))
    rows += [
        (f"concurrency of {item.name}", f"{count:,}")
        for item, count in zip(sizing.workloads, sizing.concurrency, strict=True)
    ]
    _table(sheet, rows)
    _expectation(sheet, sizing)
    sheet.line(sheet.ink("why", "bold"), indent=2)
    for what, why in reasons(sizing):
        sheet.line(sheet.ink(f"{what}: {why}"), indent=4)
    if len(sizing.hosts) > 1:
        sheet.line(
            sheet.ink("also", "bold"),
            sheet.ink("  same size, then larger: " + ", ".join(map(_named, sizing.hosts[1:]))),
            indent=2,
        )


def _kind(store: StoreProfile) -> str:
    version = f" {store.engine_version}" if store.engine_version else ""
    way = "through a proxy" if store.via == "proxy" else "connected to directly"
    return f"{store.engine}{version}{', Serverless v2' if store.serverless else ''}, {way}"


def _named(host: Host) -> str:
    if host.vcpus is None:
        return host.name
    return f"{host.name} ({host.vcpus} vCPUs, {host.memory_connections:,} connections)"


def _expectation(sheet: Sheet, sizing: Sizing) -> None:
    found = expected(sizing)
    if found is None:
        return
    waits = (
        f"at worst {seconds(found.longest_wait_seconds)} s (proven), on average {seconds(found.average_wait_seconds)} s"
    )
    carried = f"{found.transactions_per_second:,.0f} of at most {found.ceiling_per_second:,.0f} transactions/s"
    _table(
        sheet, [("wait for a connection", waits), ("pool in use at the peak", f"{found.utilisation:.0%}, {carried}")]
    )


def _others(sheet: Sheet, plan: Plan) -> None:
    if not plan.others:
        return
    sheet.heading("Functions on stores without connections")
    for profile, workload in plan.others:
        why = concurrency_reason(workload, workload.concurrency, 0)
        sheet.line(
            sheet.ink(f"{profile.name} ({profile.store}): {workload.concurrency:,}"),
            sheet.ink(f"  {why}", "dim"),
            indent=2,
        )


def _paste(sheet: Sheet, sizing: Sizing) -> None:
    language, code = snippet(sizing)
    if code:
        sheet.heading(f"To paste for {sizing.store.name} ({language})")
        for line in code.splitlines():
            sheet.line(sheet.ink(line), indent=2)


def _table(sheet: Sheet, rows: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        sheet.line(sheet.ink(f"{name:<{width}}  "), sheet.ink(value, "bold"), indent=2)


def _list(sheet: Sheet, title: str, lines: list[str], style: str = "") -> None:
    if lines:
        sheet.heading(title)
    for line in lines:
        sheet.line(sheet.ink(line, style), indent=2)


def _summary(plan: Plan) -> str:
    total = f"{plan.total_concurrency:,} of {reservable(plan.settings):,} reservable executions"
    if plan.obstacles:
        count = len(plan.obstacles)
        return f"no plan: {count} constraint{'' if count == 1 else 's'} not met; {total}"
    return f"the plan fits: {total}"
