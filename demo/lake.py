"""Questions to the lake, through Athena: start, wait, read."""

from __future__ import annotations

import time
from typing import Any

from constructs_lib.errors import RehearsalError
from demo.deployed import Deployed

_TIMEOUT_SECONDS = 30.0
_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


def ask(deployed: Deployed, sql: str) -> list[tuple[str | None, ...]]:
    """Run a query in the deployed workgroup; the rows as text, without the heading.

    Raises RehearsalError with Athena's own reason when the query fails or takes too long.
    """
    environment = deployed.environment_of(deployed.name("Sales/Projector", "AWS::Lambda::Function"))
    athena = deployed.cloud.client("athena")
    started = athena.start_query_execution(
        QueryString=sql,
        QueryExecutionContext={"Database": environment["POOLPROOF_LAKE_DATABASE"]},
        WorkGroup=environment["POOLPROOF_LAKE_WORKGROUP"],
    )
    query = started["QueryExecutionId"]
    _wait(athena, query, sql)
    pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=query)
    rows = [
        tuple(cell.get("VarCharValue") for cell in row["Data"]) for page in pages for row in page["ResultSet"]["Rows"]
    ]
    return rows[1:]


def _wait(athena: Any, query: str, sql: str) -> None:
    deadline = time.monotonic() + _TIMEOUT_SECONDS
    while True:
        status = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]["Status"]
        if status["State"] in _ENDED:
            break
        if time.monotonic() > deadline:
            raise RehearsalError(f"Athena did not answer within {_TIMEOUT_SECONDS:g} s: {sql}")
        time.sleep(0.1)
    if status["State"] != "SUCCEEDED":
        raise RehearsalError(
            f"Athena says {status['State']}: {status.get('StateChangeReason', 'no reason')}; the query was {sql}"
        )
