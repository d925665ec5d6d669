"""Secrets that hold the name and password of a database user, and how they are rotated."""

from __future__ import annotations

from typing import Literal, NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin

Strategy = Literal["single-user", "alternating-users"]


class Credential(NamedTuple):
    """One secret. ``store`` is the store or proxy target it belongs to, ``user`` the user it names where the source shows it.

    ``rotation`` is the strategy of AWS's own rotation function; ``None`` when nothing rotates it, or a function nobody knows does.
    """

    id: str
    store: str | None = None
    user: str | None = None
    rotation: Strategy | None = None
    rotation_origin: Origin = NOWHERE
    origin: Origin = NOWHERE
