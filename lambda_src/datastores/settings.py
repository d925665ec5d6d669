"""What the constructs wrote into the environment, read once and checked whole.

Every reader raises ``SettingsError`` with all problems of its variables together.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from datastores.errors import SettingsError

CONNECTIONS_PER_ENVIRONMENT = 1
"""What this runtime opens in one execution environment, and so the only number the budget may count."""

_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class RelationalSettings:
    """How to reach and log in to one relational store; times are in the unit of their name."""

    host: str
    port: int
    name: str
    user: str | None
    auth: str
    secret_arn: str | None
    tls: str
    tls_bundle: Path | None
    borrow_timeout_seconds: float | None
    reader_host: str | None
    statement_timeout_ms: int | None


class Variables:
    """Environment variables of one prefix, gathering what is wrong with them."""

    def __init__(self, prefix: str, environ: Mapping[str, str] | None = None) -> None:
        self._prefix = prefix
        self._environ = os.environ if environ is None else environ
        self.problems: list[str] = []

    def name(self, variable: str) -> str:
        return f"{self._prefix}_{variable}"

    def optional(self, variable: str) -> str | None:
        """The value, or ``None`` when it is missing or empty."""
        return self._environ.get(self.name(variable)) or None

    def required(self, variable: str) -> str:
        """The value; a missing one becomes a problem."""
        value = self.optional(variable)
        if value is None:
            self.problem(variable, "is missing: connect the function to its store, or set it")
        return value or ""

    def choice(self, variable: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        """A value out of ``allowed``."""
        value = self.optional(variable) or default or self.required(variable)
        if value and value not in allowed:
            self.problem(variable, f"is {value!r}: allowed is {' or '.join(allowed)}")
        return value

    def whole(self, variable: str, default: int | None = None, least: int = 0, most: int | None = None) -> int:
        """A whole number within bounds."""
        text = self.optional(variable) if default is not None else self.required(variable)
        if not text:
            return default if default is not None else least
        if not text.isascii() or not text.isdigit() or int(text) < least or (most is not None and int(text) > most):
            bounds = f"from {least}" + ("" if most is None else f" to {most}")
            self.problem(variable, f"is {text!r}: allowed is a whole number {bounds}")
            return least
        return int(text)

    def seconds(self, variable: str) -> float | None:
        """A number of seconds, or ``None`` when it is missing."""
        text = self.optional(variable)
        if text is None:
            return None
        try:
            value = float(text)
        except ValueError:
            value = -1.0
        if not 0 <= value < float("inf"):
            self.problem(variable, f"is {text!r}: allowed is a number of seconds from 0")
            return None
        return value

    def problem(self, variable: str, text: str) -> None:
        """Note what is wrong with one variable."""
        self.problems.append(f"{self.name(variable)} {text}")

    def refuse(self) -> None:
        """Raise ``SettingsError`` when there was any problem."""
        if self.problems:
            raise SettingsError(self.problems)


def relational_settings(
    prefix: str = "POOLPROOF_DATABASE", environ: Mapping[str, str] | None = None
) -> RelationalSettings:
    """The settings of one connection. A pool size other than the one the budget counts is refused."""
    read = Variables(prefix, environ)
    _refuse_other_sizes(read)
    read.choice("ENGINE", ("postgresql",))
    auth = read.choice("AUTH", ("iam", "secret"))
    bundle = read.optional("TLS_BUNDLE")
    settings = RelationalSettings(
        host=read.required("HOST"),
        port=read.whole("PORT", least=1, most=65535),
        name=read.required("NAME"),
        user=read.required("USER") if auth == "iam" else read.optional("USER"),
        auth=auth,
        secret_arn=read.required("SECRET_ARN") if auth == "secret" else None,
        tls=read.choice("TLS", ("verify-full", "disable"), "verify-full"),
        tls_bundle=Path(bundle) if bundle else None,
        borrow_timeout_seconds=read.seconds("BORROW_TIMEOUT_SECONDS"),
        reader_host=read.optional("READER_HOST"),
        statement_timeout_ms=read.whole("STATEMENT_TIMEOUT_MS", default=0) or None,
    )
    _refuse_bare_networks(read, settings)
    read.refuse()
    return settings


def _refuse_other_sizes(read: Variables) -> None:
    connections = read.required("CONNECTIONS")
    if connections and connections != str(CONNECTIONS_PER_ENVIRONMENT):
        read.problem(
            "CONNECTIONS",
            f"is {connections!r}: this runtime opens {CONNECTIONS_PER_ENVIRONMENT} per execution environment and the budget "
            "must count the same; connect the function with connections_per_environment=1",
        )


def _refuse_bare_networks(read: Variables, settings: RelationalSettings) -> None:
    if settings.tls == "disable" and settings.host not in {"", *_LOOPBACK}:
        read.problem("TLS", f"is 'disable' for host {settings.host!r}: allowed for a pooler on this machine only")
    if settings.tls == "disable" and settings.auth == "iam":
        read.problem("TLS", "is 'disable' with AUTH 'iam': a token is only accepted over TLS")
    if settings.tls_bundle is not None and not settings.tls_bundle.is_file():
        read.problem(
            "TLS_BUNDLE", f"is {str(settings.tls_bundle)!r}, which is no file: allowed is a file of PEM certificates"
        )


@dataclass(frozen=True)
class TableSettings:
    """The single table: its name, its indexes, and where the key that signs cursors is (``None`` without pagination)."""

    name: str
    indexes: tuple[str, ...]
    cursor_secret_arn: str | None


def table_settings(environ: Mapping[str, str] | None = None) -> TableSettings:
    """The settings of the single table."""
    read = Variables("POOLPROOF", environ)
    indexes = tuple(part for part in (read.optional("TABLE_INDEXES") or "").split(",") if part)
    settings = TableSettings(read.required("TABLE_NAME"), indexes, read.optional("CURSOR_SECRET_ARN"))
    read.refuse()
    return settings


@dataclass(frozen=True)
class ProjectionSettings:
    """One projection: where it writes, where it remembers, how long rows need to settle and how far it looks back."""

    projection: str
    checkpoint_table: str
    settle_seconds: int
    overlap_seconds: int
    bucket: str
    prefix: str


def projection_settings(environ: Mapping[str, str] | None = None) -> ProjectionSettings:
    """The settings of a projector."""
    read = Variables("POOLPROOF", environ)
    prefix = read.optional("LAKE_PREFIX") or ""
    settings = ProjectionSettings(
        projection=read.required("PROJECTION"),
        checkpoint_table=read.required("CHECKPOINT_TABLE"),
        settle_seconds=read.whole("SETTLE_SECONDS", default=300),
        overlap_seconds=read.whole("OVERLAP_SECONDS", default=900),
        bucket=read.required("LAKE_BUCKET"),
        prefix=prefix if not prefix or prefix.endswith("/") else f"{prefix}/",
    )
    read.refuse()
    return settings
