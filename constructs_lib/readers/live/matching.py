"""Which deployed resource a planned one is: by its physical name, or by the stack that made it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.nesting import build
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.values import text_of
from constructs_lib.readers.live.recording import Recording

RESOURCES = "cloudformation.list_stack_resources"
#: The property that is a resource's physical name, and the prefix of deployed ids of its kind.
NAMED: dict[str, tuple[str, str]] = {
    "AWS::Lambda::Function": ("FunctionName", "function"),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier", "db"),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier", "cluster"),
    "AWS::DocDB::DBCluster": ("DBClusterIdentifier", "cluster"),
    "AWS::RDS::DBProxy": ("DBProxyName", "db-proxy"),
    "AWS::DynamoDB::Table": ("TableName", "table"),
}
_LOWERED = ("db", "cluster", "db-proxy")


def same_resources(
    documents: Sequence[Document], parameters: Mapping[str, str], recording: Recording
) -> tuple[dict[str, str], list[str]]:
    """Deployed ids by planned id, and the planned ids whose deployed resource nobody can name."""
    estate = build(documents, parameters)
    same: dict[str, str] = {}
    nameless: list[str] = []
    for stack in estate.stacks.values():
        made = _made_by(stack, recording)
        for resource in stack.resources.values():
            if resource.type in NAMED:
                name = _name(resource) or made.get(resource.logical_id)
                if name is None:
                    nameless.append(resource.id)
                else:
                    same[resource.id] = _deployed_id(resource.type, name)
    return same, nameless


def _name(resource: Resource) -> str | None:
    return text_of(resource.get(NAMED[resource.type][0]))


def _deployed_id(kind: str, name: str) -> str:
    prefix = NAMED[kind][1]
    return f"{prefix}:{name.lower() if prefix in _LOWERED else name}"


def _made_by(stack: Stack, recording: Recording) -> dict[str, str]:
    """Physical names by logical id, of the deployed stack that has this one's name or, alone among all, its resources."""
    deployed = {name: dict(_physical(items)) for name, items in (recording.answers.get(RESOURCES) or {}).items()}
    for name in (stack.document.stack_name, stack.document.name):
        if name in deployed:
            return deployed[name]
    ours = {name for name, resource in stack.resources.items() if resource.type in NAMED}
    fitting = [physical for physical in deployed.values() if ours and ours <= physical.keys()]
    return fitting[0] if len(fitting) == 1 else {}


def _physical(items: Sequence[Mapping[str, str]]) -> Iterator[tuple[str, str]]:
    for item in items:
        if item.get("PhysicalResourceId") and item.get("LogicalResourceId"):
            yield item["LogicalResourceId"], item["PhysicalResourceId"]
