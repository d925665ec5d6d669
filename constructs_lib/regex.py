"""Regular expressions that are compiled when they are first used.

A small template needs two in five of those that the readers have; compiling the others took up to a tenth of the whole check.
"""

from __future__ import annotations

import re
from typing import Any, cast

__all__ = ["regex"]


def regex(text: str, flags: int = 0) -> re.Pattern[str]:
    """What ``re.compile`` gives, compiled when something of it is asked for; what is wrong with it is found then, not here."""
    return cast("re.Pattern[str]", _Later(text, flags))


class _Later:
    """Stands for an expression. A method is looked up once; afterwards calling it takes what calling the expression's own takes."""

    def __init__(self, text: str, flags: int) -> None:
        self._arguments = (text, flags)

    def __getattr__(self, name: str) -> Any:
        found = getattr(re.compile(*self._arguments), name)
        self.__dict__[name] = found
        return found

    def __repr__(self) -> str:
        return f"regex({', '.join(map(repr, self._arguments))})"
