"""The command line: one module per command, everything heavy imported inside the function that needs it."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point of ``poolproof``; ends the process with 0 (nothing found), 1 (findings) or 2 (usage or unreadable input)."""
    gc.set_threshold(100_000)  # what is imported stays: looking through it again and again is a tenth of the start
    from constructs_lib.cli.program import run

    code = run(arguments)
    gc.freeze()  # the process ends here: looking through what a large fleet left would take longer than dropping it
    sys.exit(code)
