"""Annotations: the runner obeys nothing that comes out of a template."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.check import Report
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.origin import Origin
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import github, text

Sample = tuple[str, Report, tuple[Unread, ...]]


def test_properties_and_messages_are_escaped(sample: Sample) -> None:
    _, report, _ = sample
    odd = Finding(
        "PP101",
        "n",
        Severity.ERROR,
        Confidence.LIKELY,
        "a,b:c%\n::set-env",
        "50 %\r\n::stop",
        ("x: 1",),
        "y",
        Origin("f,1:2.yaml", 3),
    )
    first = github.render(replace(report, findings=(odd,))).splitlines()[0]
    assert first == (
        "::error file=f%2C1%3A2.yaml,line=3,title=PP101 n (likely)%3A a%2Cb%3Ac%25 %3A%3Aset-env"
        "::50 %25 ::stop%0Ax: 1%0Afix: y"
    )


def test_only_what_is_open_is_annotated(sample: Sample) -> None:
    _, report, unread = sample
    lines = github.render(report, unread).splitlines()
    still_open = [finding for finding in report.findings if finding.acknowledged is None]
    assert len(lines) == len(still_open) + len(unread) + 1
    assert lines[-1] == text.summary(report, unread)
