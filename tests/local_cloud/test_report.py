from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from constructs_lib.check import check
from constructs_lib.readers.sources import read
from constructs_lib.rehearsal.burst import Burst, Outcome
from constructs_lib.rehearsal.sampling import Sample
from demo.ledger import Ledger, Promise
from demo.machine import Numbers
from demo.report import write_report
from demo.results import Comparison, Projection, Refusal, Results
from demo.storm import OrderOutcome, Storm
from demo.svg import binned, ticks_up_to

_TEMPLATE = """
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: d, Parameters: {max_connections: "30"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties: {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.t4g.micro, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Handler: a.b, Role: r, Code: {ZipFile: x}, ReservedConcurrentExecutions: 4}
    Metadata: {"poolproof:connections": [{store: Orders, via: direct, connections_per_environment: 1}]}
"""


@pytest.fixture
def page(tmp_path: Path) -> str:
    template = tmp_path / "shop.yaml"
    template.write_text(_TEMPLATE)
    orders = tuple(OrderOutcome(n, "acme", 1 + n % 2, 201, 0.1 * n, f"id-{n}") for n in range(20))
    samples = tuple(Sample(n / 10, 20 - n, 4, 3, 8, n % 3, 0.0) for n in range(20))
    answers = tuple((0.1 * n, 429 if n % 2 else 201) for n in range(40))
    outcomes = tuple(Outcome(n, 0.01 * n, None, None, "53300", "<too many>") for n in range(30))
    ledger = Ledger([Promise("a", "it fits & holds", True, "4 < 5"), Promise("d", "it holds", False, "no")])
    results = Results(
        budget=check(read([template]).fleet),
        numbers=Numbers(30, 4, 10, 2000),
        concurrency=8,
        refusal=Refusal(400, "PP202", "400 clients share 4 connections", ("hold: 2",), 20),
        storm=Storm(orders, {201: 20, 429: 20}, answers, samples, 2.0),
        direct=Burst(outcomes, samples),
        projection=Projection(("orders",), [Comparison("acme", (5,), (5,), (5,)), Comparison("x", (5,), (4,), (5,))]),
        ledger=ledger,
        seconds=100,
    )
    return write_report(results, tmp_path / "deep" / "report.html").read_text(encoding="utf-8")


def test_the_page_needs_nothing_from_elsewhere(page: str) -> None:
    assert not re.search(r"https?://|<script|<link|url\(|@import", page)


def test_every_picture_is_well_formed(page: str) -> None:
    pictures = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert len(pictures) >= 5
    for picture in pictures:
        box = ElementTree.fromstring(picture).attrib["viewBox"].split()
        assert all(float(side) > 0 for side in box[2:])


def test_no_mark_leaves_its_picture(page: str) -> None:
    for picture in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL):
        root = ElementTree.fromstring(picture)
        width, height = (float(side) for side in root.attrib["viewBox"].split()[2:])
        for mark in root:
            assert 0 <= float(mark.get("x", 0)) <= width, mark.attrib
            assert 0 <= float(mark.get("y", 0)) <= height, mark.attrib


def test_each_client_is_a_square(page: str) -> None:
    assert page.count('<rect class="served" x=') >= 20
    assert page.count('<rect class="refused" x=') == 30


def test_the_budget_shows_every_part_of_the_limit(page: str) -> None:
    bar = next(p for p in re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL) if "kept by the engine" in p)
    label = ElementTree.fromstring(bar).attrib["aria-label"]
    assert label == "kept by the engine 9, operator reserve 5, Api, direct 8, left 8"


def test_promises_are_told_kept_or_broken(page: str) -> None:
    assert "1 of 2 promises kept" in page
    assert "it fits &amp; holds" in page
    assert '<li class="broken">' in page


def test_a_difference_in_the_lake_is_shown(page: str) -> None:
    assert page.count('<td class="differs">') == 1
    assert page.count('<td class="same">') == 1


@pytest.mark.parametrize(
    ("most", "wanted", "expected"),
    [(500, 5, [0, 100, 200, 300, 400, 500]), (14.4, 5, [0, 5, 10, 15]), (0, 5, [0, 1]), (0.9, 3, [0, 0.5, 1.0])],
)
def test_ticks_are_round_and_reach_the_top(most: float, wanted: int, expected: list[float]) -> None:
    assert ticks_up_to(most, wanted) == expected


def test_bins_count_what_was_chosen() -> None:
    assert binned([0.1, 0.2, 0.9, 1.4], 0.5, 1.5) == [2, 1, 1, 0]
    assert binned([0.1, 0.2, 0.9], 0.5, 1.0, lambda index: index != 0) == [1, 1, 0]
