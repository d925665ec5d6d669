"""For tests of CDK apps: a stack's budget as an assertion."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from constructs_lib.check import check
from constructs_lib.model.finding import Severity
from constructs_lib.readers.sources import read
from constructs_lib.reporters import text

if TYPE_CHECKING:
    import aws_cdk as cdk

    from constructs_lib.model.settings import Settings


def assert_within_budget(stack: cdk.Stack, settings: Settings | None = None) -> None:
    """Fail with the text report when a stack's template has an error nobody acknowledged, or could not be read.

    Synthesizes the stack's app. Sees this stack's template only, so a database of another stack is not decided here.
    """
    from aws_cdk import assertions  # noqa: PLC0415 - it starts Node, which collecting tests need not wait for

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{stack.artifact_id}.template.json"
        path.write_text(json.dumps(assertions.Template.from_stack(stack).to_json()), encoding="utf-8")
        reading = read([str(path)], {})
    report = check(reading.fleet, settings)
    if reading.unread or report.at_or_above(Severity.ERROR):
        raise AssertionError(text.render(report, unread=reading.unread))
