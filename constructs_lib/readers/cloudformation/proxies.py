"""RDS proxies as pools, with their target groups and endpoints."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.fleet import Gap, Pool, Role
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, PROXY, PROXY_ENDPOINT
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Reference,
    Unresolved,
    Value,
    items_of,
    quantity_of,
    references_in,
    text_of,
    truth_of,
)

TARGET_GROUP = "AWS::RDS::DBProxyTargetGroup"
_TARGETS = ("DBClusterIdentifiers", "DBInstanceIdentifiers")
#: What the names of the engines begin with, or end in after ``aurora-``, that a proxy of each family can stand before.
_FAMILIES = {"POSTGRESQL": ("postgres",), "MYSQL": ("mysql", "mariadb"), "SQLSERVER": ("sqlserver",)}


class Proxies:
    """Reads the proxies of an estate and knows which database is behind each."""

    def __init__(self, estate: Estate, named: Named, databases: Databases) -> None:
        self.estate = estate
        self.named = named
        self.databases = databases
        self.gaps: list[Gap] = []
        self.group: dict[tuple[str, str], Resource] = {}
        self.endpoints: dict[tuple[str, str], list[Resource]] = {}
        for group in estate.of_type(TARGET_GROUP):
            self._file(group, self.group)
        for endpoint in estate.of_type(PROXY_ENDPOINT):
            proxy = self._proxy(endpoint.get("DBProxyName"))
            if proxy is not None:
                self.endpoints.setdefault(proxy.key, []).append(endpoint)
        self.assumed: set[tuple[str, str]] = set()  #: proxies whose target nothing names
        self.target = {proxy.key: self._target(proxy) for proxy in estate.of_type(PROXY)}

    def _file(self, group: Resource, into: dict[tuple[str, str], Resource]) -> None:
        proxy = self._proxy(group.get("DBProxyName"))
        if proxy is not None:
            into[proxy.key] = group

    def _proxy(self, name: Value) -> Resource | None:
        if isinstance(name, Reference):
            found = self.estate.resource(name)
            return found if found is not None and found.type == PROXY else None
        return self.named.resource(name, {PROXY})

    def _target(self, proxy: Resource) -> Resource | None:
        group = self.group.get(proxy.key)
        if group is None:
            only = self._only(proxy)
            if only is not None:
                self.assumed.add(proxy.key)
            return only
        for key in _TARGETS:
            for item in items_of(group.get(key)):
                found = self._database(item)
                if found is not None:
                    return found
        return None

    def _only(self, proxy: Resource) -> Resource | None:
        """The one database of the same template that the proxy can stand before."""
        engines = _FAMILIES.get(text_of(proxy.get("EngineFamily")) or "", ())
        there = self.databases.holding.get(proxy.stack.key, ())
        fitting = [
            home for home in there if home.type in (CLUSTER, INSTANCE)
            and (text_of(home.get("Engine")) or "").lower().removeprefix("aurora-").startswith(engines)
        ]  # fmt: skip
        return fitting[0] if engines and len(fitting) == 1 else None

    def _database(self, item: Value) -> Resource | None:
        for reference in references_in(item):
            resource = self.estate.resource(reference)
            if resource is not None:
                return self.databases.store_of(resource)
        resource = self.named.resource(item, {"AWS::RDS::DBCluster", "AWS::RDS::DBInstance"})
        return self.databases.store_of(resource) if resource is not None else None

    def proxy_of(self, resource: Resource) -> tuple[Resource, Role] | None:
        """The proxy that a proxy or one of its endpoints belongs to, and the role it serves."""
        if resource.type == PROXY:
            return resource, "writer"
        if resource.type == PROXY_ENDPOINT:
            proxy = self._proxy(resource.get("DBProxyName"))
            if proxy is not None:
                return proxy, "reader" if text_of(resource.get("TargetRole")) == "READ_ONLY" else "writer"
        return None

    def all(self) -> Iterator[Pool]:
        """The proxies with a database behind them; a gap for each whose database nobody can see."""
        for proxy in self.estate.of_type(PROXY):
            target = self.target[proxy.key]
            if target is None or proxy.key in self.assumed:
                self._hidden(proxy, target)
            yield self._pool(proxy, target.id if target is not None else hidden_store(proxy))

    def _hidden(self, proxy: Resource, assumed: Resource | None) -> None:
        group = self.group.get(proxy.key)
        why = "has no target group in the given templates"
        advice = f"give the template that makes the database, or declare it as '{hidden_store(proxy)}'"
        if assumed is not None:
            why += f"; '{assumed.id}', the only database of its family there, is taken for its target"
            advice = "give the template that makes the target group"
        elif group is not None:
            items = [item for key in _TARGETS for item in items_of(group.get(key))]
            reasons = [item.reason for item in items if isinstance(item, Unresolved)]
            why = f"targets a database that the given templates do not show{f' ({reasons[0]})' if reasons else ''}"
        self.gaps.append(Gap(proxy.id, f"the proxy {why}", advice, proxy.origin))

    def _pool(self, proxy: Resource, store: str) -> Pool:
        group = self.group.get(proxy.key)

        def setting(key: str) -> Quantity | None:
            if group is None:
                return Quantity.unknown(f"{key} of '{proxy.id}' stands in a target group that was not given")
            return quantity_of(group.get("ConnectionPoolConfigurationInfo", key), f"{key} of '{proxy.id}'")

        query = group.get("ConnectionPoolConfigurationInfo", "InitQuery") if group is not None else None
        filters = (
            items_of(group.get("ConnectionPoolConfigurationInfo", "SessionPinningFilters")) if group is not None else []
        )
        return Pool(
            id=proxy.id,
            store=store,
            percent=setting("MaxConnectionsPercent"),
            idle_percent=setting("MaxIdleConnectionsPercent"),
            borrow_timeout_seconds=setting("ConnectionBorrowTimeout"),
            idle_client_timeout_seconds=quantity_of(
                proxy.get("IdleClientTimeout"), f"IdleClientTimeout of '{proxy.id}'"
            ),
            require_tls=self._switch(proxy, "RequireTLS"),
            iam_auth=_iam(proxy),
            engine_family=text_of(proxy.get("EngineFamily")),
            has_reader_endpoint=any(
                text_of(endpoint.get("TargetRole")) == "READ_ONLY" for endpoint in self.endpoints.get(proxy.key, ())
            ),
            session_pinning_filters=tuple(text for item in filters if (text := text_of(item)) is not None),
            init_query=text_of(query) or None,
            origin=proxy.origin,
            debug_logging=self._switch(proxy, "DebugLogging"),
            unawaited_instances=self._unawaited(proxy),
        )

    def _switch(self, proxy: Resource, key: str) -> bool | None:
        """A switch, off unless set (API reference of CreateDBProxy, read 2026-11-21); ``None`` and a gap when it cannot be told."""
        value = proxy.get(key)
        if value is None:
            return False
        truth = truth_of(value)
        if truth is None:
            why = value.reason if isinstance(value, Unresolved) else "it depends on a condition or parameter"
            advice = f"write {key} as true or false, or give the parameter it comes from"
            self.gaps.append(Gap(proxy.id, f"whether {key} is on: {why}", advice, proxy.origin))
        return truth

    def _unawaited(self, proxy: Resource) -> tuple[str, ...]:
        """Instances of the target cluster, when the stack may create the target group before every one of them."""
        group, target = self.group.get(proxy.key), self.target[proxy.key]
        # Terraform's addresses have dots; what its resources wait for is not among their arguments.
        if group is None or target is None or target.type != CLUSTER or "." in group.logical_id:
            return ()
        members = [item for item in self.databases.members.get(target.key, ()) if item.stack is group.stack]
        awaited = dependencies(group)
        return () if any(item.logical_id in awaited for item in members) else tuple(item.id for item in members)


def hidden_store(proxy: Resource) -> str:
    """The id of the database behind a proxy when no template shows it."""
    return f"external:behind {proxy.id}"


def dependencies(resource: Resource) -> frozenset[str]:
    """Logical ids of the same stack that exist before a resource is created: what it depends on or refers to, and so on."""
    waiting, found = [resource], set[str]()
    while waiting:
        item = waiting.pop()
        written = item.body.get("DependsOn")
        names = [str(name) for name in (written if isinstance(written, list) else [written]) if name]
        for key in item.properties:
            names += [named.logical_id for named in references_in(item.get(key)) if named.stack == resource.stack.key]
        fresh = [name for name in dict.fromkeys(names) if name not in found and name in resource.stack.resources]
        found.update(fresh)
        waiting += [resource.stack.resources[name] for name in fresh]
    return frozenset(found)


def _iam(proxy: Resource) -> bool | None:
    """Whether clients must log in through IAM; ``None`` when that is not known, or so for some users only."""
    if text_of(proxy.get("DefaultAuthScheme")) == "IAM_AUTH":
        return True
    items = [item for item in items_of(proxy.get("Auth")) if isinstance(item, dict)]
    required = {text_of(item.get("IAMAuth", "DISABLED")) == "REQUIRED" for item in items if _told(item.get("IAMAuth"))}
    return required.pop() if len(required) == 1 and all(_told(item.get("IAMAuth")) for item in items) else None


def _told(value: Value) -> bool:
    return value is None or text_of(value) is not None
