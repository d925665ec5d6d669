"""What the picture of relations is made of: nodes with their words, and edges with what they mean."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from constructs_lib.check import Report
from constructs_lib.model.fleet import Connection, Consumer
from constructs_lib.model.pools import Verdict
from constructs_lib.model.quantity import Quantity
from constructs_lib.reporters import ledger
from constructs_lib.reporters.html.names import Names
from constructs_lib.reporters.html.text import counted

#: From this many consumers on, those that connect alike are drawn as one.
CROWD = 24
_STYLES = {Verdict.FITS: "fits", Verdict.EXCEEDS: "exceeds", Verdict.UNDECIDED: "undecided"}
_WORSE = (Verdict.FITS, Verdict.UNDECIDED, Verdict.EXCEEDS)
_CERTAINTY = ("possible", "likely", "certain")


@dataclass(frozen=True)
class Node:
    """A box: ``column`` is consumer, pool or store; ``weight`` orders consumers; ``members`` how many of them it stands for."""

    id: str
    column: str
    label: str
    under: str
    title: str
    style: str
    weight: float = 0
    members: int = 1


@dataclass(frozen=True)
class Edge:
    """A line between two nodes: ``style`` tells the verdict it leads to, ``certainty`` how sure the connection is."""

    start: str
    end: str
    style: str
    certainty: str
    title: str


def nodes_and_edges(report: Report, names: Names) -> tuple[list[Node], list[Edge]]:
    """Everything of a fleet that is connected; ids of nodes are unique across columns."""
    picture = _Picture(report, names)
    return picture.nodes, picture.edges


class _Picture:
    def __init__(self, report: Report, names: Names) -> None:
        self.report, self.fleet, self.names = report, report.fleet, names
        # Where writer and readers have budgets of their own, the worse one is shown.
        stores = sorted(report.budget.stores, key=lambda item: _WORSE.index(item.verdict))
        self.stores = {item.store.id: item for item in stores}
        pools = sorted((pool for _, pool in report.budget.pools), key=lambda item: _WORSE.index(item.verdict))
        self.pools = {pool.pool.id: pool for pool in pools}
        self.verdicts = {id(demand.connection): item.verdict for item in stores for demand in item.direct}
        self.verdicts |= {id(demand.connection): pool.verdict for pool in pools for demand in pool.demands}
        self.verdicts |= {id(demand.connection): Verdict.FITS for item in stores for demand in item.within_reserve}
        self.links = [link for link in self.fleet.connections if link.consumer in self.fleet.consumer_by_id]
        groups = self._groups()
        self.nodes = [self._consumers(members) for members in groups]
        self.node_of = {
            member.id: node.id for node, members in zip(self.nodes, groups, strict=True) for member in members
        }
        pooled = dict.fromkeys(link.pool for link in self.links if self._is_pooled(link) and link.pool)
        self.edges = [*self._clients(), *(self._opening(identifier) for identifier in pooled)]
        self.nodes += [self._pool(identifier) for identifier in pooled]
        self.nodes += [self._store(identifier) for identifier in dict.fromkeys(map(self._target, self.links))]

    def _is_pooled(self, link: Connection) -> bool:
        return link.via == "proxy" and link.pool in self.fleet.pool_by_id

    def _target(self, link: Connection) -> str:
        return self.fleet.pool_by_id[link.pool or ""].store if self._is_pooled(link) else link.store

    def _groups(self) -> list[list[Consumer]]:
        """Consumers one by one, or, in a crowd, those together that connect to the same stores in the same way."""
        of: dict[str, set[tuple[str, ...]]] = defaultdict(set)
        for link in self.links:
            of[link.consumer].add((link.store, link.via, link.pool or "", link.certainty))
        alike: dict[object, list[Consumer]] = defaultdict(list)
        for consumer in self.fleet.consumers:
            if consumer.id in of:
                crowd = (consumer.kind, consumer.deploy_time, frozenset(of[consumer.id]))
                alike[crowd if len(of) > CROWD else consumer.id].append(consumer)
        return list(alike.values())

    def _clients(self) -> Iterable[Edge]:
        """One line between two boxes, as certain as the surest of the connections it stands for."""
        edges: dict[tuple[str, str], Edge] = {}
        for link in self.links:
            start, end = (
                self.node_of[link.consumer],
                f"pool:{link.pool}" if self._is_pooled(link) else f"store:{link.store}",
            )
            known = edges.get((start, end))
            if known is None or _CERTAINTY.index(link.certainty) > _CERTAINTY.index(known.certainty):
                edges[start, end] = Edge(start, end, self._style(link), link.certainty, self._words(link))
        return edges.values()

    def _style(self, link: Connection) -> str:
        """What a line leads to; a connection that no budget counts leads to no verdict."""
        verdict = self.verdicts.get(id(link))
        return "unheld" if verdict is None else _STYLES[verdict]

    def _words(self, link: Connection) -> str:
        evidence = f" ({'; '.join(link.evidence)})" if link.evidence else ""
        return f"{self.names.of(link.consumer)} → {self.names.of(link.store)}, {link.via}, {link.certainty}{evidence}"

    def _consumers(self, members: list[Consumer]) -> Node:
        first = members[0]
        label, under = self.names.of(first.id), _concurrency(first)
        if len(members) > 1:
            label = counted(len(members), first.kind)
            under = ", ".join(self.names.of(member.id) for member in members)
        return Node(
            id=f"consumer:{first.id}",
            column="consumer",
            label=label,
            under=under,
            title="\n".join(f"{self.names.of(member.id)}: {_concurrency(member)}" for member in members),
            style="quiet" if first.deploy_time or first.generated else "plain",
            weight=sum(map(self._weight, members)),
            members=len(members),
        )

    def _weight(self, consumer: Consumer) -> float:
        """Who matters more: connections that are counted, then concurrency; nothing reserved is the most."""
        links = self.fleet.connections_by_consumer.get(consumer.id, ())
        held = sum(link.via in ("direct", "proxy") and link.certainty != "possible" for link in links)
        reserved = consumer.reserved_concurrency
        size = 1e6 if reserved is None or reserved.high is None else float(reserved.high)
        return held * 1e9 + (0 if consumer.deploy_time else size)

    def _opening(self, identifier: str) -> Edge:
        """From a pool to the store behind it."""
        store = self.fleet.pool_by_id[identifier].store
        budget = self.stores.get(store)
        style = _STYLES[budget.verdict] if budget is not None else "undecided"
        return Edge(
            f"pool:{identifier}",
            f"store:{store}",
            style,
            "certain",
            f"{self.names.of(identifier)} → {self.names.of(store)}",
        )

    def _pool(self, identifier: str) -> Node:
        budget = self.pools.get(identifier)
        if budget is None:
            return Node(f"pool:{identifier}", "pool", self.names.of(identifier), "", identifier, "undecided")
        under = _connections(budget.connections)
        return Node(f"pool:{identifier}", "pool", self.names.of(identifier), under, identifier, _STYLES[budget.verdict])

    def _store(self, identifier: str) -> Node:
        store, budget = self.fleet.store_by_id.get(identifier), self.stores.get(identifier)
        under = store.kind if store is not None else "not in what was read"
        if store is not None and budget is not None:
            under = f"{store.engine or store.kind}, {_connections(budget.capacity.max_connections)}"
        style = _STYLES[budget.verdict] if budget is not None else "unheld" if store is not None else "undecided"
        return Node(f"store:{identifier}", "store", self.names.of(identifier), under, identifier, style)


def _concurrency(consumer: Consumer) -> str:
    if consumer.deploy_time:
        return "runs during deployments only"
    if consumer.kind != "function":
        return f"a declared {consumer.kind}"
    if consumer.reserved_concurrency is None:
        return "reserves no concurrency"
    return f"at most {ledger.figure(consumer.reserved_concurrency)} concurrent executions"


def _connections(quantity: Quantity) -> str:
    return f"{ledger.figure(quantity)} connections"
