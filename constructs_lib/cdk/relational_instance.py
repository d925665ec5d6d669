"""One RDS for PostgreSQL instance."""

from __future__ import annotations

from dataclasses import dataclass

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_rds as rds
from constructs import Construct

from constructs_lib.cdk._tokens import text
from constructs_lib.model.fleet import Instance, Store

DEFAULT_VERSION = ("17.9", "17")
"""Full and major version; from 17 on the database itself ends transactions that take too long (``transaction_timeout``)."""


@dataclass(frozen=True)
class DatabaseSettings:
    """What every kind of database of a store has in common."""

    vpc: ec2.IVpc
    vpc_subnets: ec2.SubnetSelection | None
    security_group: ec2.ISecurityGroup
    parameter_group: rds.ParameterGroup
    credentials: rds.Credentials
    database_name: str
    port: int | None
    backup_retention: cdk.Duration
    deletion_protection: bool
    removal_policy: cdk.RemovalPolicy
    storage_encryption_key: kms.IKey | None
    data_api: bool


@dataclass(frozen=True)
class SingleInstance:
    """An RDS for PostgreSQL instance, ``db.t4g.micro`` and 20 GiB growing to 100 GiB unless told otherwise.

    ``multi_az`` keeps a standby in another zone; it serves no connections.
    """

    instance_type: ec2.InstanceType | None = None
    engine_version: rds.PostgresEngineVersion | None = None
    multi_az: bool = False
    allocated_storage_gib: int = 20
    max_allocated_storage_gib: int = 100

    def engine(self) -> rds.IInstanceEngine:
        return rds.DatabaseInstanceEngine.postgres(version=self._version())

    def describe(self, name: str) -> Store:
        """The instance as the model knows it, without a limit."""
        version = text(self._version().postgres_full_version)
        return Store(
            id=name,
            kind="rds-instance",
            engine="postgres",
            engine_version=version,
            instances=(_instance(name, self._type()),),
        )

    @property
    def has_readers(self) -> bool:
        return False

    def build(self, scope: Construct, id: str, settings: DatabaseSettings) -> rds.DatabaseInstance:
        """The instance with encrypted storage; logs and insights stay on the service's defaults."""
        return rds.DatabaseInstance(
            scope,
            id,
            engine=self.engine(),
            instance_type=self._type(),
            vpc=settings.vpc,
            vpc_subnets=settings.vpc_subnets,
            security_groups=[settings.security_group],
            parameter_group=settings.parameter_group,
            credentials=settings.credentials,
            database_name=settings.database_name,
            port=settings.port,
            multi_az=self.multi_az,
            allocated_storage=self.allocated_storage_gib,
            max_allocated_storage=self.max_allocated_storage_gib,
            storage_type=rds.StorageType.GP3,
            storage_encrypted=True,
            storage_encryption_key=settings.storage_encryption_key,
            backup_retention=settings.backup_retention,
            copy_tags_to_snapshot=True,
            deletion_protection=settings.deletion_protection,
            removal_policy=settings.removal_policy,
            iam_authentication=True,
            publicly_accessible=False,
            cloudwatch_logs_exports=["postgresql"],
        )

    def _type(self) -> ec2.InstanceType:
        return self.instance_type or ec2.InstanceType("t4g.micro")

    def _version(self) -> rds.PostgresEngineVersion:
        return self.engine_version or rds.PostgresEngineVersion.of(*DEFAULT_VERSION)


def instance_class(instance_type: ec2.InstanceType) -> str | None:
    """AWS's name of a class such as ``db.t4g.micro``; ``None`` for a token."""
    name = text(instance_type.to_string())
    return None if name is None else f"db.{name.removeprefix('db.')}"


def _instance(name: str, instance_type: ec2.InstanceType) -> Instance:
    return Instance(
        id=name,
        instance_class=instance_class(instance_type),
        class_reason=f"instance class of '{name}' is only known at deploy time",
    )
