"""What a sale is: the columns of the analytical table, and the query that reads them from the orders.

Amounts are whole minor units of the currency; times are UTC with microseconds.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import psycopg
import pyarrow as pa
from datastores.projection import Window
from datastores.relational import RelationalStore

BATCH_ROWS = 5000
"""Rows of one statement: each is a short transaction, so no pooled connection is held for longer than the role allows."""

SCHEMA = pa.schema(
    [
        pa.field("order_id", pa.string(), nullable=False),
        pa.field("tenant_id", pa.string(), nullable=False),
        pa.field("customer_id", pa.string(), nullable=False),
        pa.field("currency", pa.string(), nullable=False),
        pa.field("total_minor", pa.int64(), nullable=False),
        pa.field("line_count", pa.int32(), nullable=False),
        pa.field("created_at", pa.timestamp("us"), nullable=False),
    ]
)

_SALES = """
SELECT order_id::text, tenant_id, customer_id, currency, total_minor,
    (SELECT count(*)::int FROM order_lines WHERE order_lines.order_id = orders.order_id),
    created_at AT TIME ZONE 'UTC'
FROM orders
WHERE created_at >= %(start)s AND created_at < %(end)s AND (created_at, order_id) > (%(after_time)s, %(after_id)s::uuid)
ORDER BY created_at, order_id LIMIT %(rows)s
"""
_FIRST = "SELECT created_at FROM orders ORDER BY created_at LIMIT 1"
_BEFORE_ALL_IDS = "00000000-0000-0000-0000-000000000000"

Connection = psycopg.Connection[tuple[Any, ...]]


def first_sale(source: RelationalStore) -> datetime | None:
    """When the oldest order was created; ``None`` without any."""
    row = source.read(lambda connection: connection.execute(_FIRST).fetchone())
    return None if row is None else row[0]


def sales_of(source: RelationalStore, window: Window) -> Iterator[pa.RecordBatch]:
    """The sales of a window in the order of time, in batches of at most ``BATCH_ROWS``."""
    after: tuple[datetime, str] = (window.start, _BEFORE_ALL_IDS)
    while True:
        rows = source.read(_batch(window, after))
        if rows:
            yield pa.RecordBatch.from_arrays(
                [pa.array(column, field.type) for column, field in zip(zip(*rows, strict=True), SCHEMA, strict=True)],
                schema=SCHEMA,
            )
        if len(rows) < BATCH_ROWS:
            return
        last = rows[-1]
        after = (last[6].replace(tzinfo=window.start.tzinfo), last[0])


def _batch(window: Window, after: tuple[datetime, str]) -> Any:
    parameters = {
        "start": window.start,
        "end": window.end,
        "after_time": after[0],
        "after_id": after[1],
        "rows": BATCH_ROWS,
    }
    return lambda connection: connection.execute(_SALES, parameters).fetchall()
