"""Resource bodies of a template after macros: SAM resources become the CloudFormation resources they stand for, loops are unrolled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.readers.cloudformation.document import Document


def bodies_of(document: Document) -> dict[str, Mapping[str, Any]]:
    """Bodies by logical id. What is no resource at all (text instead of a mapping) is left out."""
    bodies: dict[str, Mapping[str, Any]] = {
        name: body for name, body in document.section("Resources").items() if isinstance(body, dict)
    }
    if _is_sam(document):
        from constructs_lib.readers.cloudformation.sam import expanded  # noqa: PLC0415 - only SAM templates pay for it

        return expanded(bodies, document.section("Globals"))
    return bodies


def _is_sam(document: Document) -> bool:
    types = (body.get("Type") for body in document.section("Resources").values() if isinstance(body, dict))
    return any(isinstance(kind, str) and kind.startswith("AWS::Serverless::") for kind in types)
