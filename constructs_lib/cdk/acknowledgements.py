"""Which findings somebody accepted with CDK's own ``Validations.of(x).acknowledge(…)``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from constructs import IConstruct

from constructs_lib.check import Report
from constructs_lib.model.finding import Finding
from constructs_lib.model.origin import Origin

_TEMPLATE = ".template.json"


def with_acknowledgements(report: Report, app: IConstruct, plugin: str, folder: Path) -> Report:
    """The report with the reasons written in the construct tree: the closest one above a finding's resource counts.

    ``folder`` is the assembly, which the files of the report's origins are named from.
    """
    written = {(item.path or "", item.code): item.reason for item in report.fleet.acknowledgements}
    tree = _Tree(app, plugin, folder, written)
    return replace(report, findings=tuple(_acknowledged(finding, tree) for finding in report.findings))


def _acknowledged(finding: Finding, tree: _Tree) -> Finding:
    path = finding.origin.path or tree.path_of(finding.origin)
    reason = tree.reason(path, finding.code) or finding.acknowledged
    return replace(finding, origin=finding.origin._replace(path=path or None), acknowledged=reason)


@dataclass
class _Tree:
    """Reasons by path, and paths by logical id.

    ``written`` are the acknowledgements in the metadata that CDK wrote beside the templates, by path and rule code: those of stacks
    and of all that is in them. Those of the app and its stages stand in no file and are asked for over jsii, each once.
    """

    app: IConstruct
    plugin: str
    folder: Path
    written: Mapping[tuple[str, str], str]
    reasons: dict[int, Mapping[str, str]] = field(default_factory=dict)
    children: dict[tuple[int, str], IConstruct | None] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=dict)

    def reason(self, path: str, code: str) -> str | None:
        """Why a rule is accepted at a path; the closest construct at or above it decides."""
        found = self._above_stacks(path).get(code)
        place = ""
        for name in filter(None, path.split("/")):
            place = f"{place}/{name}" if place else name
            found = self.written.get((place, code), found)
        return found

    def path_of(self, origin: Origin) -> str:
        """The construct path of a resource; empty when CDK wrote none."""
        if origin.file is None or origin.logical_id is None:
            return ""
        if origin.file not in self.paths:
            self.paths[origin.file] = _paths_beside(self.folder / origin.file)
        return self.paths[origin.file].get(origin.logical_id, "")

    def _above_stacks(self, path: str) -> Mapping[str, str]:
        place = self.app
        found = dict(self._reasons(place))
        for name in filter(None, path.split("/")):
            child = self._child(place, name)
            if child is None or isinstance(child, cdk.Stack):
                break
            place = child
            found.update(self._reasons(place))
        return found

    def _child(self, place: IConstruct, name: str) -> IConstruct | None:
        key = (id(place), name)
        if key not in self.children:
            self.children[key] = place.node.try_find_child(name)
        return self.children[key]

    def _reasons(self, construct: IConstruct) -> Mapping[str, str]:
        if id(construct) not in self.reasons:
            kind = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
            data = [dict(entry.data or {}) for entry in construct.node.metadata if entry.type == kind]
            prefix = f"{self.plugin}::"
            self.reasons[id(construct)] = {
                rule.removeprefix(prefix): reason for entry in data for rule, reason in entry.items()
            }
        return self.reasons[id(construct)]


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
