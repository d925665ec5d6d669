"""The neutral thing in the middle: stores, pools, consumers, and who connects to whom.

Readers fill a ``Fleet``; rules and reporters read it. Nothing here knows CloudFormation, Terraform, CDK or boto3.
Numbers are ``Quantity``: exact, bounded or unknown with a reason. ``None`` means "not set in the source", which differs from unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Literal, NamedTuple

from constructs_lib.model.alarms import Alarm
from constructs_lib.model.credentials import Credential
from constructs_lib.model.deployment import DeploymentStyle
from constructs_lib.model.grants import Grant
from constructs_lib.model.key_value import KeyValueTable
from constructs_lib.model.network import ExposedPassword, Network, Placement, ServiceCall
from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.outsiders import Contradiction, Outsider
from constructs_lib.model.quantity import Quantity, total
from constructs_lib.model.schedules import Schedule

Via = Literal["direct", "proxy", "data-api", "http"]
Role = Literal["writer", "reader"]
Certainty = Literal["certain", "likely", "possible"]
ConsumerKind = Literal["function", "service", "job"]

NOTHING: Mapping[str, str] = MappingProxyType({})
#: Lambda's own, in seconds, where a function sets none.
DEFAULT_TIMEOUT = Quantity.exact(3)


class Instance(NamedTuple):
    """One database instance of a store.

    ``instance_class`` is AWS's name such as ``db.r6g.large``; ``None`` when not set, ``db.serverless`` for Serverless v2.
    ``promotion_tier`` is Aurora's failover priority, 0 (first) to 15.
    """

    id: str
    instance_class: str | None = None
    role: Role = "writer"
    promotion_tier: int | None = None
    class_reason: str = ""
    origin: Origin = NOWHERE


class Store(NamedTuple):
    """A database, table, cache or other store that functions talk to.

    ``kind`` names the resource (``rds-instance``, ``aurora-cluster``, ``dynamodb-table``, ``documentdb-cluster``, ``external`` …),
    ``engine`` is AWS's engine name (``postgres``, ``aurora-postgresql``, ``mysql``, ``dynamodb`` …), ``engine_version`` as written.
    ``max_connections`` is the pinned or declared limit; ``None`` when the engine's default applies;
    ``max_connections_expression`` keeps a formula such as ``LEAST({DBInstanceClassMemory/9531392},5000)``.
    ``serverless_min`` and ``serverless_max`` are in Aurora capacity units (ACU).
    ``parameters`` are the other database parameters in force, as written (milliseconds where AWS counts milliseconds);
    ``unread_parameters`` those that are set but could not be read, with the reason; ``*`` stands for a whole group that was not given.
    ``other_connections`` are declared consumers that are no functions: (name, connections).
    ``preset`` names a service outside AWS whose published limits count (``constructs_lib.facts.presets``).
    ``table`` tells more of a key-value table.
    """

    id: str
    kind: str
    engine: str | None
    engine_version: str | None = None
    instances: tuple[Instance, ...] = ()
    max_connections: Quantity | None = None
    max_connections_expression: str | None = None
    max_connections_origin: Origin = NOWHERE
    serverless_min: Quantity | None = None
    serverless_max: Quantity | None = None
    parameters: Mapping[str, str] = NOTHING
    operator_reserve: int | None = None
    other_connections: tuple[tuple[str, Quantity], ...] = ()
    data_api: bool = False
    origin: Origin = NOWHERE
    preset: str | None = None
    unread_parameters: Mapping[str, str] = NOTHING
    table: KeyValueTable | None = None
    placement: Placement | None = None

    @property
    def holds_connections(self) -> bool:
        """Whether clients keep connections open on this store (DynamoDB, S3 and Athena are asked over HTTP)."""
        return self.kind not in {"dynamodb-table", "athena-workgroup", "s3-bucket"}

    @property
    def on_rds(self) -> bool:
        """Whether RDS runs it: its limits stand in parameter groups, and an RDS proxy can stand before it."""
        return self.kind in {"rds-instance", "aurora-cluster", "rds-cluster"}


class Pool(NamedTuple):
    """A proxy's or pooler's pool of connections to one store.

    ``percent`` is of the target's max_connections (RDS Proxy, ``None`` = service default of 100);
    ``connections`` an absolute size where the pooler has one (PgBouncer). Timeouts are in seconds;
    ``None`` = service default (borrow 120 s, idle client 1,800 s). ``secrets`` are the ids of the secrets in the proxy's ``Auth``,
    ``None`` when not all of them are known; ``unawaited_instances`` the members of the target cluster when the target group is
    created without waiting for any of them. ``maximum_clients`` is how many clients a pooler admits, ``None`` where nothing is known.
    """

    id: str
    store: str
    kind: str = "rds-proxy"
    percent: Quantity | None = None
    idle_percent: Quantity | None = None
    connections: Quantity | None = None
    borrow_timeout_seconds: Quantity | None = None
    idle_client_timeout_seconds: Quantity | None = None
    require_tls: bool | None = None
    iam_auth: bool | None = None
    engine_family: str | None = None
    has_reader_endpoint: bool = False
    session_pinning_filters: tuple[str, ...] = ()
    init_query: str | None = None
    origin: Origin = NOWHERE
    secrets: tuple[str, ...] | None = None
    debug_logging: bool | None = False
    unawaited_instances: tuple[str, ...] = ()
    maximum_clients: Quantity | None = None
    placement: Placement | None = None


class EventSource(NamedTuple):
    """What invokes a consumer.

    ``kind``: ``sqs``, ``kinesis``, ``dynamodb-stream``, ``kafka``, ``mq``, ``http-api``, ``rest-api``, ``function-url``, ``alb``,
    ``schedule``, ``events``, ``sns``, ``s3``, ``appsync``, ``custom-resource`` … ``maximum_concurrency`` is the source's own cap in
    concurrent invocations (``None`` = not set); ``timeout_seconds`` is how long the source waits for an answer (HTTP kinds).
    Queues: ``batching_window_seconds`` and the queue's ``visibility_timeout_seconds`` (``None`` = AWS's default). Streams: ``shards``,
    ``parallelization_factor`` (batches per shard at a time), and what ends retries (``None`` = nothing until the record expires). APIs:
    the stage's ``throttle_rate`` in requests per second and ``throttle_burst`` in requests (``None`` = the account's quota only).
    """

    id: str
    kind: str
    maximum_concurrency: Quantity | None = None
    timeout_seconds: Quantity | None = None
    provisioned_pollers: Quantity | None = None
    max_receive_count: Quantity | None = None
    enabled: bool = True
    origin: Origin = NOWHERE
    batch_size: Quantity | None = None
    batching_window_seconds: Quantity | None = None
    visibility_timeout_seconds: Quantity | None = None
    shards: Quantity | None = None
    parallelization_factor: Quantity | None = None
    maximum_retry_attempts: Quantity | None = None
    maximum_record_age_seconds: Quantity | None = None
    throttle_rate: Quantity | None = None
    throttle_burst: Quantity | None = None
    schedule: Schedule | None = None


class Provisioned(NamedTuple):
    """Provisioned concurrency on one alias or version of a function."""

    id: str
    executions: Quantity
    origin: Origin = NOWHERE


class Consumer(NamedTuple):
    """Something that connects to stores: a Lambda function, or a declared service or job.

    ``reserved_concurrency`` is in concurrent executions, ``None`` when none is reserved. ``timeout_seconds`` is resolved
    (Lambda's default is 3 s). ``deploy_time`` marks functions that only run while a stack deploys (custom resources, rotation);
    ``generated`` those the CDK adds by itself. ``maximum_environments`` is set for managed instances. ``timeout_is_default`` says that
    the source sets no timeout, which differs from three seconds written down. ``calls`` are AWS services it asks over the network.
    """

    id: str
    kind: ConsumerKind = "function"
    reserved_concurrency: Quantity | None = None
    provisioned: tuple[Provisioned, ...] = ()
    timeout_seconds: Quantity = DEFAULT_TIMEOUT
    event_sources: tuple[EventSource, ...] = ()
    deploy_time: bool = False
    generated: bool = False
    tenant_isolation: bool = False
    managed_instances: bool = False
    maximum_environments: Quantity | None = None
    concurrency_per_environment: Quantity | None = None
    origin: Origin = NOWHERE
    timeout_is_default: bool = False
    keeps_failures: bool = False
    analytical: tuple[str, ...] = ()
    placement: Placement | None = None
    calls: tuple[ServiceCall, ...] = ()
    exposed_passwords: tuple[ExposedPassword, ...] = ()
    deployment_style: DeploymentStyle = "all-at-once"


class Connection(NamedTuple):
    """One consumer's use of one store: the edge that demand is counted on.

    ``connections_per_environment`` is ``None`` when nobody declared it: one is then assumed, and said so.
    ``hold_seconds`` is how long a transaction keeps a database connection; ``hold_enforced`` says that the database ends it by then.
    ``pins_session`` means the proxy keeps one database connection per client. ``bound`` says why concurrency is naturally limited.
    ``secrets`` are ids of the secrets of this store that it names; ``iam_login`` whether its role allows ``rds-db:connect`` anywhere
    (``None`` when not all of the role is visible); ``addressed`` whether an address or a declaration shows the way, not credentials
    alone; ``session_setup`` what it asks of every session, as ``where: text``; ``instance`` the member of a cluster whose own address
    it uses.
    """

    consumer: str
    store: str
    via: Via = "direct"
    pool: str | None = None
    role: Role = "writer"
    connections_per_environment: Quantity | None = None
    hold_seconds: Quantity | None = None
    hold_enforced: bool = False
    transactions_per_invocation: Quantity | None = None
    other_work_seconds: Quantity | None = None
    pins_session: bool = False
    certainty: Certainty = "certain"
    evidence: tuple[str, ...] = ()
    bound: str | None = None
    origin: Origin = NOWHERE
    grants: tuple[Grant, ...] = ()
    secrets: tuple[str, ...] = ()
    iam_login: bool | None = None
    addressed: bool = False
    session_setup: tuple[str, ...] = ()
    instance: str | None = None


class Gap(NamedTuple):
    """Something that could not be decided: about what, what is missing, and what to declare. Never a pass, never a violation."""

    subject: str
    missing: str
    declare: str
    origin: Origin = NOWHERE

    @property
    def sentence(self) -> str:
        """What a finding says that is about nothing but this gap."""
        return f"not decided for {self.subject}: {self.missing}"


class Acknowledgement(NamedTuple):
    """A finding somebody accepted in the source itself: rule code, subject (``None`` = everywhere under ``path``), reason."""

    code: str
    reason: str
    subject: str | None = None
    path: str | None = None


@dataclass(frozen=True)
class Fleet:
    """Everything the readers found, from one document or from many given together."""

    stores: tuple[Store, ...] = ()
    pools: tuple[Pool, ...] = ()
    consumers: tuple[Consumer, ...] = ()
    connections: tuple[Connection, ...] = ()
    gaps: tuple[Gap, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()
    alarms: tuple[Alarm, ...] = ()
    credentials: tuple[Credential, ...] = ()
    outsiders: tuple[Outsider, ...] = ()
    contradictions: tuple[Contradiction, ...] = ()
    network: Network = field(default_factory=Network)

    @cached_property
    def store_by_id(self) -> dict[str, Store]:
        return {store.id: store for store in self.stores}

    @cached_property
    def pool_by_id(self) -> dict[str, Pool]:
        return {pool.id: pool for pool in self.pools}

    @cached_property
    def credential_by_id(self) -> dict[str, Credential]:
        return {credential.id: credential for credential in self.credentials}

    @cached_property
    def consumer_by_id(self) -> dict[str, Consumer]:
        return {consumer.id: consumer for consumer in self.consumers}

    @cached_property
    def reserved_concurrency(self) -> Quantity:
        """The sum over all functions, in executions."""
        return total([item.reserved_concurrency for item in self.consumers if item.reserved_concurrency is not None])

    @cached_property
    def connections_by_store(self) -> dict[str, tuple[Connection, ...]]:
        """Grouped by where they arrive: behind a pool that is its target, whatever store the connection names."""
        grouped: dict[str, list[Connection]] = {}
        for connection in self.connections:
            pool = self.pool_by_id.get(connection.pool or "") if connection.via == "proxy" else None
            grouped.setdefault(connection.store if pool is None else pool.store, []).append(connection)
        return {store: tuple(items) for store, items in grouped.items()}

    @cached_property
    def connections_by_consumer(self) -> dict[str, tuple[Connection, ...]]:
        grouped: dict[str, list[Connection]] = {}
        for connection in self.connections:
            grouped.setdefault(connection.consumer, []).append(connection)
        return {consumer: tuple(items) for consumer, items in grouped.items()}

    @cached_property
    def alarms_by_metric(self) -> dict[tuple[str | None, str | None], tuple[Alarm, ...]]:
        """Grouped by namespace and metric."""
        grouped: dict[tuple[str | None, str | None], list[Alarm]] = {}
        for alarm in self.alarms:
            grouped.setdefault((alarm.namespace, alarm.metric), []).append(alarm)
        return {metric: tuple(items) for metric, items in grouped.items()}

    @cached_property
    def pools_by_store(self) -> dict[str, tuple[Pool, ...]]:
        grouped: dict[str, list[Pool]] = {}
        for pool in self.pools:
            grouped.setdefault(pool.store, []).append(pool)
        return {store: tuple(items) for store, items in grouped.items()}
