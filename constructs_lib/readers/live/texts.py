"""ARNs, addresses and ids inside recorded values, replaced by references to the resource they belong to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

Attribute = tuple[str, str]
#: What may follow a name or an ARN: not more of a longer name.
_END = r"(?![\w-])"


class Texts:
    """Texts that only one resource has, with the attribute of it that they are."""

    def __init__(self) -> None:
        self._known: dict[str, Attribute] = {}
        self._pattern: re.Pattern[str] | None = None

    def know(self, text: Any, logical_id: str, attribute: str) -> None:
        """Texts of fewer than eight characters are too common to be found inside others."""
        if isinstance(text, str) and len(text) >= 8:
            self._known.setdefault(text, (logical_id, attribute))

    def linked(self, value: Any) -> Any:
        """The value with every known text in it replaced; the outer structure is a new one."""
        if isinstance(value, Mapping):
            return {key: self.linked(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.linked(item) for item in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        if text in self._known:
            return _reference(self._known[text])
        if not self._known:
            return text
        if self._pattern is None:
            longest_first = sorted(self._known, key=len, reverse=True)
            self._pattern = re.compile("(" + "|".join(map(re.escape, longest_first)) + ")" + _END)
        parts = [part for part in self._pattern.split(text) if part]
        if len(parts) == 1 and parts[0] not in self._known:
            return text
        return {"Fn::Join": ["", [_reference(self._known[part]) if part in self._known else part for part in parts]]}


def _reference(known: Attribute) -> dict[str, Any]:
    logical_id, attribute = known
    return {"Ref": logical_id} if attribute == "Ref" else {"Fn::GetAtt": [logical_id, attribute]}
