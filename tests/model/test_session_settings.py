from __future__ import annotations

import pytest

from constructs_lib.model.session_settings import keeps_sharing, settings_of


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("SET time_zone = 'UTC', @tenant = 7", ("TIME_ZONE", "@TENANT")),
        ("set session sql_mode='ANSI,TRADITIONAL', @@session.wait_timeout=5", ("SQL_MODE", "WAIT_TIMEOUT")),
        ("SET NAMES utf8mb4", ("NAMES",)),
        ("SET CHARACTER SET utf8", ("CHARACTER_SET",)),
        ('SET sql_mode="A,B"', ("SQL_MODE",)),
        ("", ()),
    ],
)
def test_settings_of_a_statement(statement: str, names: tuple[str, ...]) -> None:
    assert settings_of(statement) == names


@pytest.mark.parametrize(
    ("statement", "family", "shared"),
    [
        ("SET NAMES utf8mb4", "MYSQL", True),
        ("SET @@autocommit = 1, time_zone = 'UTC'", "MYSQL", True),
        ("SET time_zone = 'UTC', @tenant = 7", "MYSQL", False),
        ("SET sort_buffer_size = 1", "MYSQL", False),
        ("SET GLOBAL time_zone = 'UTC'", "MYSQL", False),
        ("SET time_zone = 'UTC'", "POSTGRESQL", False),
        ("", "MYSQL", False),
    ],
)
def test_only_what_the_proxy_follows_keeps_a_connection_shared(statement: str, family: str, shared: bool) -> None:
    assert keeps_sharing(statement, family) is shared
