"""IAM actions and the patterns that policies write for them.

Capitals count as small letters; ``*`` stands for any text and ``?`` for one character
(https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html).
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

EVERYTHING = "*"


class _Patterns(NamedTuple):
    """Patterns by the cost of a look: plain names, beginnings of names, and the rest."""

    names: frozenset[str]
    beginnings: tuple[str, ...]
    others: tuple[re.Pattern[str], ...]


@lru_cache(maxsize=8192)
def any_covers(patterns: tuple[str, ...], actions: tuple[str, ...]) -> bool:
    """Whether one of the patterns means one of the actions."""
    names, beginnings, others = _sorted_out(patterns)
    for action in _in_lower_case(actions):
        if action in names or action.startswith(beginnings):
            return True
        if others and any(pattern.fullmatch(action) for pattern in others):
            return True
    return False


@lru_cache(maxsize=256)
def _in_lower_case(actions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(action.lower() for action in actions)


@lru_cache(maxsize=4096)
def _sorted_out(patterns: tuple[str, ...]) -> _Patterns:
    names, beginnings, others = set(), set(), []
    for pattern in dict.fromkeys(pattern.lower() for pattern in patterns):
        plain = pattern.rstrip("*")
        if "*" in plain or "?" in plain:
            others.append(re.compile(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL))
        elif plain == pattern:
            names.add(plain)
        else:
            beginnings.add(plain)
    return _Patterns(frozenset(names), tuple(beginnings), tuple(others))
