"""Lines of arithmetic taken apart, so that figures can stand under each other."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.regex import regex

_LINE = regex(
    r"(?P<label>.+?): (?P<figure>(?:at least )?[\d,.]+(?: to [\d,.]+)?|unknown)(?P<note>(?: \(.*\))?)(?:  \[(?P<place>.*)\])?"
)


class Figured(NamedTuple):
    """A line ``label: figure (note)  [place]``; ``note`` and ``place`` are empty where the line has none."""

    figure: str
    label: str
    note: str
    place: str


def figured(line: str) -> Figured | None:
    """The parts of a line that gives a figure; ``None`` for any other line."""
    match = _LINE.fullmatch(line)
    return Figured(match["figure"], match["label"], match["note"], match["place"] or "") if match else None
