"""What to call a store whose address no given template shows: by the parameter, import, SSM parameter or secret that it comes from."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import pairwise

from constructs_lib.readers.cloudformation.connection_strings import keyed_host_in
from constructs_lib.readers.cloudformation.names import without_suffix
from constructs_lib.readers.cloudformation.values import Reference, Text, Unresolved, Value
from constructs_lib.regex import regex

_RESOLVED = regex(r"\{\{resolve:(?:ssm|ssm-secure|secretsmanager):(?P<name>[^}]+)\}\}")
_SECRET_ARN = regex(r"arn:[^}]*?:secret:")
#: AWS's limit for the name of a secret.
_LONGEST_NAME = 512
_LONGEST_SHOWN = 2_048
_LOGIN = regex(r"[\s;][^\s;=]*=|^[^\s;=]*=.*[\s;]")
_NAMED = regex(r"[A-Za-z0-9]{2}")
#: What names a database or warehouse inside an ARN, after the region and account.
_IN_ARN = regex(r":(?:cluster|db|dbname|dbuser|workgroup|namespace)[:/](?P<name>[^:/]+)")


def source_of(value: Value) -> str | None:
    """A name for where an address comes from, without the credentials that stand beside it; ``None`` when nothing names it."""
    if isinstance(value, Unresolved):
        return value.source
    if not isinstance(value, (str, Text)):
        return None
    shown = _shown(value)
    match = _RESOLVED.search(shown)
    name = _stored(match["name"]) if match is not None else _called(value, shown)
    return name if _NAMED.search(name) else None


def _called(value: str | Text, shown: str) -> str:
    """What fills the host of a URL, or the first part of one whose rest is only where the database lies; else the whole host."""
    parts = value.parts if isinstance(value, Text) else ()
    host = _host(shown)
    before_host = "@" if "@" in shown else "://"
    for before, part in pairwise(parts):
        if isinstance(before, str) and before.endswith(before_host) and isinstance(part, Unresolved) and part.source:
            return part.source
    sources = [part.source for part in parts if isinstance(part, Unresolved) and part.source]
    return next((source for source in sources if host.startswith(f"{source}.")), host)


def absent_in(value: Value) -> set[str]:
    """What a value refers to that its template does not have."""
    parts = value.parts if isinstance(value, Text) else (value,)
    return {part.absent for part in parts if isinstance(part, Unresolved) and part.absent}


def named_in_arn(value: Value) -> str | None:
    """The cluster, instance or workgroup that an ARN is about, or what the whole ARN comes from; ``None`` when it names none."""
    if isinstance(value, Unresolved):
        return source_of(value)
    if not isinstance(value, (str, Text)) or (isinstance(value, Text) and _refers(value)):
        return None
    shown = _shown(value)
    if "{{resolve:" in shown:
        return source_of(value)
    match = _IN_ARN.search(shown)
    return match["name"] if match is not None and _NAMED.search(match["name"]) else None


def secret_name(value: Value) -> str | None:
    """What a secret that no template makes is called, by name, ARN or dynamic reference; ``None`` when nothing names it."""
    if isinstance(value, Unresolved):
        return value.source
    if not isinstance(value, (str, Text)) or (isinstance(value, Text) and _refers(value)):
        return None
    shown = _shown(value)
    return _secret_called(shown) if len(shown) <= _LONGEST_SHOWN else None


@lru_cache(maxsize=8192)
def _secret_called(shown: str) -> str | None:
    match = _RESOLVED.search(shown)
    if match is not None:
        shown = match["name"]
    name = _stored(shown).rstrip("*?").rstrip("-")
    name = without_suffix(name) if _SECRET_ARN.search(shown) and not shown.endswith(("*", "?")) else name
    return name if len(name) <= _LONGEST_NAME and _NAMED.search(name) else None


def is_secret_arn(text: str) -> bool:
    """Whether text is the ARN of a secret."""
    return _SECRET_ARN.match(text) is not None


def _refers(value: Text) -> bool:
    return any(isinstance(part, Reference) for part in value.parts)


def _shown(value: str | Text) -> str:
    if isinstance(value, str):
        return value
    return "".join(part if isinstance(part, str) else _hole(part) for part in value.parts)


def _hole(part: Reference | Unresolved) -> str:
    return (part.source or "*") if isinstance(part, Unresolved) else "*"


def _stored(name: str) -> str:
    """The name of an SSM parameter or secret, without version and key."""
    return _SECRET_ARN.sub("", name).split(":", 1)[0]


def _host(text: str) -> str:
    """The host of an address or a connection string; nothing of text that may hold a login in another form."""
    keyed = keyed_host_in(text)
    if keyed is not None:
        return keyed
    return (
        "" if _LOGIN.search(text) else re.split(r"[:/?#]", text.rpartition("://")[2].rpartition("@")[2], maxsplit=1)[0]
    )
