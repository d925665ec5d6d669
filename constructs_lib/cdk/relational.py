"""A PostgreSQL database whose connections are counted: limits it pins, a proxy sized by the plan, and functions that fit."""

from __future__ import annotations

import math
from collections.abc import Mapping

import aws_cdk as cdk
import jsii
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.cdk import proxy_metrics, routes
from constructs_lib.cdk._metadata import Element, declare_store, resource_of
from constructs_lib.cdk.connect import DEFAULT_PREFIX, ConnectableStore, Role, Route, Via
from constructs_lib.cdk.imported import ExistingStore
from constructs_lib.cdk.limits import idle_session_parameters, timeout_parameters, with_clients, with_pinned_limit
from constructs_lib.cdk.proxy_pool import DEFAULT_POOL, PoolOptions, proxy_for, reader_endpoint
from constructs_lib.cdk.registration import record_of
from constructs_lib.cdk.relational_cluster import ProvisionedCluster, ServerlessCluster
from constructs_lib.cdk.relational_instance import DatabaseSettings, SingleInstance
from constructs_lib.cdk.reservation import Connected
from constructs_lib.cdk.settlement import StorePlan
from constructs_lib.errors import ConnectError
from constructs_lib.model.quantity import Quantity

Database = SingleInstance | ProvisionedCluster | ServerlessCluster


@jsii.implements(ec2.IConnectable)
class RelationalStore(ConnectableStore):
    """An RDS for PostgreSQL instance or Aurora PostgreSQL cluster, with pinned limits, two secrets and (by default) an RDS proxy.

    ``database`` says what to make. ``max_connections`` is pinned in a parameter group of the store; by default what the class's
    memory surely carries, but not more than its processors serve. ``transaction_timeout`` (2 s) is the longest a transaction may hold
    a connection; ``statement_timeout`` and ``idle_in_transaction_session_timeout`` default to it; idle sessions end after an hour.
    ``parameters`` adds others.
    ``other_connections`` names clients that are no functions, with their connections. ``pool`` are the proxy's settings, ``None`` for
    no proxy. The owner's secret is for migrations; functions log in as ``application_user``.
    Data is kept, encrypted, backed up for 7 days and protected against deletion unless told otherwise.
    Raises ``ConnectError`` for values nothing could be proven with, such as a class the facts do not know without ``max_connections``.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        vpc: ec2.IVpc,
        vpc_subnets: ec2.SubnetSelection | None = None,
        database: Database | None = None,
        database_name: str = "application",
        owner: str = "store_owner",
        application_user: str = "application",
        max_connections: int | None = None,
        transaction_timeout: cdk.Duration | None = None,
        statement_timeout: cdk.Duration | None = None,
        idle_in_transaction_session_timeout: cdk.Duration | None = None,
        parameters: Mapping[str, str] | None = None,
        operator_reserve: int | None = None,
        other_connections: Mapping[str, int] | None = None,
        pool: PoolOptions | None = DEFAULT_POOL,
        data_api: bool = False,
        port: int | None = None,
        backup_retention: cdk.Duration | None = None,
        deletion_protection: bool | None = None,
        storage_encryption_key: kms.IKey | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        kind = database or SingleInstance()
        settings = record_of(self).settings
        described = with_clients(kind.describe(self.node.path), operator_reserve, other_connections or {})
        pinned = with_pinned_limit(described, settings, max_connections)
        self._timeouts = timeout_parameters(
            pinned,
            transaction_timeout=transaction_timeout,
            statement_timeout=statement_timeout,
            idle_in_transaction_timeout=idle_in_transaction_session_timeout,
        )
        self._plan = StorePlan(self.node.path, pinned, settings, None if pool is None else pool.terms(self.node.path))
        self._vpc, self._vpc_subnets, self._data_api = vpc, vpc_subnets, data_api
        self._owner, self._iam_auth = owner, pool is not None and pool.iam_auth
        self._has_readers = kind.has_readers
        self._reader: rds.IDatabaseProxyEndpoint | None = None
        self.database_name = database_name
        self.application_user = application_user
        self.max_connections = math.floor(pinned.max_connections.low) if pinned.max_connections else 0
        extra = {**idle_session_parameters(pinned), **(parameters or {})}
        self.parameter_group = self._parameter_group(kind, extra)
        master = self._secret("OwnerSecret", owner, removal_policy)
        self.database: rds.DatabaseInstance | rds.DatabaseCluster = kind.build(
            self,
            "Resource",
            DatabaseSettings(
                vpc=vpc,
                vpc_subnets=vpc_subnets,
                security_group=self._security_group(),
                parameter_group=self.parameter_group,
                credentials=rds.Credentials.from_secret(master),
                database_name=database_name,
                port=port,
                backup_retention=backup_retention or cdk.Duration.days(7),
                deletion_protection=_protected(deletion_protection, removal_policy),
                removal_policy=removal_policy,
                storage_encryption_key=storage_encryption_key,
                data_api=data_api,
            ),
        )
        self.owner_secret: secretsmanager.ISecret = self.database.secret or master
        self.application_secret = self._secret("ApplicationSecret", application_user, removal_policy, master).attach(
            self.database
        )
        self.proxy = None if pool is None else self._proxy(pool)
        declare_store(
            resource_of(self.database), operator_reserve=operator_reserve, other_connections=other_connections or {}
        )

    @staticmethod
    def from_existing(
        scope: Construct,
        id: str,
        *,
        database: rds.IDatabaseInstance | rds.IDatabaseCluster | None = None,
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
    ) -> ExistingStore:
        """A database that is already there, in this app, imported, or known by ``host`` only; see ``ExistingStore``."""
        return ExistingStore(
            scope,
            id,
            database=database,
            proxy=proxy,
            proxy_peer=proxy_peer,
            host=host,
            port=port,
            database_name=database_name,
            user=user,
            secret=secret,
            engine=engine,
            engine_version=engine_version,
            max_connections=max_connections,
            pool_connections=pool_connections,
            max_connections_percent=max_connections_percent,
            borrow_timeout=borrow_timeout,
            transaction_timeout=transaction_timeout,
            operator_reserve=operator_reserve,
            other_connections=other_connections,
            tls=tls,
        )

    @property
    def plan(self) -> StorePlan:
        return self._plan

    @property
    def store_element(self) -> Element:
        return resource_of(self.database)

    @property
    def enforced_hold(self) -> Quantity | None:
        timeout = self._timeouts.get("transaction_timeout")
        return None if timeout is None else Quantity.exact(timeout) * Quantity.exact(0.001)

    @property
    def connections(self) -> ec2.Connections:
        """The database's security group, with its port as the default port."""
        return self.database.connections

    def route(self, via: Via, role: Role) -> Route:
        if role is Role.READER and not self._has_readers:
            raise ConnectError(f"'{self.node.path}' has no reader; pass readers= to its cluster, or role=Role.WRITER")
        if via is Via.PROXY:
            return self._through_proxy(role)
        if via is Via.DIRECT:
            return self._direct(role, self.application_user, self.application_secret)
        return self._through_data_api(role)

    def connect_owner(
        self, function: lambda_.Function, *, concurrency: int = 1, environment_prefix: str = DEFAULT_PREFIX
    ) -> Connected:
        """Let a migration log in as the owner, directly, one execution at a time; it may read the application's secret too.

        Raises ``ConnectError`` like ``connect``.
        """
        route = self._direct(Role.WRITER, self._owner, self.owner_secret)
        connected = self._connect(
            function, route, concurrency=concurrency, via=Via.DIRECT, environment_prefix=environment_prefix
        )
        function.add_environment("POOLPROOF_APPLICATION_SECRET_ARN", self.application_secret.secret_arn)
        self.application_secret.grant_read(function)
        return connected

    def grant_connect(self, grantee: iam.IGrantable) -> iam.Grant:
        """Grant logging in through the proxy as the application's user with IAM. Raises ``ConnectError`` without a proxy."""
        return self._required_proxy().grant_connect(grantee, self.application_user)

    def grant_secret_read(self, grantee: iam.IGrantable) -> iam.Grant:
        """Grant reading the application's name and password."""
        return self.application_secret.grant_read(grantee)

    def metric_database_connections(self) -> cloudwatch.Metric:
        """Connections at the database, the highest of a minute; AWS leaves its own sessions out of it."""
        return self.database.metric_database_connections(statistic="Maximum", period=cdk.Duration.minutes(1))

    def metric_borrow_latency(self) -> cloudwatch.Metric:
        """The longest wait for a connection at the proxy, in microseconds. Raises ``ConnectError`` without a proxy."""
        return proxy_metrics.borrow_latency(self._required_proxy())

    def _required_proxy(self) -> rds.DatabaseProxy:
        if self.proxy is None:
            raise ConnectError(
                f"'{self.node.path}' has no proxy; pass pool=PoolOptions() or connect with via=Via.DIRECT"
            )
        return self.proxy

    def _through_proxy(self, role: Role) -> Route:
        proxy = self._required_proxy()
        return routes.through_proxy(
            proxy,
            endpoint=self._reader_endpoint(proxy).endpoint if role is Role.READER else proxy.endpoint,
            peer=proxy,
            pool=resource_of(proxy),
            family=_FAMILY,
            database_name=self.database_name,
            user=self.application_user,
            secret=self.application_secret,
            iam_auth=self._iam_auth,
            terms=self._plan.pool,
            statement_timeout=self._timeouts["statement_timeout"],
        )

    def _direct(self, role: Role, user: str, secret: secretsmanager.ISecret) -> Route:
        endpoint = _endpoint(self.database, role)
        return routes.direct(
            host=endpoint.hostname,
            port=routes.port_of(endpoint),
            peer=self.database,
            family=_FAMILY,
            database_name=self.database_name,
            user=user,
            secret=secret,
            statement_timeout=self._timeouts["statement_timeout"],
        )

    def _through_data_api(self, role: Role) -> Route:
        if not self._data_api or not isinstance(self.database, rds.DatabaseCluster):
            raise ConnectError(f"'{self.node.path}' has no Data API; pass data_api=True with a cluster as its database")
        if role is Role.READER:
            raise ConnectError(f"the Data API of '{self.node.path}' reaches the writer only; pass role=Role.WRITER")
        return routes.data_api(
            self.database, database_name=self.database_name, secret=self.application_secret, family=_FAMILY
        )

    def _reader_endpoint(self, proxy: rds.DatabaseProxy) -> rds.IDatabaseProxyEndpoint:
        if self._reader is None:
            self._reader = reader_endpoint(proxy, self._vpc, self._vpc_subnets)
        return self._reader

    def _parameter_group(self, kind: Database, extra: Mapping[str, str]) -> rds.ParameterGroup:
        own = {"max_connections": self.max_connections, "rds.force_ssl": 1, **self._timeouts}
        taken = sorted(set(own) & set(extra))
        if taken:
            raise ConnectError(
                f"parameters of '{self.node.path}' must not set {', '.join(taken)}: pass the argument of that name"
            )
        return rds.ParameterGroup(
            self,
            "Parameters",
            engine=kind.engine(),
            description=f"limits that the connection budget of {self.node.id} counts on",
            parameters={**extra, **{name: str(value) for name, value in own.items()}},
        )

    def _secret(
        self, id: str, user: str, removal_policy: cdk.RemovalPolicy, master: secretsmanager.ISecret | None = None
    ) -> rds.DatabaseSecret:
        """A generated password. It stays as long as the database does: a snapshot of a secret does not exist."""
        secret = rds.DatabaseSecret(self, id, username=user, dbname=self.database_name, master_secret=master)
        kept = removal_policy is cdk.RemovalPolicy.SNAPSHOT
        secret.apply_removal_policy(cdk.RemovalPolicy.RETAIN if kept else removal_policy)
        return secret

    def _security_group(self) -> ec2.SecurityGroup:
        return ec2.SecurityGroup(
            self, "SecurityGroup", vpc=self._vpc, description="relational store", allow_all_outbound=False
        )

    def _proxy(self, pool: PoolOptions) -> rds.DatabaseProxy:
        database = self.database
        return proxy_for(
            self,
            "Proxy",
            target=(
                rds.ProxyTarget.from_cluster(database)
                if isinstance(database, rds.DatabaseCluster)
                else rds.ProxyTarget.from_instance(database)
            ),
            vpc=self._vpc,
            vpc_subnets=self._vpc_subnets,
            secrets=[self.application_secret],
            options=pool,
            plan=lambda: self._plan,
        )


_FAMILY = "postgresql"


def _protected(wish: bool | None, removal_policy: cdk.RemovalPolicy) -> bool:
    """A database that goes with its stack cannot be protected against deletion."""
    return removal_policy is not cdk.RemovalPolicy.DESTROY if wish is None else wish


def _endpoint(database: rds.DatabaseInstance | rds.DatabaseCluster, role: Role) -> rds.Endpoint:
    if isinstance(database, rds.DatabaseCluster):
        return database.cluster_read_endpoint if role is Role.READER else database.cluster_endpoint
    return database.instance_endpoint
