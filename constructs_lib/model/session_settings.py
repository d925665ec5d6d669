"""What a statement does to the session that a proxy lends to its client."""

from __future__ import annotations

import re

from constructs_lib.facts.session_settings import tracked_settings
from constructs_lib.regex import regex

#: A comma outside of quotes separates the settings of one statement.
_COMMA = regex(r",(?=(?:[^']*'[^']*')*[^']*$)(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
_NAME = regex(
    r"\s*(?:SET\s+)?(?:(?:SESSION|LOCAL)\s+|@@(?:(?:SESSION|LOCAL)\.)?)?(CHARACTER\s+SET|CHAR\s+SET|[\w@.]+)",
    re.IGNORECASE,
)


def settings_of(statement: str) -> tuple[str, ...]:
    """Names that a SET statement changes, in capitals: ``SET time_zone = 'UTC', @tenant = 7`` → ``TIME_ZONE``, ``@TENANT``."""
    named = [_NAME.match(part) for part in _COMMA.split(statement)]
    return tuple(re.sub(r"\s+", "_", match.group(1)).upper() for match in named if match is not None)


def keeps_sharing(statement: str, engine_family: str) -> bool:
    """Whether the proxy may go on lending the connection to others after the statement: it follows everything that is set."""
    found = settings_of(statement)
    return bool(found) and tracked_settings(engine_family).issuperset(found)
