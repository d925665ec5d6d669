"""Step d: 500 orders through the deployed API, then 500 clients straight at the same database."""

from __future__ import annotations

from constructs_lib.rehearsal.burst import Burst, burst
from demo.machine import APPLICATION_USER, DATABASE, Machine
from demo.results import side_by_side
from demo.stage import Stage
from demo.stalls import STALL_SECONDS, stalling
from demo.storm import Address, Storm, order_key, storm, warm_up

CLIENTS = 500
_DIRECT_HOLD_SECONDS = 0.2
_TOO_MANY_CONNECTIONS = "53300"


def run_experiment(stage: Stage, machine: Machine, address: Address, environments: int) -> tuple[Storm, Burst]:
    """Both bursts, with every number that was promised checked at its source."""
    with stage.busy(f"starting the order function's {environments} environments"):
        warm = warm_up(address, environments)
    stage.say(
        f"{warm} of {environments} environments answered: they run before the burst, as their starts would outlast it here"
    )
    before = _refusals_in_log(machine)
    stage.say(f"meanwhile the database lets nobody write for {STALL_SECONDS:g} s at a time, as an index build would")
    with stage.busy(f"{CLIENTS} orders at once through the API"), stalling(machine):
        stormed = storm(address, machine, orders=CLIENTS)
    _check_storm(stage, machine, stormed, _refusals_in_log(machine) - before, environments)
    machine.pooler.close_idle_connections()
    with stage.busy(f"{CLIENTS} clients at once straight at the database"):
        direct = burst(
            machine.server,
            user=APPLICATION_USER,
            password=machine.application_password,
            database=DATABASE,
            clients=CLIENTS,
            hold_seconds=_DIRECT_HOLD_SECONDS,
        )
    _check_direct(stage, direct)
    stage.table(["", "through the budget", "straight at the database"], side_by_side(stormed, direct, machine.numbers))
    return stormed, direct


def _check_storm(stage: Stage, machine: Machine, stormed: Storm, refusals: int, environments: int) -> None:
    pool = machine.numbers.pool_connections
    rows, keys = _orders_in_database(machine)
    once = rows == keys == stormed.created == CLIENTS
    stage.promise(
        f"all {CLIENTS} orders exist exactly once", once, f"{rows} rows with {keys} different keys in the database"
    )
    errors = sum(stormed.failures.values())
    evidence = f"{errors} answers besides orders and throttling, {refusals} refusals in the server's log"
    stage.promise("0 database connection errors", errors == 0 and refusals == 0, evidence)
    peak, moments = stormed.peak_connections, len(stormed.samples)
    evidence = f"{peak} at most in {moments} samples of pg_stat_activity, pool {pool}"
    stage.promise("connections at the server never above the pool", 0 < peak <= pool, evidence)
    clients = stormed.most_environments
    evidence = f"{clients} clients of the pooler at most, {environments} reserved"
    stage.promise(
        "never more clients at the pooler than the reserved concurrency", 0 < clients <= environments, evidence
    )
    evidence = f"{stormed.throttled} answers of 429, all sent again"
    stage.promise(
        "what is beyond the reserved concurrency is throttled, not queued at the database",
        stormed.throttled > 0,
        evidence,
    )


def _check_direct(stage: Stage, direct: Burst) -> None:
    refused = direct.sqlstates.get(_TOO_MANY_CONNECTIONS, 0)
    only = refused == direct.refused > 0
    evidence = f"{direct.served} served, {refused} refused with {_TOO_MANY_CONNECTIONS}"
    stage.promise(f"the same {CLIENTS} clients straight at the database are refused", only, evidence)


def _orders_in_database(machine: Machine) -> tuple[int, int]:
    """Rows of the burst, and how many different keys they carry."""
    prefix = order_key(0).split("-")[0]
    sql = f"SELECT count(*), count(DISTINCT idempotency_key) FROM orders WHERE idempotency_key LIKE '{prefix}-%'"  # noqa: S608 - a constant
    ((rows, keys),) = machine.server.execute(sql, DATABASE)
    return int(rows), int(keys)


def _refusals_in_log(machine: Machine) -> int:
    """Connections the server refused, by its own log, whose lines carry the SQLSTATE."""
    return machine.server.log_text().count(f" {_TOO_MANY_CONNECTIONS} ")
