"""Clues of one function: every address, secret, grant and role that leads to a store."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from constructs_lib.model.fleet import Certainty, Role
from constructs_lib.readers.cloudformation import table_names
from constructs_lib.readers.cloudformation.allowances import READ_SECRET, Allowance
from constructs_lib.readers.cloudformation.clues import Clue, Use, weaker
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.connect_grants import ConnectGrants
from constructs_lib.readers.cloudformation.connection_strings import size_in
from constructs_lib.readers.cloudformation.data_apis import RUNS, DataApis, named_clusters
from constructs_lib.readers.cloudformation.database_words import names_address
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.invokers import Invokers
from constructs_lib.readers.cloudformation.kinds import TABLES, address_role
from constructs_lib.readers.cloudformation.managers import without_managers
from constructs_lib.readers.cloudformation.permissions import ROLE, Permissions, Statement, is_wide
from constructs_lib.readers.cloudformation.placeholders import plain
from constructs_lib.readers.cloudformation.poolers import Poolers
from constructs_lib.readers.cloudformation.proxies import Proxies, hidden_store
from constructs_lib.readers.cloudformation.secrets import Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.table_grants import TableGrants
from constructs_lib.readers.cloudformation.values import Value, entries_of

_CONNECT = ("rds-db:connect",)
_READ_PARAMETER = ("ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath")
READ = "permission to read"
_READS_PARAMETERS = ("ssm:GetParametersByPath", "ssm:GetParameters", "ssm:GetParameter")
_STACK = "AWS::CloudFormation::Stack"


@dataclass
class Seen:
    """What a function's environment mentions besides addresses."""

    tables: dict[str, str] = field(default_factory=dict)
    table_names: dict[str, str] = field(default_factory=dict)
    clusters: dict[str, str] = field(default_factory=dict)
    outside_clusters: dict[str, str] = field(default_factory=dict)
    roles: list[tuple[Resource, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Inference:
    """Collects clues of the functions of one estate."""

    environment: Environment
    databases: Databases
    proxies: Proxies
    secrets: Secrets
    permissions: Permissions
    externals: Externals
    invokers: Invokers
    data_apis: DataApis
    tables: TableGrants
    poolers: Poolers
    connecting: ConnectGrants
    readers: Allowance
    _named: dict[tuple[int, str], list[Use]] = field(default_factory=dict)

    def clues(self, function: Resource) -> list[Clue]:
        """Everything that points from a function to stores, each once."""
        seen = Seen()
        code = InlineCode(function)
        statements = self.permissions.of_function(function)
        found = [
            *self._environment(function, code, seen),
            *self._code(function, code, seen),
            *self._granted(function, statements, seen),
            *self._taken_on(function, seen),
        ]
        if statements is not None and not any(clue.via == "http" for clue in found):
            found += self.tables.unsaid(function, statements, seen.tables, seen.table_names)
        if not _is_placed(found):
            found += self._told(function, statements or (), seen)
        if not _is_placed(found):
            found += self.connecting.unnamed(function, statements or ())
        found = self.data_apis.connecting(found, statements or ())
        if code.calls_aws():
            held = ("direct", "proxy")
            found = [self.externals.weighed(function, clue) if clue.via in held else clue for clue in found]
        found = without_managers(function, statements, self._of_copies(found))
        return list(dict.fromkeys(_without_unused(found, set(seen.clusters))))

    def _of_copies(self, found: list[Clue]) -> list[Clue]:
        """A read replica takes the logins of its source: who holds the replica's address means that with them."""
        held = {clue.store for clue in found if clue.addressed and clue.strength != "possible"}
        meant = {source: copy for copy in held if (source := self.databases.source_of.get(copy)) and source not in held}
        return [
            clue._replace(store=meant[clue.store]) if clue.secret and clue.store in meant else clue for clue in found
        ]

    def _environment(self, function: Resource, code: InlineCode, seen: Seen) -> Iterator[Clue]:
        """What the variables name; one that inline code never reads is only a hint."""
        for name, value in entries_of(function.get("Environment", "Variables")).items():
            if code.may_use(str(name)):
                yield from self._variable(function, str(name), value, seen)
            else:
                yield from (_unused(clue) for clue in self._variable(function, str(name), value, Seen()))

    def _code(self, function: Resource, code: InlineCode, seen: Seen) -> Iterator[Clue]:
        for text in code.literals():
            yield from self.externals.in_code(function, text)
        where = "TableName in the inline code"
        for name in code.tables():
            made = [use.resource.id for use in self.environment.uses(name, where) if use.resource.type in TABLES]
            seen.tables.update((table, where) for table in made if table not in seen.tables)
            if not made:
                seen.table_names.setdefault(name, where)

    def _granted(self, function: Resource, statements: tuple[Statement, ...] | None, seen: Seen) -> Iterator[Clue]:
        """What its role allows; of a role that nobody sees only the tables that the environment names."""
        if statements is None:
            yield from self.tables.unseen(function, seen.tables, seen.table_names)
            return
        for statement in statements:
            yield from self._statement(function, statement, seen)

    def _taken_on(self, function: Resource, seen: Seen) -> Iterator[Clue]:
        """What roles allow that the environment names: the function takes them on."""
        for role, where in seen.roles:
            for statement in self.permissions.of_role(role):
                for clue in (*self._logins(statement), *self.tables.clues(function, statement, seen.tables, {})):
                    yield clue._replace(evidence=f"{clue.evidence}, through {where}")

    def _variable(self, function: Resource, name: str, value: Value, seen: Seen) -> Iterator[Clue]:
        where = f"environment variable {name}"
        known = False
        for use in self.environment.uses(value, where):
            known = True
            yield from (self._readable(function, use, clue) for clue in self._use(use, seen))
            yield from self.externals.behind(function, name, use.resource)
            if use.resource.type == _STACK and table_names.is_variable(name):
                seen.table_names.setdefault(use.attribute.removeprefix("Outputs."), where)
        if known:
            return
        for use in self.environment.below(value, where):
            for clue in self._use(use, seen) if self._may_read_below(function, value) else ():
                yield clue._replace(strength=weaker(clue.strength, "likely"))
        literal = self.environment.literal(value)
        beside = self.secrets.kept_beside(literal) if names_address(name) else None
        if beside is not None:
            evidence = f"{where} comes from where the password of '{beside.id}' is kept"
            yield Clue(beside.id, "direct", "likely", evidence, addressed=True)
            return
        self._table(function, name, literal, seen)
        seen.outside_clusters.update((cluster, where) for cluster in named_clusters(name, literal))
        yield from self.externals.clues(function, name, literal)

    def _may_read_below(self, function: Resource, value: Value) -> bool:
        """Whether SSM parameters below a path may be read, as far as the role is seen."""
        statements = self.permissions.of_function(function)
        if statements is None:
            return True
        read = [resource for item in statements if item.allows(*_READS_PARAMETERS) for resource in item.resources]
        return any(self.environment.is_below(resource, value) for resource in read)

    def _readable(self, function: Resource, use: Use, clue: Clue) -> Clue:
        """The name of a secret in an environment that functions share is of no use to those that may not read it; what it holds is."""
        if not clue.secret or "{{resolve:" in use.text or not self.readers.is_left_out(function):
            return clue
        return clue._replace(strength="possible", evidence=f"{clue.evidence}, which its role may not read")

    def _table(self, function: Resource, variable: str, value: Value, seen: Seen) -> None:
        """Notes a table that a variable names in writing."""
        name = self.tables.written(variable, value)
        made = self.tables.made(name, function) if name is not None else None
        where = f"environment variable {variable}"
        if made is not None and not made.guess:
            seen.tables.setdefault(made.resource.id, where)
        elif name is not None and made is None and table_names.is_variable(variable):
            seen.table_names.setdefault(plain(name), where)

    def _use(self, use: Use, seen: Seen) -> Iterator[Clue]:
        role = self._address_role(use)
        if role is not None:
            yield from self._address(use, role)
        elif use.resource.type in TABLES and use.attribute != "StreamArn":
            seen.tables.setdefault(use.resource.id, use.where)
        elif use.resource.type == ROLE:
            seen.roles.append((use.resource, use.where))
        else:
            yield from self._secret(use, use.strength)
            store = self.databases.store_of(use.resource)
            if store is not None and not use.attribute.startswith("MasterUserSecret"):
                seen.clusters.setdefault(store.id, use.where)

    def _address_role(self, use: Use) -> Role | None:
        if use.attribute != "name" and ".dsql." in use.text and use.resource.type == "AWS::DSQL::Cluster":
            return "writer"
        return address_role(use.resource.type, use.attribute)

    def _address(self, use: Use, role: Role) -> Iterator[Clue]:
        evidence = f"{use.where} = {use.attribute} of '{use.resource.id}'{f' ({use.guess})' if use.guess else ''}"
        proxied = self.proxies.proxy_of(use.resource)
        if proxied is not None:
            proxy, role = proxied
            yield self._through(proxy, role, use.strength, evidence, addressed=True)
            return
        store = self.databases.store_of(use.resource)
        if store is not None:
            size = size_in(use.text)
            member = use.resource.id if use.resource.key != store.key else None
            yield Clue(
                store.id, "direct", use.strength, evidence, role=role, addressed=True, size=size, instance=member
            )

    def _through(
        self, proxy: Resource, role: Role, strength: Certainty, evidence: str, *, addressed: bool = False
    ) -> Clue:
        target = self.proxies.target.get(proxy.key)
        store = target.id if target is not None else hidden_store(proxy)
        if proxy.key in self.proxies.assumed:
            strength, evidence = weaker(strength, "likely"), f"{evidence}, before the only database of its family"
        return Clue(store, "proxy", strength, evidence, pool=proxy.id, role=role, addressed=addressed)

    def _secret(self, use: Use, strength: Certainty) -> Iterator[Clue]:
        verb = "names the secret of" if use.where != READ else "the secret of"
        evidence = f"{use.where} {verb} '{{}}'"
        store = self.secrets.store_of(use.resource, use.attribute)
        proxy = self.secrets.proxy_of(use.resource)
        outside = self.secrets.outside_of(use.resource)
        behind = self.poolers.store_of(use.resource)
        if self.secrets.is_assumed(use.resource):
            strength = weaker(strength, "likely")
        if store is not None:
            name = self.secrets.id_of(use.resource, use.attribute)
            yield Clue(store.id, "direct", strength, evidence.format(store.id), secret=True, secret_id=name)
        elif proxy is not None:
            clue = self._through(proxy, "writer", weaker(strength, "likely"), evidence.format(proxy.id))
            yield clue._replace(secret=True, secret_id=self.secrets.id_of(use.resource, use.attribute))
        elif behind is not None:
            held = self.secrets.id_of(use.resource, use.attribute)
            where = f"{use.where} {verb} a pooler in front of '{behind.id}'"
            yield Clue(behind.id, "proxy", weaker(strength, "likely"), where, secret=True, secret_id=held)
        elif outside is not None:
            name, attachment = outside
            held = self.secrets.id_of(use.resource, use.attribute)
            where = self.externals.outside(name, attachment)
            yield Clue(where, "direct", strength, evidence.format(where), secret=True, secret_id=held)

    def _statement(self, function: Resource, statement: Statement, seen: Seen) -> Iterator[Clue]:
        alone: Certainty = "possible" if statement.shared else "likely"
        if statement.allows(*_CONNECT):
            yield from self._logins(statement)
        if statement.allows(READ_SECRET):
            for use in self._resources(statement, READ):
                yield from (clue._replace(permitted=True) for clue in self._secret(use, alone))
        yield from self.connecting.clues(statement, self._resources(statement, "permission to connect to"))
        if statement.allows(*RUNS):
            named = self._resources(statement, "rds-data")
            yield from self.data_apis.clues(function, statement, named, seen.clusters, seen.outside_clusters)
            yield from self.data_apis.told(function, statement, {}, seen.outside_clusters)
        yield from self.tables.clues(function, statement, seen.tables, seen.table_names)

    def _resources(self, statement: Statement, where: str) -> list[Use]:
        """What a statement names; functions that share a role share the answer."""
        key = (id(statement), where)
        if key not in self._named:
            self._named[key] = [
                use for resource in statement.resources for use in self.environment.uses(resource, where)
            ]
        return self._named[key]

    def _logins(self, statement: Statement) -> Iterator[Clue]:
        if not statement.allows(*_CONNECT):
            return
        strength: Certainty = "possible" if statement.shared else "likely"
        for use in self._resources(statement, "rds-db:connect"):
            evidence = f"rds-db:connect on '{use.resource.id}'"
            proxied = self.proxies.proxy_of(use.resource)
            store = self.databases.store_of(use.resource)
            if proxied is not None:
                yield self._through(proxied[0], "writer", strength, evidence)
            elif store is not None:
                yield Clue(store.id, "direct", strength, evidence)

    def _told(self, function: Resource, statements: tuple[Statement, ...], seen: Seen) -> Iterator[Clue]:
        """What it is invoked with, and SSM parameters it may read: for functions of which nothing else says where they connect to."""
        inside = function.get("VpcConfig") is not None
        told_of = Seen()
        for use in self.invokers.uses(function):
            for clue in self._use(use, told_of):
                # An address alone may be meant for a DNS record or a tag; who connects has credentials, or sits in the network.
                told: Certainty = "likely" if clue.secret or inside else "possible"
                yield clue._replace(strength=weaker(clue.strength, told))
        for name, value, where in self.invokers.named(function):
            if not any(self.environment.uses(value, where)):
                yield from self.externals.told(function, name, value, where)
        for value, where in self.invokers.values(function):
            told_of.outside_clusters.update((cluster, where) for cluster in named_clusters("", value))
        seen.clusters.update(told_of.clusters)
        for statement in statements:
            yield from self.data_apis.told(function, statement, told_of.clusters, told_of.outside_clusters)
            if statement.allows(*_READ_PARAMETER):
                for resource in statement.resources:
                    wide = not inside and is_wide(resource)
                    for use in self.environment.parameters(resource, "permission to read"):
                        for clue in self._use(use, Seen()):
                            # Whoever may read all below a path, outside of any network, may be after other things than a login.
                            vague = statement.shared or (wide and clue.secret)
                            yield clue._replace(strength="possible" if vague else weaker(clue.strength, "likely"))


def _is_placed(found: list[Clue]) -> bool:
    """Whether something says where the function connects to."""
    return any(clue.via != "http" and clue.strength != "possible" for clue in found)


def _unused(clue: Clue) -> Clue:
    return clue._replace(strength="possible", evidence=f"{clue.evidence}, which the inline code does not name")


def _without_unused(found: list[Clue], mentioned: set[str]) -> list[Clue]:
    """Where the environment names stores, a permission on the secret of yet another store is no sign that it is used."""
    used = [
        clue for clue in found if clue.via in ("direct", "proxy") and not clue.permitted and clue.strength != "possible"
    ]
    named = {clue.store for clue in used} or mentioned
    if not named:
        return found
    return [
        clue._replace(strength="possible") if clue.permitted and clue.store not in named else clue for clue in found
    ]
