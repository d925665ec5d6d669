"""Custom resource that brings the order database up to date at deploy time; sits behind CDK's provider framework.

Create and Update apply what is missing; Delete keeps the data. A failure is raised, so that the deployment fails with its cause.
Environment: ``POOLPROOF_DATABASE_*`` with the owner's secret, ``POOLPROOF_APPLICATION_SECRET_ARN`` with the application's.
"""

from __future__ import annotations

import os
from typing import Any

from application_role import Role
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from datastores.credentials import SecretCredentials
from datastores.errors import SettingsError
from datastores.relational import RelationalStore, Repeat
from datastores.settings import relational_settings
from migrations import apply

APPLICATION_SECRET = "POOLPROOF_APPLICATION_SECRET_ARN"  # noqa: S105 - the name of a variable

logger = Logger(service="database-migration")
database = RelationalStore(per_invocation=True)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer the provider framework: ``Data`` holds the database's Version and what this run Applied."""
    name = relational_settings().name
    answer: dict[str, Any] = {"PhysicalResourceId": event.get("PhysicalResourceId") or f"database-migration-{name}"}
    if event["RequestType"] == "Delete":
        logger.info("the data stays: a deleted migration leaves its database as it is")
        return answer
    role = _application_role()
    with database.invocation(context):
        # Repeating it is harmless: a version that is recorded is not applied again.
        outcome = database.transact(lambda connection: apply(connection, role), repeat=Repeat.ALWAYS)
    logger.info("the database is up to date", extra={"version": outcome.version, "applied": outcome.applied})
    return {**answer, "Data": {"Version": str(outcome.version), "Applied": ",".join(outcome.applied)}}


def _application_role() -> Role:
    """The role as its secret names it, with the timeouts that the store's budget counts on."""
    arn = os.environ.get(APPLICATION_SECRET)
    if not arn:
        raise SettingsError([f"{APPLICATION_SECRET} is missing: the migration needs the secret of the role it creates"])
    login = SecretCredentials(arn).login()
    timeout = relational_settings().statement_timeout_ms
    if timeout is None:
        return Role(login.user, login.password)
    return Role(login.user, login.password, hold_ms=timeout)
