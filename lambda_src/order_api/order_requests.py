"""What a client may ask for: every problem of a request at once, limits included."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from datastores.http import RequestError, limit_of

MAX_LINES = 100
MAX_QUANTITY = 1_000_000
MAX_UNIT_PRICE_MINOR = 1_000_000_000
MAX_PAGE = 100
_CURRENCY = re.compile(r"[A-Z]{3}")
_SKU = re.compile(r"[\x21-\x7e]{1,64}")
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True)
class Line:
    """One line of an order; the price is in minor units of the order's currency."""

    sku: str
    quantity: int
    unit_price_minor: int


@dataclass(frozen=True)
class NewOrder:
    """A valid order to place. Equal digests mean that two requests ask for the same."""

    idempotency_key: str
    currency: str
    lines: tuple[Line, ...]

    @property
    def total_minor(self) -> int:
        return sum(line.quantity * line.unit_price_minor for line in self.lines)

    @property
    def digest(self) -> str:
        return hashlib.sha256(json.dumps([self.currency, *map(vars, self.lines)]).encode()).hexdigest()


def new_order(body: Mapping[str, Any], key: str | None) -> NewOrder:
    """Read an order. Raises ``RequestError`` with everything that is wrong."""
    problems: list[str] = []
    if key is None or not _KEY.fullmatch(key):
        problems.append(
            "the header Idempotency-Key is missing or wrong: send 1 to 128 visible ASCII characters, new for each order"
        )
    currency = body.get("currency")
    if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
        problems.append(f"currency is {_shown(currency)}: allowed are three capital letters, such as EUR")
    lines = _lines(body.get("lines"), problems)
    problems += [
        f"{_shown(name)} is unknown: allowed are currency and lines" for name in body.keys() - {"currency", "lines"}
    ]
    if problems:
        raise RequestError(problems)
    return NewOrder(key or "", str(currency), lines)


def _lines(given: Any, problems: list[str]) -> tuple[Line, ...]:
    if not isinstance(given, list) or not 1 <= len(given) <= MAX_LINES:
        problems.append(f"lines must be a list of 1 to {MAX_LINES} objects with sku, quantity and unit_price_minor")
        return ()
    return tuple(_line(item, f"lines[{index}]", problems) for index, item in enumerate(given))


def _line(item: Any, place: str, problems: list[str]) -> Line:
    given = item if isinstance(item, dict) else {}
    sku = given.get("sku")
    if not isinstance(sku, str) or not _SKU.fullmatch(sku):
        problems.append(f"{place}.sku is {_shown(sku)}: allowed are 1 to 64 visible ASCII characters")
    quantity = _whole(given.get("quantity"), f"{place}.quantity", 1, MAX_QUANTITY, problems)
    price = _whole(given.get("unit_price_minor"), f"{place}.unit_price_minor", 0, MAX_UNIT_PRICE_MINOR, problems)
    return Line(str(sku), quantity, price)


def _whole(value: Any, place: str, least: int, most: int, problems: list[str]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
        return value
    problems.append(f"{place} is {_shown(value)}: allowed is a whole number from {least} to {most}")
    return least


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"


@dataclass(frozen=True)
class Page:
    """Which part of a listing: how many, and after which ``(created_at, order_id)``; ``None`` from the newest on."""

    limit: int
    after: tuple[datetime, uuid.UUID] | None


def page_of(query: Mapping[str, str]) -> Page:
    """Read ``limit`` and ``cursor``. Raises ``RequestError`` with everything that is wrong."""
    problems: list[str] = []
    limit = limit_of(query, problems, most=MAX_PAGE, default=20)
    after = _position(query["cursor"], problems) if "cursor" in query else None
    if problems:
        raise RequestError(problems)
    return Page(limit, after)


def cursor_of(created_at: datetime, order_id: uuid.UUID) -> str:
    """The position after an order. It needs no signature: every query is bound to the tenant of the token anyway."""
    return base64.urlsafe_b64encode(f"{created_at.isoformat()} {order_id}".encode()).decode()


def _position(cursor: str, problems: list[str]) -> tuple[datetime, uuid.UUID] | None:
    try:
        moment, _, order_id = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is not None:
            return created_at, uuid.UUID(order_id)
    except (ValueError, binascii.Error):
        pass
    problems.append("cursor is none that a listing returned: start over without one")
    return None


def order_id_of(text: str) -> uuid.UUID | None:
    """An order's id, or ``None`` when the text cannot be one."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
