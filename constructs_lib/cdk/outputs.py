"""What every synth leaves beside the templates: the budget for machines and the runbook for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import constructs
import jsii

from constructs_lib.check import Report
from constructs_lib.readers.reading import Unread
from constructs_lib.reporters import runbook
from constructs_lib.reporters.json import document

BUDGET = "connection-budget.json"
RUNBOOK = "RUNBOOK.md"


def clear_before_synth(app: cdk.Stage) -> None:
    """Remove what an earlier synth left before CDK looks at the folder: a plugin must not change files it finds there."""
    app.node.add_validation(_Clear(Path(app.outdir)))


def write(folder: Path, report: Report, unread: Sequence[Unread]) -> None:
    """Write both as new files; one that is still there is replaced, not changed in place.

    The budget has one line an entry: as readable as indented JSON, and a fifth of the time for an app of hundreds of functions.
    """
    for name, text in ((BUDGET, _lines(document(report, unread))), (RUNBOOK, runbook.render(report))):
        path = folder / name
        path.unlink(missing_ok=True)
        path.write_text(text if text.endswith("\n") else f"{text}\n", encoding="utf-8")


def _lines(report: Mapping[str, Any]) -> str:
    """JSON with a line for each entry of each list."""
    encode = json.JSONEncoder(ensure_ascii=False).encode
    sections = []
    for name, value in report.items():
        several = isinstance(value, list) and value
        text = "[\n" + ",\n".join(encode(entry) for entry in value) + "\n]" if several else encode(value)
        sections.append(f"{encode(name)}: {text}")
    return "{\n" + ",\n".join(sections) + "\n}\n"


@jsii.implements(constructs.IValidation)
class _Clear:
    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def validate(self) -> list[str]:
        for name in (BUDGET, RUNBOOK):
            (self._folder / name).unlink(missing_ok=True)
        return []
