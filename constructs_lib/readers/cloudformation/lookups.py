"""Names that one template gives and another uses: exports, SSM parameters, and explicit names of resources.

A name may have holes (a stack name nobody knows). Two names meet when their texts are equal, or when holes can be filled so that they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Generic, TypeVar

from constructs_lib.readers.cloudformation.values import Value, pattern_of

Item = TypeVar("Item")
Pattern = tuple[str | None, ...]
#: Text that a name with holes must at least share with another; less would match anything.
LEAST_SHARED = 4


class Names(Generic[Item]):
    """Items by name, where names may have holes. Looked up by the ends of names, so that thousands of templates stay fast."""

    def __init__(self) -> None:
        self._exact: dict[str, list[Item]] = {}
        self._by_end: dict[str, list[str]] = {}
        self._holed: dict[Pattern, list[Item]] = {}
        self._holed_by_end: dict[str, list[Pattern]] = {}
        self._found: dict[Pattern, list[Item]] = {}

    def add(self, name: Value, item: Item) -> None:
        """File an item; names that are too vague to mean anything are not filed."""
        pattern = pattern_of(name)
        if pattern is None or pattern == ("",):
            return
        self._found.clear()
        if len(pattern) == 1 and pattern[0] is not None:
            if pattern[0] not in self._exact:
                for end in _ends(pattern):
                    self._by_end.setdefault(end, []).append(pattern[0])
            self._exact.setdefault(pattern[0], []).append(item)
        elif _shared(pattern) >= LEAST_SHARED:
            if pattern not in self._holed:
                for end in _ends(pattern):
                    self._holed_by_end.setdefault(end, []).append(pattern)
            self._holed.setdefault(pattern, []).append(item)

    def find(self, name: Value) -> list[Item]:
        """The items a name may mean: equal names first; only when there is none, those whose holes can be filled."""
        pattern = pattern_of(name)
        if pattern is None or not (self._exact or self._holed):
            return []
        if pattern not in self._found:
            self._found[pattern] = self._search(pattern)
        return self._found[pattern]

    def may_find(self, name: Value) -> bool:
        """Whether ``find`` can find anything at all: a cheap look at the ends of the name."""
        pattern = pattern_of(name)
        if pattern is None:
            return False
        if pattern[0] in self._exact and len(pattern) == 1:
            return True
        ends = _ends(pattern)
        if any(end in self._holed_by_end for end in ends):
            return True
        return len(pattern) > 1 and (not ends or any(end in self._by_end for end in ends))

    def _search(self, pattern: Pattern) -> list[Item]:
        if len(pattern) == 1 and pattern[0] is not None:
            text = pattern[0]
            return self._exact.get(text) or self._matching(pattern, lambda other: _fills(other, text))
        if _shared(pattern) < LEAST_SHARED:
            return []
        return (
            self._holed.get(pattern) or self._filling(pattern) or self._matching(pattern, lambda o: _alike(o, pattern))
        )

    def _matching(self, pattern: Pattern, suits: Callable[[Pattern], bool]) -> list[Item]:
        near = dict.fromkeys(other for end in _ends(pattern) for other in self._holed_by_end.get(end, ()))
        return [item for other in near if suits(other) for item in self._holed[other]]

    def _filling(self, pattern: Pattern) -> list[Item]:
        near = dict.fromkeys(text for end in _ends(pattern) for text in self._by_end.get(end, ()))
        return [item for text in near if _fills(pattern, text) for item in self._exact[text]]


def _ends(pattern: Pattern) -> list[str]:
    """What a name begins and ends with, where that is plain text: enough to find it by."""
    first, last = pattern[0], pattern[-1]
    ends = []
    if last is not None and len(last) >= LEAST_SHARED:
        ends.append(f"…{last[-LEAST_SHARED:]}")
    if first is not None and len(first) >= LEAST_SHARED:
        ends.append(f"{first[:LEAST_SHARED]}…")
    return ends


def _shared(pattern: Pattern) -> int:
    return sum(len(part) for part in pattern if part)


def _fills(pattern: Pattern, text: str) -> bool:
    return _expression(pattern).fullmatch(text) is not None


@lru_cache(maxsize=4096)
def _expression(pattern: Pattern) -> re.Pattern[str]:
    return re.compile("".join("[^/]*" if part is None else re.escape(part) for part in pattern))


def _alike(one: Pattern, other: Pattern) -> bool:
    """Two names with holes are taken for the same when what follows their last hole is the same."""
    return one[-1] is not None and one[-1] == other[-1] and len(one[-1]) >= LEAST_SHARED
