"""Text made safe for a page: escaped, and without the characters that would turn or hide what a reader sees."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from constructs_lib.model.origin import Origin
from constructs_lib.reporters.ink import clean

#: Widths of bold letters that are not like the others, in ems.
_EMS = {**dict.fromkeys("fijlrtI.,:;|!'()[]/- ", 0.5), **dict.fromkeys("mwMW@%", 1.12)}


def words(text: str) -> str:
    """The text, safe between tags and in quoted attributes."""
    return escape(clean(text), quote=True)


def code(text: str) -> str:
    """An identifier or a place."""
    return f"<code>{words(text)}</code>"


def place(origin: Origin | str) -> str:
    """Where something was read, as a small line; empty when that is not known."""
    return f'<p class="place">{code(str(origin))}</p>' if str(origin) else ""


def shortened(text: str, room: float) -> str:
    """The text with a part left out where it is wider than ``room`` ems; most of its end stays, which tells names apart."""
    text = clean(text)
    if _width(text) <= room:
        return text
    tail, head = _longest(text[::-1], (room - 1) * 2 / 3)[::-1], _longest(text, (room - 1) / 3)
    return f"{head}…{tail}"


def _longest(text: str, room: float) -> str:
    """The longest beginning that fits."""
    end = 0
    while end < len(text) and _width(text[: end + 1]) <= room:
        end += 1
    return text[:end]


def _width(text: str) -> float:
    """Ems, generous for the widest fonts a reader may have, so that no name leaves its box."""
    return sum(_EMS.get(letter, 0.84 if letter.isupper() else 0.72 if letter.isascii() else 1.0) for letter in text)


def counted(number: int, noun: str) -> str:
    """``1 error``, ``2 errors``."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]], style: str) -> str:
    """A table of cells that are HTML already; it scrolls by itself where the page is narrow."""
    head = "".join(f"<th>{words(column)}</th>" for column in columns)
    body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="wide"><table class="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
