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
    reader = _Tree(app, folder)
    findings = tuple(_acknowledged(finding, reader, plugin) for finding in report.findings)
    return replace(report, findings=findings)


def _acknowledged(finding: Finding, tree: _Tree, plugin: str) -> Finding:
    path = finding.origin.path or tree.path_of(finding.origin)
    reason = tree.reason(path, f"{plugin}::{finding.code}") or finding.acknowledged
    return replace(finding, origin=replace(finding.origin, path=path or None), acknowledged=reason)


@dataclass
class _Tree:
    """Looks up constructs by path, and paths by logical id from the metadata that CDK wrote beside the templates."""

    app: IConstruct
    folder: Path
    reasons: dict[str, Mapping[str, str]] = field(default_factory=dict)
    paths: dict[str, dict[str, str]] = field(default_factory=dict)

    def reason(self, path: str, rule: str) -> str | None:
        """Why a rule is accepted at a path; the closest construct at or above it decides."""
        place = self.app
        found = self._reasons(place).get(rule)
        for name in filter(None, path.split("/")):
            child = place.node.try_find_child(name)
            if child is None:
                break
            place = child
            found = self._reasons(place).get(rule, found)
        return found

    def path_of(self, origin: Origin) -> str:
        """The construct path of a resource; empty when CDK wrote none."""
        if origin.file is None or origin.logical_id is None:
            return ""
        if origin.file not in self.paths:
            self.paths[origin.file] = _paths_beside(self.folder / origin.file)
        return self.paths[origin.file].get(origin.logical_id, "")

    def _reasons(self, construct: IConstruct) -> Mapping[str, str]:
        path = construct.node.path
        if path not in self.reasons:
            kind = cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
            written = [entry.data for entry in construct.node.metadata if entry.type == kind]
            self.reasons[path] = {rule: reason for data in written for rule, reason in dict(data or {}).items()}
        return self.reasons[path]


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
