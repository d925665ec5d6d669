"""What a function holds for a database that nothing else places: credentials that no template makes, and a host left open."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from constructs_lib.model.fleet import Via
from constructs_lib.readers.cloudformation.allowances import READ_SECRET
from constructs_lib.readers.cloudformation.clues import Clue, Use
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.connection_strings import is_local, is_no_host
from constructs_lib.readers.cloudformation.data_apis import RUNS, RUNS_ON_REDSHIFT
from constructs_lib.readers.cloudformation.database_words import (
    describes_credentials,
    is_public,
    names_address,
    names_cluster,
    names_credentials,
    names_login,
    names_password,
    names_secret,
    names_user,
    speaks_of_database,
)
from constructs_lib.readers.cloudformation.environment import HIDDEN_NAME, Environment
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.own_words import driver_of
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.placeholders import shown
from constructs_lib.readers.cloudformation.secrets import SECRETS, Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import is_secret_arn, secret_name
from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value, entries_of, text_of
from constructs_lib.readers.cloudformation.wording import wording

_RESOLVED = "{{resolve:secretsmanager:"
_STORED = "{{resolve:ssm"
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
        statements = self.permissions.of_function(function) or ()
        granted = _granted(statements)
        if any(clue.via != "http" and clue.strength != "possible" for clue in known):
            yield from self._beside_known(function, known, granted)
            return
        variables = entries_of(function.get("Environment", "Variables"))
        held = [
            found for name, value in variables.items() if (found := self._held(function, str(name), value, granted))
        ] or list(self._readable(function, granted))
        over_http = any(statement.allows(*RUNS, *RUNS_ON_REDSHIFT) for statement in statements)
        placed = next(
            (clue for found in held if (clue := self._placed(function, found, over_http=over_http)) is not None), None
        )
        if placed is not None:
            yield placed
            return
        for found in held:
            self.externals.gap(function, f"{found.where} names credentials of a database that is not known")
        # Of several that a role may merely read, nothing tells which one is for a connection.
        called = [found for found in held if found.name is not None and (found.variable or len(held) == 1)]
        named = min(
            called, key=lambda found: not isinstance(found.value, str), default=None
        )  # a name in full before a part
        reach = _reach(function, named, granted) if named is not None else None
        if named is not None and reach is not None and self._is_outside(function, named, known, statements):
            yield self._outside(function, named, reach)
        if not held:
            yield from self._open_host(function, alone=not known)
            self._open_login(function, statements)

    def _beside_known(self, function: Resource, known: Sequence[Clue], granted: dict[str, Statement]) -> Iterator[Clue]:
        """One database more: credentials that its role may read, where those of all that are known are known too."""
        if {clue.store for clue in known if clue.via != "http"} - {clue.store for clue in known if clue.secret}:
            return
        for name, value in entries_of(function.get("Environment", "Variables")).items():
            held = self._held(function, str(name), value, granted) if secret_name(value) in granted else None
            if held is None or f"external:{held.name}" in {clue.store for clue in known}:
                continue
            if InlineCode(function).may_use(held.variable) and self.externals.connects(function):
                yield self._outside(function, held, "its role may read them")

    def _held(
        self, function: Resource, variable: str, value: Value, granted: dict[str, Statement]
    ) -> Credentials | None:
        """The credentials of a database that a variable names; ``None`` when it names none, or those of a known one."""
        speaks = names_credentials(variable)
        resolved = _is_filled_in(variable, value)
        named = names_secret(variable) or variable == HIDDEN_NAME
        if not (speaks or resolved or named or (granted and secret_name(value) in granted)):
            return None
        uses = self.environment.uses(value, "")
        if uses:
            return self._made(variable, value, uses)
        value = self.environment.literal(value)
        name = secret_name(value)
        is_secret = resolved or name in granted or _names(variable, value)
        if not is_secret:
            return None
        said = wording(function, variable, value)
        words = f"{said.words} {name if name and name != said.parameter else ''}".strip()
        hint = ""
        of_store = self.secrets.logging_in_with(function.stack, value, name) is not None
        if not of_store and not speaks_of_database(words):
            if not describes_credentials(said.description) and not (name in granted and driver_of(function)):
                return None
            by_layer = f", as layer '{driver_of(function)}' brings a driver"
            described = describes_credentials(said.description)
            hint = f", as parameter '{said.parameter}' is described" if described else by_layer
        called = name if resolved or name in granted or _is_name(variable, value) else variable
        return Credentials(words, variable, called, value, hint)

    def _made(self, variable: str, value: Value, uses: Sequence[Use]) -> Credentials | None:
        """The same of a secret that a template makes, which says itself what it is for: by its name or its description."""
        if not all(use.resource.type in SECRETS and not self._belongs(use.resource, use.attribute) for use in uses):
            return None
        secret = self.secrets.secret_of(value) or uses[0].resource
        name = secret_name(secret.get("Name"))
        words = f"{variable} {name or secret.logical_id} {text_of(secret.get('Description')) or ''}"
        named = names_secret(variable) or variable == HIDDEN_NAME
        if not (names_credentials(variable) or (named and speaks_of_database(words))):
            return None
        return Credentials(words, variable, name or secret.id, value)

    def _belongs(self, resource: Resource, attribute: str) -> bool:
        known = (
            self.secrets.store_of(resource, attribute),
            self.secrets.proxy_of(resource),
            self.secrets.outside_of(resource),
        )
        return any(known)

    def _readable(self, function: Resource, granted: dict[str, Statement]) -> Iterator[Credentials]:
        """Secrets of databases that the role of this function alone may read, and nothing of its environment names."""
        for name, statement in granted.items() if _inside(function) else ():
            if not statement.shared and speaks_of_database(name):
                value = next(item for item in statement.resources if secret_name(item) == name)
                if not self.environment.uses(value, ""):
                    yield Credentials(name, name=name, value=value)

    def _placed(self, function: Resource, held: Credentials, *, over_http: bool) -> Clue | None:
        """The database whose password lies in the same secret, else the only one of the other templates that can be meant.

        A data API is given a secret too: beside the permission for one, credentials alone make no connection.
        """
        store = self.secrets.logging_in_with(function.stack, held.value, held.name)
        if store is not None:
            evidence = f"{held.where} names the secret of '{store.id}'"
            return Clue(store.id, "direct", "likely", evidence, permitted=not held.variable, secret=True)
        if over_http or function.stack.key in self.externals.made_in(held.words):
            return None
        clue = self.externals.only(function, held.where, held.words)
        given = isinstance(held.value, Unresolved) and held.value.parameter is not None
        if clue is None or not (given or (held.variable and clue.store not in self.secrets.of_stores)):
            return None
        # A secret that is written out can be that of a database which shows none of its own.
        evidence = clue.evidence if given else f"{held.where} names credentials, and only '{clue.store}' can be meant"
        return clue._replace(evidence=evidence, addressed=False, permitted=not held.variable, secret=True)

    def _is_outside(
        self, function: Resource, held: Credentials, known: Sequence[Clue], statements: Sequence[Statement]
    ) -> bool:
        """Whether credentials make a connection to a database outside: nothing else is in sight that they may be for."""
        return (
            self.externals.connects(function)
            and InlineCode(function).may_use(held.variable)
            and not any(names_cluster(str(name)) for name in entries_of(function.get("Environment", "Variables")))
            and not any(clue.via in _HOLDING for clue in known)
            and not self.externals.made_in(held.words)
            and not any(statement.allows(*RUNS, *RUNS_ON_REDSHIFT) for statement in statements)
        )

    def _outside(self, function: Resource, held: Credentials, reach: str) -> Clue:
        via: Via = "proxy" if "proxy" in held.words.lower() else "direct"
        evidence = f"{held.where} names credentials of a database, '{held.name}'{held.hint}, and {reach}"
        return Clue(self.externals.outside(str(held.name), function), via, "likely", evidence, secret=True)

    def _open_host(self, function: Resource, *, alone: bool) -> Iterator[Clue]:
        """A host that is empty or the machine's own, beside the login of a database: it is filled in where nobody can see it.

        Beside other stores an empty one may be an option that was left out, and so it may without a network to connect from.
        """
        variables = {str(name): value for name, value in entries_of(function.get("Environment", "Variables")).items()}
        open_hosts = [name for name, value in variables.items() if names_address(name) and is_no_host(value)]
        inside = _inside(function)
        if not inside:
            open_hosts = [name for name in open_hosts if is_local(text_of(variables[name]) or "")]
        logins = [name for name, value in variables.items() if names_login(name) and (inside or text_of(value) != "")]
        if not open_hosts or not logins:
            return
        missing = f"environment variable {open_hosts[0]} holds no address, and others hold the login of a database"
        self.externals.gap(function, missing)
        written = text_of(variables[open_hosts[0]]) or ""
        called = written or open_hosts[0]
        if (written or alone) and not is_local(called) and self.externals.connects(function):
            yield Clue(self.externals.outside(called, function), "direct", "likely", missing, addressed=True)

    def _open_login(self, function: Resource, statements: Sequence[Statement]) -> None:
        """The user or password of a database, and no word about where it is: it connects to where nobody can see.

        An address that is left empty switches the database off; data APIs are told the user too.
        """
        variables = {str(name): value for name, value in entries_of(function.get("Environment", "Variables")).items()}
        login = next((name for name, value in variables.items() if names_user(name) and text_of(value) != ""), None)
        if login is None or any(names_address(name) for name in variables):
            return
        if InlineCode(function).may_use(login) and not any(it.allows(*RUNS, *RUNS_ON_REDSHIFT) for it in statements):
            missing = f"environment variable {login} holds the login of a database, and nothing says where that is"
            self.externals.gap(function, missing)


def _is_filled_in(variable: str, value: Value) -> bool:
    """Whether a login comes from a secret, or a password from an SSM parameter, when the stack is deployed."""
    text = shown(value) if isinstance(value, (str, Text)) else ""
    if _RESOLVED in text:
        return names_login(variable) or speaks_of_database(secret_name(value) or "")
    return _STORED in text and names_password(variable) and names_login(variable)


def _granted(statements: Sequence[Statement]) -> dict[str, Statement]:
    """The secrets that may be read and have a name, each with the statement that says so."""
    found: dict[str, Statement] = {}
    for statement in statements:
        for resource in statement.resources if statement.allows(READ_SECRET) else ():
            name = secret_name(resource)
            if name is not None:
                found.setdefault(name, statement)
    return found


def _inside(function: Resource) -> bool:
    """Whether a function has a network of the account to connect from."""
    return function.get("VpcConfig") not in (None, {})


def _reach(function: Resource, held: Credentials, granted: dict[str, Statement]) -> str | None:
    """Why the function can connect with the credentials; ``None`` when it may hold them for somebody else."""
    if _inside(function):
        return "the function is in a VPC"
    if is_public(held.words) or names_address(held.variable):
        return "it may be reached from everywhere"
    return "its role may read them" if held.variable and secret_name(held.value) in granted else None


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
