from __future__ import annotations

import pytest

from constructs_lib.facts import limits
from constructs_lib.facts.session_settings import tracked_settings


def test_the_largest_value_of_a_setting() -> None:
    assert limits.proxy_maximum("ConnectionBorrowTimeout") == 300
    assert limits.proxy_maximum("MaxConnectionsPercent") == 100


def test_a_setting_without_a_documented_maximum_is_no_number() -> None:
    with pytest.raises(KeyError):
        limits.proxy_maximum("IdleClientTimeout")


@pytest.mark.parametrize(
    ("instance_class", "aurora", "percent"),
    [
        ("db.t3.small", False, 30),
        ("db.t3.medium", False, 20),
        ("db.r6g.large", False, 20),
        ("db.t3.small", True, 100),
        ("db.t4g.medium", True, 55),
        ("db.t3.large", True, 35),
        ("db.r6g.large", True, 20),
    ],
)
def test_the_least_percent_of_a_class(instance_class: str, aurora: bool, percent: int) -> None:
    assert limits.least_percent(instance_class, aurora=aurora) == percent


def test_postgresql_tracks_nothing() -> None:
    assert "TIME_ZONE" in tracked_settings("MYSQL")
    assert not tracked_settings("POSTGRESQL")
