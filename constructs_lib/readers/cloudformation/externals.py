"""Hosts that are no resource of any given template: literal addresses and connection strings, and addresses nobody can see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from constructs_lib.model.fleet import Gap, Role, Store, Via
from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.connection_strings import (
    address_in,
    is_bare,
    is_no_host,
    is_of_itself,
    names_itself,
    shows_host,
    size_in,
    without_resolved,
)
from constructs_lib.readers.cloudformation.database_words import (
    names_address,
    names_credentials,
    names_host,
    speaks_of_database,
    words_of,
)
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.endpoint_names import named_by
from constructs_lib.readers.cloudformation.environment import LONGEST
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE
from constructs_lib.readers.cloudformation.named_hosts import (
    is_asked_over_http,
    is_database_host,
    is_other_service,
    likely_engine,
)
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.placeholders import is_to_fill_in
from constructs_lib.readers.cloudformation.proxies import Proxies, hidden_store
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import absent_in, source_of
from constructs_lib.readers.cloudformation.values import Either, Unresolved, Value, text_of
from constructs_lib.readers.cloudformation.wording import Wording, holds_address, wording
from constructs_lib.regex import regex

#: Where a parameter or secret is kept: text that no host can be.
_PATH = regex(r"(?:/[A-Za-z0-9_.-]+|[A-Za-z0-9_.-]+(?=/))(?:/[A-Za-z0-9_.-]+)*")
_PROXY_HOST = regex(r"\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com", re.IGNORECASE)
#: Types of store by words that can mean no other.
_FAMILIES = tuple(
    (regex(words, re.IGNORECASE), frozenset(types))
    for words, types in (
        ("dsql", ("AWS::DSQL::Cluster",)),
        ("neptune", ("AWS::Neptune::DBCluster",)),
        ("docdb|documentdb|mongo", ("AWS::DocDB::DBCluster", "AWS::DocDBElastic::Cluster")),
        ("redshift", ("AWS::Redshift::Cluster", "AWS::RedshiftServerless::Workgroup")),
        (
            "redis|valkey|memcached|elasticache|memorydb|cache",
            (
                "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::CacheCluster", "AWS::ElastiCache::ServerlessCache",
                "AWS::MemoryDB::Cluster",
            ),
        ),
    )
)  # fmt: skip
#: Resources behind whose values lies a database that no template shows: made by another template or program, or behind a balancer.
_OPAQUE = (
    "Custom::",
    "AWS::CloudFormation::CustomResource",
    "AWS::CloudFormation::Stack",
    "AWS::ServiceCatalog::",
    "AWS::EC2::Instance",
    "AWS::EC2::NetworkInterface",
    "AWS::ElasticLoadBalancing",
    "AWS::ServiceDiscovery::",
    "AWS::Lambda::Function",
)


def _otherwise(clue: Clue) -> Clue:
    """Another address that the same variable may hold."""
    evidence = f"{clue.evidence}, if a condition holds that depends on an open parameter"
    return clue._replace(strength="possible", evidence=evidence)


class Externals:
    """Finds stores outside the given templates and keeps what was found."""

    def __init__(
        self, named: Named, databases: Databases, proxies: Proxies, declared: Mapping[str, tuple[str, str | None]]
    ) -> None:
        self.declared = declared
        self.named = named
        self.databases = databases
        self.proxies = proxies
        self.stores: dict[str, Store] = {}
        self.gaps: list[Gap] = []
        self._connecting: dict[tuple[str, str], bool] = {}

    def clues(self, function: Resource, variable: str, value: Value) -> Iterator[Clue]:
        """What a variable says that leads to no resource of the templates."""
        if not isinstance(value, Either):
            yield from self._option(function, variable, value)
            return
        first = None
        for option in sorted(value.options, key=lambda option: isinstance(option, Unresolved)):
            for clue in self._option(function, variable, option):
                first = first or clue.store
                yield clue if clue.store == first else _otherwise(clue)

    def _option(self, function: Resource, variable: str, value: Value) -> Iterator[Clue]:
        text = text_of(value)
        if text is None or len(text) <= LONGEST:
            yield from self._said(function, wording(function, variable, value), value, text)

    def told(self, function: Resource, name: str, value: Value, where: str) -> Iterator[Clue]:
        """The same of what a function is invoked with, under a name."""
        text = text_of(value)
        shows = names_address(name) or (text is not None and is_database_host(text))
        if shows and (text is None or len(text) <= LONGEST):
            yield from self._said(function, Wording(name, place=f"{where}, {name}"), value, text)

    def in_code(self, function: Resource, text: str) -> Iterator[Clue]:
        """What text in the inline code says."""
        host, engine = address_in(text.rpartition("@")[2] if "://" not in text else text)
        if host is not None and "." in host and (engine or is_database_host(host)):
            yield from self._at(function, host, engine, f"the inline code names {host}", over_http=False)

    def _said(self, function: Resource, said: Wording, value: Value, text: str | None) -> Iterator[Clue]:
        shown = None if text is None else without_resolved(text)
        if shown is not None and (shown == text or address_in(shown)[0] is not None):
            yield from self._literal(function, said, shown)
        elif isinstance(value, Unresolved) and ("EndpointAddress" in value.reason or holds_address(function, said)):
            yield from self._hidden(function, said, value)
        elif not names_credentials(said.variable) and self._shows_address(said, value):
            self.gap(function, f"{said.where} names a database whose address the templates do not show")
            yield from self._elsewhere(function, said, value)

    def _shows_address(self, said: Wording, value: Value) -> bool:
        """Whether text that is no literal is an address, by the variable's name, its own form, or the name of where it is kept."""
        kept = source_of(value) if isinstance(value, str) else None
        return names_address(said.variable) or shows_host(value) or (kept is not None and names_address(words_of(kept)))

    def _literal(self, function: Resource, said: Wording, text: str) -> Iterator[Clue]:
        host, engine = address_in(text)
        if host is not None and not is_other_service(host):
            over_http = said.over_http or text.startswith("https://") or is_asked_over_http(host)
            meant = engine or is_database_host(host) or holds_address(function, said)
            named = names_host(said.variable)
            by_name = named and names_itself(host) and not text.startswith("https://")
            if (meant and (said.over_http or named or not over_http)) or by_name:
                where = f"{said.where} = {host}"
                for clue in self._at(function, host, engine, where, over_http=over_http):
                    yield clue._replace(size=size_in(text))
        elif said.parameter and (is_no_host(text) or is_of_itself(text)) and holds_address(function, said):
            reason = f"parameter '{said.parameter}' holds no address by default"
            yield from self._hidden(function, said, Unresolved(reason, said.parameter))
        elif is_database_host(text) or (is_to_fill_in(text) and holds_address(function, said)):
            self.gap(function, f"{said.where} holds a placeholder where the address of a database is to stand")
            yield from self._unseen(function, said, said.variable)
        elif _PATH.fullmatch(text) and names_address(said.variable):
            self.gap(function, f"{said.where} = '{text}' names where the address of a database is kept")
            yield from self._unseen(function, said, text)
        elif is_of_itself(text):
            self.gap(function, f"{said.where} leads to the function's own machine, where no database is")
        elif names_address(said.variable) and not names_credentials(said.variable) and self._may_be_host(said, text):
            self.gap(function, f"{said.where} = '{text}' is no whole address of a database")
            yield from self._unseen(function, said, text)

    def _may_be_host(self, said: Wording, text: str) -> bool:
        """Whether a word without a domain may be a host: the kind of a connection (``TYPEORM_CONNECTION: postgres``) is none."""
        return is_bare(text) and (names_host(said.variable) or not speaks_of_database(text))

    def _at(self, function: Resource, host: str, engine: str | None, where: str, *, over_http: bool) -> Iterator[Clue]:
        """The database at a host: declared, of the templates, or outside."""
        if host in self.declared:
            store, pool = self.declared[host]
            yield Clue(store, "proxy" if pool else "direct", "likely", where, pool=pool, addressed=True)
            return
        role: Role = "reader" if ".cluster-ro-" in host else "writer"
        known = self._known(host)
        if known is not None:
            yield from self._to_known(known, where, role)
            return
        via: Via = "proxy" if _PROXY_HOST.search(host) else "http" if over_http else "direct"
        identifier = self.outside(host, function, engine or likely_engine(host))
        yield self.weighed(function, Clue(identifier, via, "likely", where, role=role, addressed=True))

    def _known(self, host: str) -> Resource | None:
        """The store of the templates, or proxy, whose name the host has in it."""
        names, types = named_by(host)
        found = (self.named.resource(name, types) or self.named.in_any_case(name, types) for name in names)
        return next((resource for resource in found if resource is not None), None)

    def _to_known(self, resource: Resource, where: str, role: Role) -> Iterator[Clue]:
        proxied = self.proxies.proxy_of(resource)
        if proxied is not None:
            proxy, role = proxied
            target = self.proxies.target.get(proxy.key)
            behind = target.id if target is not None else hidden_store(proxy)
            yield Clue(behind, "proxy", "likely", where, pool=proxy.id, role=role, addressed=True)
            return
        store = self.databases.store_of(resource)
        if store is not None:
            yield Clue(store.id, "direct", "likely", where, role=role, addressed=True)

    def _hidden(self, function: Resource, said: Wording, value: Unresolved) -> Iterator[Clue]:
        """An address that comes from elsewhere: the only database of the other templates, if there is just one, else a gap."""
        where = said.where
        guess = self.only(function, where, f"{said.variable} {value.parameter}") if value.parameter else None
        if guess is not None:
            yield self.weighed(function, guess)
            return
        self.gap(function, f"{where} names a database that is not known: {value.reason}")
        yield from self._elsewhere(function, said, value)

    def _elsewhere(self, function: Resource, said: Wording, value: Value) -> Iterator[Clue]:
        """What an address comes from lies outside; a reference to nothing may be meant for a database of its own template."""
        source = source_of(value)
        own = self._made_beside(function, f"{said.variable} {source}") if source in absent_in(value) else []
        for home in own if len(own) == 1 else ():
            evidence = (
                f"environment variable {said.variable} refers to '{source}', which is not there, beside '{home.id}'"
            )
            yield Clue(home.id, "direct", "possible", evidence)
        if not own:
            yield from self._unseen(function, said, source)

    def _made_beside(self, function: Resource, words: str) -> list[Resource]:
        """The stores of a function's own template which the words can mean."""
        homes = (home for kind in _family(words) for home in self._homes.get(kind, {}).values())
        return [home for home in homes if home.stack.key == function.stack.key]

    def _unseen(self, function: Resource, said: Wording, source: str | None) -> Iterator[Clue]:
        """A database outside the templates, called by where its address comes from."""
        if source is not None:
            proxied = "proxy" in f"{said.variable} {source}".lower() or said.is_of_proxy
            over_http = said.over_http or is_asked_over_http(source)
            via: Via = "proxy" if proxied else "http" if over_http else "direct"
            evidence = f"{said.where} holds an address that comes from '{source}'"
            found = Clue(self.outside(source, function), via, "likely", evidence, addressed=True)
            yield self.weighed(function, found)

    def behind(self, function: Resource, variable: str, resource: Resource) -> Iterator[Clue]:
        """An address that a resource gives whose own template is not among the given ones."""
        machine = resource.type == "AWS::EC2::Instance"
        named = machine and names_host(variable) and speaks_of_database(resource.logical_id)
        if resource.type.startswith(_OPAQUE) and (names_address(variable) or named):
            yield from self._unseen(function, Wording(variable), resource.logical_id)

    def outside(self, name: str, function: Resource, engine: str | None = None) -> str:
        """The id of a store that no template makes, noted under the name."""
        identifier = f"external:{name}"
        self.stores.setdefault(identifier, Store(id=identifier, kind="external", engine=engine, origin=function.origin))
        return identifier

    def weighed(self, function: Resource, clue: Clue) -> Clue:
        """An address may be for something else where the inline code talks to no database: a DNS record, or a load balancer."""
        if self.connects(function):
            return clue
        return clue._replace(
            strength="possible", evidence=f"{clue.evidence}; the inline code opens no connection to a database"
        )

    def connects(self, function: Resource) -> bool:
        """Whether a function may open connections, as far as its code can be read; told once."""
        if function.key not in self._connecting:
            self._connecting[function.key] = InlineCode(function).may_connect()
        return self._connecting[function.key]

    def made_in(self, words: str) -> set[str]:
        """The stacks that make a store which the words can mean."""
        return {home.stack.key for kind in _family(words) for home in self._homes.get(kind, {}).values()}

    def only(self, function: Resource, where: str, words: str) -> Clue | None:
        """The one store (or proxy) of the other templates that the name of a variable and its parameter can mean."""
        evidence = f"{where} is a parameter, and the given templates make just one {{}} for it"
        if "proxy" in words.lower():
            pools = [
                (pool, target) for key, target in self.proxies.target.items()
                if key[0] != function.stack.key and target is not None
                and (pool := self.databases.estate.stacks[key[0]].resources[key[1]])
            ]  # fmt: skip
            if len(pools) != 1:
                return None
            return Clue(
                pools[0][1].id, "proxy", "likely", evidence.format("proxy"), pool=pools[0][0].id, addressed=True
            )
        stores = [
            home for kind in _family(words) for home in self._homes.get(kind, {}).values()
            if home.stack.key != function.stack.key
        ]  # fmt: skip
        if len(stores) != 1:
            return None
        return Clue(stores[0].id, "direct", "likely", evidence.format("database"), addressed=True)

    @cached_property
    def _homes(self) -> dict[str, dict[tuple[str, str], Resource]]:
        """The stores of the templates by type and key."""
        homes: dict[str, dict[tuple[str, str], Resource]] = {}
        for home in self.databases.home.values():
            homes.setdefault(home.type, {})[home.key] = home
        return homes

    def table(self, name: str) -> str:
        """A table that no template makes, known by its literal name."""
        identifier = f"external:{name}"
        self.stores.setdefault(identifier, Store(id=identifier, kind="dynamodb-table", engine="dynamodb"))
        return identifier

    def gap(self, function: Resource, missing: str) -> None:
        """Note what is not known of a function, unless its code connects to no database at all."""
        if not self.connects(function):
            return
        advice = "give the template that makes the database as well, set the parameter with --parameters, or declare the connection"
        self.gaps.append(Gap(function.id, missing, advice, function.origin))


def _family(words: str) -> frozenset[str]:
    """The types of store that the names of a variable and its parameter can mean."""
    named = [types for word, types in _FAMILIES if word.search(words)]
    return named[0] if named else frozenset((CLUSTER, INSTANCE))
