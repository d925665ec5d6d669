"""What a rehearsal showed, for people and for programs: predicted beside measured."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from constructs_lib._version import __version__
from constructs_lib.model.fleet import Gap
from constructs_lib.model.verdict import Verdict
from constructs_lib.rehearsal.clients import Tally
from constructs_lib.rehearsal.plan import Group, Plan
from constructs_lib.rehearsal.rehearse import PoolResult, Rehearsal
from constructs_lib.reporters.ink import Sheet

SCHEMA_VERSION = 1
_STYLE = {Verdict.FITS: "green", Verdict.EXCEEDS: "red", Verdict.UNDECIDED: "yellow"}
Row = tuple[str, str, str]


def as_text(results: Sequence[Rehearsal], *, color: bool) -> str:
    """Store by store: the table, the notes, and both verdicts."""
    sheet = Sheet(color)
    for result in results:
        _store(sheet, result)
    return sheet.text()


def _store(sheet: Sheet, result: Rehearsal) -> None:
    plan = result.plan
    sheet.heading(f"{plan.store} ({plan.role})")
    sheet.line(sheet.ink(_server(result), "dim"), indent=2)
    _table(sheet, _store_rows(result))
    _groups(sheet, plan.direct)
    for pool in result.pools:
        sheet.line()
        sheet.line(sheet.ink(_pool(pool, result.pooler)), indent=2)
        _table(sheet, _pool_rows(pool, refused=bool(result.refused)))
        _groups(sheet, pool.plan.groups)
    for note in plan.notes:
        sheet.line(sheet.ink(f"note: {note}", "dim"), indent=2)
    _verdicts(sheet, result)


def _server(result: Rehearsal) -> str:
    plan = result.plan
    kept = plan.max_connections - plan.slots
    parts = [f"{result.server} on this machine: {plan.slots:,} connections"]
    parts.append(f" (max_connections {plan.max_connections:,}, {kept} kept by the engine)" if kept > 0 else "")
    return "".join(parts) + f", {result.seconds:.1f} s"


def _pool(pool: PoolResult, pooler: str) -> str:
    plan = pool.plan
    pinned = f", {plan.pinned:,} of its clients pin theirs" if plan.pinned else ""
    size = f"{plan.connections:,} connection{'' if plan.connections == 1 else 's'}"
    return f"pool {plan.id}: {size}{pinned}, borrow timeout {plan.borrow_timeout_seconds:,} s, {pooler}"


def _store_rows(result: Rehearsal) -> Iterator[Row]:
    plan = result.plan
    yield "connections", f"{min(plan.opened, plan.slots):,}", f"{result.peak_connections:,} at most"
    yield "refused by the server", f"{plan.overflow:,} too many" if plan.overflow else "0", f"{result.refused:,}"
    yield "kept by others", f"{plan.others:,}", ""
    if plan.direct:
        yield "straight at the database", f"{result.direct.clients:,}", _fates(result.direct)
        predicted = "" if plan.overflow else f"{plan.direct_throughput:,.0f}"
        yield "transactions per second", predicted, f"{result.direct_throughput:,.0f}"


def _pool_rows(pool: PoolResult, *, refused: bool) -> Iterator[Row]:
    plan, tally = pool.plan, pool.tally
    proven = plan.proven_wait
    yield "clients", f"{plan.clients:,}", _fates(tally)
    noise = f"  (this machine may add {pool.noise_seconds:.3f} s)"
    longest = "for ever" if proven is None else f"{float(proven):.3f} s"
    yield "longest wait", longest, f"{tally.longest_wait:.3f} s{noise}"
    yield "outwaited", "some" if plan.outwaits else "0", f"{pool.outwaited:,}"
    predicted = "" if refused or plan.pinned else f"{plan.throughput:,.0f}"
    yield "transactions per second", predicted, f"{pool.throughput:,.0f}"


def _fates(tally: Tally) -> str:
    return f"{tally.clients - tally.gave_up:,} served" + (f", {tally.gave_up:,} gave up" if tally.gave_up else "")


def _table(sheet: Sheet, rows: Iterator[Row]) -> None:
    table = [("", "predicted", "measured"), *rows]
    first, second = (max(len(row[column]) for row in table) for column in (0, 1))
    for number, (label, predicted, measured) in enumerate(table):
        line = f"{label:<{first}}  {predicted:>{second}}  {measured}"
        sheet.line(sheet.ink(line, "" if number else "dim"), indent=4)


def _groups(sheet: Sheet, groups: Sequence[Group]) -> None:
    """Who the clients are, and for how long each transaction has a connection."""
    width = max((len(f"{group.clients:,}") for group in groups), default=0)
    for group in groups:
        times = f"{group.transactions} × " if group.transactions > 1 else ""
        line = f"{group.clients:>{width},}  {group.why or group.name}: {times}{float(group.hold_seconds):g} s"
        sheet.line(sheet.ink(line, "dim"), indent=4)


def _verdicts(sheet: Sheet, result: Rehearsal) -> None:
    proof = overall(result.plan)
    sheet.line(sheet.ink("proof:   "), sheet.ink(proof.value, _STYLE[proof]), indent=2)
    lines = [(text, "red") for text in (*result.troubles, *result.disagreements)]
    if not result.troubles:
        lines.insert(0, ("nobody was refused, nobody waited in vain", "green"))
    for label, (text, style) in zip(("reality: ", *(" " * 9 for _ in lines)), lines, strict=False):
        sheet.line(label, sheet.ink(text, style), indent=2)


def overall(plan: Plan) -> Verdict:
    """One word for the store and its pools: the worst of theirs."""
    return next((verdict for verdict in (Verdict.EXCEEDS, Verdict.UNDECIDED) if verdict in plan.verdicts), Verdict.FITS)


def as_json(results: Sequence[Rehearsal], gaps: Sequence[Gap]) -> str:
    """The same as an object; waits in seconds, throughput in transactions per second."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "poolproof", "version": __version__},
        "rehearsals": [_rehearsal(result) for result in results],
        "not_decided": [{"subject": gap.subject, "missing": gap.missing, "declare": gap.declare} for gap in gaps],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _rehearsal(result: Rehearsal) -> dict[str, Any]:
    plan = result.plan
    return {
        "store": plan.store,
        "role": plan.role,
        "engine": plan.engine,
        "server": result.server,
        "scale": plan.scale,
        "max_connections": plan.max_connections,
        "connections": {"available": plan.slots, "asked": plan.opened, "peak": result.peak_connections},
        "refused": {"predicted": plan.overflow > 0, "too_many": plan.overflow, "measured": result.refused},
        "direct": {
            **_tally(result.direct),
            "throughput": {
                "predicted": None if plan.overflow else _rounded(plan.direct_throughput),
                "measured": _rounded(result.direct_throughput),
            },
        },
        "pools": [_pool_object(pool, result.pooler) for pool in result.pools],
        "proof": overall(plan).value,
        "passed": result.passed,
        "troubles": list(result.troubles),
        "disagreements": list(result.disagreements),
        "notes": list(plan.notes),
    }


def _pool_object(pool: PoolResult, pooler: str) -> dict[str, Any]:
    plan = pool.plan
    proven = plan.proven_wait
    return {
        "id": plan.id,
        "pooler": pooler,
        "connections": plan.connections,
        "pinned": plan.pinned,
        "borrow_timeout_seconds": plan.borrow_timeout_seconds,
        **_tally(pool.tally),
        "longest_wait": {
            "predicted": None if proven is None else _rounded(float(proven)),
            "measured": _rounded(pool.tally.longest_wait),
            "noise": _rounded(pool.noise_seconds),
        },
        "outwaited": {"predicted": plan.outwaits, "measured": pool.outwaited},
        "throughput": {"predicted": _rounded(plan.throughput), "measured": _rounded(pool.throughput)},
    }


def _tally(tally: Tally) -> dict[str, Any]:
    return {
        "clients": tally.clients,
        "gave_up": tally.gave_up,
        "transactions": len(tally.served),
        "outlived": tally.outlived,
        "failures": dict(sorted(tally.failures.items())),
    }


def _rounded(value: float) -> float:
    return round(value, 4)
