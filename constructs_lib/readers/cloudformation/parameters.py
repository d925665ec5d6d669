"""Parameters of a stack: what the user or the parent stack gave, the default, what is allowed, or what another template calls the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from constructs_lib.readers.cloudformation.values import Either, Unresolved, Value, scalar_text
from constructs_lib.regex import regex

if TYPE_CHECKING:
    from constructs_lib.readers.cloudformation.stack import Stack

MOST_OPTIONS = 40
#: What CDK calls a template's parameter that it adds for an SSM parameter; the latter's name says more.
_OF_CDK = regex(r"SsmParameterValue.+Parameter\Z")
_PLACEHOLDER = regex(r"<[A-Za-z][^<>]*>")


class Parameters:
    """Values of the parameters of one stack, each found once."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self._known: dict[str, Value] = {}

    def value(self, name: str) -> Value:
        if name not in self._known:
            # Asked again while being found: the value rests on itself.
            self._known[name] = Unresolved(f"parameter '{name}' rests on itself", name)
            self._known[name] = self._find(name)
        return self._known[name]

    def _find(self, name: str) -> Value:
        declared = self.stack.document.section("Parameters").get(name)
        declared = declared if isinstance(declared, dict) else {}
        kind = str(declared.get("Type", "String"))
        passed = self.stack.given(name)
        if passed is not None:
            return _typed(passed, kind)
        override = self.stack.estate.override(self.stack, name)
        if override is not None:
            return _typed(override, kind)
        if kind.startswith("AWS::SSM::Parameter::Value"):
            return self._stored(name, declared.get("Default"))
        if declared.get("Default") is not None and not _is_to_be_given(name, declared):
            return _typed(declared["Default"], kind)
        return self._undecided(name, declared, kind)

    def _stored(self, name: str, where: Any) -> Value:
        found = self.stack.estate.stored(where)
        if isinstance(found, Unresolved):
            stored = where if isinstance(where, str) and _OF_CDK.match(name) else None
            return Unresolved(f"parameter '{name}' is read from SSM parameter '{where}'", name, stored=stored)
        return found

    def _undecided(self, name: str, declared: dict[str, Any], kind: str) -> Value:
        guess = self.stack.estate.output_called_like(self.stack, name)
        if guess is not None:
            return guess
        if declared.get("Default") is not None and not _stands_for_itself(name, declared):
            return _typed(declared["Default"], kind)
        allowed = declared.get("AllowedValues")
        if isinstance(allowed, list) and 0 < len(allowed) <= MOST_OPTIONS:
            options = tuple(scalar_text(item) or "" for item in allowed)
            return Either(options) if len(options) > 1 else options[0]
        missing = "has no default" if declared.get("Default") is None else "has a placeholder for its default"
        return Unresolved(f"parameter '{name}' {missing}", name)


def _is_to_be_given(name: str, declared: dict[str, Any]) -> bool:
    """An empty default, or a placeholder, that nothing tests against is to be filled in; see ``output_called_like``."""
    empty = scalar_text(declared["Default"]) == ""
    return (empty or _stands_for_itself(name, declared)) and not declared.get("AllowedValues")


def _stands_for_itself(name: str, declared: dict[str, Any]) -> bool:
    """A default that says only what is meant: a placeholder, or the parameter's own name, as Amplify writes it."""
    return is_placeholder(declared["Default"]) or declared["Default"] == name


def is_placeholder(default: Any) -> bool:
    """Whether a default only says what is to stand there: ``<DATABASE_HOST>``."""
    return isinstance(default, str) and _PLACEHOLDER.fullmatch(default.strip()) is not None


def _typed(value: Value, kind: str) -> Value:
    if kind in ("CommaDelimitedList",) or kind.startswith("List<"):
        plain = scalar_text(value)
        return [item.strip() for item in plain.split(",")] if plain is not None else value
    return value
