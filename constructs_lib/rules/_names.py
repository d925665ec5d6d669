"""Names taken apart: ``OrdersByStatus``, ``orders-by-status`` and ``orders_by_status`` say the same."""

from __future__ import annotations

import re

#: Between the parts of a name; what the CDK appends to a logical id is none of them.
_BETWEEN = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|[_\-/.\s]+|(?=[0-9A-F]{8}\Z)")


def words(name: str | None) -> list[str]:
    """The words of a name in lower case, in order."""
    return [word.lower() for word in _BETWEEN.split(name or "") if word]
