from __future__ import annotations

import pytest

from constructs_lib.model.fleet import Store
from constructs_lib.model.key_value import KeyValueTable
from constructs_lib.model.purpose import purpose
from constructs_lib.model.wordings import words


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("OrdersByStatus", ["orders", "by", "status"]),
        ("orders_by-status", ["orders", "by", "status"]),
        ("SalesProjector5A953DA0", ["sales", "projector"]),
        ("aws_dynamodb_table.idempotency", ["aws", "dynamodb", "table", "idempotency"]),
        ("GSI1PK", ["gsi1", "pk"]),
        ("", []),
    ],
)
def test_words_of_a_name(name: str, parts: list[str]) -> None:
    assert words(name) == parts


def test_a_purpose_shows_in_names_only() -> None:
    named = Store("IdempotencyStore", "dynamodb-table", "dynamodb", table=KeyValueTable())
    known = Store("Records", "dynamodb-table", "dynamodb", table=KeyValueTable(name="user-sessions"))

    assert purpose(named) == ("idempotency", "its name")
    assert purpose(known) == ("session", "its TableName")
    assert purpose(Store("IdempotencyDb", "rds-instance", "postgres")) is None
    assert purpose(Store("Records", "dynamodb-table", "dynamodb", table=KeyValueTable(name="possession"))) is None
