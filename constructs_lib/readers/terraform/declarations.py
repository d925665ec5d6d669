"""What a configuration declares for the checker in ``terraform_data`` resources, where a template would use its metadata.

The input of such a resource is a mapping with ``poolproof:connections`` (each with ``consumer``, an address), ``poolproof:store`` (each
with ``store``, an address), ``poolproof:stores`` or ``poolproof:pools``; the entries are those of a template. Stores, pools and
consumers of the plan are named by their address.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.reading import UnreadableError
from constructs_lib.readers.terraform.plan import Plan, listed, mapping
from constructs_lib.readers.terraform.values import AFTER_APPLY

TYPE = "terraform_data"
CONNECTIONS, STORE = "poolproof:connections", "poolproof:store"
DOCUMENT = ("poolproof:stores", "poolproof:pools")


def declare(plan: Plan, bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """What is about a resource goes to its metadata; the rest is the document's. Raises ``UnreadableError`` for addresses not planned."""
    strangers = []
    for key, whose in ((CONNECTIONS, "consumer"), (STORE, "store")):
        for entry in _entries(plan, key):
            body = bodies.get(str(entry.get(whose)))
            if body is None:
                strangers.append(f"{key} names the {whose} '{entry.get(whose)}'")
            elif key == STORE:
                body.setdefault("Metadata", {})[key] = {name: value for name, value in entry.items() if name != whose}
            else:
                body.setdefault("Metadata", {}).setdefault(key, []).append(entry)
    if strangers:
        raise UnreadableError(
            f"{', '.join(strangers)}, which the plan does not have; give the address of a planned resource, "
            "such as 'aws_lambda_function.api'"
        )
    return {key: entries for key in DOCUMENT if (entries := list(_entries(plan, key)))}


def lines_of(plan: Plan) -> dict[tuple[str, ...], int]:
    """Where the document's declarations stand: at the resource that makes them."""
    found: dict[tuple[str, ...], int] = {}
    for resource in plan.resources:
        for key in DOCUMENT if resource.type == TYPE and resource.address in plan.lines else ():
            if listed(mapping(resource.values.get("input")).get(key)):
                found.setdefault(("Metadata", key), plan.lines[resource.address])
    return found


def _entries(plan: Plan, key: str) -> Iterator[dict[str, Any]]:
    for resource in plan.resources:
        if resource.type == TYPE:
            flags = listed(mapping(mapping(resource.unknown).get("input")).get(key))
            for index, entry in enumerate(listed(mapping(resource.values.get("input")).get(key))):
                if isinstance(entry, dict):
                    waits = mapping(flags[index] if index < len(flags) else None)
                    yield {**entry, **_waiting(resource.address, waits)}


def _waiting(address: str, flags: Mapping[str, Any]) -> dict[str, Any]:
    """What an entry declares once the plan is applied."""
    return {
        name: Unresolved(f"{name} declared in '{address}' is {AFTER_APPLY}")
        for name, flag in flags.items()
        if flag is True and name not in ("consumer", "store", "id")
    }
