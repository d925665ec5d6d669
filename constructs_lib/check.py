"""Fleet and settings in, report out.

The only place where rules are run: the command line, the policy plugin and the tests all pass here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from constructs_lib.model.budget import Budget, judge
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Acknowledgement, Fleet, Gap
from constructs_lib.model.settings import Ignore, Settings
from constructs_lib.model.undecided import undecided
from constructs_lib.rules import all_rules


@dataclass(frozen=True)
class Report:
    """What the rules found, with the fleet and the budget they judged.

    ``not_decided`` lists what nobody could judge and what to declare. ``unused_ignores`` are ignores that matched nothing or
    give no reason.
    """

    fleet: Fleet
    settings: Settings
    budget: Budget
    findings: tuple[Finding, ...]
    not_decided: tuple[Gap, ...]
    unused_ignores: tuple[Ignore, ...]

    def at_or_above(self, severity: Severity) -> tuple[Finding, ...]:
        """Findings of a severity or worse that nobody acknowledged."""
        return tuple(f for f in self.findings if f.acknowledged is None and f.severity.rank >= severity.rank)

    @property
    def stopping(self) -> tuple[Finding, ...]:
        """Findings that stop a synth: certain errors nobody acknowledged, and warnings too when settings are strict."""
        worst = Severity.WARNING if self.settings.strict else Severity.ERROR
        return tuple(
            f for f in self.at_or_above(worst) if f.severity is not Severity.ERROR or f.confidence is Confidence.CERTAIN
        )


def check(fleet: Fleet, settings: Settings | None = None) -> Report:
    """Run every rule on a fleet. Findings come sorted: worst first, then by code and subject, so that output is stable."""
    settings = settings or Settings()
    budget = judge(fleet, settings)
    said = [item for rule in all_rules() for item in rule.say(fleet, budget, settings)]
    found = [item for item in said if isinstance(item, Finding)]
    gaps = [item for item in said if isinstance(item, Gap)]
    findings, used = _acknowledged(found, fleet.acknowledgements, settings.ignores)
    findings.sort(key=lambda f: (-f.severity.rank, f.code, f.subject, f.message))
    unused = tuple(ignore for index, ignore in enumerate(settings.ignores) if index not in used)
    not_decided = tuple(dict.fromkeys((*undecided(fleet, budget, settings), *gaps)))
    return Report(fleet, settings, budget, tuple(findings), not_decided, unused)


def _acknowledged(
    found: Sequence[Finding], acknowledgements: Sequence[Acknowledgement], ignores: Sequence[Ignore]
) -> tuple[list[Finding], set[int]]:
    used: set[int] = set()
    findings = []
    for finding in found:
        reason = next((a.reason for a in acknowledgements if _covers(a, finding)), None)
        for index, ignore in enumerate(ignores):
            if ignore.code == finding.code and ignore.subject in (None, finding.subject) and ignore.reason.strip():
                used.add(index)
                reason = reason or ignore.reason
        findings.append(finding._replace(acknowledged=reason) if reason else finding)
    return findings, used


def _covers(acknowledgement: Acknowledgement, finding: Finding) -> bool:
    if acknowledgement.code != finding.code:
        return False
    if acknowledgement.subject is not None:
        return acknowledgement.subject == finding.subject
    path = finding.origin.path or ""
    scope = acknowledgement.path
    return scope is None or scope in ("", path) or path.startswith(f"{scope}/")
