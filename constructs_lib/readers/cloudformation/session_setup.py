"""What a function's environment asks of every database session: options in a connection string, statements to run first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import unquote_plus

from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, entries_of, pattern_of
from constructs_lib.regex import regex

LONGEST = 4_096
#: Start-up options of libpq and its kin: ``options=-c statement_timeout=5000`` in a connection string, or in PGOPTIONS alone.
_OPTIONS = regex(r"(?:^|[?&\s])options=['\"]?((?:-c\s*|--)[A-Za-z_][^&'\"]*)", re.IGNORECASE)
_BARE = regex(r"\s*((?:-c\s*|--)[A-Za-z_].*)", re.DOTALL)
#: Statements that a driver runs on every new session: init_command (MySQL clients), sessionVariables (Connector/J).
_FIRST = regex(r"(?:^|[?&;\s])(init_?command|sessionVariables)=['\"]?([^&;'\"]+)", re.IGNORECASE)
_SET = regex(
    r"\s*SET\s+(?:(?:(?:SESSION|LOCAL|GLOBAL)\s+)?[\w@.]+\s*(?::?=|TO\s)|(?:NAMES|ROLE|TIME\s+ZONE|SESSION\s+AUTHORIZATION)\s)[^\0]*",
    re.IGNORECASE,
)


def session_setup(function: Resource) -> Iterator[tuple[str, Value]]:
    """Texts such as ``environment variable PGOPTIONS: options -c search_path=shop``, each with the value it stands in."""
    for name, value in entries_of(function.get("Environment", "Variables")).items():
        text = "".join("\0" if part is None else part for part in pattern_of(value) or ())
        if len(text) <= LONGEST:
            for asked in _asked(str(name), text):
                yield f"environment variable {name}: {asked}", value


def _asked(name: str, text: str) -> Iterator[str]:
    plain = unquote_plus(text)
    options = _BARE.fullmatch(plain) if name.upper() == "PGOPTIONS" else _OPTIONS.search(plain)
    if options is not None:
        yield f"options {options.group(1).strip()}"
    first = _FIRST.search(plain)
    if first is not None:
        statement = first.group(2).strip()
        yield statement if _SET.match(statement) else f"SET {statement}"
    elif _SET.fullmatch(plain):
        yield plain.strip().rstrip(";")
