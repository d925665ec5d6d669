"""Expressions of plain HCL: their value as far as a plan knows it, and the references that ``terraform show -json`` lists for them.

What is covered is what examples need: literals, templates, lists, objects, traversals with indexes and splats, and a few functions.
Anything else raises, so that no example means something else here than in Terraform.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import hcl2

TRAVERSAL = re.compile(r"[A-Za-z_][\w-]*(?:\.[\w-]+|\[(?:\d+|\*|\"[^\"]*\"|[\w.-]+)\])+\Z")
CALL = re.compile(r"(?P<name>\w+)\((?P<given>.*)\)\Z", re.DOTALL)
STEP = re.compile(r'\.?([A-Za-z_*][\w-]*)|\[(?:"([^"]*)"|(\d+|\*)|([\w.-]+))\]|\.(\d+)')
HEREDOC = re.compile(r"<<-?(\w+)\n(?P<text>.*?)\n?[ \t]*\1\Z", re.DOTALL)
BLOCK = "__is_block__"


class _Unknown:
    def __repr__(self) -> str:
        return "(known after apply)"


#: A value that exists only after apply.
UNKNOWN: Any = _Unknown()
Lookup = Callable[[tuple[str, ...]], Any]


def known(value: Any) -> bool:
    """Whether nothing in the value waits for apply."""
    if isinstance(value, Mapping):
        return all(map(known, value.values()))
    return all(map(known, value)) if isinstance(value, list) else value is not UNKNOWN


def without_quotes(text: str) -> str:
    return text[1:-1] if text.startswith('"') else text


class Evaluation:
    """Evaluates values as python-hcl2 gives them; ``names`` collects every traversal that was met, in order."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup
        self.names: list[str] = []
        self.plain = True

    @property
    def references(self) -> list[str]:
        """Each traversal followed by its parents, down to the resource itself."""
        return [parent for name in self.names for parent in _and_parents(name)]

    def value(self, given: Any) -> Any:
        if isinstance(given, Mapping):
            return {without_quotes(key): self.value(item) for key, item in given.items() if key != BLOCK}
        if isinstance(given, list):
            return [self.value(item) for item in given]
        if not isinstance(given, str):
            return given
        if given.startswith('"'):
            return self._template(given[1:-1])
        assert given.startswith("${"), given
        return self._expression(given[2:-1].strip())

    def _template(self, text: str) -> Any:
        heredoc = HEREDOC.match(text)
        parts = [self._part(part) for part in _parts(heredoc["text"] if heredoc else text)]
        if not known(parts):
            return UNKNOWN
        return parts[0] if len(parts) == 1 else "".join(str(part) for part in parts)

    def _part(self, part: str) -> Any:
        if part.startswith("${"):
            return self.value(_parsed(part[2:-1]))
        return json.loads(f'"{part}"', strict=False).replace("$${", "${")

    def _expression(self, text: str) -> Any:
        if TRAVERSAL.match(text):
            return self._traversal(text)
        call = CALL.match(text)
        assert call, f"an expression that examples do not need so far: {text}"
        self.plain = False
        given = [self.value(item) for item in _parsed(f"[{call['given']}]")]
        return FUNCTIONS[call["name"]](*given)

    def _traversal(self, text: str) -> Any:
        self.names.append(text.partition("[*]")[0])
        return self._lookup(tuple(self._step(match) for match in STEP.finditer(text)))

    def _step(self, match: re.Match[str]) -> str:
        if match[4]:
            return str(self._traversal(match[4]))
        return next(part for part in match.groups() if part is not None)


def _parts(text: str) -> list[str]:
    """Literal text and ``${…}``, whose braces may nest."""
    found, start, depth = [], 0, 0
    for match in re.finditer(r"\$\$\{|\$\{|\{|\}", text):
        if match[0] == "${" and not depth:
            found.append(text[start : match.start()])
            start = match.start()
        if depth or match[0] == "${":
            depth += -1 if match[0] == "}" else 1
            if not depth:
                found.append(text[start : match.end()])
                start = match.end()
    return [part for part in [*found, text[start:]] if part] or [""]


def _parsed(expression: str) -> Any:
    return hcl2.loads(f"value = {expression}\n")["value"]


def _and_parents(name: str) -> list[str]:
    least = {"data": 3, "module": 2, "var": 2, "local": 2, "each": 2, "count": 2}.get(name.partition(".")[0], 2)
    ends = [match.end() for match in STEP.finditer(name)]
    return [name[:end] for end in reversed(ends[least - 1 :])]


def _encoded(value: Any) -> Any:
    return json.dumps(value, separators=(",", ":")) if known(value) else UNKNOWN


def _merged(*values: Any) -> Any:
    return UNKNOWN if UNKNOWN in values else {key: item for value in values for key, item in value.items()}


#: Terraform's functions, as far as examples use them; with an unknown argument most know nothing.
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "jsonencode": _encoded,
    "merge": _merged,
    "concat": lambda *lists: UNKNOWN if UNKNOWN in lists else [item for one in lists for item in one],
    "toset": lambda items: items,
    "tostring": lambda item: item if item is UNKNOWN else str(item),
    "tonumber": lambda item: item if item is UNKNOWN else float(item) if "." in str(item) else int(item),
    "sensitive": lambda item: item,
    "filename": lambda item: item,
    "filebase64sha256": lambda item: UNKNOWN,
}
