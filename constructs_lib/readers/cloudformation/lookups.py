"""Names that one template gives and another uses: exports, SSM parameters, and explicit names of resources.

A name may have holes (a stack name nobody knows). Two names meet when their texts are equal, or when holes can be filled so that they are.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar

from constructs_lib.readers.cloudformation.values import Value, pattern_of

Item = TypeVar("Item")
Pattern = tuple[str | None, ...]
#: Text that a name with holes must at least share with another; less would match anything.
LEAST_SHARED = 4


@dataclass
class Names(Generic[Item]):
    """Items by name, where names may have holes."""

    exact: dict[str, list[Item]] = field(default_factory=dict)
    holed: list[tuple[Pattern, Item]] = field(default_factory=list)

    def add(self, name: Value, item: Item) -> None:
        pattern = pattern_of(name)
        if pattern is None or pattern == ("",):
            return
        if len(pattern) == 1 and pattern[0] is not None:
            self.exact.setdefault(pattern[0], []).append(item)
        elif _shared(pattern) >= LEAST_SHARED:
            self.holed.append((pattern, item))

    def find(self, name: Value) -> list[Item]:
        """The items a name may mean: equal names first; only when there is none, those whose holes can be filled."""
        pattern = pattern_of(name)
        if pattern is None:
            return []
        if len(pattern) == 1 and pattern[0] is not None:
            found = self.exact.get(pattern[0])
            return found or [item for other, item in self.holed if _fills(other, pattern[0])]
        if _shared(pattern) < LEAST_SHARED:
            return []
        same = [item for other, item in self.holed if other == pattern]
        return (
            same
            or [item for text, items in self.exact.items() if _fills(pattern, text) for item in items]
            or [item for other, item in self.holed if _alike(other, pattern)]
        )


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
