"""What a function holds for a database that nothing else places: credentials that no template makes, and a host left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from constructs_lib.model.fleet import Via
from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.data_apis import RUNS, RUNS_ON_REDSHIFT
from constructs_lib.readers.cloudformation.database_words import (
    describes_credentials,
    names_address,
    names_cluster,
    names_credentials,
    names_login,
    names_secret,
    speaks_of_database,
)
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.externals import Externals, is_no_host
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.placeholders import shown
from constructs_lib.readers.cloudformation.secrets import READ_SECRET, SECRETS, Secrets
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.unseen import is_secret_arn, secret_name
from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value, entries_of

_RESOLVED = "{{resolve:secretsmanager:"
_CALLED = ("name", "arn", "id", "path")
_HOLDING = ("direct", "proxy", "data-api")


class Credentials(NamedTuple):
    """Credentials of a database: the words that speak of them, what they are called, and the variable that names them, or none."""

    words: str
    variable: str = ""
    name: str | None = None
    value: Value = None
    hint: str = ""

    @property
    def where(self) -> str:
        return f"environment variable {self.variable}" if self.variable else f"permission to read '{self.name}'"


class Unplaced:
    """Looks once more at functions of which nothing says where they connect to."""

    def __init__(
        self, environment: Environment, secrets: Secrets, permissions: Permissions, externals: Externals
    ) -> None:
        self.environment = environment
        self.secrets = secrets
        self.permissions = permissions
        self.externals = externals

    def clues(self, function: Resource, known: Sequence[Clue]) -> Iterator[Clue]:
        """The database that credentials belong to: one of the templates, or one outside them; what stays open is a gap."""
        if any(clue.via != "http" and clue.strength != "possible" for clue in known):
            return
        statements = self.permissions.of_function(function) or ()
        granted = _granted(statements)
        variables = entries_of(function.get("Environment", "Variables"))
        held = [
            found for name, value in variables.items() if (found := self._held(function, str(name), value, granted))
        ] or list(self._readable(function, granted))
        placed = next((clue for found in held if (clue := self._placed(function, found)) is not None), None)
        if placed is not None:
            yield placed
            return
        for found in held:
            self.externals.gap(function, f"{found.where} names credentials of a database that is not known")
        called = [found for found in held if found.name is not None and found.variable]
        named = min(called, key=lambda found: not isinstance(found.value, str), default=None)  # a name in full before a part
        if named is not None and self._is_outside(function, named, known, statements):
            yield self._outside(function, named)
        if not held and _inside(function):
            self._open_host(function)

    def _held(
        self, function: Resource, variable: str, value: Value, granted: dict[str, Statement]
    ) -> Credentials | None:
        """The credentials of a database that a variable names; ``None`` when it names none, or those of a known one."""
        speaks = names_credentials(variable)
        resolved = names_login(variable) and isinstance(value, (str, Text)) and _RESOLVED in shown(value)
        if not (speaks or resolved or names_secret(variable) or (granted and secret_name(value) in granted)):
            return None
        uses = self.environment.uses(value, "")
        if uses:
            unplaced = speaks and all(use.resource.type in SECRETS for use in uses)
            unplaced = unplaced and not any(self._belongs(use.resource, use.attribute) for use in uses)
            return Credentials(variable, variable) if unplaced else None
        value = self.environment.literal(value)
        name = secret_name(value)
        is_secret = resolved or name in granted or _names(variable, value)
        if not is_secret:
            return None
        parameter, description = _parameter(function, variable, value)
        words = f"{variable} {parameter} {name if name and name != parameter else ''}".strip()
        hint = ""
        if not speaks_of_database(words):
            if not describes_credentials(description):
                return None
            hint = f", as parameter '{parameter}' is described"
        called = name if resolved or name in granted or _is_name(variable, value) else variable
        return Credentials(words, variable, called, value, hint)

    def _belongs(self, resource: Resource, attribute: str) -> bool:
        return self.secrets.store_of(resource, attribute) is not None or self.secrets.proxy_of(resource) is not None

    def _readable(self, function: Resource, granted: dict[str, Statement]) -> Iterator[Credentials]:
        """Secrets of databases that the role of this function alone may read, and nothing of its environment names."""
        for name, statement in granted.items() if _inside(function) else ():
            if not statement.shared and speaks_of_database(name):
                value = next(item for item in statement.resources if secret_name(item) == name)
                if not self.environment.uses(value, ""):
                    yield Credentials(name, name=name, value=value)

    def _placed(self, function: Resource, held: Credentials) -> Clue | None:
        """The database whose password lies in the same secret; for a parameter, the only one that the other templates make."""
        store = self.secrets.logging_in_with(function.stack, held.value, held.name)
        if store is not None:
            evidence = f"{held.where} names the secret of '{store.id}'"
            return Clue(store.id, "direct", "likely", evidence, permitted=not held.variable, secret=True)
        if not isinstance(held.value, Unresolved) or held.value.parameter is None:
            return None
        if function.stack.key in self.externals.made_in(held.words):
            return None
        clue = self.externals.only(function, held.where, held.words)
        return clue._replace(addressed=False, permitted=not held.variable, secret=True) if clue is not None else None

    def _is_outside(
        self, function: Resource, held: Credentials, known: Sequence[Clue], statements: Sequence[Statement]
    ) -> bool:
        """Whether credentials make a connection to a database outside: nothing else is in sight that they may be for."""
        return (
            _inside(function)
            and self.externals.connects(function)
            and InlineCode(function).may_use(held.variable)
            and not any(names_cluster(str(name)) for name in entries_of(function.get("Environment", "Variables")))
            and not any(clue.via in _HOLDING for clue in known)
            and not self.externals.made_in(held.words)
            and not any(statement.allows(*RUNS, *RUNS_ON_REDSHIFT) for statement in statements)
        )

    def _outside(self, function: Resource, held: Credentials) -> Clue:
        via: Via = "proxy" if "proxy" in held.words.lower() else "direct"
        evidence = (
            f"{held.where} names credentials of a database, '{held.name}'{held.hint}, and the function is in a VPC"
        )
        return Clue(self.externals.outside(str(held.name), function), via, "likely", evidence, secret=True)

    def _open_host(self, function: Resource) -> None:
        """A host that is empty or a placeholder, beside the login of a database: it is filled in where nobody can see it."""
        variables = entries_of(function.get("Environment", "Variables"))
        open_hosts = [str(name) for name, value in variables.items() if names_address(str(name)) and is_no_host(value)]
        if open_hosts and any(names_login(str(name)) for name in variables):
            missing = f"environment variable {open_hosts[0]} holds no address, and others hold the login of a database"
            self.externals.gap(function, missing)


def _granted(statements: Sequence[Statement]) -> dict[str, Statement]:
    """The secrets that may be read and have a name, each with the statement that says so."""
    found: dict[str, Statement] = {}
    for statement in statements:
        for resource in statement.resources if statement.allows(*READ_SECRET) else ():
            name = secret_name(resource)
            if name is not None:
                found.setdefault(name, statement)
    return found


def _inside(function: Resource) -> bool:
    """Whether a function has a network of the account to connect from."""
    return function.get("VpcConfig") not in (None, {})


def _names(variable: str, value: Value) -> bool:
    """Whether a variable names a secret; plain text may be the switch, region or time to live that goes with one."""
    if not isinstance(value, str):
        return not isinstance(value, (bool, int, float, type(None))) and (
            names_secret(variable) or names_credentials(variable)
        )
    if value.lower() in ("", "true", "false", "none", "null") or not any(letter.isalpha() for letter in value):
        return False
    return names_secret(variable) or (names_credentials(variable) and _is_name("", value))


def _is_name(variable: str, value: Value) -> bool:
    """Whether a value is what a secret is called, and not its content, which no report may show."""
    if not isinstance(value, str):
        return True
    return variable.lower().endswith(_CALLED) or is_secret_arn(value) or speaks_of_database(value)


def _parameter(function: Resource, variable: str, value: Value) -> tuple[str, str]:
    """Name and description of the parameter that a variable holds, with or without a default."""
    name = value.parameter if isinstance(value, Unresolved) else _referred(function, variable)
    stack: Stack | None = function.stack
    while name and stack is not None:
        declared = stack.document.section("Parameters").get(name)
        if isinstance(declared, dict):
            told = (declared.get("Description"), declared.get("ConstraintDescription"))
            return name, " ".join(text for text in told if isinstance(text, str))
        stack = stack.parent
    return name or "", ""


def _referred(function: Resource, variable: str) -> str | None:
    written = function.properties.get("Environment")
    for key in ("Variables", variable, "Ref"):
        written = written.get(key) if isinstance(written, dict) else None
    return written if isinstance(written, str) else None
