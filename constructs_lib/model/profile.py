"""Functions and stores as a profiles file declares them, and the words it may use."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.model.allocation import Concurrency
from constructs_lib.model.quantity import Number

RELATIONAL = "relational"
STORES = (RELATIONAL, "key-value", "document", "analytical")
REQUEST_TRIGGERS = ("http-api", "rest-api", "function-url")
BATCH_TRIGGERS = ("schedule", "hourly-batch", "daily-batch")
TRIGGERS = (*REQUEST_TRIGGERS, "queue", "stream", "event", *BATCH_TRIGGERS)
SINGLE_KEY, KEY_RANGE, TRANSACTION = "single-key lookup", "key-range query", "transaction"
JOIN, SCAN, REPORT = "join", "scan", "report"
ACCESS_PATTERNS = (SINGLE_KEY, KEY_RANGE, TRANSACTION, JOIN, SCAN, REPORT)
AURORA_ENGINES = ("aurora-postgresql", "aurora-mysql")
ENGINES = ("postgres", "mysql", "mariadb", *AURORA_ENGINES)


@dataclass(frozen=True)
class Profile:
    """One function as it was declared. Times in seconds, ``memory_mib`` in MiB; ``None`` where the file is silent.

    ``store`` is the kind of store, ``store_name`` which one of them. ``concurrency`` is a number, a ``Share`` (written ``50%``) or
    ``WhateverFits()`` (written ``fits``). ``hold_seconds`` is the longest that one of its ``transactions`` may keep a connection,
    ``average_hold_seconds`` what it usually takes; ``duration_seconds`` is the usual one. ``line`` is one-based.
    """

    name: str
    store: str
    line: int
    access_pattern: str | None = None
    trigger: str | None = None
    concurrency: Concurrency | None = None
    peak_requests_per_second: Number | None = None
    duration_seconds: Number | None = None
    hold_seconds: Number | None = None
    average_hold_seconds: Number | None = None
    transactions: int = 1
    timeout_seconds: int | None = None
    memory_mib: int | None = None
    store_name: str = ""


@dataclass(frozen=True)
class StoreProfile:
    """One store as it was declared; ``None`` where the file is silent. ``line`` is one-based, 0 where the file has no entry.

    ``engine`` is AWS's name. ``via`` is ``proxy`` or ``direct``. ``instance_class`` asks whether that class carries the load,
    ``serverless`` asks for Aurora Serverless v2. ``borrow_timeout_seconds`` is the proxy's; ``utilisation_percent`` how busy its
    connections may be on average at the peak; ``other_connections`` are clients that are no functions.
    """

    name: str
    kind: str = RELATIONAL
    line: int = 0
    engine: str = "postgres"
    engine_version: str | None = None
    via: str = "proxy"
    serverless: bool = False
    instance_class: str | None = None
    borrow_timeout_seconds: int | None = None
    utilisation_percent: int = 70
    other_connections: int = 0
