"""All stacks read together: who can see what of whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from constructs_lib.model.fleet import Gap
from constructs_lib.readers.cloudformation.intrinsics import Resolver
from constructs_lib.readers.cloudformation.like_named import LikeNamed
from constructs_lib.readers.cloudformation.lookups import Names
from constructs_lib.readers.cloudformation.placeholders import called, plain
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.values import Reference, Unresolved, Value, guessed, scalar_text, text_of
from constructs_lib.readers.reading import Unread


class Estate:
    """Stacks and the names between them: exports, SSM parameters, outputs, and resources by type."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self.stacks: dict[str, Stack] = {}
        self.by_type: dict[str, list[Resource]] = {}
        self.depth = 0
        self.unread: list[Unread] = []
        self.gaps: list[Gap] = []
        self._overrides = dict(parameters)
        self._resolvers: dict[str, Resolver] = {}
        self._outputs: dict[tuple[str, str], Value] = {}
        self._left_out: dict[str, set[str]] = {}
        self._exports: Names[tuple[Stack, str]] | None = None
        self._stored: Names[Resource] | None = None
        self._alike: LikeNamed | None = None

    def add(self, stack: Stack, bodies: Mapping[str, Mapping[str, Any]]) -> None:
        """Take a stack with the bodies of its resources."""
        self.stacks[stack.key] = stack
        stack.resources = {name: Resource(stack, name, body) for name, body in bodies.items()}

    def settle(self) -> None:
        """When every stack is known: leave out the resources whose condition does not hold, and list the others by type."""
        for stack in self.stacks.values():
            absent = self._left_out[stack.key] = self._absent(stack)
            stack.resources = {name: found for name, found in stack.resources.items() if name not in absent}
            for resource in stack.resources.values():
                self.by_type.setdefault(resource.type, []).append(resource)

    def _absent(self, stack: Stack) -> set[str]:
        if stack.parent is not None and stack.made_by not in stack.parent.resources:
            return set(stack.resources)
        conditions = self.resolver(stack).conditions
        absent = set()
        for name, resource in stack.resources.items():
            if "Condition" in resource.body:
                holds = conditions.holds(resource.body["Condition"])
                resource.maybe = holds is None
                if holds is False:
                    absent.add(name)
        return absent

    def resolver(self, stack: Stack) -> Resolver:
        found = self._resolvers.get(stack.key)
        if found is None:
            found = self._resolvers[stack.key] = Resolver(stack)
        return found

    def left_out(self, stack: Stack) -> set[str]:
        """Resources of the template that the stack will not have, because a condition does not hold."""
        return self._left_out.get(stack.key, set())

    def resource(self, reference: Reference) -> Resource | None:
        stack = self.stacks.get(reference.stack)
        return stack.resources.get(reference.logical_id) if stack else None

    def of_type(self, *types: str) -> Iterable[Resource]:
        for name in types:
            yield from self.by_type.get(name, ())

    def override(self, stack: Stack, name: str) -> str | None:
        """A parameter the user set: ``Stack/Name`` before ``Name``; a nested stack gets only what is meant for it."""
        specific = self._overrides.get(f"{stack.document.name}/{name}")
        return specific if specific is not None else self._overrides.get(name)

    def output(self, stack: Stack, name: str) -> Value:
        """The value of a stack's output."""
        key = (stack.key, name)
        if key not in self._outputs:
            self._outputs[key] = Unresolved(f"output '{name}' rests on itself")
            output = stack.document.section("Outputs").get(name)
            found: Value = Unresolved(f"stack '{stack.document.name}' has no output '{name}'")
            if isinstance(output, dict):
                found = stack.resolve(output.get("Value"))
            self._outputs[key] = found
        return self._outputs[key]

    def imported(self, name: Value) -> Value:
        """What another stack exports under a name."""
        if self._exports is None:
            self._exports = Names()
            for stack in list(self.stacks.values()):
                for output, body in stack.outputs():
                    export = body.get("Export")
                    if isinstance(export, dict) and "Name" in export:
                        self._exports.add(stack.resolve(export["Name"]), (stack, output))
        found = self._exports.find(name)
        if len(found) != 1:
            known = called(name)
            what = known or "with a name known at deploy time"
            source = plain(known) if known else None
            return Unresolved(f"import {what} comes from a stack that was not given", imported=source)
        return self.output(*found[0])

    def stored(self, name: Value) -> Value:
        """The value of an SSM parameter that one of the stacks makes."""
        if self._stored is None:
            self._stored = Names()
            for resource in self.of_type("AWS::SSM::Parameter"):
                self._stored.add(resource.get("Name"), resource)
        found = self._stored.find(name)
        if len(found) != 1:
            return Unresolved(f"SSM parameter {text_of(name) or ''} is not made by a given template")
        return found[0].get("Value")

    def output_called_like(self, stack: Stack, parameter: str) -> Value | None:
        """The reference that the one output of another stack with the same name gives, marked as assumed; ``None`` without one."""
        if len(self.stacks) < 2 or stack.parent is not None:
            return None
        if self._alike is None:
            self._alike = LikeNamed(self.stacks.values())
        values = [(other, name) for other, name in self._alike.find(parameter) if other.key != stack.key]
        if len(values) != 1:
            return None
        other, name = values[0]
        value = self.output(other, name)
        if isinstance(value, Unresolved) or scalar_text(value) is not None:
            return None
        return guessed(value, f"parameter '{parameter}' taken for output '{name}' of '{other.document.name}'")
