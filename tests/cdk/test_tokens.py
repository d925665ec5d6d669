from __future__ import annotations

import aws_cdk as cdk
import pytest

from constructs_lib.cdk import _tokens
from constructs_lib.errors import ConnectError
from constructs_lib.model.quantity import Quantity

pytestmark = pytest.mark.cdk


def parameter(kind: str = "Number") -> cdk.CfnParameter:
    return cdk.CfnParameter(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stack"), "Given", type=kind)


def test_a_number_token_is_a_number_and_yet_unknown() -> None:
    token = parameter().value_as_number
    assert token < 100
    assert _tokens.number(token, "concurrency").is_unknown
    assert "concurrency is a token that is only known at deploy time" in _tokens.number(token, "concurrency").reason
    with pytest.raises(ConnectError, match="concurrency is a token .*; pass a whole number from 1 to 9"):
        _tokens.whole(token, "concurrency", least=1, most=9)


@pytest.mark.parametrize(("value", "expected"), [(5, 5), (5.0, 5), (0, 0), (0.5, Quantity.exact(0.5).value)])
def test_literals_are_exact(value: float, expected: float) -> None:
    assert _tokens.number(value, "n").value == expected


@pytest.mark.parametrize("value", [-1, float("inf"), float("nan"), True, "5", None])
def test_what_no_quantity_can_be_is_refused(value: object) -> None:
    with pytest.raises(ConnectError, match="^n must"):
        _tokens.number(value, "n")  # type: ignore[arg-type]


def test_durations_are_seconds_or_unknown() -> None:
    assert _tokens.seconds(cdk.Duration.millis(1500), "d") == Quantity.exact(1.5)
    assert _tokens.seconds(cdk.Duration.seconds(parameter().value_as_number), "d").is_unknown
    assert _tokens.milliseconds(cdk.Duration.seconds(2), "d") == 2000
    with pytest.raises(ConnectError, match="d is a token .* pass a literal duration"):
        _tokens.milliseconds(cdk.Duration.seconds(parameter().value_as_number), "d")
    with pytest.raises(ConnectError, match="d in milliseconds must be a whole number from 1 up, got 0"):
        _tokens.milliseconds(cdk.Duration.seconds(0), "d")


def test_text_is_literal_or_nothing() -> None:
    assert _tokens.text("db.t4g.micro") == "db.t4g.micro"
    assert _tokens.text(parameter("String").value_as_string) is None
    assert _tokens.text(None) is None
