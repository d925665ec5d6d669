"""The parts put together: stacks, stores, pools, consumers and the connections between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import replace

from constructs_lib.model.fleet import Acknowledgement, Connection, Consumer, Fleet, Gap, Pool, Store
from constructs_lib.model.origin import NOWHERE
from constructs_lib.readers.cloudformation.alarms import alarms
from constructs_lib.readers.cloudformation.allowances import READ_SECRET, Allowance
from constructs_lib.readers.cloudformation.clues import Clue, unreached, weaker
from constructs_lib.readers.cloudformation.connect_grants import ConnectGrants
from constructs_lib.readers.cloudformation.connections import edges
from constructs_lib.readers.cloudformation.credentials import credentials
from constructs_lib.readers.cloudformation.data_apis import DataApis
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.declared import Declared
from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.event_sources import EventSources
from constructs_lib.readers.cloudformation.externals import Externals
from constructs_lib.readers.cloudformation.functions import Functions, is_generated
from constructs_lib.readers.cloudformation.grants import Grants
from constructs_lib.readers.cloudformation.hints import Hints
from constructs_lib.readers.cloudformation.inference import Inference
from constructs_lib.readers.cloudformation.invokers import Invokers
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.nesting import build
from constructs_lib.readers.cloudformation.network import Network
from constructs_lib.readers.cloudformation.outside_logins import OutsideLogins
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.poolers import Poolers
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.schedules import Failures
from constructs_lib.readers.cloudformation.secrets import Secrets
from constructs_lib.readers.cloudformation.services import uncounted
from constructs_lib.readers.cloudformation.sessions import Sessions
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.surroundings import Surroundings
from constructs_lib.readers.cloudformation.table_grants import TableGrants
from constructs_lib.readers.cloudformation.tables import Tables
from constructs_lib.readers.cloudformation.unplaced import Unplaced
from constructs_lib.readers.cloudformation.unread_words import UnreadWords
from constructs_lib.readers.reading import Reading, Unread


def compose(
    documents: Sequence[Document],
    parameters: Mapping[str, str],
    unread: Sequence[Unread],
    acknowledgements: Sequence[Acknowledgement],
) -> Reading:
    """The fleet that the templates will deploy together."""
    estate = build(documents, parameters)
    return Reading(_Assembly(estate).fleet(acknowledgements), tuple(dict.fromkeys((*unread, *estate.unread))))


class _Assembly:
    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        named = Named(estate)
        self.declared = Declared(estate)
        self.databases = Databases(estate, named, self.declared)
        self.proxies = Proxies(estate, named, self.databases)
        self.functions = Functions(estate, named)
        self.sources = EventSources(estate, named)
        self.externals = Externals(named, self.databases, self.proxies, self.declared.hosts())
        self.environment = environment = Environment(estate, named)
        self.secrets = secrets = Secrets(estate, environment, self.databases, self.proxies)
        permissions = Permissions(estate, named, self.functions.resources())
        self.hints = Hints(self.databases, Network(estate, self.databases), self.sources, permissions)
        asked = DataApis(self.databases, self.externals)
        granted = TableGrants(environment, permissions, self.externals)
        invokers = Invokers(environment)
        self.inference = Inference(
            environment, self.databases, self.proxies, secrets, permissions, self.externals, invokers, asked, granted,
            Poolers(environment, secrets, permissions), ConnectGrants(self.databases, self.externals),
            Allowance(estate, permissions, READ_SECRET),
        )  # fmt: skip
        self.unplaced = Unplaced(environment, secrets, permissions, self.externals)
        self.logins = OutsideLogins(environment, permissions, self.externals)
        self.grants = Grants(environment, permissions)
        self.sessions = Sessions(estate, permissions)
        self.failures = Failures(estate, named)
        self.tables = Tables(estate, environment, permissions)
        self.words = UnreadWords(environment, self.databases, self.proxies, secrets, permissions)
        self.surroundings = Surroundings(estate, self.databases, self.proxies, environment, permissions)

    def fleet(self, acknowledgements: Sequence[Acknowledgement]) -> Fleet:
        stores = [*self.databases.all()]
        stores += self.declared.stores({store.id for store in stores})
        stores = [store._replace(table=self.tables.by_id.get(store.id)) for store in stores]
        proxied = tuple(self.secrets.pools())
        pools = (*proxied, *self.declared.pools({pool.id for pool in proxied}))
        connections = tuple(
            edge
            for function in self.functions.resources()
            for edge in self.sessions.attached(function, self.grants.attached(function, self._connections(function)))
        )
        stores += self._unseen(stores, pools, connections)
        clients = {edge.consumer for edge in connections if edge.via in ("direct", "proxy")}
        found = Fleet(
            stores=tuple(self.surroundings.around_store(store) for store in stores),
            pools=tuple(self.surroundings.around_pool(pool) for pool in pools),
            consumers=tuple(self._consumer(function, clients) for function in self.functions.resources()),
            connections=connections,
            acknowledgements=tuple(acknowledgements),
            alarms=tuple(alarms(self.estate, self.environment)),
            credentials=tuple(credentials(self.estate, self.secrets)),
            outsiders=tuple(dict.fromkeys(uncounted(self.databases, self.proxies, self.secrets, self.environment))),
            contradictions=tuple(self.declared.contradictions),
            network=self.surroundings.network,
            gaps=tuple(dict.fromkeys(self._gaps())),
        )
        return replace(found, gaps=tuple(dict.fromkeys((*found.gaps, *self.words.gaps(found)))))

    def _gaps(self) -> Iterator[Gap]:
        """What was found missing on the way."""
        for part in (self.estate, self.declared, self.proxies, self.externals, self.inference.tables):
            yield from part.gaps

    def _consumer(self, function: Resource, clients: Set[str]) -> Consumer:
        return self.functions.consumer(
            function,
            self.sources.of(function),
            self.surroundings.of_function(function, uses_database=function.id in clients),
            deploy_time=self.sources.is_deploy_time(function),
            keeps_failures=self.failures.kept(function),
            analytical=self.grants.analytical(function),
        )

    def _connections(self, function: Resource) -> Iterator[Connection]:
        declared = list(self.declared.connections(function))
        yield from declared
        if is_generated(function):
            return
        stated = {connection.store for connection in declared}
        clues = self.inference.clues(function)
        hints = list(self.hints.clues(function, {clue.store for clue in clues}))
        if not any(connection.via in ("direct", "proxy", "data-api") for connection in declared):
            clues += self.unplaced.clues(function, [*clues, *hints])
            clues = self.logins.weighed(function, clues)
        known = {clue.store for clue in clues}
        clues += [hint for hint in hints if hint.store not in known]
        clues = [self._conditional(function, clue) for clue in clues if clue.store not in stated]
        if clues:
            yield from edges(function, self._reached(function, clues), self._bound(function))

    def _reached(self, function: Resource, clues: list[Clue]) -> list[Clue]:
        """Beside a data API, an address that the function cannot reach is only a hint that it connects."""
        asked = {clue.store for clue in clues if clue.via == "data-api" and clue.strength != "possible"}
        held = {clue.store for clue in clues if clue.addressed and clue.store in asked}
        cut_off = {store for store in held if self.surroundings.are_cut_off(function, store)}
        return [unreached(clue) if clue.addressed and clue.store in cut_off else clue for clue in clues]

    def _conditional(self, function: Resource, clue: Clue) -> Clue:
        """What only a condition nobody decided brings into being is likely at most."""
        if not function.maybe and clue.store not in self.databases.conditional:
            return clue
        evidence = f"{clue.evidence}, if a condition holds that depends on an open parameter"
        return clue._replace(strength=weaker(clue.strength, "likely"), evidence=evidence)

    def _bound(self, function: Resource) -> str | None:
        """Why a function's concurrency is naturally small."""
        kinds = {source.kind for source in self.sources.of(function)}
        if kinds == {"schedule"}:
            return f"schedule {self.sources.schedules.get(function.key, '')}".strip()
        if kinds == {"rotation"}:
            return "secret rotation"
        return "deployments only" if self.sources.is_deploy_time(function) else None

    def _unseen(self, stores: Sequence[Store], pools: Sequence[Pool], connections: Sequence[Connection]) -> list[Store]:
        """Stores that only an address or a proxy shows."""
        known = {store.id for store in stores} | {pool.id for pool in pools}
        found = {name: store for name, store in self.externals.stores.items() if name not in known}
        by_pool = {pool.store: pool for pool in pools}
        for name in [*by_pool, *(connection.store for connection in connections)]:
            if name not in known and name not in found:
                pool = by_pool.get(name)
                family = {"POSTGRESQL": "postgres", "MYSQL": "mysql", "SQLSERVER": "sqlserver-se"}
                engine = family.get(pool.engine_family or "") if pool is not None else None
                found[name] = Store(
                    id=name, kind="external", engine=engine, origin=pool.origin if pool is not None else NOWHERE
                )
        return list(found.values())
