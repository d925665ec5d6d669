"""A finding as CDK's validation report shows it."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk

from constructs_lib.check import Report
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.origin import Origin
from constructs_lib.model.settings import Settings


def stops(finding: Finding, settings: Settings) -> bool:
    """Whether a finding may stop a synth: a certain error, and in strict mode a warning as well."""
    if finding.severity is Severity.ERROR:
        return finding.confidence is Confidence.CERTAIN
    return settings.strict and finding.severity is Severity.WARNING


def violation(finding: Finding, report: Report, templates: list[str]) -> cdk.PolicyViolation:
    """One finding with its arithmetic, its fix and the resource it is about.

    CDK works out success from severities again once something is acknowledged, so the severity says what stops and nothing else.
    """
    severity = finding.severity.value
    if stops(finding, report.settings):
        severity = "error"
    elif finding.severity is Severity.ERROR:
        severity = "warning"
    return cdk.PolicyViolation(
        rule_name=finding.code,
        description=_described(finding),
        fix=finding.fix or None,
        severity=severity,
        rule_metadata={"name": finding.name, "subject": finding.subject, "confidence": finding.confidence.value},
        violating_resources=[_resource(_place(finding, report), templates)],
    )


def _described(finding: Finding) -> str:
    """What is wrong, the arithmetic, and last the rule: CDK puts the plugin's name behind it."""
    lines = (*finding.arithmetic, f"rule {finding.code} {finding.name}")
    return "\n".join((finding.message, *(f"    {line}" for line in lines)))


def _place(finding: Finding, report: Report) -> Origin:
    """Where CDK should look: the finding's own resource, else its subject's, else the first store's."""
    fleet = report.fleet
    if finding.origin.logical_id:
        return finding.origin
    by_id = {store.id: store.origin for store in fleet.stores}
    by_id.update({pool.id: pool.origin for pool in fleet.pools})
    by_id.update({consumer.id: consumer.origin for consumer in fleet.consumers})
    origins = (by_id.get(finding.subject, finding.origin), *(store.origin for store in fleet.stores))
    return next((origin for origin in origins if origin.logical_id), finding.origin)


def _resource(place: Origin, templates: list[str]) -> cdk.PolicyViolatingResource:
    name = Path(place.file or "").name
    template = next((path for path in templates if Path(path).name == name), None)
    if place.logical_id is None or template is None:
        return cdk.PolicyViolatingResource(construct_path=place.path or "", locations=[])
    return cdk.PolicyViolatingResource(resource_logical_id=place.logical_id, template_path=template, locations=[])
