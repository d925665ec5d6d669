"""The budget as a picture: per store one bar from 0 to max_connections, and per pool its clients against its connections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from html import escape

from constructs_lib.check import Report
from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.pools import PoolBudget
from constructs_lib.model.quantity import Quantity
from constructs_lib.reporters import ledger
from demo.naming import Names, names_of
from demo.svg import drawing, number

_WIDTH, _BAR = 1000.0, 34.0


@dataclass(frozen=True)
class Share:
    """A part of a bar: what it is, how many connections, and its colour's class."""

    label: str
    connections: float
    style: str


def budget_pictures(report: Report) -> str:
    """All stores that hold connections, in the order of the report, then those that hold none."""
    counted = [budget for budget in report.budget.stores if budget.demands or budget.pools]
    names = names_of(report)
    held = "".join(_store(budget, names) for budget in counted)
    others = [store for store in report.fleet.stores if store.id not in {budget.store.id for budget in counted}]
    without = ", ".join(f"<code>{escape(names.of(store.id))}</code> ({escape(store.kind)})" for store in others)
    return held + (f'<p class="note">Hold no connections: {without}.</p>' if without else "")


def _store(budget: StoreBudget, names: Names) -> str:
    title = f"<h3><code>{escape(names.plain(ledger.title(budget)))}</code> <span>{escape(ledger.describe(budget.store))}</span></h3>"
    verdict = f'<p class="verdict">{escape(ledger.store_sentence(budget))}</p>'
    shares = _store_shares(budget, names)
    return (
        title + _bar(shares, _low(budget.capacity.max_connections)) + _legend(shares) + verdict + _pools(budget, names)
    )


def _store_shares(budget: StoreBudget, names: Names) -> list[Share]:
    """Everything that is kept, may be opened, or is left; capacities at their low end, demands at their high end."""
    kept = [Share(term.label.split(" (")[0], _high(term.quantity), "kept") for term in budget.capacity.terms[1:]]
    pools = [Share(f"pool {names.of(pool.pool.id)}", _high(pool.opening), "pool") for pool in budget.pools]
    direct = [
        Share(f"{names.of(demand.consumer.id)}, direct", _high(demand.connections), "direct")
        for demand in budget.direct
    ]
    taken = [share for share in (*kept, *pools, *direct) if share.connections > 0]
    left = _low(budget.capacity.max_connections) - sum(share.connections for share in taken)
    return [*taken, Share("left", max(left, 0), "left")]


def _pools(budget: StoreBudget, names: Names) -> str:
    return "".join(_pool(pool, names) for pool in budget.pools)


def _pool(pool: PoolBudget, names: Names) -> str:
    shares = [Share(names.of(demand.consumer.id), _high(demand.once), "client") for demand in pool.demands]
    size = _low(pool.connections)
    title = f"<h4>Clients of the pool <code>{escape(names.of(pool.pool.id))}</code>, which has {number(size)} connections</h4>"
    verdict = f'<p class="verdict">{escape(ledger.pool_sentence(pool))}</p>'
    most = max(size, sum(share.connections for share in shares))
    return title + _bar(shares, most, marker=size) + _legend(shares) + verdict


def _bar(shares: list[Share], most: float, marker: float | None = None) -> str:
    """One bar with a hairline of the page between its parts; a marker shows where the pool ends."""
    marks, at = [f'<rect class="track" x="0" y="8" width="{_WIDTH:g}" height="{_BAR:g}" rx="4"/>'], 0.0
    for share, style in zip(shares, _styles(shares), strict=True):
        width = _WIDTH * share.connections / most if most else 0
        marks.append(f'<rect class="{style}" x="{at:.1f}" y="8" width="{max(width - 1.5, 0):.1f}" height="{_BAR:g}"/>')
        if width > 44:
            words = number(share.connections)
            marks.append(
                f'<text class="on-{share.style}" x="{at + width / 2:.1f}" y="30" text-anchor="middle">{words}</text>'
            )
        at += width
    if marker is not None and most:
        marks += _marker(min(_WIDTH * marker / most, _WIDTH - 1), f"the pool: {number(marker)}")
    height = _BAR + (18 if marker is None else 36)
    return drawing(_WIDTH, height, ", ".join(f"{s.label} {number(s.connections)}" for s in shares), marks)


def _marker(x: float, words: str) -> list[str]:
    anchor = "start" if x < _WIDTH / 2 else "end"
    return [
        f'<line class="halo" x1="{x:.1f}" x2="{x:.1f}" y1="8" y2="{_BAR + 8:g}"/>',
        f'<line class="limit" x1="{x:.1f}" x2="{x:.1f}" y1="0" y2="{_BAR + 16:g}"/>',
        f'<text class="limit-label" x="{x:.1f}" y="{_BAR + 32:g}" text-anchor="{anchor}">{escape(words)}</text>',
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
        f'<li><i class="{style}"></i>{escape(share.label)} <b>{number(share.connections)}</b></li>'
        for share, style in zip(shares, _styles(shares), strict=True)
    )
    return f'<ul class="legend">{items}</ul>'


def _low(quantity: Quantity) -> float:
    return float(quantity.low)


def _high(quantity: Quantity) -> float:
    return float(quantity.low if quantity.high is None else quantity.high)
