"""Outputs that a parameter of another template can be meant for, because people call both the same."""

from __future__ import annotations

from collections.abc import Iterable

from constructs_lib.readers.cloudformation.stack import Stack
from constructs_lib.regex import regex

Output = tuple[Stack, str]
_APART = regex(r"[^a-z0-9]")
#: What Amplify puts behind the name of a resource in the name of its template.
_OF_AMPLIFY = regex(r"-cloudformation-template$")
#: Letters that the end of an output's name must share with a parameter's name; fewer would be chance.
_LEAST_ALIKE = 9


class LikeNamed:
    """The outputs of an estate by name, looked up by the ends of names so that thousands of templates stay fast."""

    def __init__(self, stacks: Iterable[Stack]) -> None:
        self._named: dict[str, list[Output]] = {}
        self._qualified: dict[str, Output] = {}
        self._by_end: dict[str, list[str]] = {}
        self._qualified_by_end: dict[str, list[str]] = {}
        for stack in stacks:
            for name, _ in stack.outputs():
                self._note(stack, name)
        for index, names in ((self._by_end, self._named), (self._qualified_by_end, self._qualified)):
            for word in names:
                index.setdefault(word[-_LEAST_ALIKE:], []).append(word)

    def _note(self, stack: Stack, name: str) -> None:
        """Under its name, and under that of its template and its own, as Amplify calls parameters: storage + ordersTable + Arn."""
        word = _word(name)
        self._named.setdefault(word, []).append((stack, name))
        template = _word(_OF_AMPLIFY.sub("", stack.document.name))
        if len(template) >= _LEAST_ALIKE:
            self._qualified.setdefault(f"{template}{word}", (stack, name))

    def find(self, parameter: str) -> list[Output]:
        """The outputs of that name, else those whose name ends so, else those whose template's and own name it ends with."""
        word = _word(parameter)
        if word in self._named or len(word) < _LEAST_ALIKE:
            return self._named.get(word, [])
        end = word[-_LEAST_ALIKE:]
        longer = [output for key in self._by_end.get(end, ()) if key.endswith(word) for output in self._named[key]]
        return longer or [self._qualified[key] for key in self._qualified_by_end.get(end, ()) if word.endswith(key)]


def _word(name: str) -> str:
    return _APART.sub("", name.lower())
