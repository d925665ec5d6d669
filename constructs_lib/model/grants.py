"""What a role allows its function to do with one store, as far as the source shows it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from constructs_lib.model.actions import any_covers


class Grant(NamedTuple):
    """One statement about one store: ``actions`` as written, names or patterns.

    ``refused`` marks a statement that denies; ``conditional`` one that holds under a condition only; ``ready_made`` one that nobody
    wrote by hand: a managed policy, a policy template, or a construct's grant method.
    """

    actions: tuple[str, ...]
    refused: bool = False
    conditional: bool = False
    ready_made: bool = False

    def covers(self, action: str) -> bool:
        """Whether the statement speaks of that action, by name or by pattern."""
        return any_covers(self.actions, (action,))


def allowing(grants: Iterable[Grant], action: str) -> tuple[Grant, ...]:
    """The statements that allow an action; none when another statement denies it without a condition."""
    speaking = [grant for grant in grants if grant.covers(action)]
    if any(grant.refused and not grant.conditional for grant in speaking):
        return ()
    return tuple(grant for grant in speaking if not grant.refused)
