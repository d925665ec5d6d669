"""Names taken apart: ``OrdersByStatus``, ``orders-by-status`` and ``orders_by_status`` say the same."""

from __future__ import annotations

from functools import lru_cache

from constructs_lib.regex import regex

_BETWEEN = regex(r"(?<=[a-z0-9])(?=[A-Z])|[_\-/.\s]+")
#: What the CDK appends to a logical id.
_HASH = regex(r"(?<=\w)[0-9A-F]{8}\Z")


def words(name: str | None) -> list[str]:
    """The words of a name in lower case, in order; a hash at the end is none."""
    return list(_words(name))


@lru_cache(maxsize=32_768)
def _words(name: str | None) -> tuple[str, ...]:
    return tuple(word.lower() for word in _BETWEEN.split(_HASH.sub("", name or "")) if word)
