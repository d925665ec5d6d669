"""The text: colour only when asked for, nothing a terminal would obey, a summary that counts right."""

from __future__ import annotations

import re
from dataclasses import replace

from constructs_lib.check import Report, check
from constructs_lib.model.fleet import Fleet
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import markdown, text
from constructs_lib.reporters.ink import Sheet, clean
from constructs_lib.reporters.unsettled import outspoken, unsettled

Sample = tuple[str, Report, tuple[Unread, ...]]
ESCAPE = re.compile(r"\x1b\[[\d;]*m")


def test_colour_changes_nothing_but_colour(sample: Sample) -> None:
    _, report, unread = sample
    plain, coloured = text.render(report, unread=unread), text.render(report, color=True, unread=unread)
    assert "\x1b" not in plain
    assert "\x1b" in coloured
    assert ESCAPE.sub("", coloured) == plain


def test_nothing_a_terminal_obeys_comes_out_of_a_template() -> None:
    sheet = Sheet(color=False)
    sheet.line(sheet.ink("a\x1b]0;title\x07b\r\nc\u202ed\x9be\tf"))
    assert sheet.text() == "a ]0;title b c d e f\n"
    assert clean("plain × − text") == "plain × − text"


def test_an_empty_fleet_says_so() -> None:
    assert (
        text.render(check(Fleet()))
        == "no store that holds connections was found\n\n0 stores, 0 consumers: 0 errors, 0 warnings\n"
    )


def test_the_summary_is_the_last_line(sample: Sample) -> None:
    _, report, unread = sample
    assert text.render(report, unread=unread).splitlines()[-1] == text.summary(report, unread)


def test_every_open_finding_shows_its_message_fix_and_place(sample: Sample) -> None:
    _, report, unread = sample
    page = text.render(report, unread=unread)
    for finding in outspoken(report):
        assert f"{finding.code} {finding.name}: {finding.subject}" in page
        shown = (
            (finding.message, finding.fix, str(finding.origin))
            if finding.acknowledged is None
            else (finding.acknowledged,)
        )
        assert all(part in page for part in shown)


def test_what_was_not_decided_is_said_once_for_all_it_is_about(sample: Sample) -> None:
    _, report, unread = sample
    page = text.render(report, unread=unread)
    for item in unsettled(report):
        assert page.count(f"{Sheet(False).ink(item.subject)}: {item.missing}") == 1
        assert page.count(item.declare) == 1
        assert all(code in page for code in item.codes)


def test_gaps_in_the_same_words_are_one_and_lose_nobody(sample: Sample) -> None:
    _, report, _ = sample
    items = unsettled(report)
    said = {(subject, item.missing, item.declare) for item in items for subject in item.subjects}
    assert said == {(gap.subject, gap.missing, gap.declare) for gap in report.not_decided}
    assert {origin for item in items for origin in item.places} == {
        gap.origin for gap in report.not_decided if str(gap.origin)
    }


def test_a_finding_of_its_own_and_an_acknowledged_one_stay_findings(sample: Sample) -> None:
    _, report, _ = sample
    restated = [finding for finding in report.findings if finding not in outspoken(report)]
    assert all(finding.code == "PP901" and finding.acknowledged is None for finding in restated)
    accepted = replace(report, findings=tuple(f._replace(acknowledged="known") for f in report.findings))
    assert outspoken(accepted) == accepted.findings


def test_markdown_from_templates_stays_text() -> None:
    assert (
        markdown.plain("a|b <script> [x](y) *z* _e_ snake_case") == r"a\|b \<script\> \[x\](y) \*z\* \_e\_ snake_case"
    )
    assert markdown.code("a`b|c") == r"`a'b\|c`"
    assert markdown.table(["n", "x"], [["1", "2"]], right=[1]) == ["| n | x |", "| --- | ---: |", "| 1 | 2 |"]
