"""A relational database that is already there: in this app, imported, or known by its address only."""

from __future__ import annotations

from collections.abc import Mapping

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.cdk import _metadata, routes
from constructs_lib.cdk._metadata import Element, declare_on_template, declare_store
from constructs_lib.cdk._tokens import property_text, seconds, text, whole
from constructs_lib.cdk.connect import ConnectableStore, Role, Route, Via
from constructs_lib.cdk.limits import with_clients
from constructs_lib.cdk.proxy_pool import PoolOptions, proxy_for
from constructs_lib.cdk.registration import record_of
from constructs_lib.cdk.settlement import PoolTerms, StorePlan
from constructs_lib.errors import ConnectError
from constructs_lib.facts.limits import proxy_default
from constructs_lib.model.fleet import Instance, Store
from constructs_lib.model.quantity import Quantity, plain

AnyDatabase = rds.IDatabaseInstance | rds.IDatabaseCluster


@jsii.implements(ec2.IConnectable)
class ExistingStore(ConnectableStore):
    """What ``RelationalStore.from_existing`` returns: ``connect`` as on a store of this library, plus ``add_proxy``.

    Give ``database`` (a construct of this app, or an imported one) or ``host``. A ``proxy`` may stand before it; for an imported
    proxy pass its security groups as ``proxy_peer``. ``max_connections`` declares the limit: needed for shares, and for any proof
    where the template does not show the instance's class. ``pool_connections`` is the size of a pooler that is no RDS proxy;
    ``max_connections_percent`` and ``borrow_timeout`` are what the proxy has (service defaults 100 and 120 s).
    ``transaction_timeout`` declares that the database itself ends transactions by then. ``secret`` holds username and password,
    by default the database's own; ``tls=False`` is for a pooler on the same machine.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        database: AnyDatabase | None = None,
        proxy: rds.IDatabaseProxy | None = None,
        proxy_peer: ec2.IConnectable | None = None,
        host: str | None = None,
        port: int | None = None,
        database_name: str = "application",
        user: str | None = None,
        secret: secretsmanager.ISecret | None = None,
        engine: str | None = None,
        engine_version: str | None = None,
        max_connections: int | None = None,
        pool_connections: int | None = None,
        max_connections_percent: int | None = None,
        borrow_timeout: cdk.Duration | None = None,
        transaction_timeout: cdk.Duration | None = None,
        operator_reserve: int | None = None,
        other_connections: Mapping[str, int] | None = None,
        tls: bool = True,
    ) -> None:
        super().__init__(scope, id)
        if (database is None) == (host is None):
            raise ConnectError(f"'{self.node.path}' needs exactly one of database= and host=")
        if proxy is not None and pool_connections is not None:
            raise ConnectError(
                f"'{self.node.path}' has a proxy and pool_connections; an RDS proxy takes max_connections_percent="
            )
        self.database, self.proxy = database, proxy
        self._proxy_peer = proxy_peer or (proxy if isinstance(proxy, rds.DatabaseProxy) else None)
        self._host, self._port, self._tls = host, port, tls
        self._user, self._secret, self._iam_auth = user, secret or _secret_of(database), proxy is not None
        self._enforced = (
            None if transaction_timeout is None else seconds(transaction_timeout, f"transaction_timeout of '{id}'")
        )
        self._resource = _resource_of(database)
        self.database_name = database_name
        described = _described(self.node.path, self._resource, engine, engine_version, max_connections)
        store = with_clients(described, operator_reserve, other_connections or {})
        pool = _pool_terms(self.node.path, proxy is not None, pool_connections, max_connections_percent, borrow_timeout)
        self._plan = StorePlan(self.node.path, store, record_of(self).settings, pool)
        self._store_id = self._declare(store, operator_reserve, other_connections or {}, max_connections)
        self._pool: Element = self._declare_pool(pool)

    @property
    def plan(self) -> StorePlan:
        return self._plan

    @property
    def store_element(self) -> Element:
        return self._resource or self._store_id

    @property
    def enforced_hold(self) -> Quantity | None:
        return self._enforced

    @property
    def connections(self) -> ec2.Connections:
        """The database's security groups; none for a store known by its address."""
        return ec2.Connections() if self.database is None else self.database.connections

    def add_proxy(
        self,
        *,
        vpc: ec2.IVpc,
        vpc_subnets: ec2.SubnetSelection | None = None,
        options: PoolOptions | None = None,
    ) -> rds.DatabaseProxy:
        """Put a proxy of this library before a database that has none; call it before the first ``connect``.

        The percentage leaves direct clients, the engine and operators their slots. Raises ``ConnectError`` when there is a proxy
        already, no secret to log in with, no declared limit to size the pool by, or somebody is connected already.
        """
        options = options or PoolOptions()
        database, secret = self._ready_for_proxy(options)
        self._plan.pool = options.terms(self.node.path)
        self.proxy = proxy_for(
            self,
            "Proxy",
            target=_target(database),
            vpc=vpc,
            vpc_subnets=vpc_subnets,
            secrets=[secret],
            options=options,
            plan=lambda: self._plan,
        )
        self._proxy_peer, self._iam_auth = self.proxy, options.iam_auth
        self._pool = _metadata.resource_of(self.proxy)
        return self.proxy

    def route(self, via: Via, role: Role) -> Route:
        if via is Via.DATA_API:
            return self._through_data_api()
        if via is Via.PROXY and self.proxy is not None:
            return self._through_proxy(self.proxy, self._plan.pool, role)
        if via is Via.PROXY and self._plan.pool is None:
            raise ConnectError(
                f"'{self.node.path}' has no proxy; pass proxy= or pool_connections=, call add_proxy(), or use via=Via.DIRECT"
            )
        return self._direct(role, pooled=via is Via.PROXY)

    def _through_proxy(self, proxy: rds.IDatabaseProxy, terms: PoolTerms | None, role: Role) -> Route:
        if role is Role.READER:
            raise ConnectError(
                f"the proxy of '{self.node.path}' has no known reader endpoint; use role=Role.WRITER or via=Via.DIRECT"
            )
        if self._proxy_peer is None:
            raise ConnectError(
                f"the proxy of '{self.node.path}' is imported; pass its security groups as proxy_peer=ec2.Connections(…)"
            )
        return routes.through_proxy(
            proxy,
            endpoint=proxy.endpoint,
            peer=self._proxy_peer,
            pool=self._pool,
            family=self._family,
            database_name=self.database_name,
            user=self._user,
            secret=self._secret,
            iam_auth=self._iam_auth,
            terms=terms,
            statement_timeout=None,
        )

    def _direct(self, role: Role, *, pooled: bool) -> Route:
        host, port = self._address(role)
        if self._secret is None:
            raise ConnectError(f"'{self.node.path}' has no secret to log in with; pass secret=")
        return routes.direct(
            host=host,
            port=port,
            peer=self.database,
            family=self._family,
            database_name=self.database_name,
            user=self._user,
            secret=self._secret,
            tls=self._tls,
            pool=self._pool if pooled else None,
            terms=self._plan.pool if pooled else None,
        )

    def _address(self, role: Role) -> tuple[str, str]:
        database, port = self.database, self._port
        default = routes.PROXY_PORTS[self._family]
        if self._host is not None:
            return self._host, str(port or default)
        cluster = _is_cluster(database)
        if role is Role.READER and not cluster:
            raise ConnectError(f"'{self.node.path}' is an instance without readers; use role=Role.WRITER")
        if cluster:
            endpoint = database.cluster_read_endpoint if role is Role.READER else database.cluster_endpoint  # type: ignore[union-attr]
        else:
            endpoint = database.instance_endpoint  # type: ignore[union-attr]
        return endpoint.hostname, routes.port_of(endpoint)

    def _through_data_api(self) -> Route:
        if not isinstance(self.database, rds.DatabaseCluster) or self._secret is None:
            raise ConnectError(
                f"'{self.node.path}' has no Data API here; it needs a DatabaseCluster of this app with the Data API on"
            )
        return routes.data_api(
            self.database, database_name=self.database_name, secret=self._secret, family=self._family
        )

    def _ready_for_proxy(self, options: PoolOptions) -> tuple[AnyDatabase, secretsmanager.ISecret]:
        name = self.node.path
        if self.database is None or self._plan.pool is not None:
            raise ConnectError(f"'{name}' cannot get a proxy: it needs a database= and no proxy yet")
        if self._plan.entries:
            raise ConnectError(f"'{name}' is connected to already; call add_proxy() before the first connect()")
        if self._secret is None:
            raise ConnectError(f"the proxy of '{name}' needs credentials; pass secret= with username and password")
        if options.max_connections_percent is None and self._plan.capacity("writer").max_connections.is_unknown:
            raise ConnectError(
                f"the pool of '{name}' cannot be sized: pass max_connections=, or max_connections_percent in the options"
            )
        return self.database, self._secret

    @property
    def _family(self) -> str:
        return routes.family_of(self._plan.store.engine)

    def _declare(
        self,
        store: Store,
        operator_reserve: int | None,
        other_connections: Mapping[str, int],
        max_connections: int | None,
    ) -> str:
        """Tell the checker what the template does not show; the id of a store that is no resource."""
        if self._resource is not None:
            declare_store(
                self._resource,
                operator_reserve=operator_reserve,
                other_connections=other_connections,
                max_connections=max_connections,
            )
            return ""
        name = f"external:{self.node.path}"
        declare_on_template(
            self,
            _metadata.STORES,
            {
                "id": name,
                "kind": "external",
                "hosts": self._hosts(),
                "engine": store.engine,
                "engine_version": store.engine_version,
                "max_connections": max_connections,
                "operator_reserve": operator_reserve,
                "other_connections": [
                    {"name": client, "connections": count} for client, count in other_connections.items()
                ],
            },
        )
        return name

    def _hosts(self) -> list[str]:
        """Literal addresses, so that the checker knows the store again where another function is handed one."""
        if self._host is not None:
            return [host for host in (text(self._host),) if host]
        roles = (Role.WRITER, Role.READER) if _is_cluster(self.database) else (Role.WRITER,)
        return [host for host in (text(self._address(role)[0]) for role in roles) if host]

    def _declare_pool(self, pool: PoolTerms | None) -> Element:
        if pool is None:
            return None
        if isinstance(self.proxy, rds.DatabaseProxy):
            return _metadata.resource_of(self.proxy)
        name = f"external:{self.node.path}/pool"
        borrow = pool.borrow_timeout_seconds
        declare_on_template(
            self,
            _metadata.POOLS,
            {
                "id": name,
                "store": _metadata.reference(cdk.Stack.of(self), self._resource or self._store_id),
                "connections": pool.connections,
                "percent": pool.percent,
                "hosts": [host for host in (text(self.proxy.endpoint),) if host] if self.proxy is not None else None,
                "borrow_timeout_seconds": plain(borrow.value) if borrow.is_exact else None,
            },
        )
        return name


def _described(
    path: str, resource: cdk.CfnResource | None, engine: str | None, version: str | None, max_connections: int | None
) -> Store:
    limit = (
        None
        if max_connections is None
        else Quantity.exact(whole(max_connections, f"max_connections of '{path}'", least=1))
    )
    store = Store(id=path, kind="external", engine=engine or "postgres", engine_version=version, max_connections=limit)
    if isinstance(resource, rds.CfnDBInstance):
        kind = Instance(
            path,
            property_text(resource, resource.db_instance_class),
            class_reason=f"instance class of '{path}' is only known at deploy time",
        )
        return store._replace(
            kind="rds-instance",
            engine=engine or property_text(resource, resource.engine),
            engine_version=version or property_text(resource, resource.engine_version),
            instances=(kind,),
        )
    if isinstance(resource, rds.CfnDBCluster):
        return store._replace(
            kind="aurora-cluster",
            engine=engine or property_text(resource, resource.engine),
            engine_version=version or property_text(resource, resource.engine_version),
        )
    return store


def _pool_terms(
    path: str, proxied: bool, connections: int | None, percent: int | None, borrow_timeout: cdk.Duration | None
) -> PoolTerms | None:
    if not proxied and connections is None:
        return None
    service = Quantity.exact(proxy_default("ConnectionBorrowTimeout"))
    borrow = service if borrow_timeout is None else seconds(borrow_timeout, f"borrow_timeout of '{path}'")
    if connections is not None:
        return PoolTerms(borrow, connections=whole(connections, f"pool_connections of '{path}'", least=1))
    share = proxy_default("MaxConnectionsPercent") if percent is None else percent
    return PoolTerms(borrow, percent=whole(share, f"max_connections_percent of '{path}'", least=1, most=100))


def _is_cluster(database: object) -> bool:
    """Imported databases come as anonymous objects: what they offer tells what they are."""
    return hasattr(database, "cluster_endpoint")


def _resource_of(database: AnyDatabase | None) -> cdk.CfnResource | None:
    child = None if database is None else database.node.default_child
    return child if isinstance(child, (rds.CfnDBInstance, rds.CfnDBCluster)) else None


def _secret_of(database: AnyDatabase | None) -> secretsmanager.ISecret | None:
    return database.secret if isinstance(database, (rds.DatabaseInstance, rds.DatabaseCluster)) else None


def _target(database: AnyDatabase) -> rds.ProxyTarget:
    if _is_cluster(database):
        return rds.ProxyTarget.from_cluster(database)  # type: ignore[arg-type]
    return rds.ProxyTarget.from_instance(database)  # type: ignore[arg-type]
