"""Step e: the projector runs twice, and both times the lake equals SQL on the source."""

from __future__ import annotations

import hashlib
import time
from typing import Any

from demo.deployed import Deployed
from demo.functions import FUNCTION, invoke
from demo.lake import ask
from demo.machine import DATABASE, Machine
from demo.results import Comparison, Projection
from demo.stage import Stage

PROJECTOR = "Sales/Projector"
_FIGURES = ("orders", "lines", "revenue in cents")
_SOURCE = """
SELECT tenant_id, (created_at AT TIME ZONE 'UTC')::date::text, count(*),
    sum((SELECT count(*) FROM order_lines WHERE order_lines.order_id = orders.order_id))::bigint, sum(total_minor)::bigint
FROM orders GROUP BY 1, 2 ORDER BY 1, 2
"""
_LAKE = "SELECT tenant_id, dt, count(*), sum(line_count), sum(total_minor) FROM {table} GROUP BY tenant_id, dt"

Figures = dict[str, tuple[int, ...]]


def project(stage: Stage, machine: Machine, deployed: Deployed) -> Projection:
    """Invoke the deployed projector twice and compare tenant by tenant and day by day."""
    function = deployed.name(PROJECTOR, FUNCTION)
    environment = deployed.environment_of(function)
    source = {
        _key(tenant, day): tuple(map(int, rest)) for tenant, day, *rest in machine.server.execute(_SOURCE, DATABASE)
    }
    with stage.busy(f"waiting {environment['POOLPROOF_SETTLE_SECONDS']} s until the last orders have settled"):
        time.sleep(float(environment["POOLPROOF_SETTLE_SECONDS"]) + 1)
    runs = []
    for run in ("first", "second"):
        with stage.busy(f"{run} run of the projector"):
            answer = invoke(deployed, PROJECTOR, {})
        windows = [f"{window['start'][:19]} to {window['end'][11:19]}" for window in answer["windows"]]
        stage.say(f"{run} run: {len(windows)} window(s), {', '.join(windows)}")
        runs.append((_lake(deployed, environment["POOLPROOF_LAKE_TABLE"]), _objects(deployed, environment)))
    (lake, objects), (lake_again, objects_again) = runs
    projection = Projection(_FIGURES, _compared(source, lake, lake_again))
    _show(stage, projection)
    stage.promise("the lake equals SQL on the source", source == lake, _summed(lake))
    stage.promise("and equals it again after a rerun", source == lake_again, _summed(lake_again))
    same = objects == objects_again and bool(objects)
    stage.promise(
        "the rerun wrote the same bytes",
        same,
        f"{len(objects)} object(s), SHA-256 {next(iter(objects.values()), '')[:12]}…",
    )
    return projection


def _lake(deployed: Deployed, table: str) -> Figures:
    rows = ask(deployed, _LAKE.format(table=table))
    return {_key(tenant, day): tuple(int(value or 0) for value in rest) for tenant, day, *rest in rows}


def _objects(deployed: Deployed, environment: Any) -> dict[str, str]:
    """Every object of the table and the digest of its bytes."""
    s3, bucket = deployed.cloud.client("s3"), environment["POOLPROOF_LAKE_BUCKET"]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=environment["POOLPROOF_LAKE_PREFIX"])
    keys = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
    return {key: hashlib.sha256(s3.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}


def _compared(source: Figures, lake: Figures, again: Figures) -> list[Comparison]:
    """One line for every key that any of the three knows; where one lacks it, its figures count as zero."""
    nothing = (0,) * len(_FIGURES)
    keys = sorted({*source, *lake, *again})
    return [Comparison(key, source.get(key, nothing), lake.get(key, nothing), again.get(key, nothing)) for key in keys]


def _show(stage: Stage, projection: Projection) -> None:
    stage.say("each figure three times: source, lake, and lake after the second run")
    stage.table(["tenant and day", *_FIGURES], [[row.key, *_triples(row)] for row in projection.rows])


def _triples(row: Comparison) -> list[str]:
    return [" ".join(map(str, triple)) for triple in zip(row.source, row.lake, row.lake_again, strict=True)]


def _summed(figures: Figures) -> str:
    totals = [sum(column) for column in zip(*figures.values(), strict=True)] or [0] * len(_FIGURES)
    return ", ".join(f"{total} {name}" for total, name in zip(totals, _FIGURES, strict=True))


def _key(tenant: object, day: object) -> str:
    return f"{tenant} {day}"
