"""SAM policies of a function as IAM statements; templates only as far as they open a way to a store or its secret."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.cloudformation.sam_tables import POLICY_TEMPLATES


def statements_of(policies: Any) -> tuple[list[Any], list[Any]]:
    """Inline statements and managed policies (names or ARNs) of a ``Policies`` property of any form."""
    statements: list[Any] = []
    managed: list[Any] = []
    for policy in policies if isinstance(policies, list) else [policies]:
        if isinstance(policy, str):
            managed.append(policy)
        elif isinstance(policy, dict):
            _read(policy, statements, managed)
    return statements, managed


def _read(policy: dict[str, Any], statements: list[Any], managed: list[Any]) -> None:
    if "Statement" in policy:
        inner = policy["Statement"]
        statements.extend(inner if isinstance(inner, list) else [inner])
        return
    if len(policy) != 1:
        return
    name, argument = next(iter(policy.items()))
    if name == "Fn::If" and isinstance(argument, list):
        for option in argument[1:]:
            more, others = statements_of(option)
            statements.extend(more)
            managed.extend(others)
    elif name in POLICY_TEMPLATES:
        statements.append(_from_template(name, argument))
    elif name == "Ref" or name.startswith("Fn::"):
        managed.append(policy)


def _from_template(name: str, argument: Any) -> dict[str, Any]:
    actions, parameter, resource = POLICY_TEMPLATES[name]
    given = argument.get(parameter) if isinstance(argument, dict) else None
    if given is None:
        given = "*"
    if resource:
        given = {"Fn::Join": ["", [resource, given]]}
    return {"Effect": "Allow", "Action": list(actions), "Resource": given, "poolproof:ready-made": True}
