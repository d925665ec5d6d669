"""Resource bodies of a template after macros: SAM resources become the CloudFormation resources they stand for, loops are unrolled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.model.fleet import Gap
from constructs_lib.model.origin import Origin
from constructs_lib.readers.cloudformation.document import Document

Bodies = dict[str, Mapping[str, Any]]
LOOP = "Fn::ForEach::"
MOST_ROUNDS = 1_000
DEEPEST = 5
#: Macros that this reader does itself, or that add nothing a function connects to.
KNOWN_MACROS = frozenset(
    {
        "AWS::Serverless-2016-10-31",
        "AWS::LanguageExtensions",
        "AWS::SecretsManager-2020-07-23",
        "AWS::SecretsManager-2024-09-16",
    }
)


def bodies_of(document: Document, parameters: Mapping[str, str]) -> tuple[Bodies, list[Gap]]:
    """Bodies by logical id, and what only CloudFormation can expand."""
    loops = _Loops(document, parameters)
    bodies = dict(loops.expanded(document.section("Resources")))
    gaps = [*_foreign_macros(document), *loops.gaps]
    if any(str(body.get("Type", "")).startswith("AWS::Serverless::") for body in bodies.values()):
        from constructs_lib.readers.cloudformation.sam import expanded  # noqa: PLC0415 - only SAM templates pay for it

        bodies = expanded(bodies, document.section("Globals"))
    return bodies, gaps


def _foreign_macros(document: Document) -> Iterator[Gap]:
    named = document.body.get("Transform")
    for macro in named if isinstance(named, list) else [named]:
        name = macro.get("Name") if isinstance(macro, dict) else macro
        if isinstance(name, str) and name not in KNOWN_MACROS:
            yield _gap(document, f"macro '{name}' rewrites the template when it is deployed", "Transform")
    if "Fn::Transform" in document.section("Resources"):
        yield _gap(document, "a transform in Resources adds resources when the template is deployed", "Resources")


def _gap(document: Document, missing: str, key: str) -> Gap:
    origin = Origin(document.path, document.lines.get((key,)))
    return Gap(document.name, missing, "give the processed template instead (aws cloudformation get-template)", origin)


class _Loops:
    """Unrolls ``Fn::ForEach`` where its collection is written out or a parameter with a value."""

    def __init__(self, document: Document, parameters: Mapping[str, str]) -> None:
        self.document = document
        self.parameters = parameters
        self.gaps: list[Gap] = []
        self.rounds = 0

    def expanded(self, section: Mapping[str, Any], depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The resources of a section; what is no mapping is no resource."""
        for name, body in section.items():
            if name.startswith(LOOP):
                yield from self._unrolled(name, body, depth)
            elif isinstance(body, dict):
                yield name, body

    def _unrolled(self, name: str, body: Any, depth: int) -> Iterator[tuple[str, Mapping[str, Any]]]:
        items = self._collection(body[1]) if isinstance(body, list) and len(body) == 3 else None
        if items is None or not isinstance(body[0], str) or not isinstance(body[2], dict) or depth >= DEEPEST:
            self.gaps.append(
                _gap(self.document, f"the loop '{name}' goes over values that the template does not show", "Resources")
            )
            return
        for item in items:
            self.rounds += 1
            if self.rounds > MOST_ROUNDS:
                self.gaps.append(
                    _gap(self.document, f"the loop '{name}' makes more than {MOST_ROUNDS:,} copies", "Resources")
                )
                return
            for made, inner in self.expanded(_replaced(body[2], body[0], item), depth + 1):
                yield made, {"poolproof:from": name, **inner}

    def _collection(self, raw: Any) -> list[str] | None:
        if isinstance(raw, dict) and isinstance(raw.get("Ref"), str):
            declared = self.document.section("Parameters").get(raw["Ref"])
            value = self.parameters.get(raw["Ref"], declared.get("Default") if isinstance(declared, dict) else None)
            return [part.strip() for part in value.split(",")] if isinstance(value, str) else None
        if isinstance(raw, list) and all(isinstance(item, (str, int)) for item in raw):
            return [str(item) for item in raw]
        return None


def _replaced(value: Any, identifier: str, item: str) -> Any:
    """The loop's body for one item: ``${X}`` and ``&{X}`` in keys and text, and ``Ref`` to the loop's variable."""
    if isinstance(value, dict):
        if value == {"Ref": identifier}:
            return item
        return {_filled(str(key), identifier, item): _replaced(inner, identifier, item) for key, inner in value.items()}
    if isinstance(value, list):
        return [_replaced(inner, identifier, item) for inner in value]
    return _filled(value, identifier, item) if isinstance(value, str) else value


def _filled(text: str, identifier: str, item: str) -> str:
    plain = "".join(character for character in item if character.isalnum())
    return text.replace(f"${{{identifier}}}", item).replace(f"&{{{identifier}}}", plain)
