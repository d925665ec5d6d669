"""Tables that a function's role names: those of the templates, and those that none of the templates makes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from constructs_lib.model.actions import EVERYTHING
from constructs_lib.model.fleet import Certainty, Gap
from constructs_lib.readers.cloudformation import table_names
from constructs_lib.readers.cloudformation.called_alike import called_alike
from constructs_lib.readers.cloudformation.clues import Clue, Use, weaker
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.database_words import speaks_of_database
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.kinds import TABLES
from constructs_lib.readers.cloudformation.permissions import Permissions, Statement
from constructs_lib.readers.cloudformation.placeholders import plain
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Either, Text, Unresolved, Value, entries_of, text_of
from constructs_lib.regex import regex

TABLE_USE = (
    "dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:Scan", "dynamodb:PutItem", "dynamodb:UpdateItem",
    "dynamodb:DeleteItem", "dynamodb:BatchWriteItem", "dynamodb:PartiQLSelect", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLInsert",
    "dynamodb:PartiQLDelete", "dynamodb:ConditionCheckItem",
)  # fmt: skip
#: A role that many functions share and that names more tables than this says nothing about any one of them.
MOST_SHARED_TABLES = 50

_TABLES = frozenset(TABLES)
_DYNAMODB = regex(r"dynamo|ddb", re.IGNORECASE)
#: What else has tables.
_OTHERS = regex(
    r"athena|glue|redshift|bigquery|tableau|hyper|airbyte|snowflake|timestream|iceberg|lake|warehouse|workgroup|airtable|route|keyspace|schema",
    re.IGNORECASE,
)
_ADVICE = (
    "give the template that makes the table as well, set the parameter with --parameters, or declare the connection"
)


class _Granted(NamedTuple):
    """What one statement names: tables of the templates by id, names of tables that no template makes, and why a name was not read."""

    made: dict[str, Use]
    outside: tuple[str, ...]
    unread: tuple[str, ...] = ()


_NOTHING = _Granted({}, ())


class TableGrants:
    """Finds the tables of one estate's functions."""

    def __init__(self, environment: Environment, permissions: Permissions, externals: Externals) -> None:
        self.environment = environment
        self.permissions = permissions
        self.externals = externals
        self.gaps: list[Gap] = []
        self._granted: dict[int, _Granted] = {}
        self._sole: dict[tuple[str, str], bool] = {}
        self._used_in: dict[str, bool] = {}

    def clues(
        self, function: Resource, statement: Statement, tables: Mapping[str, str], names: Mapping[str, str]
    ) -> Iterator[Clue]:
        """``tables`` and ``names`` are what the environment names, of the templates and outside of them, each with its variable."""
        if not statement.allows(*TABLE_USE):
            return
        granted = self._of(function, statement)
        if statement.shared and len(granted.made) + len(granted.outside) > MOST_SHARED_TABLES:
            made = {table: use for table, use in granted.made.items() if table in tables}
            granted = _Granted(made, tuple(name for name in granted.outside if name in names))
        for why in granted.unread:
            missing = f"a dynamodb permission of '{function.id}' is on a table whose name is not known: {why}"
            self.gaps.append(Gap(function.id, missing, _ADVICE, function.origin))
        shared = self._shared(function) if statement.shared and (granted.made or granted.outside) else "certain"
        for table, use in granted.made.items():
            strength: Certainty = "certain" if table in tables else shared
            where = f" and {tables[table]}" if table in tables else ""
            where += f" ({use.guess})" if use.guess else ""
            meant: Certainty = "likely" if use.guess and table in tables else use.strength
            yield Clue(table, "http", weaker(strength, meant), f"dynamodb permission on '{table}'{where}")
        if statement.everywhere:
            for table, where in tables.items():
                yield Clue(table, "http", "certain", f"dynamodb permission on every table and {where} = '{table}'")
            yield from self._beside(function, statement, named=bool(tables or names))
        yield from self._outside(statement, granted, names, shared)

    def unseen(self, function: Resource, tables: Mapping[str, str], names: Mapping[str, str]) -> Iterator[Clue]:
        """What the environment names, of a function whose role nobody sees; a name alone may be that of a table of SQL."""
        yield from self._meant(function, tables, names, "the role is not given")

    def unsaid(
        self, function: Resource, statements: Sequence[Statement], tables: Mapping[str, str], names: Mapping[str, str]
    ) -> Iterator[Clue]:
        """What the environment names, of a function whose role says nothing of tables: it may do everything, or the template was
        written without the permissions, for nobody has any.
        """
        if not (tables or names) or any(statement.allows(*TABLE_USE) for statement in statements):
            return
        if any(EVERYTHING in statement.actions for statement in statements):
            why = "the role may do everything"
        elif not self._is_granted_in(function.stack.key):
            why = "no role of its template may use a table, this one as little"
        else:
            return
        yield from self._meant(function, tables, names, why)

    def _meant(
        self, function: Resource, tables: Mapping[str, str], names: Mapping[str, str], why: str
    ) -> Iterator[Clue]:
        for table, where in tables.items():
            yield Clue(table, "http", "likely", f"{where}; {why}")
        for name, where in names.items() if _means_dynamodb(function, names) else ():
            evidence = f"{where} = '{name}', a table that no template makes; {why}"
            yield Clue(self.externals.table(name), "http", "likely", evidence)

    def _is_granted_in(self, stack: str) -> bool:
        """Whether a function of the stack may use some table."""
        if stack not in self._used_in:
            users = self.permissions.functions.get(stack, ())
            granted = (statement for user in users for statement in self.permissions.of_function(user) or ())
            self._used_in[stack] = any(statement.allows(*TABLE_USE) for statement in granted)
        return self._used_in[stack]

    def _beside(self, function: Resource, statement: Statement, *, named: bool) -> Iterator[Clue]:
        """What a permission on all tables is for: a table that the inline code names, the only one of the function's own template, or
        those that the function is called like.

        What the CDK grants on all tables is for a stream.
        """
        code = InlineCode(function).text
        in_code = [table for table in self._own(function) if code is not None and _is_named_in(code, table)]
        for table in in_code:
            evidence = f"dynamodb permission on every table, and the inline code names '{table.id}'"
            yield Clue(table.id, "http", "likely", evidence)
        if in_code:
            return
        by_cdk = statement.ready_made and not statement.managed
        own = [] if named or by_cdk or self._names_table(function) else self._own(function)
        if len(own) == 1 and _may_use_tables(function):
            evidence = f"dynamodb permission on every table, and its template makes '{own[0].id}' only"
            yield Clue(own[0].id, "http", "likely", evidence)
        elif _may_use_tables(function):
            for table in called_alike(function, own):
                evidence = f"dynamodb permission on every table, and it is called like '{table.id}'"
                yield Clue(table.id, "http", "likely", evidence)

    def _own(self, function: Resource) -> list[Resource]:
        return [table for table in self.environment.estate.of_type(*TABLES) if table.stack.key == function.stack.key]

    def _outside(
        self, statement: Statement, granted: _Granted, names: Mapping[str, str], shared: Certainty
    ) -> Iterator[Clue]:
        for name, where in names.items():
            if statement.everywhere or name in granted.outside:
                evidence = f"dynamodb permission and {where} = '{name}', a table that no template makes"
                yield Clue(self.externals.table(name), "http", "likely", evidence)
        for name in granted.outside:
            if name not in names:
                evidence = f"dynamodb permission on '{name}', a table that no template makes"
                yield Clue(self.externals.table(name), "http", weaker("likely", shared), evidence)

    def _of(self, function: Resource, statement: Statement) -> _Granted:
        """What a statement names; functions that share a role share the answer."""
        if not statement.allows(*TABLE_USE):
            return _NOTHING
        known = self._granted.get(id(statement))
        if known is None:
            role = self.permissions.role_of(function)
            known = self._granted[id(statement)] = self._read(statement, role or function)
        return known

    def _read(self, statement: Statement, role: Resource) -> _Granted:
        made: dict[str, Use] = {}
        outside: dict[str, None] = {}
        unread: dict[str, None] = {}
        # The ARN of something else may stand beside a table's, where a statement is about several services.
        whole = all(action.lower().startswith("dynamodb:") for action in statement.actions)
        for resource in statement.resources:
            table = table_names.without_index(resource)
            uses = [use for use in self.environment.uses(table, "dynamodb") if use.resource.type in TABLES]
            name = None if uses else _name(table, whole=whole)
            use = self.made(name, role) if name is not None else None
            made.update((found.resource.id, found) for found in (*uses, *((use,) if use is not None else ())))
            if name is not None and use is None:
                outside[plain(name)] = None
            if not uses and name is None and (why := table_names.why_unnamed(table, whole=whole)):
                unread[why] = None
        return _Granted(made, tuple(outside), tuple(unread))

    def written(self, variable: str, value: Value) -> str | None:
        """The name of a table that a variable holds, as far as anything says that it is one."""
        return table_names.written(value) if self._by_source or table_names.is_variable(variable) else None

    def made(self, name: str, beside: Resource) -> Use | None:
        """The table of that name, which something that is no table may have too; of names that come from a parameter or import, the one
        whose name comes from the same: in the same stack, else the only one that does.
        """
        found = self._by_source.get(name)
        if found is None:
            named = self.environment.named.resource(name, _TABLES)
            return Use(named, "name", "dynamodb") if named is not None else None
        here = found.get(beside.stack.key)
        if here is not None:
            return Use(here[0], "name", "dynamodb") if len(here) == 1 else None
        tables = next(iter(found.values()))
        if len(found) > 1 or len(tables) > 1:
            return None
        return Use(tables[0], "name", "dynamodb", f"both names come from '{plain(name)}'")

    @cached_property
    def _by_source(self) -> dict[str, dict[str, list[Resource]]]:
        """The tables whose names nobody can read in full, by what the names are made of and by stack."""
        found: dict[str, dict[str, list[Resource]]] = {}
        for table in self.environment.estate.of_type(*TABLES):
            value = table.get("TableName")
            name = table_names.written(value) if isinstance(value, (Text, Unresolved)) else None
            if name is not None:
                found.setdefault(name, {}).setdefault(table.stack.key, []).append(table)
        return found

    def _shared(self, function: Resource) -> Certainty:
        """What a shared role says: its functions use the tables it names, where no environment tells which of them do."""
        role = self.permissions.role_of(function)
        if role is not None and role.key not in self._sole:
            users = self.permissions.users(role)
            self._sole[role.key] = not any(map(self._names_table, users))
        sole = role is not None and self._sole[role.key]
        return "likely" if sole and _may_use_tables(function) else "possible"

    def _names_table(self, function: Resource) -> bool:
        for name, value in entries_of(function.get("Environment", "Variables")).items():
            if table_names.is_variable(str(name)):
                return True
            if any(use.resource.type in TABLES for use in self.environment.uses(value, "")):
                return True
        return False


def _means_dynamodb(function: Resource, names: Iterable[str]) -> bool:
    """Whether tables are DynamoDB's: something says so, or nothing speaks of another database and no network leads to one."""
    variables = [str(name) for name in entries_of(function.get("Environment", "Variables"))]
    if any(_DYNAMODB.search(word) for word in (*names, *variables)) or InlineCode(function).speaks_of_dynamodb():
        return True
    others = any(speaks_of_database(name) or _OTHERS.search(name) for name in variables)
    return not others and function.get("VpcConfig") is None and InlineCode(function).text is None


def _is_named_in(code: str, table: Resource) -> bool:
    name = text_of(table.get("TableName"))
    return name is not None and any(f"{mark}{name}{mark}" in code for mark in ("'", '"'))


def _may_use_tables(function: Resource) -> bool:
    """Whether the code speaks of DynamoDB, or is not here to be read."""
    code = InlineCode(function)
    return code.text is None or code.speaks_of_dynamodb()


def _name(value: Value, *, whole: bool) -> str | None:
    """What an ARN names; for one of several, what the only one names that names a table."""
    if not isinstance(value, Either):
        return table_names.in_arn(value, whole=whole)
    names = {name for option in value.options if (name := _name(option, whole=whole)) is not None}
    return names.pop() if len(names) == 1 else None
