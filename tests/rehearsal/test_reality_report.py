"""The table and the plot of the reality benchmark, and the fleets it tries."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from fractions import Fraction

import pytest

from benchmarks.reality_experiments import HOLDS, MIXTURE, QUICK, Experiment, Selection, experiments
from benchmarks.reality_plot import plot
from benchmarks.reality_report import Admission, Row, markdown
from constructs_lib.model.waiting import Holders

_SVG = "{http://www.w3.org/2000/svg}"
_WAITED = Row(
    product="PostgreSQL behind PgBouncer",
    name="equal",
    clients=1000,
    pool=5,
    pinned=0,
    holds="1000 × 50 ms",
    proven=9.95,
    measured=10.0,
    noise=0.1,
    throughput_predicted=100.0,
    throughput=99.0,
)
_NOBODY = replace(_WAITED, clients=5, holds="5 × 50 ms", proven=0.0, measured=0.002)
_LATE = replace(_WAITED, product="MariaDB behind HAProxy", name="pinned", pinned=1, measured=10.06, throughput=90.0)


def test_a_wait_is_kept_up_to_the_noise() -> None:
    assert _WAITED.kept
    assert replace(_WAITED, measured=10.049).kept
    assert not _LATE.kept


def test_the_table_shows_both_columns_and_names_what_is_beyond() -> None:
    lines = markdown([_WAITED, _NOBODY, _LATE]).splitlines()
    assert "| 1,000 | 5 | 1000 × 50 ms | 9.950 s | 10.000 s | 0.100 s | 1.005 | 100 | 99 |  |" in lines
    assert "| 5 | 5 | 5 × 50 ms | 0.000 s | 0.002 s | 0.100 s | − | 100 | 99 |  |" in lines
    assert (
        "| 1,000 | 5 (1 pinned) | 1000 × 50 ms | 9.950 s | 10.060 s | 0.100 s | 1.011 | 100 | 90 | **beyond** |"
        in lines
    )
    assert lines.count("## PostgreSQL behind PgBouncer") == lines.count("## MariaDB behind HAProxy") == 1
    assert "2 of 2 waits within proven + noise." in lines
    assert "0 of 1 waits within proven + noise." in lines
    # the wait of nobody is no ratio
    assert "Where the proven wait is 0.1 s or more, measured ÷ proven is 1.005 to 1.005," in lines
    assert "and measured ÷ predicted throughput 0.990 to 0.990." in lines
    assert not any("Straight" in line for line in lines)


def test_a_table_without_waits_has_no_ratio() -> None:
    assert "÷ proven is" not in markdown([_NOBODY])


@pytest.mark.parametrize(
    ("clients", "admitted", "refused", "exact"),
    [(60, 17, 43, True), (60, 18, 42, False), (60, 17, 42, False), (10, 10, 0, True)],
)
def test_admissions_are_exact_or_marked(clients: int, admitted: int, refused: int, exact: bool) -> None:
    admission = Admission("PostgreSQL", 20, 3, clients, admitted, refused)
    assert admission.exact is exact
    table = markdown([_WAITED], [admission])
    assert ("**not as counted**" in table) is not exact
    assert f"| PostgreSQL | 20 | 3 | {clients} | {min(clients, 17)} | {admitted} | {refused} |" in table


def test_the_plot_is_one_drawing_of_both_products_and_both_measures() -> None:
    root = ET.fromstring(plot([_WAITED, _NOBODY, _LATE]))
    waits, rates = (_marks(panel) for panel in root.findall(f"{_SVG}g"))
    # two waits that are more than nothing, three rates; a circle for PostgreSQL, a square for MariaDB
    assert [tag for tag, *_ in waits] == ["circle", "rect"]
    assert [tag for tag, *_ in rates] == ["circle", "circle", "rect"]
    assert all(70 <= x <= 570 and 70 <= y <= 570 for _, x, y in (*waits, *rates))
    text = "".join(root.itertext())
    for label in ("Longest wait", "Transactions per second", "MariaDB behind HAProxy", "a third of the pool pinned"):
        assert label in text


def test_what_is_as_predicted_lies_on_the_diagonal() -> None:
    (wait,), (rate,) = (
        _marks(panel)
        for panel in ET.fromstring(plot([replace(_WAITED, measured=9.95, throughput=100.0)])).findall(f"{_SVG}g")
    )
    for _, x, y in (wait, rate):
        assert x + y == pytest.approx(640)


def test_a_plot_of_nothing_is_still_a_drawing() -> None:
    assert ET.fromstring(plot([])).tag == f"{_SVG}svg"
    assert ET.fromstring(plot([_NOBODY])).tag == f"{_SVG}svg"


def _marks(panel: ET.Element) -> list[tuple[str, float, float]]:
    found = []
    for point in panel.findall(f"{_SVG}g"):
        mark = next(item for item in point if item.tag in (f"{_SVG}circle", f"{_SVG}rect"))
        tag = mark.tag.removeprefix(_SVG)
        x, y = (float(mark.get(name) or 0) for name in (("cx", "cy") if tag == "circle" else ("x", "y")))
        offset = 0 if tag == "circle" else 4
        found.append((tag, x + offset, y + offset))
    return found


def test_the_fleets_are_those_of_the_specification() -> None:
    found = [item for pool in Selection().pools for item in experiments(pool, Selection())]
    equal = {(item.clients, item.pool, item.longest_hold) for item in found if item.name == "equal"}
    assert len(equal) == 4 * 3 * 3
    assert {(item.clients, item.pool) for item in found if item.name == "mixed"} == {
        (clients, pool) for clients in (100, 500) for pool in (5, 20, 80)
    }
    assert {(item.pool, item.pinned) for item in found if item.name == "pinned"} == {(5, 1), (20, 6), (80, 26)}
    assert sum(share for share, _ in MIXTURE) == 1
    assert {item.longest_hold for item in experiments(5, QUICK) if item.name == "equal"} == set(HOLDS[:2])


def test_an_experiment_knows_its_rounds_and_its_order() -> None:
    mixed = Experiment("mixed", 3, (Holders(2, Fraction(200, 1000)), Holders(6, Fraction(5, 1000))), pinned=1)
    assert (mixed.free, mixed.clients, mixed.rounds) == (2, 8, 3)
    assert sorted(mixed.holds) == [Fraction(5, 1000)] * 6 + [Fraction(200, 1000)] * 2
    assert mixed.holds[-1] == Fraction(5, 1000)
    assert mixed.described == "2 × 200 ms + 6 × 5 ms"
