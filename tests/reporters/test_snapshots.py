"""Whole outputs, so that a reviewer sees what a person will see."""

from __future__ import annotations

from collections.abc import Callable
from json import dumps

from constructs_lib.check import Report
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import github, json, runbook, sarif, text

Sample = tuple[str, Report, tuple[Unread, ...]]
Snapshot = Callable[[str, str], None]


def test_text(sample: Sample, snapshot: Snapshot) -> None:
    name, report, unread = sample
    snapshot(f"{name}.txt", text.render(report, unread=unread))


def test_json(sample: Sample, snapshot: Snapshot) -> None:
    name, report, unread = sample
    snapshot(f"{name}.json", json.render(report, unread))


def test_runbook(sample: Sample, snapshot: Snapshot) -> None:
    name, report, _ = sample
    snapshot(f"{name}.md", runbook.render(report))


def test_github(sample: Sample, snapshot: Snapshot) -> None:
    name, report, unread = sample
    snapshot(f"{name}.github.txt", github.render(report, unread))


def test_sarif(sample: Sample, snapshot: Snapshot) -> None:
    """The rules' pages are left out: a page that is written better must not change a report's snapshot."""
    name, report, unread = sample
    log = sarif.document(report, unread)
    log["runs"][0]["tool"]["driver"].pop("rules")
    for result in log["runs"][0]["results"]:
        result.pop("ruleIndex", None)
    snapshot(f"{name}.sarif", dumps(log, indent=2, ensure_ascii=False) + "\n")
