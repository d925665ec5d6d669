"""What a table is there for, as far as names say it: records that are only needed for a while."""

from __future__ import annotations

from constructs_lib.model.fleet import Store
from constructs_lib.model.wordings import words
from constructs_lib.regex import regex

IDEMPOTENCY, SESSION = "idempotency", "session"
_NAMES = {IDEMPOTENCY: regex(r"idempoten"), SESSION: regex(r"\bsessions?\b")}


def purpose(store: Store) -> tuple[str, str] | None:
    """Which passing records a table holds, and where that shows; ``None`` when no name says so."""
    if store.table is None:
        return None
    places = [
        ("its name", store.id.rpartition("/")[2]),
        ("its TableName", store.table.name or ""),
        ("its partition key", store.table.partition_key or ""),
        *((f"environment variable {name}", name) for name in store.table.known_as),
    ]
    for records, pattern in _NAMES.items():
        for place, text in places:
            # A session's id as the key says only what the items are about.
            keyed = records == SESSION and place == "its partition key"
            if not keyed and pattern.search(" ".join(words(text))):
                return records, place
    return None
