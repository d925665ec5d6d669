"""One DynamoDB table for many entities: PK/SK, overloaded indexes, and grants that stop at a tenant's items."""

from __future__ import annotations

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from constructs_lib.cdk._environment import set_environment
from constructs_lib.cdk._metadata import declare_connection, resource_of
from constructs_lib.cdk._tokens import is_token, whole
from constructs_lib.cdk.single_table_grants import TableAccess, grant_items

MAXIMUM_INDEXES = 20
"""Global secondary indexes per table by default (DynamoDB quotas, 2026-11-21)."""


class SingleTableStore(Construct):
    """One on-demand DynamoDB table with string keys ``PK``/``SK`` and indexes ``GSI1``…``GSIn`` on ``GSI1PK``/``GSI1SK``….

    ``indexes`` is how many overloaded indexes there are, 0 to 20. ``maximum_read_units`` and ``maximum_write_units`` cap what
    the table and each index may consume, in request units per second; ``None`` leaves the account's quota as the only cap.
    ``time_to_live_attribute`` holds epoch seconds. A stream is off unless its view type is given. Items are kept, protected
    against deletion and restorable to any second of the last 35 days unless told otherwise. Raises ``ConnectError`` for numbers
    out of range.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        indexes: int = 1,
        time_to_live_attribute: str = "expires_at",
        point_in_time_recovery: bool = True,
        deletion_protection: bool = True,
        stream: dynamodb.StreamViewType | None = None,
        maximum_read_units: int | None = None,
        maximum_write_units: int | None = None,
        encryption: dynamodb.TableEncryptionV2 | None = None,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        whole(indexes, f"indexes of '{id}'", most=MAXIMUM_INDEXES)
        for name, units in (("maximum_read_units", maximum_read_units), ("maximum_write_units", maximum_write_units)):
            if units is not None and not is_token(units):
                whole(units, f"{name} of '{id}'", least=1)
        self.index_names: tuple[str, ...] = tuple(f"GSI{number}" for number in range(1, indexes + 1))
        self.time_to_live_attribute = time_to_live_attribute
        self.table = dynamodb.TableV2(
            self,
            "Resource",
            partition_key=_string("PK"),
            sort_key=_string("SK"),
            global_secondary_indexes=[
                _index(name, maximum_read_units, maximum_write_units) for name in self.index_names
            ],
            billing=dynamodb.Billing.on_demand(
                max_read_request_units=maximum_read_units, max_write_request_units=maximum_write_units
            ),
            time_to_live_attribute=time_to_live_attribute,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=point_in_time_recovery
            ),
            deletion_protection=deletion_protection,
            dynamo_stream=stream,
            encryption=encryption,
            removal_policy=removal_policy,
        )
        self._cursor_secret: secretsmanager.Secret | None = None

    @property
    def cursor_secret(self) -> secretsmanager.Secret:
        """The key that signs pagination cursors; made when first asked for."""
        if self._cursor_secret is None:
            self._cursor_secret = secretsmanager.Secret(
                self,
                "CursorKey",
                description="HMAC key of pagination cursors; a new value invalidates the cursors in flight and nothing else",
                generate_secret_string=secretsmanager.SecretStringGenerator(
                    password_length=64, exclude_punctuation=True
                ),
            )
        return self._cursor_secret

    def connect(
        self,
        function: lambda_.Function,
        *,
        access: TableAccess = TableAccess.READ_WRITE,
        leading_keys: Sequence[str] = (),
        tenant_scoped: bool = False,
        pagination: bool = False,
    ) -> iam.Grant:
        """Give ``function`` the table's name, its indexes and the least rights that ``access`` needs.

        ``leading_keys`` limits it to items whose partition key matches one of the patterns. ``tenant_scoped`` grants nothing to
        the function's own role: it may assume a role that reaches one tenant's items, the tenant of the session tag
        ``tenant`` (role in ``POOLPROOF_TENANT_ROLE_ARN``). ``pagination`` hands over the key that signs cursors.
        """
        variables = {
            "POOLPROOF_TABLE_NAME": self.table.table_name,
            "POOLPROOF_TABLE_INDEXES": ",".join(self.index_names),
        }
        if pagination:
            variables["POOLPROOF_CURSOR_SECRET_ARN"] = self.cursor_secret.secret_arn
            self.cursor_secret.grant_read(function)
        set_environment(function, self, "single table", variables)
        declare_connection(function, store=resource_of(self.table), via="http", connections_per_environment=0)
        if tenant_scoped:
            return self._grant_through_tenant_role(function, access)
        return self.grant(function, access, leading_keys=leading_keys)

    def grant(
        self,
        grantee: iam.IGrantable,
        access: TableAccess = TableAccess.READ_WRITE,
        *,
        leading_keys: Sequence[str] = (),
    ) -> iam.Grant:
        """Grant item operations on the table and its indexes; never Scan."""
        return grant_items(self.table, grantee, access, indexes=self.index_names, leading_keys=leading_keys)

    def grant_tenant(
        self,
        grantee: iam.IGrantable,
        access: TableAccess = TableAccess.READ_WRITE,
        *,
        tag_key: str = "tenant",
        key_prefix: str = "TENANT#",
    ) -> iam.Grant:
        """Grant item operations on one tenant's items: those whose partition key is the prefix and the principal's tag.

        For principals that carry a session tag: a role assumed with tags, or a Cognito identity with principal tags.
        """
        return self.grant(grantee, access, leading_keys=[f"{key_prefix}${{aws:PrincipalTag/{tag_key}}}"])

    def _grant_through_tenant_role(self, function: lambda_.Function, access: TableAccess) -> iam.Grant:
        name = f"TenantOf{function.node.addr}"
        role = iam.Role(
            self,
            name,
            description="Reaches the items of the tenant named by the session tag, and no other",
            assumed_by=iam.SessionTagsPrincipal(function.grant_principal),
        )
        self.grant_tenant(role, access)
        function.add_environment("POOLPROOF_TENANT_ROLE_ARN", role.role_arn)
        return iam.Grant.add_to_principal(
            grantee=function, actions=["sts:AssumeRole", "sts:TagSession"], resource_arns=[role.role_arn]
        )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)


def _index(name: str, read_units: int | None, write_units: int | None) -> dynamodb.GlobalSecondaryIndexPropsV2:
    return dynamodb.GlobalSecondaryIndexPropsV2(
        index_name=name,
        partition_key=_string(f"{name}PK"),
        sort_key=_string(f"{name}SK"),
        max_read_request_units=read_units,
        max_write_request_units=write_units,
    )
