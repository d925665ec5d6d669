"""Intrinsic functions: from what a template says to a value, a reference, or unresolved with the reason. Never raises."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from constructs_lib.readers.cloudformation.conditions import Conditions
from constructs_lib.readers.cloudformation.parameters import Parameters
from constructs_lib.readers.cloudformation.values import (
    NO_VALUE,
    Either,
    Reference,
    Text,
    Unresolved,
    Value,
    concatenated,
    either,
    guessed,
    mapped,
    scalar_text,
)
from constructs_lib.regex import regex

if TYPE_CHECKING:
    from constructs_lib.readers.cloudformation.stack import Stack

DEEPEST = 120
_PLAIN = frozenset({str, int, float, bool, type(None)})
_HOLE = regex(r"\$\{([^!][^}]*)\}")
#: Parts of an ARN before the resource: cutting them out of a reference gives nothing of the resource itself.
_ARN_HEAD = 5
_PARTITION = {"cn": "aws-cn", "us-gov": "aws-us-gov"}


class Resolver:
    """Resolves values of one stack, with the stack's parameters and conditions."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.estate = stack.estate
        self._declared = stack.document.section("Parameters")
        self._pseudos: dict[str, Value] = {}
        self._references: dict[tuple[str, str], Reference] = {}
        self.parameters = Parameters(stack)
        self.conditions = Conditions(self)
        self._functions: Mapping[str, Callable[[Any], Value]] = {
            "Ref": self._ref,
            "Fn::GetAtt": self._get_att,
            "Fn::Sub": self._sub,
            "Fn::Join": self._join,
            "Fn::Select": self._select,
            "Fn::Split": self._split,
            "Fn::FindInMap": self._find_in_map,
            "Fn::If": self._if,
            "Fn::ImportValue": self._import,
            "Fn::Base64": self.resolve,
            "Fn::Length": self._length,
            "Fn::ToJsonString": self._to_json,
            "poolproof:assumed": self._assumed,
        }

    def resolve(self, raw: Any) -> Value:
        """The value behind what the template says. Scalars, most of what there is, cost a look at their type."""
        if type(raw) in _PLAIN:
            return raw  # type: ignore[no-any-return]
        if not isinstance(raw, (dict, list)):
            return raw if isinstance(raw, (str, int, float, Unresolved)) else str(raw)
        estate = self.estate
        if estate.depth > DEEPEST:
            return Unresolved(f"nested deeper than {DEEPEST} levels")
        estate.depth += 1
        try:
            return self._items(raw) if isinstance(raw, list) else self._entries(raw)
        finally:
            estate.depth -= 1

    def _items(self, raw: list[Any]) -> Value:
        resolve = self.resolve
        items = [item if type(item) in _PLAIN else resolve(item) for item in raw]
        return [item for item in items if item is not NO_VALUE] if NO_VALUE in items else items

    def _entries(self, raw: dict[str, Any]) -> Value:
        if len(raw) == 1:
            (name,) = raw
            function = self._functions.get(name)
            if function is not None:
                return function(raw[name])
            if name.startswith("Fn::"):
                return self._unknown_function(name)
        resolve = self.resolve
        resolved = {key: item if type(item) in _PLAIN else resolve(item) for key, item in raw.items()}
        resolved.pop("Fn::Transform", None)
        if NO_VALUE in resolved.values():
            return {key: item for key, item in resolved.items() if item is not NO_VALUE}
        return resolved

    def _unknown_function(self, name: str) -> Value:
        if name.removeprefix("Fn::") in ("Equals", "And", "Or", "Not", "Contains"):
            return Unresolved(f"{name} outside of a condition")
        return Unresolved(f"{name} is decided by CloudFormation when it deploys")

    def _ref(self, argument: Any) -> Value:
        if not isinstance(argument, str):
            return Unresolved("a Ref must name a parameter or resource")
        if argument.startswith("AWS::"):
            return self._pseudo(argument)
        if argument in self._declared:
            return self.parameters.value(argument)
        if argument in self.stack.resources:
            return self._reference(argument, "Ref")
        if argument in self.stack.estate.left_out(self.stack):
            return Unresolved(f"resource '{argument}' is switched off by its condition")
        return Unresolved(f"'{argument}' is neither a parameter nor a resource of the template", absent=argument)

    def _reference(self, logical_id: str, attribute: str) -> Reference:
        known = self._references.get((logical_id, attribute))
        if known is None:
            known = self._references[logical_id, attribute] = Reference(self.stack.key, logical_id, attribute)
        return known

    def _pseudo(self, name: str) -> Value:
        if name not in self._pseudos:
            self._pseudos[name] = self._pseudo_value(name)
        return self._pseudos[name]

    def _pseudo_value(self, name: str) -> Value:
        document = self.stack.document
        known = {
            "AWS::Region": document.region,
            "AWS::AccountId": document.account,
            "AWS::StackName": document.stack_name,
        }
        if known.get(name):
            return known[name]
        if name == "AWS::NoValue":
            return NO_VALUE
        if name == "AWS::URLSuffix":
            return "amazonaws.com"
        return Unresolved(f"{name} is known when the stack is deployed")

    def _get_att(self, argument: Any) -> Value:
        if isinstance(argument, str):
            argument = argument.split(".", 1)
        if not isinstance(argument, list) or len(argument) < 2 or not isinstance(argument[0], str):
            return Unresolved("a GetAtt must name a resource and an attribute")
        if len(argument) == 2 and type(argument[1]) is str:
            return self.attribute(argument[0], argument[1])
        rest = concatenated([item for part in argument[1:] for item in (".", self.resolve(part))][1:])
        attribute = scalar_text(rest)
        if attribute is None:
            return Unresolved("the attribute of a GetAtt is not known")
        return self.attribute(argument[0], attribute)

    def attribute(self, logical_id: str, attribute: str) -> Value:
        """An attribute of a resource; an output of a nested stack is followed."""
        child = self.stack.children.get(logical_id)
        if child is not None and attribute.startswith("Outputs."):
            return self.stack.estate.output(child, attribute.removeprefix("Outputs."))
        if logical_id in self.stack.resources:
            return self._reference(logical_id, attribute)
        if logical_id in self.stack.estate.left_out(self.stack):
            return Unresolved(f"resource '{logical_id}' is switched off by its condition")
        return Unresolved(f"'{logical_id}' is no resource of the template", absent=logical_id)

    def _sub(self, argument: Any) -> Value:
        variables: dict[str, Any] = {}
        if isinstance(argument, list):
            variables = argument[1] if len(argument) > 1 and isinstance(argument[1], dict) else {}
            argument = argument[0] if argument else None
        if not isinstance(argument, str):
            return Unresolved("a Sub must be given text")
        parts: list[Value] = []
        position = 0
        for match in _HOLE.finditer(argument):
            parts.append(argument[position : match.start()].replace("${!", "${"))
            parts.append(self._substitution(match.group(1).strip(), variables))
            position = match.end()
        parts.append(argument[position:].replace("${!", "${"))
        return concatenated([part for part in parts if part != ""])

    def _substitution(self, name: str, variables: Mapping[str, Any]) -> Value:
        if name in variables:
            return self.resolve(variables[name])
        if "." in name:
            return self.attribute(*name.split(".", 1))
        return self._ref(name)

    def _join(self, argument: Any) -> Value:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved("a Join must be given a delimiter and a list")
        delimiter, items = scalar_text(self.resolve(argument[0])), self.resolve(argument[1])
        if delimiter is None:
            return Unresolved("the delimiter of a Join is not known")
        return mapped(items, lambda found: _joined(delimiter, found))

    def _select(self, argument: Any) -> Value:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved("a Select must be given an index and a list")
        index, items = scalar_text(self.resolve(argument[0])), self.resolve(argument[1])
        if index is None or not index.isdigit() or len(index) > 6:
            return Unresolved("the index of a Select is not known")
        return mapped(items, lambda found: _selected(int(index), found))

    def _split(self, argument: Any) -> Value:
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved("a Split must be given a delimiter and text")
        delimiter, text = scalar_text(self.resolve(argument[0])), self.resolve(argument[1])
        if not delimiter:
            return Unresolved("the delimiter of a Split is not known")
        return mapped(text, lambda found: _split(delimiter, found))

    def _find_in_map(self, argument: Any) -> Value:
        if not isinstance(argument, list) or len(argument) < 3:
            return Unresolved("a FindInMap must be given a map and two keys")
        name, first, second = (self.resolve(part) for part in argument[:3])
        table = self.stack.document.section("Mappings").get(scalar_text(name) or "")
        found = mapped(first, lambda outer: mapped(second, lambda inner: _mapped_value(table, outer, inner)))
        if isinstance(found, Unresolved) and len(argument) > 3 and isinstance(argument[3], dict):
            return self.resolve(argument[3].get("DefaultValue")) if "DefaultValue" in argument[3] else found
        return self.resolve(found) if isinstance(found, (dict, list)) else found

    def _if(self, argument: Any) -> Value:
        if not isinstance(argument, list) or len(argument) != 3 or not isinstance(argument[0], str):
            return Unresolved("an If must be given a condition and two values")
        holds = self.conditions.holds(argument[0])
        if holds is not None:
            return self.resolve(argument[1] if holds else argument[2])
        return either([self.resolve(argument[1]), self.resolve(argument[2])])

    def _import(self, argument: Any) -> Value:
        return self.stack.estate.imported(self.resolve(argument))

    def _length(self, argument: Any) -> Value:
        items = self.resolve(argument)
        return len(items) if isinstance(items, list) else Unresolved("the list of a Length is not known")

    def _assumed(self, argument: Any) -> Value:
        """A reference that a reader of another language assumed, with the reason; no template writes it."""
        if not isinstance(argument, list) or len(argument) != 2:
            return Unresolved("an assumption without its reason")
        return guessed(self.resolve(argument[1]), str(argument[0]))

    def _to_json(self, argument: Any) -> Value:
        value = self.resolve(argument)
        return _json_text(value)


def _json_text(value: Value) -> Value:
    if isinstance(value, dict):
        pieces: list[Value] = ["{"]
        for index, (key, item) in enumerate(value.items()):
            pieces += ["," if index else "", json.dumps(key), ":", _json_text(item)]
        return concatenated([*pieces, "}"])
    if isinstance(value, list):
        pieces = ["["]
        for index, item in enumerate(value):
            pieces += ["," if index else "", _json_text(item)]
        return concatenated([*pieces, "]"])
    if value is None or isinstance(value, (str, bool, int, float)):
        return json.dumps(value)
    return concatenated(['"', value, '"'])


def _joined(delimiter: str, items: Value) -> Value:
    if isinstance(items, list):
        return concatenated([part for item in items for part in (delimiter, item)][1:])
    return (
        items
        if isinstance(items, (Unresolved, Reference, Text))
        else Unresolved("a Join over something that is no list")
    )


def _selected(index: int, items: Value) -> Value:
    if isinstance(items, list):
        return items[index] if index < len(items) else Unresolved(f"a Select of item {index} of {len(items)}")
    if isinstance(items, Reference):
        return items
    if isinstance(items, Unresolved):
        return items
    return Unresolved("a Select over something that is no list")


def _split(delimiter: str, text: Value) -> Value:
    plain = scalar_text(text)
    if plain is not None:
        return list(plain.split(delimiter))
    if isinstance(text, Reference):
        return _cut(delimiter, text)
    if isinstance(text, Text):
        return _split_text(delimiter, text)
    return text if isinstance(text, Unresolved) else Unresolved("a Split over something that is no text")


def _cut(delimiter: str, reference: Reference) -> Value:
    """Pieces of a reference: the head of an ARN tells nothing about the resource, every other piece is part of it."""
    piece = Reference(reference.stack, reference.logical_id, reference.attribute, reference.guess, part=True)
    if delimiter == ":" and not reference.part:
        head: list[Value] = [Unresolved("part of an ARN that is known when the stack is deployed")] * _ARN_HEAD
        return [*head, *([piece] * 3)]
    return [piece] * 8


def _split_text(delimiter: str, text: Text) -> Value:
    rows: list[list[Value]] = [[]]
    for part in text.parts:
        if isinstance(part, str):
            first, *others = part.split(delimiter)
            rows[-1].append(first)
            rows.extend([item] for item in others)
        else:
            rows[-1].append(part)
    return [concatenated([item for item in row if item != ""]) for row in rows]


def _mapped_value(table: Any, outer: Value, inner: Value) -> Value:
    first, second = scalar_text(outer), scalar_text(inner)
    if not isinstance(table, dict):
        return Unresolved("a FindInMap in a map that does not exist")
    rows = [table.get(first)] if first is not None else list(table.values())
    found = [
        row[key]
        for row in rows
        if isinstance(row, dict)
        for key in ([second] if second is not None else row)
        if key in row
    ]
    if not found:
        return Unresolved(f"a FindInMap of keys that do not exist ({first}, {second})")
    return found[0] if len(found) == 1 else either(list(found))


__all__ = ["Either", "Resolver"]
