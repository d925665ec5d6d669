"""Which findings somebody accepted with CDK's own ``Validations.of(x).acknowledge(…)``."""

from __future__ import annotations

from dataclasses import replace

import aws_cdk as cdk
from constructs import IConstruct

from constructs_lib.check import Report
from constructs_lib.model.finding import Finding


def with_acknowledgements(report: Report, app: IConstruct, plugin: str) -> Report:
    """The report with the reasons written in the construct tree: the closest one above a finding's resource counts."""
    known: dict[str, dict[str, str]] = {}
    findings = tuple(_acknowledged(finding, app, plugin, known) for finding in report.findings)
    return replace(report, findings=findings)


def _acknowledged(finding: Finding, app: IConstruct, plugin: str, known: dict[str, dict[str, str]]) -> Finding:
    rule = f"{plugin}::{finding.code}"
    place: IConstruct | None = app
    reason = finding.acknowledged
    for name in ("", *(finding.origin.path or "").split("/")):
        place = place.node.try_find_child(name) if name and place is not None else place
        if place is None:
            break
        reason = _reasons(place, known).get(rule, reason)
    return replace(finding, acknowledged=reason) if reason else finding


def _reasons(construct: IConstruct, known: dict[str, dict[str, str]]) -> dict[str, str]:
    path = construct.node.path
    if path not in known:
        entries = [
            entry.data
            for entry in construct.node.metadata
            if entry.type == cdk.Validations.ACKNOWLEDGED_RULES_METADATA_KEY
        ]
        known[path] = {rule: reason for data in entries for rule, reason in dict(data or {}).items()}
    return known[path]
