"""The chapters of the runbook that tell people what to do: the sum, the order of changes, the alarms."""

from __future__ import annotations

from collections.abc import Sequence

from constructs_lib.model.budget import StoreBudget
from constructs_lib.model.settings import Settings
from constructs_lib.reporters.markdown import table


def rules_of_the_sum(settings: Settings) -> list[str]:
    """How the three numbers depend on each other, with this fleet's settings."""
    return [
        "## How the numbers hang together",
        "",
        "* reserved concurrency × connections per environment = what a function may open;",
        f"  without a pool × {settings.deploy_overlap}, because a deploy leaves the old version's environments with open sockets;",
        "* clients of a pool wait for each other: ⌈(clients − pool) ÷ pool⌉ × hold is the longest wait when all holds are equal;",
        "* pool = percentage of max_connections, rounded down for clients and up for the database;",
        "* what pools and direct functions may open must fit max_connections − the engine's slots − the operator reserve − other clients.",
        "",
        f"The operator reserve ({settings.operator_reserve} unless a store sets its own) is for migrations, people and monitoring.",
    ]


def changes(budgets: Sequence[StoreBudget]) -> list[str]:
    """The order in which to change things so that the sum holds at every moment in between."""
    lines = [
        "## Change it safely",
        "",
        "**More load**: widen from the database outwards, one deploy each, and wait for each to be done.",
        "",
        "1. `max_connections` (or a larger class), including the reboot it needs.",
        "2. The pool's percentage. Its size follows `max_connections` by itself, but only after the reboot.",
        "3. Reserved concurrency, and with it the throttle of the API or the maximum of the queue in front.",
        "",
        "**Less load, or a smaller database**: narrow from the functions inwards.",
        "",
        "1. Reserved concurrency (and the throttles in front of it).",
        "2. Wait until the old version's environments are gone: their sockets close when AWS removes them, or when the database's",
        "   idle timeout ends them. The database's connection count tells.",
        "3. The pool's percentage, then `max_connections` or the class.",
        "",
        "To stop a function, turn its event source off: a reserved concurrency of 0 makes callers and queues retry against a wall.",
    ]
    return [*lines, *(text for engine in _engines(budgets) for text in ("", _RESTART[engine]))]


_RESTART = {
    "postgres": "**PostgreSQL on RDS**: `max_connections` is static. It changes with the parameter group and a reboot of the instance.",
    "aurora-postgresql": (
        "**Aurora PostgreSQL**: `max_connections` is in the cluster's parameter group and static: reboot readers first, then fail over,"
        " then reboot the old writer. With Serverless v2 a changed maximum capacity counts only after a reboot, too."
    ),
    "mysql": "**MySQL on RDS**: check the parameter's apply type in the group: where it is dynamic, no reboot is needed.",
    "mariadb": "**MariaDB on RDS**: check the parameter's apply type in the group: where it is dynamic, no reboot is needed.",
    "aurora-mysql": (
        "**Aurora MySQL**: check the parameter's apply type in the group. With Serverless v2 a changed maximum capacity counts only"
        " after a reboot unless `max_connections` is pinned."
    ),
}


def _engines(budgets: Sequence[StoreBudget]) -> list[str]:
    present = {item.store.engine for item in budgets}
    return [engine for engine in _RESTART if engine in present]


def alarms(budgets: Sequence[StoreBudget]) -> list[str]:
    """What each metric means when it rings, and the first thing to do."""
    rows = [
        [
            "`Throttles` of a function",
            "More requests came than its reserved concurrency. Callers get 429 or retry; nothing is lost behind a queue.",
            "Look at what fits, above. Raise it only in the order given: the database first, the function last.",
        ],
        [
            "`DatabaseConnections` of a database",
            "Sessions at the server. Near the usable number: the next client may be refused (PostgreSQL says 53300).",
            "Find who holds them (`pg_stat_activity` by user and state). A client that is not in the budget above is the usual cause.",
        ],
    ]
    if any(pool.pool.kind == "rds-proxy" for item in budgets for pool in item.pools):
        rows += _PROXY_ROWS
    return ["## What the alarms mean", "", *table(["metric", "what it says", "first step"], rows)]


_PROXY_ROWS = [
    [
        "`DatabaseConnectionsBorrowLatency` (Maximum, µs)",
        "How long clients waited for a connection. Above the bounded wait of the pool: a transaction holds longer than declared.",
        "Find the long transaction; let the database end it: `transaction_timeout`, or `statement_timeout` with an idle timeout.",
    ],
    [
        "`DatabaseConnectionsCurrentlySessionPinned` (Sum)",
        "Sessions that keep one connection each. Every one takes a connection from all others.",
        "Find what pins: `SET`, prepared statements in text, temporary tables, advisory locks. Declare it if it must stay.",
    ],
    [
        "`MaxDatabaseConnectionsAllowed` (Sum)",
        "The pool's size as the proxy sees it. Below the size above: the database has not been rebooted since the change.",
        "Reboot in a maintenance window, or put the number back.",
    ],
    [
        "`ClientConnections` (Sum)",
        "Connections from functions to the proxy. Above the clients in the sum: somebody connects who is not in the budget.",
        "Compare with the functions above; connect the missing one through the library so that it is counted.",
    ],
]
