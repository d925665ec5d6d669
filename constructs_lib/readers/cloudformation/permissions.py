"""What a function's role allows, as far as it opens a way to a store: inline and attached policies, and the managed ones that matter."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

from constructs_lib.model.actions import EVERYTHING, any_covers
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    Reference,
    Text,
    Unresolved,
    Value,
    items_of,
    references_in,
    scalar_text,
    why_unread,
)

ROLE = "AWS::IAM::Role"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy", "AWS::IAM::RolePolicy")
#: AWS managed policies that let a function use a store; read from the IAM managed policy reference on 2026-11-21.
AWS_MANAGED: dict[str, tuple[str, ...]] = {
    "AmazonDynamoDBFullAccess": ("dynamodb:*",),
    "AmazonDynamoDBFullAccess_v2": ("dynamodb:*",),
    "AmazonDynamoDBReadOnlyAccess": ("dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:BatchGetItem"),
    "AmazonRDSDataFullAccess": ("rds-data:*", "secretsmanager:GetSecretValue"),
    "SecretsManagerReadWrite": ("secretsmanager:*",),
    "AmazonSSMFullAccess": ("ssm:*",),
    "AmazonSSMReadOnlyAccess": ("ssm:Get*",),
    "AmazonAthenaFullAccess": ("athena:*",),
    "AdministratorAccess": ("*",),
    "PowerUserAccess": ("*",),
}

#: Marks a statement that stands for a policy template or a connector.
READY_MADE = "poolproof:ready-made"
#: What ``grant_read_data`` of the CDK always allows together, older releases with the stream's actions instead of the last
#: (aws-cdk-lib 2.120 and 2.275, aws-dynamodb/lib/perms).
CDK_READ_DATA = frozenset({"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query", "dynamodb:Scan"})
CDK_SIGNS = frozenset({"dynamodb:ConditionCheckItem", "dynamodb:GetShardIterator"})
#: What it never allows.
_BY_HAND = frozenset({"dynamodb:CreateTable", "dynamodb:DeleteTable", "dynamodb:UpdateTable", "dynamodb:ListTables"})


class Statement(NamedTuple):
    """One statement; ``shared`` tells that several functions run with the role, ``ready_made`` that nobody wrote its actions by hand,
    ``managed`` that AWS did, ``unread`` why a part of it could not be read.
    """

    actions: tuple[str, ...]
    resources: tuple[Value, ...]
    shared: bool = False
    refused: bool = False
    conditional: bool = False
    ready_made: bool = False
    managed: bool = False
    unread: str = ""

    def allows(self, *actions: str) -> bool:
        """Whether one of the actions is allowed by name or pattern; a bare ``*`` says nothing about stores."""
        return any_covers(_named(self.actions), actions)

    @property
    def everywhere(self) -> bool:
        """Whether it covers resources without naming one."""
        return any(is_wide(resource) for resource in self.resources)


@lru_cache(maxsize=8192)
def _named(patterns: tuple[str, ...]) -> tuple[str, ...]:
    """The patterns that speak of some service."""
    return tuple(pattern for pattern in patterns if pattern != EVERYTHING)


def is_wide(resource: Value) -> bool:
    """Whether the resource of a statement stands for several, without a reference to one."""
    if isinstance(resource, Text):
        last = resource.parts[-1]
        return isinstance(last, str) and _ends_wide(last) and not any(isinstance(p, Reference) for p in resource.parts)
    text = scalar_text(resource)
    return text is not None and _ends_wide(text)


def _ends_wide(text: str) -> bool:
    """Every index of a table is still one table."""
    return text.endswith("*") and not text.endswith("/index/*")


class Permissions:
    """Statements of every role of an estate."""

    def __init__(self, estate: Estate, named: Named, functions: Iterable[Resource]) -> None:
        self.estate = estate
        self.named = named
        self.functions: dict[str, list[Resource]] = {}  #: by stack
        self._attached: dict[tuple[str, str], list[Resource]] = {}
        self._statements: dict[tuple[str, str], tuple[Statement, ...]] = {}
        self._shared: dict[tuple[str, str], tuple[Statement, ...]] = {}
        self._allowing: dict[tuple[str, str], tuple[Statement, ...]] = {}
        self._roles: dict[tuple[str, str], Resource | None] = {}
        self._users: dict[tuple[str, str], list[Resource]] = {}
        for policy in estate.of_type(*POLICIES):
            for name in [*items_of(policy.get("Roles")), *items_of(policy.get("RoleName"))]:
                role = self.role(name)
                if role is not None:
                    self._attached.setdefault(role.key, []).append(policy)
        for function in functions:
            self.functions.setdefault(function.stack.key, []).append(function)
            role = self.role_of(function)
            if role is not None:
                self._users.setdefault(role.key, []).append(function)

    def role(self, value: Value) -> Resource | None:
        """The role behind a reference, a name or an ARN; ``None`` when it is not in the given templates."""
        if isinstance(value, Either):
            found = [role for option in value.options if (role := self.role(option)) is not None]
            return found[0] if found else None
        if isinstance(value, Reference):
            resource = self.estate.resource(value)
            return resource if resource is not None and resource.type == ROLE else None
        return self.named.resource(value, {ROLE})

    def role_of(self, function: Resource) -> Resource | None:
        """The role that a function runs with, looked up once."""
        if function.key not in self._roles:
            self._roles[function.key] = self.role(function.get("Role"))
        return self._roles[function.key]

    def of_function(self, function: Resource) -> tuple[Statement, ...] | None:
        """What a function may do; ``None`` when its role is not in the given templates."""
        role = self.role_of(function)
        if role is None:
            return None
        if len(self.users(role)) < 2:
            return self.of_role(role)
        if role.key not in self._shared:
            self._shared[role.key] = tuple(statement._replace(shared=True) for statement in self.of_role(role))
        return self._shared[role.key]

    def users(self, role: Resource) -> Sequence[Resource]:
        """The functions that run with a role."""
        return self._users.get(role.key, ())

    @cached_property
    def trusted(self) -> set[tuple[str, str]]:
        """Roles that another role of the estate lets take it on."""
        found: set[tuple[str, str]] = set()
        for role in self.estate.of_type(ROLE):
            trusted = [
                self.estate.resource(reference) for reference in references_in(role.get("AssumeRolePolicyDocument"))
            ]
            found.update(item.key for item in trusted if item is not None and item is not role and item.type == ROLE)
        return found

    def attached(self, role: Resource) -> tuple[Resource, ...]:
        """Policies of the given templates that name the role."""
        return tuple(self._attached.get(role.key, ()))

    def of_role(self, role: Resource) -> tuple[Statement, ...]:
        """What a role allows; statements that deny are left out."""
        found = self._allowing.get(role.key)
        if found is None:
            found = tuple(statement for statement in self.written_for(role) if not statement.refused)
            self._allowing[role.key] = found
        return found

    def written_for(self, role: Resource) -> tuple[Statement, ...]:
        """Every statement of a role, denying ones among them."""
        if role.key not in self._statements:
            found: list[Statement] = []
            for policy in items_of(role.get("Policies")):
                found += _statements(policy.get("PolicyDocument") if isinstance(policy, dict) else None)
            for policy in self._attached.get(role.key, ()):
                found += _statements(policy.get("PolicyDocument"))
            for managed in items_of(role.get("ManagedPolicyArns")):
                found += self._managed(managed)
            self._statements[role.key] = tuple(found)
        return self._statements[role.key]

    def hidden_policy(self, role: Resource) -> str | None:
        """Why one of a role's managed policies cannot be told apart from any other; ``None`` when all have a name or are given."""
        for managed in items_of(role.get("ManagedPolicyArns")):
            unread = None if isinstance(managed, Reference) or _last(managed) else why_unread(managed)
            if unread is not None:
                return unread
        return None

    def _managed(self, value: Value) -> list[Statement]:
        if isinstance(value, Reference):
            policy = self.estate.resource(value)
            return _statements(policy.get("PolicyDocument")) if policy is not None else []
        name = _last(value).rsplit("/", 1)[-1]
        actions = AWS_MANAGED.get(name)
        return [Statement(actions, ("*",), ready_made=True, managed=True)] if actions else []


def _last(value: Value) -> str:
    if isinstance(value, Text):
        value = value.parts[-1]
    return scalar_text(value) or ""


def _statements(document: Value) -> list[Statement]:
    if isinstance(document, Either):
        return [statement for option in document.options for statement in _statements(option)]
    inner: Any = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(document, Unresolved) or isinstance(inner, Unresolved):
        return [Statement((), (), unread=why_unread(document) or why_unread(inner) or "")]
    return [_statement(statement) for statement in items_of(inner) if isinstance(statement, dict)]


def _statement(written: dict[str, Any]) -> Statement:
    actions = tuple(text for item in items_of(written.get("Action")) if (text := scalar_text(item)) is not None)
    return Statement(
        actions,
        tuple(items_of(written.get("Resource"))),
        refused=scalar_text(written.get("Effect")) == "Deny",
        conditional=written.get("Condition") is not None,
        ready_made=READY_MADE in written or _by_cdk(frozenset(actions)),
        unread=_unread(written),
    )


def _by_cdk(actions: frozenset[str]) -> bool:
    return actions >= CDK_READ_DATA and bool(CDK_SIGNS & actions) and not _BY_HAND & actions


def _unread(written: dict[str, Any]) -> str:
    """Why an action, or whether it is allowed at all, could not be read."""
    words = [written.get("Effect"), *items_of(written.get("Action"))]
    return next((why for word in words if (why := why_unread(word)) is not None), "")
