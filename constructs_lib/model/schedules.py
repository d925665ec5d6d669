"""A schedule that starts something: when, and what becomes of a start that fails."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.cadence import Cadence, cadence


class Schedule(NamedTuple):
    """What a schedule says about itself.

    ``expression`` is EventBridge's, ``None`` where it could not be read; ``dead_letters`` tells that starts which could not be
    delivered are kept in a queue (``None`` = could not be decided), ``retries_set`` that a retry policy is written.
    """

    expression: str | None = None
    dead_letters: bool | None = False
    retries_set: bool = False

    @property
    def cadence(self) -> Cadence | None:
        """How often it starts; ``None`` when that is not known or it starts once at most."""
        return None if self.expression is None else cadence(self.expression)
