"""Planned values, and references in their place where the configuration shows that they come from another resource."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from constructs_lib.readers.cloudformation.database_words import speaks_of_database
from constructs_lib.readers.cloudformation.values import ONE_OF, Unresolved
from constructs_lib.readers.terraform.hidden import OUT_OF_SIGHT, Hidden
from constructs_lib.readers.terraform.plan import Plan, Planned, mapping
from constructs_lib.readers.terraform.references import (
    ANYTHING,
    Found,
    Local,
    References,
    Target,
    assumed,
    has_local,
    intrinsic,
    outermost,
)
from constructs_lib.readers.terraform.vocabulary import ADDRESSES, EXPECTED, LEADING, WITH_ADDRESS, WORDS

LEAST = 4
#: Blocks that AWS fills in when they are not written, so that a plan marks all of them as unknown.
COMPUTED_BLOCKS = frozenset({"connection_pool_config", "inline_policy"})
AFTER_APPLY = "known after apply"
#: Data sources that read a value by its name: the service, the attribute that holds the value, the argument that names it.
_KEEPING = ("secret_string", "value")
_KEPT = {
    "aws_secretsmanager_secret_version": ("secretsmanager", "secret_string", "secret_id"),
    "aws_ssm_parameter": ("ssm", "value", "name"),
}


def walk(value: Any, path: Sequence[str]) -> Any:
    """What lies at a path; a block is a list of which the first counts; ``True`` (all unknown) covers what is inside."""
    for key in path:
        if value is True:
            return True
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(key) if isinstance(value, dict) else None
    return value


class Values:
    """Reads arguments of planned resources as the shared reader's values."""

    def __init__(self, plan: Plan) -> None:
        self.references = References(plan)
        self.hidden = Hidden(plan, self.references)
        self._followed: set[str] = set()
        self.addresses: dict[str, Found] = {}
        for resource in plan.resources:
            for name in ADDRESSES if not resource.data and resource.type in WORDS else ():
                text = resource.values.get(name)
                if isinstance(text, str) and "." in text:
                    self.addresses.setdefault(text, Found(resource, (name,)))

    def targets(self, resource: Planned, *path: str) -> list[Target]:
        return self.references.of(walk(resource.expressions, path), resource)

    def get(self, resource: Planned, *path: str) -> Any:
        """The argument at a path: a literal, a reference, or unresolved with the reason; ``None`` when it is not set."""
        known, unknown = walk(resource.values, path), walk(resource.unknown, path)
        targets = self.targets(resource, *path)
        if known is None and unknown is not True and isinstance(resource.unknown, dict):
            return None
        if known is None and resource.configured and not is_written(resource.expressions, path):
            return None  # optional and left to AWS: known after apply only because AWS decides it
        wanted = _wanted(targets, path[-1])
        if known is None:
            wanted = self._sole(resource, path[-1], wanted) or self._sole_passed(resource, path) or wanted
            kept = self._behind(resource, path[-1], wanted)
            if kept is not None:
                return kept
        return self.value(known, wanted, f"{'.'.join(path)} of '{resource.address}'")

    def _sole(self, resource: Planned, argument: str, targets: list[Target]) -> list[Target]:
        """Behind a local value, which a plan does not show: the only thing of the fitting type that the same module makes."""
        types = EXPECTED.get(argument, ())
        if not has_local(targets):
            return []
        scope = outermost(resource.module)
        made = [
            other for other in self.references.plan.resources
            if not other.data and other.type in types and (other.module == scope or (scope and other.module.startswith(f"{scope}.")))
        ]  # fmt: skip
        return [Found(made[0], ("id",))] if len(made) == 1 else []

    def passed(self, resource: Planned, path: Sequence[str]) -> list[Found]:
        """For a block that ``dynamic`` makes, the things of the fitting type that its module is given."""
        types = EXPECTED.get(path[-1], ()) if path[0] not in resource.expressions else ()
        found = self.references.arguments(resource, ANYTHING) if types and resource.configured else []
        return [item for item in found if isinstance(item, Found) and item.resource.type in types]

    def _sole_passed(self, resource: Planned, path: Sequence[str]) -> list[Target]:
        found = self.passed(resource, path)
        return [*found] if len(found) == 1 else []

    def _behind(self, resource: Planned, argument: str, targets: list[Target]) -> Any:
        """What a local value puts into a secret or parameter that is a database's by its name: the only address out of sight."""
        if argument not in _KEEPING or not has_local(targets):
            return None
        owners = [item.resource for item in self.targets(resource, "secret_id") if isinstance(item, Found)]
        named = " ".join(f"{item.address} {item.values.get('name') or ''}" for item in (resource, *owners))
        if not speaks_of_database(named):
            return None
        found = self.hidden.behind(resource, targets, types=WITH_ADDRESS)
        return (
            assumed(intrinsic(found[0]), OUT_OF_SIGHT) if len({item.resource.address for item in found}) == 1 else None
        )

    def value(self, known: Any, targets: list[Target], subject: str) -> Any:
        if isinstance(known, str):
            return self._known(known, targets)
        return self.joined(targets, subject) if known is None else known

    def _known(self, known: str, targets: list[Target]) -> Any:
        for target in targets:
            if isinstance(target, Found) and not target.resource.data and target.resource.type in WORDS:
                value = walk(target.resource.values, target.path)
                if value == known:
                    return intrinsic(target)
                if isinstance(value, str) and len(value) >= LEAST and value in known:
                    before, _, after = known.partition(value)
                    return {"Fn::Join": ["", [before, intrinsic(target), after]]}
        return intrinsic(self.addresses[known]) if known in self.addresses else known

    def joined(self, targets: Sequence[Target], subject: str) -> Any:
        """Text of which only the references are known."""
        parts = [self.part(target) for target in targets if not isinstance(target, str)]
        if not parts:
            return Unresolved(f"{subject} is {AFTER_APPLY}")
        return parts[0] if len(parts) == 1 else {"Fn::Join": ["", parts]}

    def part(self, target: Target) -> Any:
        """One thing that an expression refers to."""
        if isinstance(target, Local):
            return target.unread
        if not isinstance(target, Found):
            return target
        resource, path = target.resource, target.path
        if not resource.data and resource.type in WORDS:
            one_of = target.one_of and resource.type in LEADING
            return assumed(intrinsic(target), ONE_OF) if one_of else intrinsic(target)
        found = walk(resource.values, path)
        if isinstance(found, (str, int, float)):
            return found
        kept = self._kept(resource, path)
        if kept is None and path and path[0] in resource.expressions and resource.address not in self._followed:
            return self._through(resource, path)
        return Unresolved(f"'{'.'.join((resource.address, *path))}' is {AFTER_APPLY}") if kept is None else kept

    def _through(self, resource: Planned, path: tuple[str, ...]) -> Any:
        """What an argument of a resource in between was written as: ``aws_secretsmanager_secret_version.x.secret_string``."""
        self._followed.add(resource.address)
        try:
            return self.joined(self.targets(resource, *path), ".".join((resource.address, *path)))
        finally:
            self._followed.discard(resource.address)

    def _kept(self, resource: Planned, path: tuple[str, ...]) -> Any:
        """What a data source will read only when the plan is applied, as a dynamic reference to where it is kept."""
        service, attribute, argument = _KEPT.get(resource.type, ("", "", ""))
        if not resource.data or path[:1] != (attribute,):
            return None
        name = resource.values.get(argument)
        if not isinstance(name, str):
            name = next(
                (self._called(item) for item in self.targets(resource, argument) if isinstance(item, Found)), None
            )
        return None if name is None else {"Fn::Join": ["", [f"{{{{resolve:{service}:", name, "}}"]]}

    def _called(self, target: Found) -> Any:
        """The name of a secret: a reference to one that the plan makes."""
        if not target.resource.data and target.resource.type in WORDS:
            return intrinsic(target)
        name = target.resource.values.get("name") or target.resource.values.get("arn")
        return name if isinstance(name, str) else None


def _wanted(targets: list[Target], argument: str) -> list[Target]:
    expected = EXPECTED.get(argument)
    if expected is None:
        return targets
    fitting: list[Target] = [
        target for target in targets if isinstance(target, Found) and target.resource.type in expected
    ]
    return fitting[:1] or targets


def is_written(expressions: Any, path: Sequence[str]) -> bool:
    """Whether an argument is set in the configuration. Blocks made by ``dynamic`` are not shown there, so they may be."""
    first, *rest = path
    if first not in expressions:
        return bool(rest) and first not in COMPUTED_BLOCKS
    inner = expressions[first]
    return not rest or not isinstance(inner, list) or any(rest[0] in mapping(block) for block in inner)


def document(text: Any) -> Any:
    """JSON text as a value; ``None`` when it is none."""
    if not isinstance(text, str):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
