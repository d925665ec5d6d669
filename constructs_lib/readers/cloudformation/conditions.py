"""Conditions of a template: true, false, or not known when they rest on a parameter nobody set."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from constructs_lib.readers.cloudformation.values import Either, Value, scalar_text

if TYPE_CHECKING:
    from constructs_lib.readers.cloudformation.intrinsics import Resolver

DEEPEST = 40


class Conditions:
    """Evaluates the Conditions section of one stack; a condition that refers to itself is not known."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self._known: dict[str, bool | None] = {}
        self._open: set[str] = set()

    def holds(self, name: Any) -> bool | None:
        """Whether the named condition holds; ``None`` when that is not known."""
        if not isinstance(name, str) or name in self._open:
            return None
        if name not in self._known:
            self._open.add(name)
            try:
                self._known[name] = self._evaluate(self.resolver.stack.document.section("Conditions").get(name), 0)
            finally:
                self._open.discard(name)
        return self._known[name]

    def _evaluate(self, raw: Any, depth: int) -> bool | None:
        if depth > DEEPEST or not isinstance(raw, dict) or len(raw) != 1:
            return None
        name, argument = next(iter(raw.items()))
        if name == "Condition":
            return self.holds(argument)
        if not isinstance(argument, list):
            return None
        if name == "Fn::Equals":
            return _equal([self.resolver.resolve(item) for item in argument])
        combined = _COMBINED.get(name)
        return combined([self._evaluate(item, depth + 1) for item in argument]) if combined else None


def _equal(values: list[Value]) -> bool | None:
    if len(values) != 2:
        return None
    firsts, seconds = ([scalar_text(option) for option in _options(value)] for value in values)
    if None in firsts or None in seconds:
        return None
    answers = {first == second for first in firsts for second in seconds}
    return answers.pop() if len(answers) == 1 else None


def _options(value: Value) -> tuple[Value, ...]:
    return value.options if isinstance(value, Either) else (value,)


def _not(inner: list[bool | None]) -> bool | None:
    return not inner[0] if len(inner) == 1 and inner[0] is not None else None


def _all(inner: list[bool | None]) -> bool | None:
    if False in inner:
        return False
    return None if None in inner else True


def _any(inner: list[bool | None]) -> bool | None:
    if True in inner:
        return True
    return None if None in inner else False


_COMBINED: dict[str, Callable[[list[bool | None]], bool | None]] = {"Fn::Not": _not, "Fn::And": _all, "Fn::Or": _any}
