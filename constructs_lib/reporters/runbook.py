"""RUNBOOK.md: how concurrency, pool and max_connections hang together in this fleet, and how to change each safely."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.check import Report
from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.demand import Demand
from constructs_lib.model.headroom import room_for_clients
from constructs_lib.model.pools import PoolBudget, pool_percent
from constructs_lib.model.quantity import Quantity
from constructs_lib.reporters import ledger
from constructs_lib.reporters.markdown import code, plain, table
from constructs_lib.reporters.runbook_changes import alarms, changes, rules_of_the_sum
from constructs_lib.reporters.unsettled import outspoken, unsettled


def render(report: Report) -> str:
    """The runbook as Markdown; the same report gives the same text."""
    budgets = sorted(report.budget.stores, key=lambda item: (item.store.id, item.role != "writer"))
    lines = [
        "# Runbook: database connections",
        "",
        "Written by poolproof from the templates of this deployment. It changes with the next synth: edit the code, not this file.",
        "",
        *rules_of_the_sum(report.settings),
    ]
    for item in budgets:
        lines += ["", *_store(item)]
    lines += ["", *changes(budgets), "", *alarms(budgets), *_not_decided(report), *_findings(report)]
    return "\n".join(lines) + "\n"


def _store(item: StoreBudget) -> list[str]:
    head = [
        f"## {plain(ledger.title(item))}",
        "",
        f"{plain(ledger.describe(item.store))}. {_sentence(ledger.store_sentence(item))}",
        "",
    ]
    lines = [*head, *_sum(ledger.store_rows(item))]
    if item.direct:
        lines += ["", "Functions that connect without a pool:", "", *_direct(item)]
    if item.within_reserve:
        names = ", ".join(code(demand.consumer.id) for demand in item.within_reserve)
        lines += ["", f"Run only while a stack deploys, on the operator reserve: {names}."]
    for pool in item.pools:
        lines += ["", *_pool(pool)]
    return lines


def _sentence(text: str) -> str:
    return plain(text[0].upper() + text[1:]) + "."


def _sum(rows: Sequence[ledger.Row]) -> list[str]:
    cells = [[row.sign.strip(), row.figure, plain(row.label), code(row.place) if row.place else ""] for row in rows]
    return table(["", "connections", "what", "where"], cells, right=[1])


def _direct(item: StoreBudget) -> list[str]:
    rows = [
        [*_shape(demand), ledger.figure(demand.connections), _largest_direct(item, demand)] for demand in item.direct
    ]
    return table([*_SHAPE, "connections during a deploy", "most environments that fit"], rows, right=range(1, 6))


def _largest_direct(item: StoreBudget, demand: Demand) -> str:
    return "unknown" if item.capacity.usable.is_unknown else str(item.largest_fit(demand))


_SHAPE = ["function", "reserved concurrency", "environments", "connections each"]


def _shape(demand: Demand) -> list[str]:
    reserved = demand.consumer.reserved_concurrency
    each = f"{ledger.figure(demand.per_environment)}{' (assumed)' if demand.assumed else ''}"
    return [
        code(demand.consumer.id),
        "none" if reserved is None else ledger.figure(reserved),
        ledger.figure(demand.environments),
        each,
    ]


def _pool(pool: PoolBudget) -> list[str]:
    share = f"{ledger.figure(pool_percent(pool.pool))} % of max_connections"
    size = "its own size" if pool.pool.connections is not None else share
    rows = [[*_shape(demand), "yes" if demand.connection.pins_session else "no"] for demand in pool.demands]
    clients = table([*_SHAPE, "pins a connection"], rows, right=[1, 2, 3]) if rows else []
    return [
        f"### Pool {plain(pool.pool.id)}",
        "",
        f"Connections: {ledger.figure(pool.connections)} ({size}). {_sentence(ledger.pool_sentence(pool))} {_room(pool)}",
        "",
        *_sum(ledger.pool_rows(pool)),
        "",
        *clients,
    ]


def _room(pool: PoolBudget) -> str:
    room = room_for_clients(pool)
    if room.is_unknown or room.high is None:
        return "How many more would fit is unknown."
    if not pool.demands:
        return f"Room for {ledger.figure(room)} clients without waiting."
    longest = f"{ledger.figure(Quantity.exact(pool.hold.high or 0))} s"
    return f"Room for {ledger.figure(room)} more clients that hold a connection for at most {longest} and have the same timeouts."


def _not_decided(report: Report) -> list[str]:
    if not report.not_decided:
        return []
    rows = [
        [", ".join(map(code, item.subjects)), plain(item.missing), plain(item.declare), ", ".join(item.codes)]
        for item in unsettled(report)
    ]
    return [
        "",
        "## Not decided",
        "",
        "Nobody could judge these: they are neither safe nor unsafe until somebody declares the missing number.",
        "",
        *table(["about", "what is missing", "what to declare", "rule"], rows),
    ]


def _findings(report: Report) -> list[str]:
    rows = [
        [
            f"{finding.code} {finding.name}",
            finding.severity.value,
            code(finding.subject),
            plain(finding.message),
            plain(finding.fix if finding.acknowledged is None else f"acknowledged: {finding.acknowledged}"),
        ]
        for finding in outspoken(report)
    ]
    if not rows:
        return []
    return ["", "## Findings", "", *table(["rule", "severity", "about", "what", "next step"], rows)]
