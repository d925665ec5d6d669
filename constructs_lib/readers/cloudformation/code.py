"""Inline code of a function, read for one question only: which environment variables it uses."""

from __future__ import annotations

import re

from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Text, Value, scalar_text

#: An environment variable whose name the code puts together: os.environ[x + "_HOST"], process.env[name].
_COMPUTED = re.compile(
    r"(?:environ(?:\.get)?\s*[\[(]|getenv\s*\(|process\.env\s*\[)\s*(?!['\"][A-Za-z0-9_]+['\"]\s*[\]),])"
)
_LITERAL = re.compile(r"['\"]([A-Za-z0-9_]{4,})['\"]")
_SMALLEST = 24
_ENVIRONMENT = re.compile(r"environ|getenv|process\.env")


class InlineCode:
    """The source text of a function that a template carries; absent when the code lies elsewhere."""

    def __init__(self, function: Resource) -> None:
        self.text = _source(function.get("Code", "ZipFile"))
        self.computes = bool(self.text and _COMPUTED.search(self.text))

    def may_use(self, variable: str) -> bool:
        """Whether the code may read the variable: it names it, builds names that begin or end like it, or is not here to be read."""
        if self.text is None or variable in self.text:
            return True
        if not _ENVIRONMENT.search(self.text):
            # A placeholder that is replaced after the deployment: it says nothing about the variables it was given.
            return True
        if not self.computes:
            return False
        pieces = [match.group(1) for match in _LITERAL.finditer(self.text)]
        return any(variable.startswith(piece) or variable.endswith(piece) for piece in pieces)


def _source(value: Value) -> str | None:
    if isinstance(value, Text):
        value = "".join(part for part in value.parts if isinstance(part, str))
    text = scalar_text(value)
    return text if text is not None and len(text) >= _SMALLEST else None
