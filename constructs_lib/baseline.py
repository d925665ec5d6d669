"""A baseline: findings a project lives with for now. They do not fail a run, new ones do, vanished ones are reported."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from constructs_lib.check import Report
from constructs_lib.errors import InputError, PoolproofError, Problem
from constructs_lib.model.finding import Finding

VERSION = 1


@dataclass(frozen=True)
class Baseline:
    """Known findings of a ``file``: a title for people by fingerprint."""

    file: str
    known: Mapping[str, str]


def fingerprints(findings: Sequence[Finding]) -> tuple[str, ...]:
    """One fingerprint a finding, in order.

    Made of rule and subject, and a count where a rule says several things about one subject: neither lines, files nor figures
    change it, so a known finding stays known while its numbers move.
    """
    seen: Counter[tuple[str, str]] = Counter()
    prints = []
    for finding in findings:
        key = (finding.code, finding.subject)
        text = json.dumps([*key, seen[key]])
        seen[key] += 1
        prints.append(hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32])
    return tuple(prints)


def render(report: Report) -> str:
    """The baseline of a report: every finding that nobody acknowledged, sorted."""
    entries = [
        {"fingerprint": print_, "finding": f"{finding.code} {finding.subject}"}
        for finding, print_ in zip(report.findings, fingerprints(report.findings), strict=True)
        if finding.acknowledged is None
    ]
    entries.sort(key=lambda entry: (entry["finding"], entry["fingerprint"]))
    return json.dumps({"version": VERSION, "known": entries}, indent=2) + "\n"


def write(report: Report, file: str) -> None:
    """Write the baseline of a report. Raises ``PoolproofError`` when it cannot be written."""
    try:
        Path(file).write_text(render(report), encoding="utf-8")
    except (OSError, ValueError) as error:
        raise PoolproofError(
            f"cannot write the baseline '{file}': {error}; it needs a file in a folder that exists"
        ) from error


def load(file: str) -> Baseline:
    """Read a baseline. Raises ``InputError`` when it is no file that ``write`` has made."""
    try:
        document = json.loads(Path(file).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _broken(file, f"cannot read the baseline: {error}") from error
    if not isinstance(document, dict) or document.get("version") != VERSION:
        raise _broken(file, f"no baseline of version {VERSION}")
    known = document.get("known")
    if not isinstance(known, list) or not all(_is_entry(entry) for entry in known):
        raise _broken(file, "'known' must be a list of objects with texts 'fingerprint' and 'finding'")
    return Baseline(file, {entry["fingerprint"]: entry["finding"] for entry in known})


def apply(report: Report, baseline: Baseline) -> tuple[Report, tuple[str, ...]]:
    """The report with known findings acknowledged, and the titles of known findings that are gone."""
    prints = fingerprints(report.findings)
    findings = tuple(
        finding._replace(acknowledged=f"known: in the baseline {baseline.file}")
        if finding.acknowledged is None and print_ in baseline.known
        else finding
        for finding, print_ in zip(report.findings, prints, strict=True)
    )
    gone = tuple(title for print_, title in baseline.known.items() if print_ not in prints)
    return replace(report, findings=findings), gone


def _is_entry(entry: object) -> bool:
    return isinstance(entry, dict) and all(isinstance(entry.get(key), str) for key in ("fingerprint", "finding"))


def _broken(file: str, message: str) -> InputError:
    return InputError([Problem(f"{message}; --write-baseline makes one", file)])
