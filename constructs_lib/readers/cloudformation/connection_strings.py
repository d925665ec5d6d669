"""Addresses in writing: connection strings as drivers take them, and plain hosts."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from constructs_lib.readers.cloudformation.environment import LONGEST
from constructs_lib.readers.cloudformation.named_hosts import is_database_host
from constructs_lib.readers.cloudformation.values import Text, Value, text_of
from constructs_lib.regex import regex

#: Engines by the scheme of a URL, without the driver's name after a plus sign and what Java puts before it.
_SCHEMES = {
    "postgres": "postgres", "postgresql": "postgres", "mysql": "mysql", "mysql2": "mysql", "mariadb": "mariadb", "mongodb": "mongodb",
    "redis": "redis", "rediss": "redis", "valkey": "redis", "valkeys": "redis", "sqlserver": "sqlserver", "mssql": "sqlserver",
    "libsql": "sqlite", "cockroachdb": "postgres", "oracle": "oracle", "couchbase": "couchbase", "couchbases": "couchbase",
    "neo4j": "neo4j", "bolt": "neo4j",
}  # fmt: skip
_JAVA = regex(r"^jdbc:(?:aws-wrapper:)?", re.IGNORECASE)
#: ``jdbc:oracle:thin:@//host:1521/service``, with or without strokes and a login.
_ORACLE = regex(
    r"jdbc:oracle:(?:thin|oci8?):[^@\s]*@(?:tcps?:)?(?://)?(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)(?=[:/]|\Z)",
    re.IGNORECASE,
)
#: A pooler that takes any engine behind it.
_POOLED = regex(r"prisma(?:\+[a-z]+)?://(?P<host>[A-Za-z0-9][A-Za-z0-9.-]*)")
_HOST = regex(
    r"(?=.{4,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)+\Z"
)
#: The host of a string of keys and values, as ADO.NET, libpq and Oracle write them: ``Server=tcp:db.example.com,1433;Database=shop``.
_KEYED = regex(r"(?:^|[;\s(])(?:server|host|data source)\s*=\s*(?:tcp:)?(?P<host>[^;,:\s()]+)", re.IGNORECASE)
#: What is filled in when the stack is deployed: a password, as a rule.
_RESOLVED = regex(r"\{\{resolve:[^{}]*\}\}")
#: A host whose own name says what it is: ``ebsdb01.corp``, ``orders-postgres.internal``.
_OF_A_DATABASE = regex(
    r"^(?:[a-z0-9-]*-)?[a-z]*(?:db|sql|postgres(?:ql)?|pg|mariadb|oracle|redis|valkey|mongo|aurora|rds)\d*(?:-[a-z0-9-]*)?\.|"
    r"^(?:sql|mysql|postgres|redis|mongo)[a-z0-9-]*\.",
    re.IGNORECASE,
)
_BARE = regex(r"[A-Za-z][A-Za-z0-9_-]{1,62}")
_NO_HOSTS = frozenset({
    "true", "false", "yes", "no", "on", "off", "none", "null", "nil", "undefined", "empty", "unset", "na", "disabled", "enabled", "local",
    "default", "auto", "sqlite", "sqlite3", "file", "memory", "mock", "fake", "test",
})  # fmt: skip
_KEYED_PASSWORD = regex(r"(?:^|[;\s])(?:password|pwd)\s*=\s*(?P<password>[^;\s]+)", re.IGNORECASE)
_KEYED_DATABASE = regex(r"(?:^|[;\s])(?:database|dbname|initial catalog)\s*=", re.IGNORECASE)
_LIMIT = regex(
    r"[?&](?:connection_limit|pool_size|pool_max_conns|max_connections|maxPoolSize|maximumPoolSize)=(\d{1,6})\b",
    re.IGNORECASE,
)


def engine_in(text: str) -> str | None:
    """The engine that the scheme of a connection string means; ``None`` for text that is none."""
    if _ORACLE.match(text):
        return "oracle"
    scheme, separator, _ = text.partition("://")
    return _SCHEMES.get(_JAVA.sub("", scheme).lower().partition("+")[0].partition(":")[0]) if separator else None


def keyed_host_in(text: str) -> str | None:
    """The host of a string of keys and values; ``None`` for other text."""
    match = _KEYED.search(text) if "=" in text else None
    return match["host"] if match is not None else None


def without_resolved(text: str) -> str:
    """The text with a stroke for each dynamic reference: what shows of it may still be an address."""
    return _RESOLVED.sub("-", text)


def names_itself(host: str) -> bool:
    """Whether a host's own name says that it is a database."""
    return _OF_A_DATABASE.search(host) is not None


def address_in(text: str) -> tuple[str | None, str | None]:
    """Host and engine of a literal: of a connection string, or a host whose engine nothing tells."""
    engine = engine_in(text)
    pooled = _POOLED.match(text)
    if pooled is not None:
        return pooled["host"].lower(), None
    oracle = _ORACLE.match(text)
    if oracle is not None:
        return (oracle["host"].lower(), engine) if not is_local(oracle["host"]) else (None, None)
    if engine is not None:
        try:
            host = urlsplit(f"any://{text.partition('://')[2]}").hostname
        except ValueError:
            return None, None
        host = (host or "").partition(",")[0]  # of the members of a replica set, the first stands for all
        named = any(map(str.isalnum, host)) and not is_local(host)
        return (host, engine) if named else (None, None)
    host = keyed_host_in(text) or text.removeprefix("https://").partition(":")[0].partition("/")[0]
    return (None, None) if not _is_host(host) else (host.strip().lower(), None)


def keyed_login_in(text: str) -> tuple[str, str] | None:
    """Host and password of a string of keys and values; ``None`` where it has not both, or names no database."""
    host, password = _KEYED.search(text), _KEYED_PASSWORD.search(text)
    if host is None or password is None or not _KEYED_DATABASE.search(text):
        return None
    return host["host"], password["password"]


def size_in(text: str) -> int | None:
    """Connections that a connection string allows each environment; ``None`` when it does not say."""
    match = _LIMIT.search(text)
    return int(match.group(1)) or None if match else None


def shows_host(value: Value) -> bool:
    """Text with holes that is a connection string or ends like the address of a database."""
    if not isinstance(value, Text):
        return False
    first, last = value.parts[0], value.parts[-1]
    return bool(isinstance(first, str) and engine_in(first)) or (
        isinstance(last, str) and is_database_host(last.partition(":")[0])
    )


def is_no_host(value: Value) -> bool:
    """Whether a literal stands where an address is to come: nothing, a placeholder, or the machine itself."""
    text = text_of(value)
    if text is None or len(text) > LONGEST or engine_in(text) or "{{resolve:" in text:
        return False
    return address_in(text) == (None, None)


def is_of_itself(text: str) -> bool:
    """Whether text is a connection string that leads to the machine itself: what a developer has for a database at home."""
    if engine_in(text) is None or len(text) > LONGEST:
        return False
    try:
        host = urlsplit(f"any://{text.partition('://')[2]}").hostname
    except ValueError:
        return False
    return host is not None and is_local(host)


def is_bare(text: str) -> bool:
    """Whether text is a host without a domain, as containers call each other: no switch, and not what keeps data in a file or memory."""
    return _BARE.fullmatch(text) is not None and not is_local(text) and text.lower() not in _NO_HOSTS


def is_local(host: str) -> bool:
    """Whether an address is the machine's own."""
    return host in ("localhost", "0.0.0.0", "::1") or host.startswith("127.")  # noqa: S104 - compared, not bound


def _is_host(text: str) -> bool:
    return _HOST.match(text.strip()) is not None and not is_local(text.strip())
