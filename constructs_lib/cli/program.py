"""The group of commands, and the one place where an exception becomes a message and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

from constructs_lib._version import __version__
from constructs_lib.cli.output import PipeClosed, close_pipe, complain, survive_odd_characters
from constructs_lib.errors import PoolproofError

TROUBLE = 2
#: What shells report for a program that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
INTERRUPTED, PIPE_CLOSED = 130, 141


class Commands(click.Group):
    """Loads a command's module only when it is asked for."""

    NAMES = ("check", "explain", "plan", "rehearse", "audit")

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(self.NAMES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in self.NAMES:
            return None
        command: click.Command = import_module(f"constructs_lib.cli.{cmd_name}").command
        return command


@click.command(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", prog_name="poolproof")
def group() -> None:
    """Prove that functions fit their database's connections, before they are deployed.

    Exit codes: 0 nothing at or above the threshold, 1 findings, 2 usage or unreadable input.
    """


def run(arguments: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; no exception gets out."""
    survive_odd_characters()
    try:
        code = group.main(arguments, prog_name="poolproof", standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return TROUBLE
    except (click.Abort, KeyboardInterrupt):
        complain("interrupted")
        return INTERRUPTED
    except PipeClosed:
        close_pipe()
        return PIPE_CLOSED
    except PoolproofError as error:
        complain(str(error))
        return TROUBLE
    except Exception as error:  # noqa: BLE001 - whatever else gets here is a bug, and users see no traceback
        _bug(error)
        return TROUBLE
    return code if isinstance(code, int) else 0


def _bug(error: Exception) -> None:
    import traceback

    if os.environ.get("POOLPROOF_DEBUG") == "1":
        traceback.print_exception(error)
        return
    place = ""
    with suppress(IndexError):
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f" ({Path(frame.filename).name}:{frame.lineno})"
    complain(
        f"poolproof {__version__} on Python {sys.version.split()[0]} failed with {type(error).__name__}: {error}{place}; "
        "this is a bug: please report it with the input and the traceback that POOLPROOF_DEBUG=1 shows"
    )
