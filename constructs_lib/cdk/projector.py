"""A schedule that projects a source into an analytical table: one run at a time, rerun without harm, late runs noticed."""

from __future__ import annotations

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from constructs_lib.cdk._environment import set_environment
from constructs_lib.cdk._metadata import resource_of
from constructs_lib.cdk.analytical import AnalyticalStore
from constructs_lib.cdk.analytical_grants import LakeAccess
from constructs_lib.cdk.analytical_tables import LakeTable
from constructs_lib.cdk.connect import ConnectableStore, Role, Via
from constructs_lib.cdk.projector_freshness import freshness_alarm, waiting_failures_alarm
from constructs_lib.cdk.single_table import SingleTableStore
from constructs_lib.cdk.single_table_grants import TableAccess
from constructs_lib.errors import ConnectError, InputError, Problem

_OLDEST_EVENT_SECONDS = 6 * 3600
"""Lambda keeps an asynchronous event for six hours at most (Lambda guide, asynchronous invocation, 2026-11-21)."""


class AnalyticalProjector(Construct):
    """Runs ``function`` every ``every`` (default one hour) to project ``source`` into ``table`` of ``lake``.

    Two runs cannot overlap: one execution is reserved, and ``every`` must be longer than the function's timeout. A run that
    fails is retried ``retries`` times (0 to 2) and then lands in the dead-letter queue; the next run catches up, because the
    watermark only moves when the output is visible. Each run reads from the watermark minus ``overlap`` (default 15 minutes)
    until now minus ``settle`` (default 5 minutes). Without a good run for ``freshness`` (default three times ``every``) an
    alarm rings. ``via`` and ``role`` say how a relational source is reached; a reader spares the request path.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        function: lambda_.Function,
        source: ConnectableStore | SingleTableStore,
        lake: AnalyticalStore,
        table: LakeTable,
        every: cdk.Duration | None = None,
        settle: cdk.Duration | None = None,
        overlap: cdk.Duration | None = None,
        freshness: cdk.Duration | None = None,
        via: Via | None = None,
        role: Role = Role.WRITER,
        retries: int = 2,
        enabled: bool = True,
        removal_policy: cdk.RemovalPolicy = cdk.RemovalPolicy.RETAIN,
    ) -> None:
        super().__init__(scope, id)
        self.function = function
        self.every = every or cdk.Duration.hours(1)
        _refuse(id, function, self.every, retries)
        kept = removal_policy is not cdk.RemovalPolicy.DESTROY
        self.checkpoints = SingleTableStore(
            self, "Checkpoints", indexes=0, deletion_protection=kept, removal_policy=removal_policy
        )
        self.dead_letters = sqs.Queue(
            self,
            "DeadLetters",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=cdk.Duration.days(14),
        )
        self._connect_source(source, via, role)
        lake.connect(function, table=table, access=LakeAccess.WRITE)
        self._keep_checkpoints(settle or cdk.Duration.minutes(5), overlap or cdk.Duration.minutes(15))
        self._bound_retries(retries)
        self.schedule = self._make_schedule(retries, enabled)
        self.freshness_alarm = freshness_alarm(
            self,
            projection=self.node.id,
            every=self.every,
            freshness=freshness or cdk.Duration.seconds(3 * self.every.to_seconds()),
        )
        self.failure_alarm = waiting_failures_alarm(self, queue=self.dead_letters)

    def _connect_source(self, source: ConnectableStore | SingleTableStore, via: Via | None, role: Role) -> None:
        if isinstance(source, SingleTableStore):
            source.connect(self.function, access=TableAccess.READ)
            _reserve_one(self.function)
        else:
            source.connect(self.function, concurrency=1, via=via, role=role)

    def _keep_checkpoints(self, settle: cdk.Duration, overlap: cdk.Duration) -> None:
        self.checkpoints.grant(self.function, TableAccess.READ_WRITE)
        variables = {
            "POOLPROOF_PROJECTION": self.node.id,
            "POOLPROOF_CHECKPOINT_TABLE": self.checkpoints.table.table_name,
            "POOLPROOF_SETTLE_SECONDS": str(int(settle.to_seconds())),
            "POOLPROOF_OVERLAP_SECONDS": str(int(overlap.to_seconds())),
        }
        set_environment(self.function, self, "projection", variables)

    def _bound_retries(self, retries: int) -> None:
        """An event older than the interval is not worth running: the next one covers its window."""
        age = min(self.every.to_seconds(), _OLDEST_EVENT_SECONDS)
        self.function.configure_async_invoke(
            retry_attempts=retries,
            max_event_age=cdk.Duration.seconds(age),
            on_failure=destinations.SqsDestination(self.dead_letters),
        )

    def _make_schedule(self, retries: int, enabled: bool) -> scheduler.CfnSchedule:
        role = iam.Role(self, "StarterRole", assumed_by=_scheduler_of(cdk.Stack.of(self)))
        role.add_to_policy(
            iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
        )
        self.dead_letters.grant_send_messages(role)
        return scheduler.CfnSchedule(
            self,
            "Resource",
            description="Starts the projection",
            state="ENABLED" if enabled else "DISABLED",
            schedule_expression=scheduler.ScheduleExpression.rate(self.every).expression_string,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(mode="OFF"),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=self.function.function_arn,
                role_arn=role.role_arn,
                input="{}",
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self.dead_letters.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_retry_attempts=retries, maximum_event_age_in_seconds=self.every.to_seconds()
                ),
            ),
        )


def _scheduler_of(stack: cdk.Stack) -> iam.IPrincipal:
    """The scheduler acting for this account only, so that nobody else's schedule can borrow the role."""
    return iam.ServicePrincipal(
        "scheduler.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
    )


def _reserve_one(function: lambda_.Function) -> None:
    resource = cast(lambda_.CfnFunction, resource_of(function))
    reserved = resource.reserved_concurrent_executions
    if reserved not in {None, 1}:
        raise ConnectError(
            f"function '{function.node.path}' reserves {reserved} executions; a projection runs one at a time: "
            "reserve 1 or leave it to the projector"
        )
    resource.reserved_concurrent_executions = 1


def _refuse(projector: str, function: lambda_.Function, every: cdk.Duration, retries: int) -> None:
    problems = []
    seconds = every.to_seconds()
    if seconds < 60 or seconds > 86_400 or seconds % 60:
        problems.append(
            Problem(f"every of '{projector}' is {seconds:g} s; allowed are whole minutes from 1 minute to 1 day")
        )
    timeout = function.timeout.to_seconds() if function.timeout else 3
    if timeout >= seconds:
        problems.append(
            Problem(
                f"function of '{projector}' may run {timeout:g} s, every {seconds:g} s one starts: shorten its timeout or run it less often"
            )
        )
    if not 0 <= retries <= 2:
        problems.append(Problem(f"retries of '{projector}' is {retries}; Lambda allows 0, 1 or 2"))
    if problems:
        raise InputError(problems)
