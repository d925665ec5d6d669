"""Hosts that are no resource of any given template: literal addresses and connection strings, and addresses nobody can see."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cached_property

from constructs_lib.model.fleet import Gap, Store, Via
from constructs_lib.readers.cloudformation.clues import Clue
from constructs_lib.readers.cloudformation.code import InlineCode
from constructs_lib.readers.cloudformation.connection_strings import address_in, is_no_host, shows_host, size_in
from constructs_lib.readers.cloudformation.database_words import names_address, names_credentials
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import LONGEST
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, PROXY
from constructs_lib.readers.cloudformation.named_hosts import is_database_host, likely_engine
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.proxies import Proxies, hidden_store
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.unseen import absent_in, source_of
from constructs_lib.readers.cloudformation.values import Unresolved, Value, text_of
from constructs_lib.readers.cloudformation.wording import Wording, holds_address, wording

_PROXY_HOST = re.compile(r"\.proxy-[a-z0-9]+\.[a-z0-9-]+\.rds\.amazonaws\.com", re.IGNORECASE)
#: Types of store by words that can mean no other.
_FAMILIES = tuple(
    (re.compile(words, re.IGNORECASE), frozenset(types))
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
        text = text_of(value)
        if text is not None and len(text) > LONGEST:
            return
        said = wording(function, variable, value)
        if text is not None and "{{resolve:" not in text:
            if said.parameter and is_no_host(text) and holds_address(function, said):
                missing = Unresolved(f"parameter '{said.parameter}' holds no address by default", said.parameter)
                yield from self._hidden(function, said, missing)
            else:
                yield from self._literal(function, said, text)
        elif isinstance(value, Unresolved) and ("EndpointAddress" in value.reason or holds_address(function, said)):
            yield from self._hidden(function, said, value)
        elif not names_credentials(variable) and (names_address(variable) or shows_host(value)):
            self.gap(
                function, f"environment variable {variable} names a database whose address the templates do not show"
            )
            yield from self._elsewhere(function, said, value)

    def _literal(self, function: Resource, said: Wording, text: str) -> Iterator[Clue]:
        host, engine = address_in(text)
        if host is None or not (engine or is_database_host(host) or holds_address(function, said)):
            return
        where = f"environment variable {said.variable} = {host}"
        if host in self.declared:
            store, pool = self.declared[host]
            yield Clue(store, "proxy" if pool else "direct", "likely", where, pool=pool, addressed=True)
            return
        known = self._known(host)
        if known is not None:
            yield from self._to_known(known, where)
            return
        identifier = self.outside(host, function, engine or likely_engine(host))
        via: Via = "proxy" if _PROXY_HOST.search(host) else "http" if said.over_http else "direct"
        yield self._weighed(function, Clue(identifier, via, "likely", where, addressed=True, size=size_in(text)))

    def _known(self, host: str) -> Resource | None:
        """A database of the templates whose identifier the host starts with."""
        if ".rds." not in host and ".docdb." not in host:
            return None
        types = {PROXY} if _PROXY_HOST.search(host) else {CLUSTER, INSTANCE, "AWS::DocDB::DBCluster"}
        name = host.split(".", 1)[0]
        return self.named.resource(name, types) or self.named.in_any_case(name, types)

    def _to_known(self, resource: Resource, where: str) -> Iterator[Clue]:
        if resource.type == PROXY:
            target = self.proxies.target.get(resource.key)
            behind = target.id if target is not None else hidden_store(resource)
            yield Clue(behind, "proxy", "likely", where, pool=resource.id, addressed=True)
            return
        store = self.databases.store_of(resource)
        if store is not None:
            yield Clue(store.id, "direct", "likely", where, addressed=True)

    def _hidden(self, function: Resource, said: Wording, value: Unresolved) -> Iterator[Clue]:
        """An address that comes from elsewhere: the only database of the other templates, if there is just one, else a gap."""
        where = f"environment variable {said.variable}"
        guess = self.only(function, where, f"{said.variable} {value.parameter}") if value.parameter else None
        if guess is not None:
            yield self._weighed(function, guess)
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
            proxied = "proxy" in f"{said.variable} {source}".lower()
            via: Via = "proxy" if proxied else "http" if said.over_http else "direct"
            evidence = f"environment variable {said.variable} holds an address that comes from '{source}'"
            found = Clue(self.outside(source, function), via, "likely", evidence, addressed=True)
            yield self._weighed(function, found)

    def behind(self, function: Resource, variable: str, resource: Resource) -> Iterator[Clue]:
        """An address that a resource gives whose own template is not among the given ones."""
        if resource.type.startswith(_OPAQUE) and names_address(variable):
            yield from self._unseen(function, Wording(variable), resource.logical_id)

    def outside(self, name: str, function: Resource, engine: str | None = None) -> str:
        """The id of a store that no template makes, noted under the name."""
        identifier = f"external:{name}"
        self.stores.setdefault(identifier, Store(id=identifier, kind="external", engine=engine, origin=function.origin))
        return identifier

    def _weighed(self, function: Resource, clue: Clue) -> Clue:
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
