"""Cloud assemblies (``cdk.out``): stacks of a manifest, nested assemblies of stages, and what the app acknowledged."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from constructs_lib.model.fleet import Acknowledgement
from constructs_lib.readers.cloudformation import Document, read_document
from constructs_lib.readers.cloudformation.document import LARGEST_MANIFEST_BYTES, parse_plain, template_name
from constructs_lib.readers.cloudformation.nesting import nested_file
from constructs_lib.readers.reading import Unread, UnreadableError
from constructs_lib.regex import regex

MANIFEST = "manifest.json"
ACKNOWLEDGED = "aws:cdk:acknowledged-rules"
DEEPEST = 8
_ENVIRONMENT = regex(r"aws://([^/]+)/([^/]+)")


@dataclass
class Assembly:
    """What an assembly holds, and what of it could not be read; ``stacks`` are the construct paths of its stacks."""

    documents: list[Document] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    acknowledgements: list[Acknowledgement] = field(default_factory=list)
    stacks: set[str] = field(default_factory=set)


def is_assembly(folder: Path) -> bool:
    """Whether a folder is one that the CDK synthesized into."""
    return (folder / MANIFEST).is_file()


def read_assembly(folder: Path, depth: int = 0) -> Assembly:
    """Every stack of an assembly, with those of its stages."""
    assembly = Assembly()
    manifest = _load(folder / MANIFEST, assembly)
    artifacts = manifest.get("artifacts")
    if assembly.unread:
        return assembly
    if not isinstance(artifacts, dict):
        assembly.unread.append(Unread(str(folder / MANIFEST), None, "no cloud assembly: it has no 'artifacts'"))
        return assembly
    for name, artifact in artifacts.items():
        if isinstance(artifact, dict):
            _artifact(assembly, folder, str(name), artifact, depth)
    return assembly


def _artifact(assembly: Assembly, folder: Path, name: str, artifact: Mapping[str, Any], depth: int) -> None:
    kind, properties = artifact.get("type"), artifact.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    if kind == "aws:cloudformation:stack":
        assembly.stacks.add(str(artifact.get("displayName", "")))
        metadata = _metadata(folder, artifact, assembly)
        _acknowledge(assembly, metadata)
        _stack(assembly, folder, name, artifact, _Place(folder, _paths(metadata)))
    elif kind == "cdk:cloud-assembly":
        inner = folder / str(properties.get("directoryName", ""))
        if depth >= DEEPEST or not inner.is_dir() or inner.resolve() == folder.resolve():
            assembly.unread.append(Unread(str(inner), None, f"nested assembly of '{name}' is not there"))
            return
        found = read_assembly(inner, depth + 1)
        assembly.documents += found.documents
        assembly.unread += found.unread
        assembly.acknowledgements += found.acknowledgements
        assembly.stacks |= found.stacks


class _Place(NamedTuple):
    """A folder of templates, and construct paths by template file and logical id."""

    folder: Path
    paths: Mapping[str, Mapping[str, str]]

    def template(self, assembly: Assembly, path: Path) -> Document | None:
        found = read_document(template_name(path), path, may_be_empty=True)
        if isinstance(found, Document):
            return found._replace(paths=self.paths.get(path.name, {}))
        assembly.unread.append(found)
        return None


def _stack(assembly: Assembly, folder: Path, name: str, artifact: Mapping[str, Any], place: _Place) -> None:
    properties = artifact.get("properties")
    properties = properties if isinstance(properties, dict) else {}
    path = folder / str(properties.get("templateFile", ""))
    if not path.is_file():
        assembly.unread.append(Unread(str(path), None, f"template of stack '{name}' is not there"))
        return
    match = _ENVIRONMENT.match(str(artifact.get("environment", "")))
    account, region = match.groups() if match else (None, None)
    document = place.template(assembly, path)
    if document is None:
        return
    document = document._replace(
        account=_known(account),
        region=_known(region),
        stack_name=str(properties.get("stackName", name)),
        assets=_assets(folder / f"{name}.assets.json", assembly) if any(_nested_files(document)) else {},
    )
    assembly.documents.append(document)
    _nested(assembly, document, place, 0)


def _nested_files(document: Document) -> Iterator[str]:
    for body in document.section("Resources").values():
        file = nested_file(body) if isinstance(body, dict) else None
        if file is not None:
            yield document.assets.get(Path(file).name, file)


def _nested(assembly: Assembly, document: Document, place: _Place, depth: int) -> None:
    """Templates of nested stacks lie beside the stack's own and are in no manifest."""
    for file in _nested_files(document):
        path = place.folder / Path(file).name
        if not path.is_file() or any(known.path == str(path) for known in assembly.documents):
            continue
        nested = place.template(assembly, path)
        if nested is not None:
            nested = nested._replace(assets=document.assets)
            assembly.documents.append(nested)
            if depth < DEEPEST:
                _nested(assembly, nested, place, depth + 1)


def _assets(path: Path, assembly: Assembly) -> dict[str, str]:
    """Files by the name they are uploaded under, which is all that a stack says of its nested stacks' templates."""
    manifest = _load(path, assembly) if path.is_file() else {}
    files = manifest.get("files")
    names: dict[str, str] = {}
    for asset in files.values() if isinstance(files, dict) else ():
        source = asset.get("source") if isinstance(asset, dict) else None
        file = source.get("path") if isinstance(source, dict) else None
        targets = asset.get("destinations") if isinstance(asset, dict) else None
        for target in targets.values() if isinstance(targets, dict) else ():
            if isinstance(file, str) and isinstance(target, dict):
                names[Path(str(target.get("objectKey"))).name] = file
    return names


def _paths(metadata: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Construct paths by template file and logical id; a resource belongs to the closest stack above it."""
    told = _told(metadata)
    files = dict(told["aws:cdk:templateFile"])
    found: dict[str, dict[str, str]] = {}
    for path, logical_id in told["aws:cdk:logicalId"]:
        above = path
        while above and above not in files:
            above = above.rpartition("/")[0]
        for file in [files[above]] if above else files.values() if len(files) == 1 else ():
            found.setdefault(file, {})[logical_id] = path.strip("/")
    return found


def _told(metadata: Mapping[str, Any]) -> dict[str, list[tuple[str, str]]]:
    """What the entries about templates and logical ids say, with the construct path that each stands at."""
    found: dict[str, list[tuple[str, str]]] = {"aws:cdk:templateFile": [], "aws:cdk:logicalId": []}
    for path, entries in metadata.items():
        for entry in entries if isinstance(entries, list) else ():
            kind, data = (entry.get("type"), entry.get("data")) if isinstance(entry, dict) else (None, None)
            if isinstance(kind, str) and kind in found and isinstance(data, str):
                found[kind].append((path, data))
    return found


def _known(text: str | None) -> str | None:
    return None if text is None or text.startswith("unknown-") else text


def _load(path: Path, assembly: Assembly) -> Mapping[str, Any]:
    try:
        value = parse_plain(path.read_bytes(), LARGEST_MANIFEST_BYTES)
    except UnreadableError as problem:
        assembly.unread.append(Unread(str(path), problem.line, problem.reason))
        return {}
    except OSError as problem:
        assembly.unread.append(Unread(str(path), None, f"cannot be read: {problem.strerror or problem}"))
        return {}
    return value if isinstance(value, dict) else {}


def _metadata(folder: Path, artifact: Mapping[str, Any], assembly: Assembly) -> Mapping[str, Any]:
    """Construct metadata of an artifact: in the manifest, or in a file of its own."""
    inline = artifact.get("metadata")
    if isinstance(inline, dict):
        return inline
    file = artifact.get("additionalMetadataFile")
    path = folder / str(file)
    return _load(path, assembly) if isinstance(file, str) and path.is_file() else {}


def _acknowledge(assembly: Assembly, metadata: Mapping[str, Any]) -> None:
    for path, entries in metadata.items():
        for entry in entries if isinstance(entries, list) else ():
            if isinstance(entry, dict) and entry.get("type") == ACKNOWLEDGED:
                for code, reason in _acknowledged(entry.get("data")):
                    assembly.acknowledgements.append(Acknowledgement(code, reason, path=str(path).strip("/")))


def _acknowledged(data: Any) -> Iterator[tuple[str, str]]:
    """Rule codes of ours with their reasons; the CDK writes a mapping, older releases a list of ids and reasons."""
    if isinstance(data, str) and data.startswith(("{", "[")):
        try:
            data = json.loads(data)
        except ValueError:
            return
    pairs: list[tuple[Any, Any]] = []
    if isinstance(data, dict):
        pairs = list(data.items())
    elif isinstance(data, list):
        pairs = [(item.get("id"), item.get("reason")) for item in data if isinstance(item, dict)]
    for rule, reason in pairs:
        plugin, separator, code = str(rule).partition("::")
        if separator and plugin == "poolproof":
            yield code, str(reason)
