"""What a configuration declares for the checker in ``terraform_data`` resources, where a template would use its metadata.

The input of such a resource is a mapping with ``poolproof:connections`` (each with ``consumer``, an address), ``poolproof:stores`` or
``poolproof:pools``; the entries are those of a template. Stores, pools and consumers of the plan are named by their address.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs_lib.readers.reading import UnreadableError
from constructs_lib.readers.terraform.plan import Plan, listed, mapping

TYPE = "terraform_data"
CONNECTIONS = "poolproof:connections"
DOCUMENT = ("poolproof:stores", "poolproof:pools")


def declare(plan: Plan, bodies: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Connections go to the metadata of their consumers; the rest is the document's. Raises ``UnreadableError`` for unknown consumers."""
    strangers = []
    for entry in _entries(plan, CONNECTIONS):
        body = bodies.get(str(entry.get("consumer")))
        if body is None:
            strangers.append(f"'{entry.get('consumer')}'")
        else:
            body.setdefault("Metadata", {}).setdefault(CONNECTIONS, []).append(entry)
    if strangers:
        raise UnreadableError(
            f"{CONNECTIONS} names consumers that the plan does not have: {', '.join(strangers)}; "
            "give the address of a planned function, such as 'aws_lambda_function.api'"
        )
    return {key: entries for key in DOCUMENT if (entries := list(_entries(plan, key)))}


def _entries(plan: Plan, key: str) -> Iterator[dict[str, Any]]:
    for resource in plan.resources:
        if resource.type == TYPE:
            for entry in listed(mapping(resource.values.get("input")).get(key)):
                if isinstance(entry, dict):
                    yield entry
