"""What in a function's environment and permissions points at a store, and how strongly."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.fleet import Certainty, Role, Via
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import ONE_OF

_RANK: dict[Certainty, int] = {"possible": 0, "likely": 1, "certain": 2}


class Clue(NamedTuple):
    """One piece of evidence. ``store`` is an id of the fleet; ``strength`` what it would mean alone.

    ``addressed`` marks evidence that names an address, which then decides how the function connects;
    ``permitted`` evidence that is a permission only, ``secret`` evidence that is credentials.
    ``size`` is the number of connections that a connection string allows each environment, ``secret_id`` the secret it is about,
    ``instance`` the member of a cluster whose own address it is.
    """

    store: str
    via: Via
    strength: Certainty
    evidence: str
    pool: str | None = None
    role: Role = "writer"
    addressed: bool = False
    permitted: bool = False
    secret: bool = False
    size: int | None = None
    instance: str | None = None
    secret_id: str | None = None


def weaker(one: Certainty, other: Certainty) -> Certainty:
    """The less sure of two."""
    return one if _RANK[one] <= _RANK[other] else other


def strongest(strengths: list[Certainty]) -> Certainty:
    """The surest of several."""
    return max(strengths, key=lambda strength: _RANK[strength])


class Use(NamedTuple):
    """A resource that a function's environment or policy refers to, with how it came there."""

    resource: Resource
    attribute: str
    where: str
    guess: str = ""
    text: str = ""

    @property
    def strength(self) -> Certainty:
        if self.guess == ONE_OF:
            return "possible"
        return "likely" if self.guess else "certain"


def unreached(clue: Clue) -> Clue:
    """An address that is private to a VPC the function is not in."""
    evidence = f"{clue.evidence}, an address inside a VPC, and the function is outside of any"
    return clue._replace(strength="possible", evidence=evidence)
