"""The parts of ``terraform show -json``: planned resources, what is unknown until apply, and the configuration's references.

Shape: HashiCorp's "JSON Output Format", plan representation, format version 1.x (read 2026-11-21).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from constructs_lib.readers.cloudformation.document import parse
from constructs_lib.readers.reading import UnreadableError
from constructs_lib.regex import regex

LARGEST_BYTES = 64_000_000
DEEPEST = 40
_ADDRESS = regex(r'"address"\s*:\s*("(?:[^"\\\n]|\\.)*")')
_LAST_INDEX = regex(r"\[[^\]]*\]\Z")
_INDEX = regex(r"\[[^\]]*\]")


@dataclass(frozen=True)
class Planned:
    """One instance of a resource: ``module`` is the address of its module instance, empty for the root; ``data`` marks data sources.

    ``configured`` says that the plan's configuration shows the resource, so that an argument without an expression is not set there.
    """

    address: str
    type: str
    name: str
    module: str
    index: str | int | None
    data: bool
    values: Mapping[str, Any]
    unknown: Any
    expressions: Mapping[str, Any]
    repeated: Any
    configured: bool = False


@dataclass
class Plan:
    """A plan: instances by (module, data, type, name), configuration of the root module, and values of variables.

    ``relevant`` are the attributes that what changes was made of, through everything that refers to anything.
    """

    configuration: Mapping[str, Any]
    variables: Mapping[str, Any]
    relevant: list[Mapping[str, Any]] = field(default_factory=list)
    resources: list[Planned] = field(default_factory=list)
    lines: dict[str, int] = field(default_factory=dict)
    named: dict[tuple[str, bool, str, str], list[Planned]] = field(default_factory=dict)

    @cached_property
    def _at(self) -> dict[str, list[Planned]]:
        found: dict[str, list[Planned]] = {resource.address: [resource] for resource in self.resources}
        for resource in self.resources:
            if resource.index is not None:
                found.setdefault(_LAST_INDEX.sub("", resource.address), []).append(resource)
        return found

    def instances(self, address: str) -> list[Planned]:
        """The instance at an address, or all instances of the resource there."""
        return self._at.get(address, [])


def mapping(value: Any) -> Mapping[str, Any]:
    """The value where it is a mapping, else an empty one."""
    return value if isinstance(value, dict) else {}


def listed(value: Any) -> list[Any]:
    """The value where it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def load(data: bytes) -> Plan:
    """The plan in the text. Raises ``UnreadableError`` when it is another document or another version."""
    parsed = parse(data, LARGEST_BYTES)
    body = mapping(parsed.value)
    _refuse_others(body)
    configuration = mapping(mapping(body.get("configuration")).get("root_module"))
    relevant = [mapping(item) for item in listed(body.get("relevant_attributes"))]
    plan = Plan(configuration, mapping(body.get("variables")), relevant)
    unknown = {
        item["address"]: mapping(item.get("change")).get("after_unknown")
        for item in listed(body.get("resource_changes"))
        if isinstance(item, dict) and isinstance(item.get("address"), str)
    }
    prior = mapping(mapping(mapping(body.get("prior_state")).get("values")).get("root_module"))
    planned = mapping(mapping(body.get("planned_values")).get("root_module"))
    found = {r.address: r for r in _resources(prior, configuration, unknown, "", 0) if r.data}
    found.update({r.address: r for r in _resources(planned, configuration, unknown, "", 0)})
    plan.resources = list(found.values())
    for resource in plan.resources:
        key = (resource.module, resource.data, resource.type, resource.name)
        plan.named.setdefault(key, []).append(resource)
    plan.lines = _lines(data)
    return plan


def _refuse_others(body: Mapping[str, Any]) -> None:
    version = body.get("format_version")
    if not isinstance(version, str) or not re.match(r"1\.\d+\Z|0\.[12]\Z", version):
        raise UnreadableError(f"Terraform JSON of format version {version!r}: versions 0.1, 0.2 and 1.x are read")
    if not isinstance(body.get("planned_values"), dict):
        what = "a Terraform state, not a plan" if "values" in body else "a Terraform plan without planned_values"
        raise UnreadableError(f"{what}: give the output of 'terraform show -json <plan file>'")
    if not isinstance(mapping(body["planned_values"]).get("root_module", {}), dict):
        raise UnreadableError("a Terraform plan whose planned_values hold no root module")
    if body.get("errored") is True:
        raise UnreadableError("a Terraform plan that ended in an error: its values are not complete")


def _resources(
    module: Mapping[str, Any], configuration: Mapping[str, Any], unknown: Mapping[str, Any], address: str, depth: int
) -> Iterator[Planned]:
    if depth > DEEPEST:
        raise UnreadableError(f"a Terraform plan with modules nested deeper than {DEEPEST} levels")
    written = {
        (item.get("mode") == "data", str(item.get("type")), str(item.get("name"))): item
        for item in listed(configuration.get("resources"))
        if isinstance(item, dict)
    }
    for item in listed(module.get("resources")):
        if isinstance(item, dict) and isinstance(item.get("address"), str):
            key = (item.get("mode") == "data", str(item.get("type")), str(item.get("name")))
            yield _planned(item, key, written.get(key, {}), unknown, address)
    calls = mapping(configuration.get("module_calls"))
    for child in listed(module.get("child_modules")):
        if isinstance(child, dict) and isinstance(child.get("address"), str):
            call = mapping(calls.get(call_name(child["address"])))
            yield from _resources(child, mapping(call.get("module")), unknown, child["address"], depth + 1)


def _planned(
    item: Mapping[str, Any],
    key: tuple[bool, str, str],
    written: Mapping[str, Any],
    unknown: Mapping[str, Any],
    module: str,
) -> Planned:
    index = item.get("index")
    return Planned(
        address=item["address"],
        type=key[1],
        name=key[2],
        module=module,
        index=index if isinstance(index, (str, int)) else None,
        data=key[0],
        values=mapping(item.get("values")),
        unknown=unknown.get(item["address"]),
        expressions=mapping(written.get("expressions")),
        repeated=written.get("for_each_expression"),
        configured="expressions" in written,
    )


def call_name(address: str) -> str:
    """The name of the call in the address of a module instance: ``module.a["x"].module.b[0]`` is called ``b``."""
    return _INDEX.sub("", address).rpartition("module.")[2]


def _lines(data: bytes) -> dict[str, int]:
    text = data.decode("utf-8", "replace")
    lines: dict[str, int] = {}
    line, counted = 1, 0
    for match in _ADDRESS.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        try:
            lines.setdefault(json.loads(match.group(1)), line)
        except ValueError:
            continue
    return lines
