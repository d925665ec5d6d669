"""Orders in the relational store. Every function is the work of one transaction and bound to one tenant."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any

import psycopg
from order_requests import Line, NewOrder, Page

# One statement for an order and its lines: outside a transaction a second one would borrow a connection again.
_BY_ID = """
SELECT order_id, customer_id, currency, total_minor, created_at, request_digest, (
    SELECT jsonb_agg(jsonb_build_array(sku, quantity, unit_price_minor) ORDER BY line_number)
    FROM order_lines WHERE order_lines.order_id = orders.order_id
)
FROM orders WHERE tenant_id = %s AND order_id = %s
"""
_BY_KEY = """
SELECT order_id, customer_id, currency, total_minor, created_at, request_digest, (
    SELECT jsonb_agg(jsonb_build_array(sku, quantity, unit_price_minor) ORDER BY line_number)
    FROM order_lines WHERE order_lines.order_id = orders.order_id
)
FROM orders WHERE tenant_id = %s AND idempotency_key = %s
"""
_FIRST_PAGE = """
SELECT order_id, customer_id, currency, total_minor, created_at
FROM orders WHERE tenant_id = %s
ORDER BY created_at DESC, order_id DESC LIMIT %s
"""
_NEXT_PAGE = """
SELECT order_id, customer_id, currency, total_minor, created_at
FROM orders WHERE tenant_id = %s AND (created_at, order_id) < (%s, %s)
ORDER BY created_at DESC, order_id DESC LIMIT %s
"""
_INSERT = """
INSERT INTO orders (order_id, tenant_id, customer_id, currency, total_minor, idempotency_key, request_digest)
VALUES (%s, %s, %s, %s, %s, %s, %s)
ON CONFLICT ON CONSTRAINT orders_once_per_key DO NOTHING
RETURNING order_id, customer_id, currency, total_minor, created_at
"""
_INSERT_LINES = """
INSERT INTO order_lines (order_id, line_number, sku, quantity, unit_price_minor)
SELECT %s, line_number, sku, quantity, unit_price_minor
FROM unnest(%s::text[], %s::integer[], %s::bigint[]) WITH ORDINALITY AS line (sku, quantity, unit_price_minor, line_number)
"""

_DIGEST = 5

Connection = psycopg.Connection[tuple[Any, ...]]


class KeyTakenError(Exception):
    """The idempotency key belongs to another order of this tenant."""


@dataclass(frozen=True)
class Order:
    """An order as it is stored; ``lines`` is ``None`` in a listing."""

    order_id: uuid.UUID
    customer_id: str
    currency: str
    total_minor: int
    created_at: datetime
    lines: tuple[Line, ...] | None = None

    def as_json(self) -> dict[str, Any]:
        """The order as clients see it; times in UTC."""
        shown = {**vars(self), "order_id": str(self.order_id), "created_at": _utc(self.created_at)}
        if self.lines is None:
            del shown["lines"]
        else:
            shown["lines"] = [vars(line) for line in self.lines]
        return shown


def place(connection: Connection, tenant: str, user: str, order: NewOrder) -> tuple[Order, bool]:
    """Insert an order with its lines, once per idempotency key. Returns it, and whether this call made it.

    A rival with the same key that is not yet committed is waited for. Raises ``KeyTakenError`` when the key was used for something else.
    """
    values = (uuid.uuid4(), tenant, user, order.currency, order.total_minor, order.idempotency_key, order.digest)
    row = connection.execute(_INSERT, values).fetchone()
    if row is None:
        return _first(connection, tenant, order), False
    columns = zip(*((line.sku, line.quantity, line.unit_price_minor) for line in order.lines), strict=True)
    connection.execute(_INSERT_LINES, (row[0], *map(list, columns)))
    return replace(Order(*row), lines=order.lines), True


def find(connection: Connection, tenant: str, order_id: uuid.UUID) -> Order | None:
    """An order with its lines; ``None`` when this tenant has none of that id."""
    row = connection.execute(_BY_ID, (tenant, order_id)).fetchone()
    return None if row is None else _with_lines(row)


def listing(connection: Connection, tenant: str, page: Page) -> tuple[list[Order], bool]:
    """Orders without lines, newest first, and whether there are more."""
    statement, position = (_NEXT_PAGE, page.after) if page.after else (_FIRST_PAGE, ())
    rows = connection.execute(statement, (tenant, *position, page.limit + 1)).fetchall()
    return [Order(*row) for row in rows[: page.limit]], len(rows) > page.limit


def _first(connection: Connection, tenant: str, order: NewOrder) -> Order:
    """The order that was placed with this key before."""
    row = connection.execute(_BY_KEY, (tenant, order.idempotency_key)).fetchone()
    if row is None or row[_DIGEST] != order.digest:
        raise KeyTakenError(order.idempotency_key)
    return _with_lines(row)


def _with_lines(row: tuple[Any, ...]) -> Order:
    *columns, _, lines = row
    return replace(Order(*columns), lines=tuple(Line(*line) for line in lines or ()))


def _utc(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z")
