"""Where a report goes: a file, or standard output that may be a terminal, a closed pipe or a full disk."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

from constructs_lib.errors import PoolproofError
from constructs_lib.reporters.ink import clean


class PipeClosed(Exception):  # noqa: N818 - no error: whoever read our output has seen enough
    """Nobody reads standard output any more."""


def survive_odd_characters() -> None:
    """Show what a stream's encoding cannot as a question mark instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def complain(message: str) -> None:
    """A message for the person at the keyboard, on standard error."""
    lines = "".join(f"poolproof: {clean(line)}\n" for line in message.splitlines())
    try:
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:
        # Standard error is gone too: the exit code still tells.
        return


def wants_color() -> bool:
    """Whether standard output is a terminal whose owner has not asked for plain text (no-color.org)."""
    return sys.stdout.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def emit(text: str, output: str | None = None) -> None:
    """Write the report. Raises ``PipeClosed``, or ``PoolproofError`` when it cannot be written."""
    if output is not None:
        _save(text, output)
        return
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise PipeClosed from error
    except OSError as error:
        raise PoolproofError(f"cannot write to standard output: {error.strerror}") from error


def _save(text: str, output: str) -> None:
    try:
        Path(output).write_text(text, encoding="utf-8", errors="replace")
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise PoolproofError(
            f"cannot write the report to '{output}': {reason}; --output needs a file in a folder that exists"
        ) from error


def close_pipe() -> None:
    """Keep the interpreter from flushing into the closed pipe when it exits."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
