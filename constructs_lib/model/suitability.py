"""Whether a profile's access pattern suits its store, and which store would serve it better."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.model.profile import BATCH_TRIGGERS, JOIN, REPORT, SCAN, SINGLE_KEY, TRANSACTION, Profile


@dataclass(frozen=True)
class Advice:
    """A better store for one profile, and why. ``line`` is one-based in the profiles file."""

    profile: str
    line: int
    store: str
    better: str
    why: str

    def __str__(self) -> str:
        return f"'{self.profile}' suits the {self.better} store better than the {self.store} one: {self.why}"


_ONE_KEY = "a look-up by one key needs no connection and no pool, and a table answers it at any concurrency"
_WHOLE_TABLE = "reading much of the data on the request path holds connections that requests wait for"
_NO_JOINS = "a key-value store has no joins: the function would read every side itself"
_NO_SCANS = "a scan or report reads and pays for the whole table"
_NO_TRANSACTIONS = "queries over files take seconds and know no transactions"

_REQUEST_PATH_ONLY = {("relational", SCAN), ("relational", REPORT)}
_BETTER = {
    ("relational", SINGLE_KEY): ("key-value", _ONE_KEY),
    ("relational", SCAN): ("analytical", _WHOLE_TABLE),
    ("relational", REPORT): ("analytical", _WHOLE_TABLE),
    ("key-value", JOIN): ("relational", _NO_JOINS),
    ("key-value", SCAN): ("analytical", _NO_SCANS),
    ("key-value", REPORT): ("analytical", _NO_SCANS),
    ("document", JOIN): ("relational", _NO_JOINS.replace("key-value", "document")),
    ("document", SINGLE_KEY): ("key-value", _ONE_KEY),
    ("document", REPORT): ("analytical", _WHOLE_TABLE),
    ("analytical", SINGLE_KEY): ("key-value", _NO_TRANSACTIONS),
    ("analytical", TRANSACTION): ("relational", _NO_TRANSACTIONS),
}


def advise(profiles: Sequence[Profile]) -> tuple[Advice, ...]:
    """One advice for every profile whose pattern does not suit its store, in the order of the file."""
    return tuple(advice for advice in map(_advice, profiles) if advice is not None)


def _advice(profile: Profile) -> Advice | None:
    pair = (profile.store, profile.access_pattern or "")
    if pair not in _BETTER or (pair in _REQUEST_PATH_ONLY and profile.trigger in BATCH_TRIGGERS):
        return None
    better, why = _BETTER[pair]
    return Advice(profile.name, profile.line, profile.store, better, why)
