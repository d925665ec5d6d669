"""Terraform plans (``terraform show -json``) as documents for the one inference of relations that all readers share."""

from __future__ import annotations

from constructs_lib.readers.cloudformation.document import Document, template_name
from constructs_lib.readers.terraform.declarations import declare, lines_of
from constructs_lib.readers.terraform.plan import load
from constructs_lib.readers.terraform.translation import translate

__all__ = ["plan_document"]


def plan_document(path: str, data: bytes) -> Document:
    """A plan's resources under their addresses, in CloudFormation's vocabulary. Raises ``UnreadableError`` for anything but a plan."""
    plan = load(data)
    lines: dict[tuple[str, ...], int] = {("Resources", address): line for address, line in plan.lines.items()}
    lines.update(lines_of(plan))
    bodies = translate(plan)
    body = {"Resources": bodies, "Metadata": declare(plan, bodies)}
    return Document(template_name(path), path, body, lines, paths={name: name for name in bodies})
