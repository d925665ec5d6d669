"""What a variable holds as far as words tell: its own name, the name and description of its parameter, and the variables beside it."""

from __future__ import annotations

import re
from typing import NamedTuple

from constructs_lib.readers.cloudformation.database_words import (
    describes_address,
    is_bare_host,
    is_bare_login,
    names_address,
    names_host,
    names_login,
    speaks_http,
)
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.values import Unresolved, Value, entries_of
from constructs_lib.regex import regex

_PROXY = regex(r"\bproxy\b", re.IGNORECASE)
_EITHER = regex(r"\bor\b", re.IGNORECASE)


class Wording(NamedTuple):
    """A variable of a function with the parameter that it holds, with or without a default, and how that one is described.

    ``place`` is where it stands when that is not the environment.
    """

    variable: str
    parameter: str = ""
    description: str = ""
    place: str = ""

    @property
    def where(self) -> str:
        return self.place or f"environment variable {self.variable}"

    @property
    def words(self) -> str:
        return f"{self.variable} {self.parameter}".strip()

    @property
    def is_of_proxy(self) -> bool:
        """Whether the parameter is described as the address of a proxy, and of nothing else."""
        return bool(_PROXY.search(self.description)) and not _EITHER.search(self.description)

    @property
    def over_http(self) -> bool:
        """Whether it is asked over HTTP, and no connection is held."""
        return speaks_http(self.variable) or speaks_http(self.parameter)


def wording(function: Resource, variable: str, value: Value) -> Wording:
    """What is said of a variable and of the parameter behind it."""
    name = value.parameter if isinstance(value, Unresolved) else _referred(function, variable)
    stack: Stack | None = function.stack
    while name and stack is not None:
        declared = stack.document.section("Parameters").get(name)
        if isinstance(declared, dict):
            told = (declared.get("Description"), declared.get("ConstraintDescription"))
            return Wording(variable, name, " ".join(text for text in told if isinstance(text, str)))
        stack = stack.parent
    return Wording(variable, name or "")


def _referred(function: Resource, variable: str) -> str | None:
    written = function.properties.get("Environment")
    for key in ("Variables", variable, "Ref"):
        written = written.get(key) if isinstance(written, dict) else None
    return written if isinstance(written, str) else None


_HOST_OF = regex(r"(.+_)(?:HOST|host|SERVER|server|HOSTNAME|hostname)$")
_USERS = {"user", "username", "usr", "login"}
_PASSWORDS = {"pass", "password", "passwd", "pwd"}
_DATABASES = {"db", "database", "dbname", "db_name", "schema", "sid"}


def holds_address(function: Resource, said: Wording) -> bool:
    """Whether it is the address of a database: by name, or a host that is described as one or stands beside the login of one."""
    if names_address(said.variable) or names_address(said.parameter):
        return True
    if is_bare_host(said.variable) and _are_a_login(_others(function)):
        return True
    if _is_beside_login(said.variable, _others(function)):
        return True
    return (names_host(said.variable) or names_host(said.parameter)) and describes_address(said.description)


def _is_beside_login(variable: str, others: tuple[str, ...]) -> bool:
    """Whether a host stands beside the user, the password and the database of one and the same prefix: WAWI_HOST, WAWI_USER, …"""
    match = _HOST_OF.match(variable)
    if match is None:
        return False
    beside = {name[len(match[1]) :].lower() for name in others if name.startswith(match[1])}
    return all(beside & words for words in (_USERS, _PASSWORDS, _DATABASES))


def _others(function: Resource) -> tuple[str, ...]:
    return tuple(str(name) for name in entries_of(function.get("Environment", "Variables")))


def _are_a_login(names: tuple[str, ...]) -> bool:
    """Whether variables together are the login of a database: two name one, or one does and another is just a user or password."""
    logins = sum(map(names_login, names))
    return logins > 1 or (logins == 1 and any(map(is_bare_login, names)))
