"""Inline SVG, and figures as people write them."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.reporters.html.text import words


def drawing(width: float, height: float, title: str, marks: Sequence[str]) -> str:
    """An inline SVG that scales with the page; `title` is what a screen reader says."""
    body = "".join(marks)
    return f'<svg viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{words(title)}">{body}</svg>'


def number(value: float) -> str:
    """A figure as people write it: thousands apart, no needless decimals."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:g}"
