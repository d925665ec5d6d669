"""Markdown that ids and reasons from templates cannot break."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.regex import regex
from constructs_lib.reporters.ink import clean

# An underscore inside a word starts no emphasis.
_MARKS = regex(r"[\\`*\[\]<>|]|(?<!\w)_|_(?!\w)")


def code(text: str) -> str:
    """Text as an inline code span."""
    return f"`{clean(text).replace('`', chr(39)).replace('|', chr(92) + '|')}`"


def plain(text: str) -> str:
    """Text that stays text: no cell ends, no tags, no links."""
    return _MARKS.sub(r"\\\g<0>", clean(text))


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> list[str]:
    """A table whose cells are already safe; ``right`` are the columns of numbers."""
    rule = ["---:" if index in right else "---" for index in range(len(head))]
    return [f"| {' | '.join(cells)} |" for cells in (head, rule, *rows)]
