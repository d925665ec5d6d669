"""``poolproof explain``: a rule's page, or the list of all rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from constructs_lib.reporters.ink import Sheet
    from constructs_lib.rules import Rule


@click.command(name="explain", short_help="Show a rule's page, or list all rules.")
@click.argument("rule", required=False, metavar="[RULE]")
def command(rule: str | None) -> None:
    """Show the page of a RULE, given by code (PP101) or name (connections-over-budget); without one, list all rules."""
    from constructs_lib.cli.output import emit, wants_color
    from constructs_lib.reporters.ink import Sheet
    from constructs_lib.rules import all_rules, rule_named

    sheet = Sheet(wants_color())
    if rule is None:
        _list(sheet, all_rules())
    else:
        found = rule_named(rule)
        if found is None:
            raise click.UsageError(_unknown(rule, all_rules()))
        _page(sheet, found)
    emit(sheet.text())


def _list(sheet: Sheet, rules: Iterable[Rule]) -> None:
    from constructs_lib.rules._page import page_of

    rows = [(rule.code, rule.name, rule.severity.value, page_of(rule).summary) for rule in rules]
    width = max((len(name) for _, name, _, _ in rows), default=0)
    for code, name, severity, summary in rows:
        sheet.line(sheet.ink(code, "bold"), f"  {name:<{width}}  {severity:<7}  ", sheet.ink(summary))


def _page(sheet: Sheet, rule: Rule) -> None:
    from constructs_lib.rules._page import page_of

    page = page_of(rule)
    sheet.line(
        sheet.ink(f"{rule.code} {rule.name}", "bold"), sheet.ink(f"  {rule.severity.value}, since {rule.since}", "dim")
    )
    sheet.line()
    for line in page.summary.splitlines():
        sheet.line(sheet.ink(line))
    for heading, body in page.sections.items():
        sheet.heading(heading)
        for line in _unfenced(body):
            sheet.line(sheet.ink(line), indent=2)


def _unfenced(body: str) -> Iterator[str]:
    """Lines of Markdown with code indented instead of fenced."""
    inside = False
    for line in body.splitlines():
        if line.startswith("```"):
            inside = not inside
        else:
            yield f"    {line}" if inside else line


def _unknown(wanted: str, rules: Iterable[Rule]) -> str:
    from difflib import get_close_matches

    names = {key: f"{rule.code} {rule.name}" for rule in rules for key in (rule.code.lower(), rule.name)}
    word = wanted.strip().lower()
    begun = [key for key in names if word and key.startswith(word)][:3]
    close = dict.fromkeys(names[key] for key in begun or get_close_matches(word, names, n=3, cutoff=0.6))
    hint = f"did you mean {' or '.join(close)}?" if close else "'poolproof explain' lists all rules"
    return f"unknown rule '{wanted}'; {hint}"
