from __future__ import annotations

import json
from typing import Any

import aws_cdk as cdk
import pytest

from constructs_lib.cdk.reference.stage import LocalDatabase, local_database
from constructs_lib.errors import InputError

pytestmark = pytest.mark.cdk
GIVEN: dict[str, Any] = {
    "host": "127.0.0.1",
    "port": 6432,
    "database": "orders",
    "max_connections": 100,
    "pool_connections": 10,
    "borrow_timeout_seconds": 10,
    "owner_host": "127.0.0.1",
    "owner_port": 5432,
    "owner_user": "postgres",
    "owner_password": "owner",
    "application_user": "application",
    "application_password": "application",
}


def _read(local: Any, stage: str | None = "local") -> LocalDatabase | None:
    context = {"poolproof:stage": stage, "poolproof:local": local}
    app = cdk.App(context={name: value for name, value in context.items() if value is not None})
    return local_database(app.node)


@pytest.mark.parametrize("local", [GIVEN, json.dumps(GIVEN)], ids=["of the app", "of the command line"])
def test_the_local_database_is_read_from_context(local: Any) -> None:
    assert _read(local) == LocalDatabase(**GIVEN)


def test_on_aws_nothing_local_is_asked_for() -> None:
    assert _read(None, stage=None) is None


def test_everything_wrong_with_the_local_database_is_reported_together() -> None:
    wrong = {**GIVEN, "port": "6432", "max_connections": 0, "owner_user": "", "pool": 10}
    del wrong["host"]
    with pytest.raises(InputError) as refusal:
        _read(json.dumps(wrong))
    assert [str(problem) for problem in refusal.value.problems] == [
        "context 'poolproof:local' has unknown key 'pool'",
        "context 'poolproof:local' lacks 'host'",
        "'port' of context 'poolproof:local' must be a whole number from 1, got '6432'",
        "'max_connections' of context 'poolproof:local' must be a whole number from 1, got 0",
        "'owner_user' of context 'poolproof:local' must be a text, got ''",
    ]


@pytest.mark.parametrize(
    ("local", "message"),
    [
        (None, "must be a JSON object with host, port, database"),
        ("[1]", r"must be a JSON object with .*, got \[1\]"),
        ("{host", "is no JSON"),
    ],
)
def test_a_local_stage_without_a_readable_database_says_what_is_expected(local: str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        _read(local)
