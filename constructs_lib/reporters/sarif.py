"""The report as SARIF 2.1.0, for code scanning: https://docs.oasis-open.org/sarif/sarif/v2.1.0/."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from constructs_lib._version import __version__
from constructs_lib.baseline import fingerprints
from constructs_lib.check import Report
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.reporters.unread import Unread
from constructs_lib.rules import Rule, all_rules
from constructs_lib.rules._page import page_of

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}

Json = dict[str, Any]


def render(report: Report, unread: Sequence[Unread] = ()) -> str:
    """The findings as one SARIF run with every rule's page as help; what could not be read are its notifications."""
    return json.dumps(document(report, unread), indent=2, ensure_ascii=False) + "\n"


def document(report: Report, unread: Sequence[Unread] = ()) -> Json:
    """The log as plain lists, dictionaries, text and numbers."""
    driver = {"name": "poolproof", "semanticVersion": __version__, "rules": [_rule(rule) for rule in all_rules()]}
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "invocations": [
            {"executionSuccessful": not unread, "toolExecutionNotifications": [_unread(item) for item in unread]}
        ],
        "results": [
            _result(finding, print_)
            for finding, print_ in zip(report.findings, fingerprints(report.findings), strict=True)
        ],
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(rule: Rule) -> Json:
    page = page_of(rule)
    help_text = "\n\n".join(f"## {heading}\n\n{body}" for heading, body in page.sections.items()) or page.summary
    entry: Json = {
        "id": rule.code,
        "name": rule.name,
        "shortDescription": {"text": page.summary},
        "fullDescription": {"text": page.sections.get("What it finds", page.summary)},
        "help": {"text": help_text, "markdown": help_text},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"since": rule.since, "references": list(rule.references)},
    }
    return entry | ({"helpUri": rule.references[0]} if rule.references else {})


def _result(finding: Finding, print_: str) -> Json:
    codes = [rule.code for rule in all_rules()]
    text = f"{finding.message}\n{finding.fix and 'fix: '}{finding.fix}".strip()
    entry: Json = {
        "ruleId": finding.code,
        "level": _LEVELS[finding.severity],
        "message": {"text": text},
        "locations": [_location(finding)],
        "partialFingerprints": {"poolproof/v1": print_},
        "properties": {
            "subject": finding.subject,
            "confidence": finding.confidence.value,
            "arithmetic": list(finding.arithmetic),
            "fix": finding.fix,
        },
    }
    if finding.code in codes:
        entry["ruleIndex"] = codes.index(finding.code)
    if finding.acknowledged is not None:
        entry["suppressions"] = [{"kind": "external", "justification": finding.acknowledged}]
    return entry


def _location(finding: Finding) -> Json:
    origin = finding.origin
    name = origin.path or origin.logical_id or finding.subject
    entry: Json = {"logicalLocations": [{"fullyQualifiedName": name, "kind": "resource"}]}
    return entry | ({"physicalLocation": _place(origin.file, origin.line)} if origin.file else {})


def _unread(item: Unread) -> Json:
    return {
        "level": "error",
        "message": {"text": item.reason},
        "locations": [{"physicalLocation": _place(item.path, item.line)}],
    }


def _place(file: str, line: int | None) -> Json:
    path = PurePath(file)
    uri = path.as_uri() if path.is_absolute() else quote(path.as_posix(), errors="replace")
    place: Json = {"artifactLocation": {"uri": uri}}
    return place | ({"region": {"startLine": line}} if line else {})
