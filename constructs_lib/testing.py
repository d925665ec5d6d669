"""For tests of CDK apps: the budget of stacks as an assertion, and as a pytest fixture."""

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


def assert_within_budget(*stacks: cdk.Stack, settings: Settings | None = None) -> None:
    """Fail with the text report when the stacks have an error nobody acknowledged, or could not be read.

    Synthesizes the stacks' app. Several stacks are judged as one fleet: give the stack of a database together with those that
    connect to it. ``settings`` are the account's and the app's declared numbers; AWS's defaults when left out. Raises
    ``AssertionError``, and ``ValueError`` when no stack is given.
    """
    if not stacks:
        raise ValueError("assert_within_budget was given no stack: pass every stack that belongs together")
    from aws_cdk import assertions  # noqa: PLC0415 - it starts Node, which collecting tests need not wait for

    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for stack in stacks:
            path = Path(folder) / f"{stack.artifact_id}.template.json"
            path.write_text(json.dumps(assertions.Template.from_stack(stack).to_json()), encoding="utf-8")
            paths.append(str(path))
        reading = read(paths, {})
    report = check(reading.fleet, settings)
    if reading.unread or report.at_or_above(Severity.ERROR):
        raise AssertionError(text.render(report, unread=reading.unread))
