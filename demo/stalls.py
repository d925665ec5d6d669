"""A database that stalls now and then, as real ones do: the moment in which clients without a budget pile up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from constructs_lib.errors import RehearsalError
from demo.machine import DATABASE, Machine

STALL_SECONDS = 0.6
"""Below the second that the functions' role waits for a lock."""
_PAUSE_SECONDS = 0.6
_LOCK = b"LOCK TABLE orders IN SHARE MODE"
"""What building an index takes: it lets everybody read and nobody write."""


@contextmanager
def stalling(machine: Machine) -> Iterator[None]:
    """Let nobody write orders for 0.6 s out of every 1.2 s while the block runs, beginning with a stall."""
    over, locked, failures = threading.Event(), threading.Event(), list[Exception]()
    thread = threading.Thread(target=_stall, args=(machine, over, locked, failures), name="stalls", daemon=True)
    thread.start()
    try:
        locked.wait(10)
        yield
    finally:
        over.set()
        thread.join()
    if failures:
        raise RehearsalError(f"stalling the database failed: {failures[0]}") from failures[0]


def _stall(machine: Machine, over: threading.Event, locked: threading.Event, failures: list[Exception]) -> None:
    try:
        with psycopg.connect(machine.server.dsn(database=DATABASE), autocommit=True) as connection:
            while not over.is_set():
                with connection.transaction():
                    connection.execute(_LOCK)
                    locked.set()
                    over.wait(STALL_SECONDS)
                over.wait(_PAUSE_SECONDS)
    except psycopg.Error as error:
        failures.append(error)
    finally:
        locked.set()
