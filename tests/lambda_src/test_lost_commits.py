"""Commits whose answer is lost: never repeated in silence, unless repeating is harmless."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from datastores.deadline import Deadline
from datastores.errors import OutcomeUnknownError
from datastores.relational import Repeat
from surroundings import APPLICATION_USER, count, insert, one

from constructs_lib.rehearsal.postgres import PostgresServer

pytestmark = pytest.mark.servers


def lose_commit(monkeypatch: pytest.MonkeyPatch, *, arrives: bool, times: int = 1) -> list[int]:
    """Cut the line while the commit is under way, ``times`` times; says which backends it happened to."""
    happened: list[int] = []
    real = psycopg.Transaction.__exit__

    def leave(self: psycopg.Transaction, kind: Any, error: Any, trace: Any) -> Any:
        if kind is not None or len(happened) >= times:
            return real(self, kind, error, trace)
        happened.append(self.connection.info.backend_pid)
        if arrives:
            real(self, kind, error, trace)
        self.connection.close()
        raise psycopg.OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(psycopg.Transaction, "__exit__", leave)
    return happened


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_commit_is_not_repeated_unless_that_is_harmless(
    arrives: bool, store_of: Any, postgres: PostgresServer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(postgres)
    happened = lose_commit(monkeypatch, arrives=arrives)
    with pytest.raises(OutcomeUnknownError):
        store.transact(lambda connection: insert(connection, tenant), repeat=Repeat.ROLLED_BACK)
    assert len(happened) == 1
    assert count(store, tenant) == int(arrives)


def test_a_lost_commit_is_repeated_when_that_is_harmless(
    store_of: Any, postgres: PostgresServer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(postgres)
    happened = lose_commit(monkeypatch, arrives=True)
    store.transact(lambda connection: insert(connection, tenant), repeat=Repeat.ALWAYS)
    assert len(happened) == 1
    assert count(store, tenant) == 2


def test_an_outcome_stays_unknown_when_the_repetitions_fail_too(
    store_of: Any, postgres: PostgresServer, tenant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = store_of(postgres)
    happened = lose_commit(monkeypatch, arrives=True, times=1)

    def fails_after_the_first(connection: psycopg.Connection[Any]) -> None:
        if happened:
            connection.execute("DO $$ BEGIN RAISE EXCEPTION 'gone' USING ERRCODE = '57P01'; END $$")
        insert(connection, tenant)

    with pytest.raises(OutcomeUnknownError):
        store.transact(fails_after_the_first, repeat=Repeat.ALWAYS)
    assert count(store, tenant) == 1


def test_a_commit_refused_by_the_server_is_no_unknown_outcome(
    store_of: Any, postgres: PostgresServer, tenant: str
) -> None:
    """A deferred constraint fails at commit: that is an answer."""
    postgres.execute(
        "CREATE TABLE IF NOT EXISTS late (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED);"
        f" GRANT SELECT, INSERT ON late TO {APPLICATION_USER}"
    )
    with pytest.raises(psycopg.errors.UniqueViolation):
        store_of(postgres).transact(
            lambda connection: connection.execute("INSERT INTO late VALUES (1), (1)"), repeat=Repeat.ALWAYS
        )


def test_a_deadline_during_commit_is_an_unknown_outcome(store_of: Any, postgres: PostgresServer, tenant: str) -> None:
    """A deferred trigger keeps the commit busy beyond the deadline."""
    postgres.execute(
        "CREATE TABLE IF NOT EXISTS slow (id int);"
        "CREATE OR REPLACE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN PERFORM pg_sleep(1.5); RETURN NULL; END $$;"
        "DROP TRIGGER IF EXISTS late ON slow;"
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON slow DEFERRABLE INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION dawdle();"
        f"GRANT INSERT ON slow TO {APPLICATION_USER}"
    )
    store = store_of(postgres)
    assert store.read(one) == 1
    with pytest.raises(OutcomeUnknownError), store.within(Deadline.after(0.5)):
        store.transact(lambda connection: connection.execute("INSERT INTO slow VALUES (1)"), repeat=Repeat.ROLLED_BACK)
    assert store.read(one) == 1
