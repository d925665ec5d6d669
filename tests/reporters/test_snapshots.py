"""Whole outputs, so that a reviewer sees what a person will see."""

from __future__ import annotations

from collections.abc import Callable

from constructs_lib.check import Report
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import json, runbook, text

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
