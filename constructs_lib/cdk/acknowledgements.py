"""Which findings somebody accepted with CDK's own ``Validations.of(x).acknowledge(…)``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Set
from dataclasses import replace
from itertools import accumulate
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import IConstruct

from constructs_lib.check import Report
from constructs_lib.model.finding import Finding
from constructs_lib.model.origin import Origin
from constructs_lib.readers.cdk_assembly import ACKNOWLEDGED

_TEMPLATE = ".template.json"


class Acknowledgements:
    """What an app, its stages and its stacks acknowledge of one plugin.

    Those of stacks and of all that is in them stand in the metadata that CDK wrote beside the templates. Those of the app and its stages
    stand in no file and are asked for over jsii, each once: the app's at once, because Node answers late after a long silence.
    """

    def __init__(self, app: IConstruct, plugin: str) -> None:
        self._app = app
        self._prefix = f"{plugin}::"
        self._reasons: dict[int, Mapping[str, str]] = {}
        self._children: dict[tuple[int, str], IConstruct | None] = {}
        self._asked(app)

    def applied(self, report: Report, folder: Path, stacks: Set[str]) -> Report:
        """The report with the reasons written in the construct tree: the closest one above a finding's resource counts.

        ``folder`` is the assembly, which the files of the report's origins are named from; ``stacks`` the construct paths of its stacks.
        """
        written = {(item.path or "", item.code): item.reason for item in report.fleet.acknowledgements}
        paths = _Paths(folder)

        def acknowledged(finding: Finding) -> Finding:
            path = finding.origin.path or paths.of(finding.origin)
            reason = self._reason(path, finding.code, written, stacks) or finding.acknowledged
            return finding._replace(origin=finding.origin._replace(path=path or None), acknowledged=reason)

        return replace(report, findings=tuple(acknowledged(finding) for finding in report.findings))

    def _reason(self, path: str, code: str, written: Mapping[tuple[str, str], str], stacks: Set[str]) -> str | None:
        """Why a rule is accepted at a path; the closest construct at or above it decides."""
        found = self._above_stacks(path, stacks).get(code)
        for place in _places(path):
            found = written.get((place, code), found)
        return found

    def _above_stacks(self, path: str, stacks: Set[str]) -> Mapping[str, str]:
        construct = self._app
        found = dict(self._asked(construct))
        for place in _places(path):
            child = None if place in stacks else self._child(construct, place.rpartition("/")[2])
            if child is None or isinstance(child, cdk.Stack):
                break
            construct = child
            found.update(self._asked(construct))
        return found

    def _child(self, construct: IConstruct, name: str) -> IConstruct | None:
        key = (id(construct), name)
        if key not in self._children:
            self._children[key] = construct.node.try_find_child(name)
        return self._children[key]

    def _asked(self, construct: IConstruct) -> Mapping[str, str]:
        if id(construct) not in self._reasons:
            data = [dict(entry.data or {}) for entry in construct.node.metadata if entry.type == ACKNOWLEDGED]
            self._reasons[id(construct)] = {
                rule.removeprefix(self._prefix): reason for entry in data for rule, reason in entry.items()
            }
        return self._reasons[id(construct)]


def _places(path: str) -> Iterator[str]:
    """A construct path from the outermost construct inwards: ``a``, ``a/b``, ``a/b/c``."""
    return accumulate(filter(None, path.split("/")), lambda outer, name: f"{outer}/{name}")


class _Paths:
    """Construct paths of resources by file and logical id, where a template does not tell them itself."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.known: dict[str, dict[str, str]] = {}

    def of(self, origin: Origin) -> str:
        """The construct path of a resource; empty when CDK wrote none."""
        if origin.file is None or origin.logical_id is None:
            return ""
        if origin.file not in self.known:
            self.known[origin.file] = _paths_beside(self.folder / origin.file)
        return self.known[origin.file].get(origin.logical_id, "")


def _paths_beside(template: Path) -> dict[str, str]:
    """Logical id to construct path, from the stack's metadata file, or from the manifest of an older CDK."""
    name = template.name.removesuffix(_TEMPLATE)
    beside, manifest = template.with_name(f"{name}.metadata.json"), template.with_name("manifest.json")
    metadata: Mapping[str, Any] = {}
    if beside.is_file():
        metadata = json.loads(beside.read_text(encoding="utf-8"))
    elif manifest.is_file():
        artifacts = json.loads(manifest.read_text(encoding="utf-8")).get("artifacts", {})
        metadata = artifacts.get(name, {}).get("metadata", {})
    return {
        str(entry["data"]): path.strip("/")
        for path, entries in metadata.items()
        for entry in entries
        if entry.get("type") == "aws:cdk:logicalId"
    }
