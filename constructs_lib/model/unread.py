"""How reports say that a value could not be read: alike wherever a verdict hangs on it, so that one value gives one line."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.fleet import Gap
from constructs_lib.model.origin import Origin
from constructs_lib.model.quantity import Quantity

WRITE = "write a literal there, or give the value of the parameter it comes from"


def unread(subject: str, what: str, quantity: Quantity | None, origin: Origin) -> Iterator[Gap]:
    """A number that is set and not exact, with what stood in the way."""
    if quantity is None or quantity.is_exact:
        return
    why = f": {quantity.reason}" if quantity.reason and not quantity.is_unknown else ""
    yield Gap(subject, f"{what} is {quantity}{why}", WRITE, origin)
