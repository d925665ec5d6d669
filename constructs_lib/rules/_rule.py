"""What a rule is, and how rules are discovered."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import NamedTuple

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet, Gap
from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.settings import Settings

#: A rule says what it finds, and what it could not decide because an input is unknown: never a pass, never a finding.
Said = Finding | Gap
Find = Callable[["Rule", Fleet, Budget, Settings], Iterable[Said]]


class Rule(NamedTuple):
    """A rule's card. ``code`` is public and never reused; ``name`` names the bad pattern in kebab-case; ``since`` is a version.

    ``severity`` is the rule's usual one; a finding may carry another where the page says so.
    """

    code: str
    name: str
    severity: Severity
    since: str
    references: tuple[str, ...]
    search: Find
    page: str

    def say(self, fleet: Fleet, budget: Budget, settings: Settings) -> Iterable[Said]:
        """Every finding of this rule on a fleet and its budget, and every gap that keeps it from deciding."""
        return self.search(self, fleet, budget, settings)

    def finding(
        self,
        subject: str,
        message: str,
        *,
        arithmetic: Iterable[object] = (),
        fix: str,
        origin: Origin = NOWHERE,
        confidence: Confidence = Confidence.CERTAIN,
        severity: Severity | None = None,
    ) -> Finding:
        """A finding of this rule; ``arithmetic`` lines are shown as text in the order given."""
        return Finding(
            code=self.code,
            name=self.name,
            severity=severity or self.severity,
            confidence=confidence,
            subject=subject,
            message=message,
            arithmetic=tuple(str(line) for line in arithmetic),
            fix=fix,
            origin=origin,
        )


@lru_cache(maxsize=1)
def all_rules() -> tuple[Rule, ...]:
    """Every rule of the package, ordered by code."""
    package = importlib.import_module("constructs_lib.rules")
    names = [module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("_")]
    rules = [importlib.import_module(f"constructs_lib.rules.{name}").RULE for name in names]
    return tuple(sorted(rules, key=lambda rule: rule.code))


def rule_named(code_or_name: str) -> Rule | None:
    """The rule with that code (any case) or kebab-case name; ``None`` when there is none."""
    wanted = code_or_name.strip()
    return next((rule for rule in all_rules() if wanted.upper() == rule.code or wanted.lower() == rule.name), None)
