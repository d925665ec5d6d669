"""The budget as a picture: per store one bar from 0 to max_connections, and per pool its clients against its connections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.check import Report
from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.fleet import Store
from constructs_lib.model.pools import PoolBudget, Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.reporters import ledger
from constructs_lib.reporters.html.drawing import drawing, number
from constructs_lib.reporters.html.names import Names, names_of
from constructs_lib.reporters.html.text import code, words

_WIDTH, _BAR = 1000.0, 34.0
#: Parts of one kind that are drawn by themselves.
MOST_SHARES = 12
_VERDICTS = {Verdict.FITS: "fits", Verdict.EXCEEDS: "exceeds", Verdict.UNDECIDED: "undecided"}


@dataclass(frozen=True)
class Share:
    """A part of a bar: what it is, how many connections, and its colour's class."""

    label: str
    connections: float
    style: str


def budget_bars(report: Report) -> str:
    """All stores that somebody holds connections of, in the order of the report, then the others in a line each."""
    counted = [budget for budget in report.budget.stores if budget.demands or budget.pools]
    names = names_of(report)
    held = "".join(_store(budget, names) for budget in counted)
    drawn = {budget.store.id for budget in counted}
    others = [store for store in report.fleet.stores if store.id not in drawn]
    return (
        held
        + _line("Nobody was found to connect to", [store for store in others if store.holds_connections], names)
        + _line("Hold no connections", [store for store in others if not store.holds_connections], names)
    )


def _line(opening: str, stores: Sequence[Store], names: Names) -> str:
    listed = ", ".join(f"{code(names.of(store.id))} ({words(store.kind)})" for store in stores)
    return f'<p class="note">{opening}: {listed}.</p>' if stores else ""


def _store(budget: StoreBudget, names: Names) -> str:
    name = names.of(budget.store.id) + ("" if budget.role == "writer" else f" ({budget.role})")
    title = f"<h3>{code(name)} <span>{words(ledger.describe(budget.store))}</span></h3>"
    verdict = f'<p class="verdict {_VERDICTS[budget.verdict]}">{words(ledger.store_sentence(budget))}</p>'
    shares, limit = _store_shares(budget, names), budget.capacity.max_connections
    most = sum(share.connections for share in shares)
    end = None if limit.is_unknown or most <= limit.low else (_low(limit), f"max_connections: {ledger.figure(limit)}")
    return title + _bar(shares, most, end) + _legend(shares) + verdict + _pools(budget, names)


def _store_shares(budget: StoreBudget, names: Names) -> list[Share]:
    """Everything that is kept, may be opened, or is left; capacities at their low end, demands at their high end."""
    kept = [Share(term.label.split(" (")[0], _high(term.quantity), "kept") for term in budget.capacity.terms[1:]]
    pools = [Share(f"pool {names.of(pool.pool.id)}", _high(pool.opening), "pool") for pool in budget.pools]
    direct = [
        Share(f"{names.of(demand.consumer.id)}, direct", _high(demand.connections), "direct")
        for demand in budget.direct
    ]
    taken = [*_fewer(kept), *_fewer(pools), *_fewer(direct)]
    left = _low(budget.capacity.max_connections) - sum(share.connections for share in taken)
    return [*taken, Share("left", left, "left")] if left > 0 else taken


def _fewer(shares: list[Share]) -> list[Share]:
    """The shares that take anything; of very many the largest by themselves and the others together."""
    taken = [share for share in shares if share.connections > 0]
    if len(taken) <= MOST_SHARES:
        return taken
    ordered = sorted(taken, key=lambda share: -share.connections)
    rest = ordered[MOST_SHARES - 1 :]
    others = Share(f"{len(rest)} others", sum(share.connections for share in rest), rest[0].style)
    return [*ordered[: MOST_SHARES - 1], others]


def _pools(budget: StoreBudget, names: Names) -> str:
    return "".join(_pool(pool, names) for pool in budget.pools)


def _pool(pool: PoolBudget, names: Names) -> str:
    shares = _fewer([Share(names.of(demand.consumer.id), _high(demand.once), "client") for demand in pool.demands])
    size = ledger.figure(pool.connections)
    title = f"<h4>Clients of the pool {code(names.of(pool.pool.id))}, which has {words(size)} connections</h4>"
    verdict = f'<p class="verdict {_VERDICTS[pool.verdict]}">{words(ledger.pool_sentence(pool))}</p>'
    most = max(_low(pool.connections), sum(share.connections for share in shares))
    end = None if pool.connections.is_unknown else (_low(pool.connections), f"the pool: {size}")
    return title + _bar(shares, most, end) + _legend(shares) + verdict


def _bar(shares: list[Share], most: float, end: tuple[float, str] | None = None) -> str:
    """One bar with a hairline of the page between its parts; a marker shows where a limit ends."""
    if not shares:
        return ""
    marks, at = [f'<rect class="track" x="0" y="8" width="{_WIDTH:g}" height="{_BAR:g}" rx="4"/>'], 0.0
    for share, style in zip(shares, _styles(shares), strict=True):
        width = _WIDTH * share.connections / most if most else 0
        marks.append(f'<rect class="{style}" x="{at:.1f}" y="8" width="{max(width - 1.5, 0):.1f}" height="{_BAR:g}"/>')
        if width > 44:
            figure = number(share.connections)
            marks.append(
                f'<text class="on-{share.style}" x="{at + width / 2:.1f}" y="30" text-anchor="middle">{figure}</text>'
            )
        at += width
    if end is not None and most:
        marks += _marker(min(_WIDTH * end[0] / most, _WIDTH - 1), end[1])
    height = _BAR + (18 if end is None else 36)
    return drawing(_WIDTH, height, ", ".join(f"{s.label} {number(s.connections)}" for s in shares), marks)


def _marker(x: float, label: str) -> list[str]:
    anchor = "start" if x < _WIDTH / 2 else "end"
    return [
        f'<line class="halo" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{_BAR + 8:g}"/>',
        f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_BAR + 16:g}"/>',
        f'<text class="limit-label" x="{x:.1f}" y="{_BAR + 32:g}" text-anchor="{anchor}">{words(label)}</text>',
    ]


def _styles(shares: list[Share]) -> list[str]:
    """Parts of one kind get paler from left to right."""
    seen: Counter[str] = Counter()
    styles = []
    for share in shares:
        styles.append(f"{share.style} shade-{seen[share.style] % 4}")
        seen[share.style] += 1
    return styles


def _legend(shares: list[Share]) -> str:
    items = "".join(
        f'<li><i class="{style}"></i>{words(share.label)} <b>{number(share.connections)}</b></li>'
        for share, style in zip(shares, _styles(shares), strict=True)
    )
    return f'<ul class="legend">{items}</ul>'


def _low(quantity: Quantity) -> float:
    return float(quantity.low)


def _high(quantity: Quantity) -> float:
    return float(quantity.low if quantity.high is None else quantity.high)
