"""A rule's page: its module's docstring, taken apart into summary, sections and executable examples."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from constructs_lib.regex import regex
from constructs_lib.rules._rule import Rule

#: Every page has these headings, in this order; a test holds the rules to it.
HEADINGS = (
    "What it finds",
    "Why it matters",
    "What it cannot see",
    "Bad",
    "Good",
    "How to fix",
    "References",
)
#: What a fence's info string calls a language, and what it is: the second word says how the example is read.
LANGUAGES = ("cloudformation", "sam", "cdk", "terraform")

Kind = Literal["bad", "good"]

_HEADING = regex(r"^## (.+)$", re.MULTILINE)
_ADDRESS = regex(r"^- (https?://\S+)", re.MULTILINE)
_FENCE = regex(r"^```(?P<info>[^\n`]+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)


class Example(NamedTuple):
    """A fenced example: ``language`` is one of ``LANGUAGES``, ``kind`` the section it stands in, ``code`` what is inside the fence."""

    language: str
    kind: Kind
    code: str


class Page(NamedTuple):
    """A rule's page: one-line ``summary``, Markdown ``sections`` by heading in the order written, ``examples`` of Bad and Good."""

    summary: str
    sections: Mapping[str, str]
    examples: tuple[Example, ...]


def page_of(rule: Rule) -> Page:
    """The page of a rule. Headings and languages are taken as written: the catalogue tests judge them."""
    summary, *parts = _HEADING.split(rule.page)
    sections = {heading: body.strip() for heading, body in zip(parts[::2], parts[1::2], strict=True)}
    examples = (*_examples(sections.get("Bad", ""), "bad"), *_examples(sections.get("Good", ""), "good"))
    return Page(summary.strip(), sections, examples)


def _examples(section: str, kind: Kind) -> Iterator[Example]:
    for fence in _FENCE.finditer(section):
        yield Example(fence["info"].split()[-1], kind, fence["code"])


def references_in(page: str | None) -> tuple[str, ...]:
    """The addresses listed under References; none where docstrings were stripped (``python -OO``)."""
    return tuple(_ADDRESS.findall((page or "").partition("## References")[2]))
