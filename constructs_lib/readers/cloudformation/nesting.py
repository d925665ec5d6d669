"""Which template is a nested stack of which, and the stacks that follow from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from constructs_lib.model.fleet import Gap
from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.expansion import Bodies, bodies_of
from constructs_lib.readers.cloudformation.stack import Stack
from constructs_lib.readers.reading import Unread

NESTED = {"AWS::CloudFormation::Stack": "TemplateURL", "AWS::Serverless::Application": "Location"}
MOST_STACKS = 20_000
DEEPEST = 8


def build(documents: Sequence[Document], parameters: Mapping[str, str]) -> Estate:
    """The stacks of all documents: nested ones once for every place that makes them, the others by themselves."""
    return _Builder(documents, parameters).build()


def nested_file(body: Mapping[str, Any]) -> str | None:
    """The file name of the template that a nested stack resource names, as far as the template shows it."""
    kind = body.get("Type")
    location = NESTED.get(kind if type(kind) is str else str(kind))
    if location is None:
        return None
    metadata = body.get("Metadata")
    asset = metadata.get("aws:asset:path") if isinstance(metadata, dict) else None
    if isinstance(asset, str):
        return asset
    properties = body.get("Properties")
    raw = properties.get(location) if isinstance(properties, dict) else None
    text = None if isinstance(raw, dict) and "ApplicationId" in raw else _last_text(raw)
    return text.rsplit("?", 1)[0] if text else None


def _last_text(raw: Any) -> str | None:
    """The end of a location, where the file name is; intrinsics keep it in their last text."""
    while isinstance(raw, (dict, list)) and raw:
        raw = list(raw.values())[-1] if isinstance(raw, dict) and "Fn::Sub" not in raw else _inner(raw)
    return raw if isinstance(raw, str) else None


def _inner(raw: Any) -> Any:
    if isinstance(raw, list):
        return raw[-1]
    template = raw["Fn::Sub"]
    return template[0] if isinstance(template, list) and template else template


class _Builder:
    def __init__(self, documents: Sequence[Document], parameters: Mapping[str, str]) -> None:
        self.documents = documents
        self.names = _distinct(documents)
        self.estate = Estate(parameters)
        self.bodies: dict[int, Bodies] = {}
        for document in documents:
            self.bodies[id(document)], gaps = bodies_of(document, parameters)
            self.estate.gaps += gaps
        self.by_file: dict[str, list[Document]] = {}
        for document in documents:
            self.by_file.setdefault(PurePosixPath(document.path.replace("\\", "/")).name, []).append(document)
        self.nested = {id(document): list(self._nested(document)) for document in documents}
        self.uses: dict[int, int] = {}
        for document in documents:
            for _, child in self.nested[id(document)]:
                self.uses[id(child)] = self.uses.get(id(child), 0) + 1

    def _nested(self, document: Document) -> Iterator[tuple[str, Document]]:
        for name, body in self.bodies[id(document)].items():
            file = nested_file(body)
            if not file:
                continue
            uploaded = PurePosixPath(file.replace("\\", "/")).name
            found = self.by_file.get(PurePosixPath(document.assets.get(uploaded, uploaded)).name, [])
            if len(found) == 1 and found[0] is not document:
                yield name, found[0]

    def build(self) -> Estate:
        roots = [document for document in self.documents if id(document) not in self.uses]
        for document in roots:
            self.add(document, None, "", 0)
        reached = {id(stack.document) for stack in self.estate.stacks.values()}
        for document in self.documents:
            if id(document) not in reached:  # templates that nest each other in a circle
                self.add(document, None, "", DEEPEST)
        self.estate.settle()
        return self.estate

    def add(self, document: Document, parent: Stack | None, made_by: str, depth: int) -> None:
        if len(self.estate.stacks) >= MOST_STACKS:
            reason = f"more than {MOST_STACKS:,} stacks: the nested stacks of this template were not read any more"
            self.estate.unread.append(Unread(document.path, None, reason))
            return
        stack = Stack(
            self._key(document, parent, made_by), self._label(document, parent, made_by), document, self.estate
        )
        stack.parent, stack.made_by = parent, made_by
        self.estate.add(stack, self.bodies[id(document)])
        if parent is not None:
            parent.children[made_by] = stack
        if depth < DEEPEST:
            for name, child in self.nested[id(document)]:
                self.add(child, stack, name, depth + 1)
        self._note_missing(stack)

    def _note_missing(self, stack: Stack) -> None:
        """Nested stacks whose template nobody gave may hold stores and functions."""
        for name, resource in stack.resources.items():
            if resource.type in NESTED and name not in stack.children and nested_file(resource.body):
                missing = (
                    "the template of this nested stack is not among those given: its stores and functions are unknown"
                )
                advice = f"give the template '{nested_file(resource.body)}' as well"
                self.estate.gaps.append(Gap(resource.id, missing, advice, resource.origin))

    def _key(self, document: Document, parent: Stack | None, made_by: str) -> str:
        return f"{parent.key}>{made_by}" if parent is not None else f"{len(self.estate.stacks)}:{document.name}"

    def _label(self, document: Document, parent: Stack | None, made_by: str) -> str:
        if len(self.documents) == 1:
            return ""
        name = self.names[id(document)]
        if parent is None:
            return name
        plain = parent.label == self.names[id(parent.document)]
        if plain and self.uses.get(id(document), 0) < 2:
            return name
        return f"{'' if plain else f'{parent.label}/'}{made_by}/{name}"


def _distinct(documents: Sequence[Document]) -> dict[int, str]:
    """Names of documents; those of the same name in different folders get their folder before it, then a number."""
    counts = Counter(document.name for document in documents)
    names: dict[int, str] = {}
    taken: set[str] = set()
    for document in documents:
        name = document.name
        if counts[name] > 1:
            name = "/".join([*PurePosixPath(document.path.replace("\\", "/")).parts[-2:-1], name])
        unique, number = name, 2
        while unique in taken:
            unique, number = f"{name}~{number}", number + 1
        taken.add(unique)
        names[id(document)] = unique
    return names
