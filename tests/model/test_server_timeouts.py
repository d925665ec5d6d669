"""What a database ends by itself: the soonest of its parameters, in seconds, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from constructs_lib.facts.database_timeouts import timeout_parameters
from constructs_lib.model.fleet import Store
from constructs_lib.model.server_timeouts import server_timeout


def store(parameters: Mapping[str, str], version: str = "17.5", engine: str = "postgres", **more: object) -> Store:
    return Store("db", "rds-instance", engine, version, parameters=parameters, **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parameters", "version", "seconds"),
    [
        ({}, "17.5", None),
        ({"statement_timeout": "0"}, "17.5", None),
        ({"statement_timeout": "1500"}, "17.5", "1.5"),
        ({"statement_timeout": "9000", "transaction_timeout": "2000"}, "17.5", "2"),
        ({"statement_timeout": "9000", "transaction_timeout": "2000"}, "16.4", "9"),
        ({"statement_timeout": "0", "transaction_timeout": "2000"}, "", "2"),
    ],
)
def test_the_soonest_end_of_a_statement(parameters: dict[str, str], version: str, seconds: str | None) -> None:
    found = server_timeout(store(parameters, version), "statement")

    assert found is not None
    assert (None if found.seconds is None else str(found.seconds)) == seconds


def test_the_parameter_that_decides_is_named() -> None:
    found = server_timeout(store({"statement_timeout": "9000", "transaction_timeout": "2000"}), "statement")

    assert found is not None
    assert (found.parameter, found.written, found.unit) == ("transaction_timeout", True, "ms")


def test_a_default_of_aws_is_no_choice() -> None:
    found = server_timeout(store({}), "idle transaction")

    assert found is not None
    assert (str(found.seconds), found.written) == ("86,400", False)


def test_what_could_not_be_read_is_unknown_but_never_above_what_could() -> None:
    unread = {"statement_timeout": "a parameter"}
    alone = server_timeout(store({}, unread_parameters=unread), "statement")
    beside = server_timeout(store({"transaction_timeout": "2000"}, unread_parameters=unread), "statement")

    assert alone is not None
    assert alone.seconds is not None
    assert alone.seconds.is_unknown
    assert beside is not None
    assert beside.seconds is not None
    assert (beside.seconds.low, beside.seconds.high) == (0, 2)


def test_a_group_nobody_gave_may_set_everything() -> None:
    found = server_timeout(store({}, unread_parameters={"*": "elsewhere"}), "idle session")

    assert found is not None
    assert found.seconds is not None
    assert found.seconds.is_unknown


@pytest.mark.parametrize("text", ["soon", "-5", "1/0"])
def test_text_that_is_no_number_is_unknown(text: str) -> None:
    found = server_timeout(store({"statement_timeout": text}), "statement")

    assert found is not None
    assert found.seconds is not None
    assert found.seconds.is_unknown


@pytest.mark.parametrize(
    ("engine", "ends"), [("mysql", "idle transaction"), ("oracle-se2", "statement"), (None, "statement")]
)
def test_engines_without_such_a_parameter_say_nothing(engine: str, ends: str) -> None:
    assert server_timeout(store({}, engine=engine), ends) is None


def test_stores_of_other_kinds_say_nothing() -> None:
    assert server_timeout(Store("db", "external", "postgres"), "statement") is None


@pytest.mark.parametrize(
    ("engine", "ends", "names"),
    [
        ("aurora-mysql", "statement", ["max_execution_time"]),
        ("mariadb", "idle transaction", ["idle_transaction_timeout"]),
        ("aurora-postgresql", "idle session", ["idle_session_timeout"]),
    ],
)
def test_parameters_by_engine(engine: str, ends: str, names: list[str]) -> None:
    assert [parameter.name for parameter in timeout_parameters(engine, None, ends)] == names


def test_an_older_version_lacks_newer_parameters() -> None:
    assert timeout_parameters("postgres", "13.4", "idle session") == ()
