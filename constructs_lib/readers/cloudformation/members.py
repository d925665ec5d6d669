"""Lists of subnets or security groups as ids, with the reason wherever a member is not known."""

from __future__ import annotations

from functools import cached_property

from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    NoValue,
    Reference,
    Text,
    Unresolved,
    Value,
    references_in,
    scalar_text,
)

VPC = "AWS::EC2::VPC"
DEFAULT_GROUP = "DefaultSecurityGroup"
Found = tuple[tuple[str, ...], tuple[str, ...]]
_STORED = "AWS::SSM::Parameter"
DEEPEST = 4


class Members:
    """Follows values to the resources of one type."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.estate = environment.estate

    def of(self, value: Value, resource_type: str, depth: int = 0) -> Found:
        """Ids in order, and why others are missing. A member that was matched by name stands in both."""
        if value is None or isinstance(value, NoValue):
            return (), ()
        if isinstance(value, list):
            if None in value:
                return (), ("it is known after apply",)
            found = [self.of(item, resource_type, depth) for item in value]
            ids = dict.fromkeys(name for names, _ in found for name in names)
            return tuple(ids), tuple(dict.fromkeys(reason for _, reasons in found for reason in reasons))
        if isinstance(value, Reference):
            return self._reference(value, resource_type, depth)
        return ((), (value.reason,)) if isinstance(value, Unresolved) else self._text(value, resource_type)

    def _text(self, value: Value, resource_type: str) -> Found:
        text = scalar_text(value)
        if text is not None and "{{resolve:" not in text:
            return tuple(part.strip() for part in text.split(",") if part.strip()), ()
        if isinstance(value, Either):
            return (), ("it depends on a condition",)
        if isinstance(value, Text) and not any(isinstance(part, str) and "{{resolve:" in part for part in value.parts):
            return self.of(
                [part for part in value.parts if not isinstance(part, str) or part.strip(", ")], resource_type
            )
        uses = [use for use in self.environment.uses(value, "") if use.resource.type == resource_type and not use.guess]
        if uses:
            return tuple(dict.fromkeys(use.resource.id for use in uses)), ()
        return (), ("it is known when the stack is deployed",)

    def _reference(self, reference: Reference, resource_type: str, depth: int) -> Found:
        resource = self.estate.resource(reference)
        if resource is not None and resource.type == resource_type and not reference.part:
            doubt = (reference.guess,) if reference.guess else ()
            return (resource.id,), doubt
        if resource is not None and resource.type == VPC and reference.attribute == DEFAULT_GROUP:
            return (f"{resource.id}.{DEFAULT_GROUP}",), ()
        if resource is not None and resource.type == _STORED and depth < DEEPEST:
            return self.of(resource.get("Value"), resource_type, depth + 1)
        return (), (f"'{reference.logical_id}' gives something that the templates do not show",)

    @cached_property
    def shown(self) -> set[tuple[str, str]]:
        """What other stacks may have been given; see ``shown_outside``."""
        return shown_outside(self.estate)

    def vpc(self, value: Value) -> str | None:
        """The id of the one VPC that a value surely names."""
        ids, unresolved = self.of(value, VPC)
        return ids[0] if len(ids) == 1 and not unresolved else None

    def resource(self, value: Value, resource_type: str) -> Resource | None:
        """The resource of that type which a reference names."""
        found = self.estate.resource(value) if isinstance(value, Reference) else None
        return found if found is not None and found.type == resource_type else None


def shown_outside(estate: Estate) -> set[tuple[str, str]]:
    """Keys of the resources that an output or an SSM parameter gives to stacks that may not have been read."""
    shown = set()
    for stack in estate.stacks.values():
        if stack.parent is None:
            for _, output in stack.outputs():
                shown |= {(item.stack, item.logical_id) for item in references_in(stack.resolve(output.get("Value")))}
    for parameter in estate.of_type(_STORED):
        shown |= {(item.stack, item.logical_id) for item in references_in(parameter.get("Value"))}
    return shown
