"""Paths in, one fleet out: templates, cloud assemblies, and folders of templates, decided by content."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from constructs_lib.model.fleet import Acknowledgement
from constructs_lib.readers.cdk_assembly import is_assembly, read_assembly
from constructs_lib.readers.cloudformation import Document, read_documents
from constructs_lib.readers.cloudformation.document import Outcome, Parsed, outcome, template_name
from constructs_lib.readers.reading import Reading, Unread, UnreadableError

if TYPE_CHECKING:
    from constructs_lib.readers.second_process import SecondProcess

__all__ = ["Reading", "Unread", "documents_in", "read"]

SUFFIXES = (".json", ".yaml", ".yml", ".template")
TERRAFORM = "Terraform JSON, but no plan of a known version: give the output of 'terraform show -json <plan file>'"
_PLAN = b'"terraform_version"'
_HEAD = 4_096
MOST_FILES = 20_000
_LEFT_OUT = frozenset({"node_modules", "cdk.out"})
_ASSETS = ".assets.json"


def read(paths: Sequence[str | Path], parameters: Mapping[str, str] | None = None) -> Reading:
    """One fleet from all paths; what cannot be read is listed with file, line and reason, and the rest is read all the same.

    ``parameters`` override template parameters by name, or by ``Template/Name`` for one template only.
    """
    gathering = _gathered(paths)
    return read_documents(gathering.documents, parameters or {}, gathering.unread, gathering.acknowledgements)


def documents_in(paths: Sequence[str | Path]) -> list[Document]:
    """The documents that ``read`` makes one fleet of, without those that cannot be read."""
    return _gathered(paths).documents


def _gathered(paths: Sequence[str | Path]) -> _Gathering:
    gathering = _Gathering()
    for path in paths:
        gathering.take(Path(path))
    return gathering


class _Later(NamedTuple):
    """A file that another process parses, and its number there."""

    path: Path
    number: int


class _Gathering:
    def __init__(self) -> None:
        self.found: list[Document | Unread | _Later] = []
        self.acknowledgements: list[Acknowledgement] = []
        self._taken: set[Path] = set()

    @property
    def documents(self) -> list[Document]:
        return [item for item in self.found if isinstance(item, Document)]

    @property
    def unread(self) -> list[Unread]:
        return [item for item in self.found if isinstance(item, Unread)]

    def take(self, path: Path) -> None:
        """A path as the user gave it."""
        try:
            if path.is_dir():
                self._folder(path)
            else:
                self._file(path, asked=True)
        except (OSError, ValueError) as problem:
            self._refuse(path, None, f"cannot be read: {getattr(problem, 'strerror', None) or problem}")

    def _refuse(self, path: Path, line: int | None, reason: str) -> None:
        self.found.append(Unread(str(path), line, reason))

    def _folder(self, folder: Path) -> None:
        if is_assembly(folder):
            self._assembly(folder)
            return
        from constructs_lib.readers.second_process import SecondProcess  # noqa: PLC0415 - only folders need it

        before = len(self.found)
        other = SecondProcess()
        try:
            self._files(folder, other)
        finally:
            self._settle(before, other.outcomes())
        if len(self.found) == before:
            self._refuse(folder, None, "no template and no cloud assembly is in this folder")

    def _files(self, folder: Path, other: SecondProcess) -> None:
        for number, path in enumerate(_templates_in(folder)):
            if isinstance(path, Unread):
                self.found.append(path)
                continue
            if number == MOST_FILES:
                self._refuse(
                    folder, None, f"more than {MOST_FILES:,} files: give the folders of the templates themselves"
                )
                break
            self._file(path, asked=False, other=other)

    def _settle(self, before: int, outcomes: Sequence[Outcome]) -> None:
        """Put what another process parsed where its file stands among the others."""
        items = self.found[before:]
        del self.found[before:]
        for item in items:
            if isinstance(item, _Later):
                self._outcome(item.path, outcomes[item.number], asked=False)
            else:
                self.found.append(item)

    def _assembly(self, folder: Path) -> None:
        found = read_assembly(folder)
        fresh = [document for document in found.documents if self._first_time(Path(document.path))]
        self.found += [*fresh, *found.unread]
        self.acknowledgements += found.acknowledgements
        if not found.documents and not found.unread:
            self._refuse(folder, None, "the cloud assembly has no stacks")

    def _first_time(self, path: Path) -> bool:
        real = path.resolve()
        if real in self._taken:
            return False
        self._taken.add(real)
        return True

    def _file(self, path: Path, *, asked: bool, other: SecondProcess | None = None) -> None:
        """A file; one that merely lies in a folder may be anything, one that was asked for must be a template.

        Text that is not JSON goes to the other process, if there is one: it takes most of the time.
        """
        if not self._first_time(path):
            return
        if not path.is_file():
            self._refuse(path, None, "there is no such file" if not path.exists() else "not a regular file")
            return
        try:
            data = path.read_bytes()
            if _PLAN in data[:_HEAD]:
                from constructs_lib.readers.terraform import plan_document  # noqa: PLC0415 - only plans pay for it

                self.found.append(plan_document(str(path), data))
                return
        except UnreadableError as problem:
            self._outcome(path, problem, asked=asked)
            return
        except OSError as problem:
            self._refuse(path, None, f"cannot be read: {problem.strerror or problem}")
            return
        if other is not None and data.lstrip()[:1] not in (b"{", b"["):
            self.found.append(_Later(path, other.add(data)))
        else:
            self._outcome(path, outcome(data), asked=asked)

    def _outcome(self, path: Path, found: Outcome, *, asked: bool) -> None:
        if isinstance(found, Parsed):
            self._parsed(path, found, asked=asked)
        elif asked or path.suffix != ".json":
            self._refuse(path, found.line, found.reason)

    def _parsed(self, path: Path, parsed: Parsed, *, asked: bool) -> None:
        value = parsed.value
        if isinstance(value, dict) and isinstance(value.get("Resources"), dict):
            document = Document(template_name(path), str(path), value, parsed.lines, parsed.duplicates)
            self.found.append(document)
        elif isinstance(value, dict) and "artifacts" in value and path.name == "manifest.json":
            self._assembly(path.parent)
        elif asked:
            self._refuse(path, None, _what_else(value))


def _what_else(value: object) -> str:
    if isinstance(value, dict) and ("planned_values" in value or "terraform_version" in value):
        return TERRAFORM
    if isinstance(value, dict) and "Resources" in value:
        return "no CloudFormation template: its 'Resources' is not a mapping"
    return "no CloudFormation template: it has no 'Resources'"


def _templates_in(folder: Path) -> Iterator[Path | Unread]:
    """Files that may be templates, in the order of their paths; a folder nobody may list is one that cannot be read.

    What is hidden, installed by npm or synthesized by the CDK is not entered: it can be many times the rest.
    """
    waiting = _listed(str(folder))
    while waiting:
        entry = waiting.pop()
        if isinstance(entry, Unread):
            yield entry
        elif entry.is_dir(follow_symlinks=False):
            waiting += _listed(entry.path)
        elif entry.name.endswith(SUFFIXES) and not entry.name.endswith(_ASSETS) and entry.is_file():
            yield Path(entry.path)


def _listed(folder: str) -> list[os.DirEntry[str] | Unread]:
    """What a folder holds, the last by name first."""
    try:
        with os.scandir(folder) as entries:
            found = [entry for entry in entries if not entry.name.startswith(".") and entry.name not in _LEFT_OUT]
    except OSError as problem:
        return [Unread(folder, None, f"cannot be read: {problem.strerror or problem}")]
    return [*sorted(found, key=lambda entry: entry.name, reverse=True)]
