"""Lines of text for a terminal: colour where it is wanted, and nothing from a template that a terminal would obey."""

from __future__ import annotations

from dataclasses import dataclass, field

from constructs_lib.regex import regex

_CODES = {"red": 31, "yellow": 33, "green": 32, "cyan": 36, "bold": 1, "dim": 2}
# Control characters and the marks that turn the direction of text: an id in a template must not move a reader's cursor.
_UNPRINTABLE = regex("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]+")


def clean(text: str) -> str:
    """The text on one line, without control characters."""
    return text if text.isprintable() else _UNPRINTABLE.sub(" ", text).replace("\t", " ")


@dataclass
class Sheet:
    """Collects lines. ``style`` is a word such as ``bold red``; without ``color`` every style is plain."""

    color: bool
    lines: list[str] = field(default_factory=list)

    def ink(self, text: str, style: str = "") -> str:
        """The text in a style, made safe to print."""
        safe = clean(text)
        if not self.color or not style or not safe:
            return safe
        codes = ";".join(str(_CODES[word]) for word in style.split())
        return f"\x1b[{codes}m{safe}\x1b[0m"

    def line(self, *parts: str, indent: int = 0) -> None:
        """One line of parts that ``ink`` has made."""
        self.lines.append((" " * indent + "".join(parts)).rstrip())

    def heading(self, text: str) -> None:
        """A heading with an empty line before it, unless it opens the sheet."""
        if self.lines:
            self.lines.append("")
        self.line(self.ink(text, "bold"))

    def text(self) -> str:
        return "\n".join(self.lines) + "\n"
