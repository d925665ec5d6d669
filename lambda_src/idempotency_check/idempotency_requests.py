"""What a caller may ask of the idempotency check: every problem at once."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from datastores.errors import KeyPartError
from datastores.keys import part

MAX_KEY = 256
MAX_RESULT_BYTES = 64 * 1024
DAY = 86_400
LEAST_KEEP_SECONDS, MOST_KEEP_SECONDS = 60, 30 * DAY
_FIELDS = ("tenant_id", "key", "request", "result", "keep_seconds")


class CheckError(Exception):
    """The event cannot be understood; ``problems`` holds everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


@dataclass(frozen=True)
class Check:
    """One question: was ``key`` of ``tenant`` seen before? ``result`` is what the first one leaves for ``keep_seconds``."""

    tenant: str
    key: str
    request: Any
    result: Any
    keep_seconds: int


def check_of(event: Mapping[str, Any]) -> Check:
    """Read an event. Raises ``CheckError``."""
    problems = [f"{name!r} is unknown: allowed are {', '.join(_FIELDS)}" for name in event if name not in _FIELDS]
    tenant, key, keep = event.get("tenant_id"), event.get("key"), event.get("keep_seconds", DAY)
    try:
        part(tenant if isinstance(tenant, str) else "", "tenant_id")
    except KeyPartError as error:
        problems.append(str(error))
    if not isinstance(key, str) or not 1 <= len(key) <= MAX_KEY:
        problems.append(f"key must be text of 1 to {MAX_KEY} characters")
    if not isinstance(keep, int) or isinstance(keep, bool) or not LEAST_KEEP_SECONDS <= keep <= MOST_KEEP_SECONDS:
        problems.append(
            f"keep_seconds is {keep!r}: allowed is a whole number from {LEAST_KEEP_SECONDS} to {MOST_KEEP_SECONDS}"
        )
    if len(json.dumps(event.get("result"))) > MAX_RESULT_BYTES:
        problems.append(
            f"result is larger than {MAX_RESULT_BYTES} bytes of JSON: keep it elsewhere and leave its address"
        )
    if problems:
        raise CheckError(problems)
    return Check(str(tenant), str(key), event.get("request"), event.get("result"), int(keep))
