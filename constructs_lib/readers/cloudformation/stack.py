"""A template with its parameters: one stack, and the resources it will have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from constructs_lib.model.origin import Origin
from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.values import (
    NO_VALUE,
    Either,
    Reference,
    Unresolved,
    Value,
    either,
)

if TYPE_CHECKING:
    from constructs_lib.readers.cloudformation.estate import Estate
    from constructs_lib.readers.cloudformation.intrinsics import Resolver


_NOT_ASKED: Any = object()


class Resource:
    """One resource of a stack; properties are resolved when asked for, once."""

    __slots__ = (
        "_origin",
        "_path",
        "_resolved",
        "body",
        "id",
        "key",
        "logical_id",
        "maybe",
        "properties",
        "stack",
        "type",
    )

    def __init__(self, stack: Stack, logical_id: str, body: Mapping[str, Any]) -> None:
        self.stack = stack
        self.logical_id = logical_id
        self.id = stack.fleet_id(logical_id)  #: the id of the resource in the fleet
        self.key: tuple[str, str] = (stack.key, logical_id)
        self.body = body
        properties = body.get("Properties")
        self.properties: Mapping[str, Any] = properties if isinstance(properties, dict) else {}
        self.type = str(body.get("Type", ""))
        self.maybe = False
        self._origin: Origin | None = None
        self._path: str | None = None
        self._resolved: dict[str, Value] = {}

    def __repr__(self) -> str:
        return f"Resource({self.id}, {self.type})"

    @property
    def metadata(self) -> Mapping[str, Any]:
        found = self.body.get("Metadata")
        return found if isinstance(found, dict) else {}

    @property
    def construct_path(self) -> str | None:
        """The construct path CDK wrote, without the resource's own last part ``/Resource``."""
        if self._path is None:
            path = self.metadata.get("aws:cdk:path")
            if not isinstance(path, str):
                path = self.stack.document.paths.get(self.logical_id, "")
            self._path = path.removesuffix("/Resource")
        return self._path or None

    @property
    def origin(self) -> Origin:
        if self._origin is None:
            document = self.stack.document
            line = document.line("Resources", self.body.get("poolproof:from", self.logical_id))
            self._origin = Origin(document.path, line, self.logical_id, self.construct_path)
        return self._origin

    def get(self, *path: str) -> Value:
        """The resolved property at a path of keys; ``None`` when it is not set."""
        first = path[0]
        value = self._resolved.get(first, _NOT_ASKED)
        if value is _NOT_ASKED:
            raw = self.properties.get(first)
            value = self._resolved[first] = None if raw is None else self.stack.resolve(raw)
        if len(path) > 1:
            for key in path[1:]:
                value = value.get(key) if type(value) is dict else _entry(value, key)
        return None if value is NO_VALUE else value

    def reference(self, attribute: str = "Ref") -> Reference:
        return Reference(self.stack.key, self.logical_id, attribute)


def _entry(value: Value, key: str) -> Value:
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, Either):
        return either([_entry(option, key) for option in value.options])
    return value if isinstance(value, Unresolved) else None


@dataclass
class Stack:
    """A template instantiated with parameters. ``key`` is unique in the estate; ``label`` prefixes ids when several are read.

    A nested stack has a ``parent`` and the logical id it was ``made_by`` there.
    """

    key: str
    label: str
    document: Document
    estate: Estate
    parent: Stack | None = None
    made_by: str = ""
    resources: dict[str, Resource] = field(default_factory=dict)
    children: dict[str, Stack] = field(default_factory=dict)
    resolver: Resolver | None = field(default=None, repr=False, compare=False)

    def resolve(self, raw: Any) -> Value:
        if self.resolver is None:
            self.resolver = self.estate.resolver(self)
        return self.resolver.resolve(raw)

    def given(self, parameter: str) -> Value:
        """What the parent stack passes for a parameter; ``None`` when there is no parent or it passes nothing."""
        if self.parent is None:
            return None
        maker = self.parent.resources.get(self.made_by)
        return maker.get("Parameters", parameter) if maker is not None else None

    def fleet_id(self, logical_id: str) -> str:
        return f"{self.label}/{logical_id}" if self.label else logical_id

    def outputs(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        for name, output in self.document.section("Outputs").items():
            if isinstance(output, dict):
                yield name, output
