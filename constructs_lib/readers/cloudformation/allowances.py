"""Whether a function may do something at all: its role allows it, or all of the role is visible and does not."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import NamedTuple

from constructs_lib.model.actions import any_covers
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.permissions import POLICIES, Permissions
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    Reference,
    Text,
    Value,
    entries_of,
    items_of,
    pattern_of,
    references_in,
    scalar_text,
)

LOGIN = "rds-db:connect"
READ_SECRET = "secretsmanager:GetSecretValue"  # noqa: S105 - an action
ASSUME = "sts:AssumeRole"
_OF_SECRETS = "AWS::SecretsManager::ResourcePolicy"
#: AWS managed policies that functions often have and that allow neither (IAM managed policy reference, 2026-11-21).
_NEITHER = frozenset(
    {
        "AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSLambdaENIManagementAccess", "AWSLambdaExecute",
        "AWSLambdaSQSQueueExecutionRole", "AWSLambdaKinesisExecutionRole", "AWSLambdaDynamoDBExecutionRole",
        "AWSLambdaMSKExecutionRole", "AWSLambdaRole", "AWSXRayDaemonWriteAccess", "AWSXrayWriteOnlyAccess",
        "CloudWatchLambdaInsightsExecutionRolePolicy", "CloudWatchLogsFullAccess", "AmazonSSMReadOnlyAccess",
        "AmazonRDSReadOnlyAccess", "AmazonRDSFullAccess", "AmazonDynamoDBFullAccess", "AmazonDynamoDBReadOnlyAccess",
        "AmazonS3FullAccess", "AmazonS3ReadOnlyAccess", "AmazonSQSFullAccess", "AmazonSNSFullAccess", "AmazonVPCFullAccess",
    }
)  # fmt: skip
#: The managed policies that are known not to allow an action.
_WITHOUT = {LOGIN: _NEITHER | {"SecretsManagerReadWrite", "AmazonRDSDataFullAccess"}, READ_SECRET: _NEITHER}


class Said(NamedTuple):
    """What one policy says: which actions it allows, and whether every part of it could be read."""

    actions: tuple[str, ...]
    complete: bool


class Allowance:
    """Answers for one action, ``LOGIN`` or ``READ_SECRET``, and the functions of one estate."""

    def __init__(self, estate: Estate, permissions: Permissions, action: str) -> None:
        self.estate = estate
        self.permissions = permissions
        self.action = action
        self._answers: dict[tuple[str, str], bool | None] = {}
        self._chosen: dict[str, bool] = {}

    def of(self, function: Resource) -> bool | None:
        """Whether the function's role allows the action on anything; ``None`` when a part of the role is out of sight."""
        role = self.permissions.role_of(function)
        if role is None or isinstance(function.get("Role"), Either):
            return None
        if role.key not in self._answers:
            self._answers[role.key] = self._answer(role)
        own = self._answers[role.key]
        # A role that trusts the function's by name needs no sts:AssumeRole on its side; its ARN has to reach the code somehow.
        return None if own is False and (role.key in self.permissions.trusted or _names_a_role(function)) else own

    def is_left_out(self, function: Resource) -> bool:
        """Whether the function is not allowed to, and others of its stack are: somebody chose who may."""
        if self.of(function) is not False:
            return False
        stack = function.stack.key
        if stack not in self._chosen:
            self._chosen[stack] = any(self.of(other) for other in self.permissions.functions.get(stack, ()))
        return self._chosen[stack]

    @cached_property
    def _loose(self) -> bool:
        """Whether somebody may be allowed to whom no role here says so: a policy of nobody's role, or of the secret itself."""
        of_secrets = self.action == READ_SECRET and any(self.estate.of_type(_OF_SECRETS))
        return of_secrets or any(self._is_loose(policy) for policy in self.estate.of_type(*POLICIES))

    def _answer(self, role: Resource) -> bool | None:
        policies = list(self._policies(role))
        actions = [action for policy in policies for action in policy.actions]
        if any_covers(tuple(actions), (self.action,)):
            return True
        # A role that takes on another role may act as that one.
        hidden = self._loose or any_covers(tuple(actions), (ASSUME,))
        return None if hidden or not all(policy.complete for policy in policies) else False

    def _policies(self, role: Resource) -> Iterator[Said]:
        inline = role.get("Policies")
        for policy in items_of(inline):
            yield _said(policy.get("PolicyDocument") if isinstance(policy, dict) else None)
        for policy in self.permissions.attached(role):
            yield _said(policy.get("PolicyDocument"))
        for managed in items_of(role.get("ManagedPolicyArns")):
            yield self._managed(managed)

    def _managed(self, value: Value) -> Said:
        if isinstance(value, Reference):
            policy = self.estate.resource(value)
            return _said(policy.get("PolicyDocument")) if policy is not None else Said((), complete=False)
        last = value.parts[-1] if isinstance(value, Text) else value
        return Said((), complete=(scalar_text(last) or "").rsplit("/", 1)[-1] in _WITHOUT[self.action])

    def _is_loose(self, policy: Resource) -> bool:
        """Whether a policy that allows it is attached to a role nobody can tell: it may be anybody's."""
        names = [*items_of(policy.get("Roles")), *items_of(policy.get("RoleName"))]
        if all(self.permissions.role(name) is not None for name in names):
            return False
        return any_covers(_said(policy.get("PolicyDocument")).actions, (self.action,))


def _names_a_role(function: Resource) -> bool:
    """Whether the environment hands the code a role, by a variable's name or by an ARN."""
    for name, value in entries_of(function.get("Environment", "Variables")).items():
        text = "".join(part or "" for part in pattern_of(value) or ())
        if ":role/" in text or any(word in str(name).upper() for word in ("ROLE", "IAM_ARN")):
            return True
    return False


def _said(document: Value) -> Said:
    """The allowing actions of a policy document. Actions that are excluded, assumed or unresolved leave it incomplete."""
    statements = document.get("Statement") if isinstance(document, dict) else None
    if statements is None or isinstance(statements, Either):
        return Said((), complete=False)
    actions: list[str] = []
    complete = True
    for statement in items_of(statements):
        if isinstance(statement, dict) and scalar_text(statement.get("Effect")) == "Deny":
            continue
        named = items_of(statement.get("Action")) if isinstance(statement, dict) else []
        texts = [text for item in named if (text := scalar_text(item)) is not None]
        complete = complete and bool(named) and len(texts) == len(named) and not _assumed(statement)
        actions += texts
    return Said(tuple(actions), complete)


def _assumed(statement: Value) -> bool:
    resource = statement.get("Resource") if isinstance(statement, dict) else None
    return any(reference.guess for reference in references_in(resource))
