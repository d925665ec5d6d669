"""`python -m demo`: six steps, every promise verified, nothing left running.

Exit code 0 when every promise was kept, 1 when one was broken, 2 when a step could not be carried out, 130 when interrupted.
"""

from __future__ import annotations

import signal
import sys
import time
from contextlib import ExitStack

from constructs_lib.errors import PoolproofError
from constructs_lib.rehearsal.interruption import exit_on_termination
from demo.act import act
from demo.stage import Stage

KEPT, BROKEN, FAILED, INTERRUPTED = 0, 1, 2, 130


def main() -> int:
    """Run the demo and return its exit code."""
    stage, started = Stage(), time.monotonic()
    # A shell starts background jobs with SIGINT ignored; whoever sends it to the demo means it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with ExitStack() as running:
            running.enter_context(exit_on_termination())
            act(stage, running, started)
            with stage.busy("stopping what was started"):
                running.close()
    except KeyboardInterrupt:
        stage.console.print("\n[bold]interrupted[/]: everything that was started has been stopped")
        return INTERRUPTED
    except PoolproofError as error:
        stage.console.print("\n[bold red]the demo could not go on[/]")
        stage.quote(str(error), style="red")
        return FAILED
    return _verdict(stage, time.monotonic() - started)


def _verdict(stage: Stage, seconds: float) -> int:
    broken = stage.ledger.broken
    kept = len(stage.ledger.promises) - len(broken)
    stage.console.print(
        f"\n[bold]{kept} of {len(stage.ledger.promises)} promises kept[/] in {seconds:.0f} s; everything is stopped"
    )
    for promise in broken:
        stage.say(f"broken in step {promise.step}: {promise.text}: {promise.evidence}")
    return BROKEN if broken else KEPT


if __name__ == "__main__":
    sys.exit(main())
