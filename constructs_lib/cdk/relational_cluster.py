"""Aurora PostgreSQL clusters, provisioned or Serverless v2."""

from __future__ import annotations

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from constructs import Construct

from constructs_lib.cdk._tokens import number, text, whole
from constructs_lib.cdk.relational_instance import DatabaseSettings, instance_class
from constructs_lib.errors import ConnectError
from constructs_lib.model.fleet import Instance, Role, Store

DEFAULT_VERSION = ("17.9", "17")


@dataclass(frozen=True)
class ProvisionedCluster:
    """An Aurora PostgreSQL cluster of ``db.t4g.medium`` unless told otherwise: a writer and ``readers`` instances of the same class."""

    instance_type: ec2.InstanceType | None = None
    readers: int = 1
    engine_version: rds.AuroraPostgresEngineVersion | None = None

    def engine(self) -> rds.IClusterEngine:
        return rds.DatabaseClusterEngine.aurora_postgres(version=_version(self.engine_version))

    def describe(self, name: str) -> Store:
        """The cluster as the model knows it, without a limit."""
        return Store(
            id=name,
            kind="aurora-cluster",
            engine="aurora-postgresql",
            engine_version=text(_version(self.engine_version).aurora_postgres_full_version),
            instances=_instances(name, instance_class(self._type()), self.readers),
        )

    @property
    def has_readers(self) -> bool:
        return self.readers > 0

    def build(self, scope: Construct, id: str, settings: DatabaseSettings) -> rds.DatabaseCluster:
        """The cluster with encrypted storage. Raises ``ConnectError`` for a Data API that AWS does not offer on the class."""
        kind = self._type().to_string()
        if settings.data_api and kind.startswith("t"):
            raise ConnectError(
                f"'{scope.node.path}' asks for the Data API, which T classes such as '{kind}' do not have; use another class"
            )
        whole(self.readers, f"readers of '{scope.node.path}'", most=15)
        names = [f"Reader{index}" for index in range(1, self.readers + 1)]
        return _cluster(
            scope,
            id,
            settings,
            engine=self.engine(),
            writer=rds.ClusterInstance.provisioned("Writer", instance_type=self._type()),
            readers=[
                rds.ClusterInstance.provisioned(name, instance_type=self._type(), promotion_tier=1) for name in names
            ],
        )

    def _type(self) -> ec2.InstanceType:
        return self.instance_type or ec2.InstanceType("t4g.medium")


@dataclass(frozen=True)
class ServerlessCluster:
    """An Aurora PostgreSQL Serverless v2 cluster that scales between ``min_acu`` and ``max_acu`` (0 to 256 units of 2 GiB).

    Readers scale with the writer, so that any of them can take its place. With ``min_acu`` 0 or 0.5 Aurora stops at 2,000 connections;
    a proxy keeps the cluster awake, so 0 pauses nothing behind one.
    """

    min_acu: float = 0.5
    max_acu: float = 4
    readers: int = 1
    engine_version: rds.AuroraPostgresEngineVersion | None = None

    def engine(self) -> rds.IClusterEngine:
        return rds.DatabaseClusterEngine.aurora_postgres(version=_version(self.engine_version))

    def describe(self, name: str) -> Store:
        """The cluster as the model knows it, without a limit."""
        return Store(
            id=name,
            kind="aurora-cluster",
            engine="aurora-postgresql",
            engine_version=text(_version(self.engine_version).aurora_postgres_full_version),
            instances=_instances(name, "db.serverless", self.readers),
            serverless_min=number(self.min_acu, f"min_acu of '{name}'"),
            serverless_max=number(self.max_acu, f"max_acu of '{name}'"),
        )

    @property
    def has_readers(self) -> bool:
        return self.readers > 0

    def build(self, scope: Construct, id: str, settings: DatabaseSettings) -> rds.DatabaseCluster:
        """The cluster with encrypted storage."""
        whole(self.readers, f"readers of '{scope.node.path}'", most=15)
        names = [f"Reader{index}" for index in range(1, self.readers + 1)]
        return _cluster(
            scope,
            id,
            settings,
            engine=self.engine(),
            writer=rds.ClusterInstance.serverless_v2("Writer"),
            readers=[rds.ClusterInstance.serverless_v2(name, scale_with_writer=True) for name in names],
            capacity=(self.min_acu, self.max_acu),
        )


def _cluster(
    scope: Construct,
    id: str,
    settings: DatabaseSettings,
    *,
    engine: rds.IClusterEngine,
    writer: rds.IClusterInstance,
    readers: list[rds.IClusterInstance],
    capacity: tuple[float, float] | None = None,
) -> rds.DatabaseCluster:
    return rds.DatabaseCluster(
        scope,
        id,
        engine=engine,
        writer=writer,
        readers=readers,
        serverless_v2_min_capacity=None if capacity is None else capacity[0],
        serverless_v2_max_capacity=None if capacity is None else capacity[1],
        vpc=settings.vpc,
        vpc_subnets=settings.vpc_subnets,
        security_groups=[settings.security_group],
        parameter_group=settings.parameter_group,
        credentials=settings.credentials,
        default_database_name=settings.database_name,
        port=settings.port,
        storage_encrypted=True,
        storage_encryption_key=settings.storage_encryption_key,
        backup=rds.BackupProps(retention=settings.backup_retention),
        copy_tags_to_snapshot=True,
        deletion_protection=settings.deletion_protection,
        removal_policy=settings.removal_policy,
        iam_authentication=True,
        enable_data_api=settings.data_api,
        cloudwatch_logs_exports=["postgresql"],
    )


def _instances(name: str, kind: str | None, readers: int) -> tuple[Instance, ...]:
    roles: list[Role] = ["writer", *["reader" for _ in range(readers)]]  # type: ignore[list-item]
    reason = f"instance class of '{name}' is only known at deploy time"
    return tuple(
        Instance(id=f"{name}/{index}", instance_class=kind, role=role, class_reason=reason)
        for index, role in enumerate(roles)
    )


def _version(given: rds.AuroraPostgresEngineVersion | None) -> rds.AuroraPostgresEngineVersion:
    return given or rds.AuroraPostgresEngineVersion.of(*DEFAULT_VERSION)
