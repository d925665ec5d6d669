"""The policy plugin: reads the synthesized templates, runs the same check as the command line, and tells CDK what it found."""

from __future__ import annotations

import os
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import aws_cdk as cdk
import jsii
from constructs import IConstruct

from constructs_lib._version import __version__
from constructs_lib.cdk import outputs
from constructs_lib.cdk.acknowledgements import Acknowledgements
from constructs_lib.cdk.context import settings_of
from constructs_lib.cdk.violations import stops, violation
from constructs_lib.check import Report, check
from constructs_lib.collector import paused
from constructs_lib.errors import PoolproofError
from constructs_lib.model.finding import Finding, Severity
from constructs_lib.model.settings import Settings
from constructs_lib.readers.cdk_assembly import Assembly, read_assembly
from constructs_lib.readers.cloudformation import read_documents
from constructs_lib.readers.reading import Unread
from constructs_lib.rules import all_rules

NAME = "poolproof"
NOT_DECIDED = "PP901"

# Loaded with the plugin: the reader puts them off for the command line's start, and the first use here is in the middle of a synth.
import_module("constructs_lib.readers.cloudformation.compose")
all_rules()

#: Which instance speaks for an app: constructs register one by themselves, and a user may add another.
_SPEAKERS: WeakKeyDictionary[IConstruct, ConnectionBudgetChecks] = WeakKeyDictionary()


@jsii.implements(cdk.IPolicyValidationPlugin)
class ConnectionBudgetChecks:
    """Refuses a synth whose functions can open more connections than their database has.

    ``Validations.of(app).add_plugins(ConnectionBudgetChecks())``; any construct of this library registers it by itself. Errors that
    are certain stop the synth, warnings only with context ``poolproof:strict``. Pass the ``app`` when it sets both ``outdir`` and
    ``confirm_validation_plugins_do_not_mutate``: files of an earlier synth are then removed in time.
    Writes ``connection-budget.json`` and ``RUNBOOK.md`` beside the templates.
    """

    def __init__(self, app: cdk.Stage | None = None) -> None:
        if app is not None:
            outputs.clear_before_synth(app)

    @property
    def name(self) -> str:
        return NAME

    @property
    def version(self) -> str:
        return __version__

    @property
    def rule_ids(self) -> list[str]:
        return [rule.code for rule in all_rules()]

    def validate(self, context: Any) -> cdk.PolicyValidationPluginReport:
        """One violation a finding; a failure of this library is a violation too, never a traceback of jsii."""
        try:
            with paused():
                return self._validate(list(context.template_paths), context.app_construct)
        except PoolproofError as error:
            return _failure(str(error))
        except Exception as error:  # noqa: BLE001 - an exception here would surface as a jsii traceback without a cause
            frame = traceback.extract_tb(error.__traceback__)[-1]
            place = f"{Path(frame.filename).name}:{frame.lineno}"
            return _failure(
                f"poolproof {__version__} failed with {type(error).__name__}: {error} ({place}); please report it"
            )

    def _validate(self, templates: list[str], app: Any) -> cdk.PolicyValidationPluginReport:
        if _SPEAKERS.setdefault(app, self) is not self:
            return cdk.PolicyValidationPluginReport(success=True, violations=[])
        settings, folder, acknowledgements = settings_of(app.node), Path(app.outdir), Acknowledgements(app, NAME)
        assembly = read_assembly(folder)
        report, unread = _judge(assembly, folder, settings)
        report = acknowledgements.applied(report, folder, assembly.stacks)
        outputs.write(folder, report, unread)
        violations = [violation(finding, report, templates) for finding in report.findings if _is_shown(finding)]
        failed = any(stops(finding, settings) and finding.acknowledged is None for finding in report.findings)
        violations += [_violation("template-unread", str(item), "fatal") for item in unread]
        return cdk.PolicyValidationPluginReport(success=not failed and not unread, violations=violations)


def _is_shown(finding: Finding) -> bool:
    """Whether CDK's report shows it: notes stay in ``connection-budget.json``, but what nobody could decide is never silent."""
    return finding.severity is not Severity.INFO or finding.code == NOT_DECIDED


def _judge(assembly: Assembly, folder: Path, settings: Settings) -> tuple[Report, tuple[Unread, ...]]:
    # Named as seen from the assembly: what is written beside the templates must not depend on where somebody synthesizes.
    documents = [document._replace(path=os.path.relpath(document.path, folder)) for document in assembly.documents]
    reading = read_documents(documents, {}, assembly.unread, assembly.acknowledgements)
    return check(reading.fleet, settings), reading.unread


def _failure(message: str) -> cdk.PolicyValidationPluginReport:
    return cdk.PolicyValidationPluginReport(success=False, violations=[_violation("check-failed", message, "fatal")])


def _violation(rule: str, message: str, severity: str) -> cdk.PolicyViolation:
    everywhere = cdk.PolicyViolatingResource(construct_path="", locations=[])
    return cdk.PolicyViolation(rule_name=rule, description=message, severity=severity, violating_resources=[everywhere])
