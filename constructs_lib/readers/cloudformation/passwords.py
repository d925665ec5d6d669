"""Database passwords that stand in a function's environment, whoever put them there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from constructs_lib.model.network import ExposedPassword
from constructs_lib.readers.cloudformation.connection_strings import engine_in, keyed_login_in
from constructs_lib.readers.cloudformation.environment import LONGEST
from constructs_lib.readers.cloudformation.placeholders import TO_FILL_IN
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    Unresolved,
    Value,
    entries_of,
    pattern_of,
    text_of,
)
from constructs_lib.regex import regex

_WORDS = regex(r"(?<=[a-z0-9])(?=[A-Z])")
_PASSWORD = regex(r"(?:^|_)(?:password|passwd|pwd|pass|pw)$|^pgpassword$", re.IGNORECASE)
_OF_A_DATABASE = regex(
    r"(?:^|_)(?:db|database|rds|aurora|pg|postgres(?:ql)?|mysql|mariadb|sql|mongo(?:db)?|docdb|documentdb|redis|valkey|neptune|redshift|"
    r"typeorm|prisma|sequelize|hibernate|datasource|jdbc)(?:_|$)|^pgpassword$|database|postgres|mysql",
    re.IGNORECASE,
)
_PLACEHOLDER = regex(rf"[\s*x.\-_?]*|none|null|nil|undefined|n/?a|empty|unset|{TO_FILL_IN}", re.IGNORECASE)
#: Not the password itself: where it is kept.
_PLACE = regex(r"arn:|/|https?://|ssm:")
_COPIED = regex(r"\{\{resolve:(secretsmanager|ssm-secure|ssm):([^{}]{1,600})\}\}")
_KEY_WITH_PASSWORD = regex(r"pass|pwd|^pw$", re.IGNORECASE)
_LOCAL = regex(r"localhost|127\.|host\.docker\.internal|0\.0\.0\.0")
_SECRET_KEY = regex(r":SecretString:([^:}]*)")


def exposed_passwords(function: Resource, *, uses_database: bool) -> Iterator[ExposedPassword]:
    """Each variable that carries a database password once; a ``PASSWORD`` of nothing counts where the function uses a database."""
    for name, value in entries_of(function.get("Environment", "Variables")).items():
        found = _exposed(str(name), value, uses_database)
        if found is not None:
            yield found


class _Name(NamedTuple):
    """What the name of a variable speaks of: a database, and the password itself."""

    of_a_database: bool
    password: bool


@lru_cache(maxsize=8192)
def _read(name: str) -> _Name:
    words = _WORDS.sub("_", name).replace("-", "_")
    return _Name(bool(_OF_A_DATABASE.search(words)), bool(_PASSWORD.search(words)))


def _exposed(name: str, value: Value, uses_database: bool) -> ExposedPassword | None:
    about, password = _read(name)
    shown = _shown(value)
    if shown is not None and _in_connection_string(shown):
        return ExposedPassword(name, "connection-string", likely=isinstance(value, Either))
    copied = _COPIED.search(shown or "")
    if copied is not None and copied.group(1) != "ssm":
        return _copied(name, copied.group(2), about=about, password=password) if about or uses_database else None
    if not password or not (about or uses_database):
        return None
    return _plain(name, value, likely=not about)


def _copied(name: str, reference: str, *, about: bool, password: bool) -> ExposedPassword | None:
    """A secret resolved at deploy time: by its key where the reference has one, else the whole of it."""
    key = _SECRET_KEY.search(f":{reference}:")
    if key is not None and key.group(1):
        return ExposedPassword(name, "secret", not about) if _KEY_WITH_PASSWORD.search(key.group(1)) else None
    return ExposedPassword(name, "secret", likely=not (about and password)) if about or password else None


def _plain(name: str, value: Value, *, likely: bool) -> ExposedPassword | None:
    text = text_of(value)
    if text is not None:
        if len(text) > LONGEST or _PLACEHOLDER.fullmatch(text) or _PLACE.match(text):
            return None
        return ExposedPassword(name, "literal", likely)
    if isinstance(value, Unresolved) and value.parameter is not None:
        return ExposedPassword(name, "parameter", likely)
    return None


def _shown(value: Value) -> str | None:
    """Text with a mark for each hole."""
    if isinstance(value, Either):
        return next((text for option in value.options if (text := _shown(option)) is not None), None)
    pattern = pattern_of(value)
    if pattern is None:
        return None
    text = "".join("\0" if part is None else part for part in pattern)
    return text if len(text) <= LONGEST else None


def _in_connection_string(text: str) -> bool:
    """Whether a connection string carries a password: literal, copied from a secret, or from a parameter."""
    written = _COPIED.sub("\0", text)
    if engine_in(text) is not None:
        authority, _, host = written.partition("://")[2].split("/", 1)[0].rpartition("@")
        password = authority.partition(":")[2]
    else:
        host, password = (keyed_login_in(written) if "=" in written else None) or ("", "")
    return bool(password) and not _PLACEHOLDER.fullmatch(password) and not _LOCAL.match(host)
