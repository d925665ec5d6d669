from __future__ import annotations

from constructs_lib.model.grants import Grant, allowing

SCAN = "dynamodb:Scan"


def test_names_and_patterns_allow_in_any_case() -> None:
    for action in (SCAN, "dynamodb:S*", "DynamoDB:scan", "dynamodb:*"):
        assert allowing([Grant((action,))], SCAN), action
    assert not allowing([Grant(("dynamodb:Query",))], SCAN)


def test_a_denial_outweighs_unless_a_condition_may_lift_it() -> None:
    allowed = Grant(("dynamodb:*",))

    assert allowing([allowed, Grant((SCAN,), refused=True)], SCAN) == ()
    assert allowing([allowed, Grant((SCAN,), refused=True, conditional=True)], SCAN) == (allowed,)
    assert allowing([allowed, Grant(("dynamodb:Query",), refused=True)], SCAN) == (allowed,)
