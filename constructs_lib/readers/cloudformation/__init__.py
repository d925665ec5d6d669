"""CloudFormation and SAM templates to a fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from constructs_lib.model.fleet import Acknowledgement
from constructs_lib.readers.cloudformation.document import Document, parse, template_name
from constructs_lib.readers.reading import Reading, Unread, UnreadableError

__all__ = ["Document", "read_document", "read_documents", "read_templates"]


def read_templates(templates: Sequence[tuple[str, str | Path]], parameters: Mapping[str, str] | None = None) -> Reading:
    """The fleet of templates given as (name, path), read together; the policy plugin's way in."""
    documents: list[Document] = []
    unread: list[Unread] = []
    for name, path in templates:
        found = read_document(name, Path(path), may_be_empty=True)
        if isinstance(found, Document):
            documents.append(found)
        else:
            unread.append(found)
    return read_documents(documents, parameters or {}, unread)


def read_document(name: str, path: Path, *, may_be_empty: bool = False) -> Document | Unread:
    """A template file, or why it cannot be read."""
    try:
        return as_document(name, str(path), path.read_bytes(), may_be_empty=may_be_empty)
    except UnreadableError as problem:
        return Unread(str(path), problem.line, problem.reason)
    except OSError as problem:
        return Unread(str(path), None, f"cannot be read: {problem.strerror or problem}")


def as_document(name: str, path: str, data: bytes, *, may_be_empty: bool = False) -> Document:
    """Bytes as a template. Raises ``UnreadableError`` when they are none; the CDK writes stacks without resources as ``{}``."""
    parsed = parse(data)
    resources = parsed.value.get("Resources", {} if may_be_empty else None) if isinstance(parsed.value, dict) else None
    if not isinstance(resources, dict):
        line = parsed.lines.get(("Resources",))
        raise UnreadableError("no CloudFormation template: it has no mapping 'Resources'", line)
    return Document(name or template_name(path), path, parsed.value, parsed.lines, parsed.duplicates)


def read_documents(
    documents: Sequence[Document],
    parameters: Mapping[str, str],
    unread: Sequence[Unread] = (),
    acknowledgements: Sequence[Acknowledgement] = (),
) -> Reading:
    """The fleet of parsed templates, together with what was already known to be unreadable."""
    from constructs_lib.readers.cloudformation.compose import compose  # noqa: PLC0415 - cheap start for readers of other kinds

    doubles = [Unread(d.path, line, reason) for d in documents for line, reason in d.duplicates]
    return compose(documents, parameters, [*unread, *doubles], acknowledgements)
