"""Templates as values: what a rewriting needs to find references and to replace them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Body = dict[str, Any]
Files = dict[str, Body]
Rewriting = Callable[[Body], Files | None]

FUNCTIONS = ("AWS::Lambda::Function", "AWS::Serverless::Function")
IN_SUB = re.compile(r"\$\{([A-Za-z0-9]+)((?:\.[A-Za-z0-9.]+)?)\}")


def everywhere(value: Any, act: Callable[[Any], Any]) -> Any:
    """A value with every part replaced, the inner ones first."""
    if isinstance(value, dict):
        value = {key: everywhere(item, act) for key, item in value.items()}
    elif isinstance(value, list):
        value = [everywhere(item, act) for item in value]
    return act(value)


def reference(value: Any, known: set[str]) -> tuple[str, str] | None:
    """The resource and attribute (``Ref`` for none) that a value is a reference to."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((key, target),) = value.items()
    if key == "Ref" and target in known:
        return target, "Ref"
    if key == "Fn::GetAtt":
        parts = target.split(".", 1) if isinstance(target, str) else target
        if isinstance(parts, list) and len(parts) == 2 and parts[0] in known and isinstance(parts[1], str):
            return parts[0], parts[1]
    return None


def one(body: Body) -> Files:
    return {"template": body}


def plain(resource: str, attribute: str) -> Any:
    return {"Ref": resource} if attribute == "Ref" else {"Fn::GetAtt": [resource, attribute]}
