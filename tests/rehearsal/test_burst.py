from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from constructs_lib.errors import RehearsalError
from constructs_lib.rehearsal.burst import burst, percentile
from constructs_lib.rehearsal.pgbouncer import PgBouncer
from constructs_lib.rehearsal.postgres import PostgresServer
from constructs_lib.rehearsal.refusals import sqlstate_of
from constructs_lib.rehearsal.sampling import Sampler, peak_connections

_APP = {"user": "app", "password": "secret"}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer(max_connections=20, settings={"log_line_prefix": "SQLSTATE=%e "}) as running:
        running.execute("CREATE ROLE app LOGIN PASSWORD 'secret'")
        yield running


@pytest.mark.servers
def test_straight_at_the_database_the_surplus_is_refused(server: PostgresServer) -> None:
    before = _states_in_log(server)["53300"]
    result = burst(server, clients=60, hold_seconds=0.05, **_APP)
    # 20 slots, 3 kept for superusers of which the sampler has one
    assert 15 <= result.served <= 17
    assert result.refused == 60 - result.served
    assert result.sqlstates == {"53300": result.refused}
    assert result.peak_connections <= 19
    # what the clients were told is what the server itself logged
    assert _states_in_log(server)["53300"] - before == result.refused


@pytest.mark.servers
def test_through_the_pooler_everybody_is_served(server: PostgresServer) -> None:
    with PgBouncer(server, pool_size=5, borrow_timeout_seconds=10, users={"app": "secret"}) as pooler:
        result = burst(server, pooler=pooler, clients=60, hold_seconds=0.05, **_APP)
    assert (result.served, result.sqlstates) == (60, {})
    assert 1 <= result.peak_connections <= 5
    assert max(sample.clients_waiting for sample in result.samples) > 0
    # 55 clients wait for 11 rounds of 5: nobody can be done before the time the holds alone take
    assert result.answer_percentile(100) >= 12 * 0.05


@pytest.mark.servers
def test_a_pool_that_is_too_small_shows_as_borrow_timeouts(server: PostgresServer) -> None:
    with PgBouncer(server, pool_size=1, borrow_timeout_seconds=1, users={"app": "secret"}) as pooler:
        result = burst(server, pooler=pooler, clients=8, hold_seconds=0.5, **_APP)
    assert result.served >= 2
    assert set(result.sqlstates) == {"08P01"}
    assert result.peak_connections == 1


@pytest.mark.servers
def test_a_deadline_ends_the_burst(server: PostgresServer) -> None:
    with pytest.raises(RehearsalError, match=r"did not end within 0\.2 s"):
        burst(server, clients=1, hold_seconds=5, deadline_seconds=0.2, **_APP)


@pytest.mark.servers
def test_the_sampler_does_not_count_itself_and_reads_the_gauge(server: PostgresServer) -> None:
    with (
        psycopg.connect(server.dsn(**_APP)) as _client,
        Sampler(server, clients=lambda: 7, interval_seconds=0.01) as sampler,
    ):
        while len(sampler.samples) < 3:
            assert sampler.now() < 10
    assert {sample.clients for sample in sampler.samples} == {7}
    assert peak_connections(sampler.samples) == 1
    moments = [sample.at_seconds for sample in sampler.samples]
    assert moments == sorted(moments)


@pytest.mark.servers
def test_a_server_that_dies_while_sampled_is_an_error() -> None:
    with PostgresServer(max_connections=10) as dying:
        sampler = Sampler(dying).__enter__()
        dying.stop()
        sampler._thread.join(10)
        with pytest.raises(RehearsalError, match="sampling the server failed"):
            sampler.__exit__(None, None, None)


def test_clients_out_of_range_are_refused() -> None:
    with pytest.raises(RehearsalError, match="clients is 0: allowed is 1 to 5000"):
        burst(PostgresServer(), clients=0, hold_seconds=0.1, **_APP)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 50, None), ([3.0], 99, 3.0), ([1.0, 2.0, 3.0, 4.0], 50, 2.0), ([1.0, 2.0, 3.0, 4.0], 100, 4.0)],
)
def test_percentile_is_nearest_rank(values: list[float], percent: float, expected: float | None) -> None:
    assert percentile(values, percent) == expected


def test_an_error_with_its_own_code_keeps_it() -> None:
    assert sqlstate_of(psycopg.errors.QueryCanceled("canceling statement")) == "57014"
    assert sqlstate_of(psycopg.OperationalError("FATAL: sorry, too many clients already")) == "53300"
    assert sqlstate_of(psycopg.OperationalError("something new")) is None


def _states_in_log(server: PostgresServer) -> Counter[str]:
    lines = server._process.log.read_text().splitlines()
    return Counter(line.split("SQLSTATE=")[1].split()[0] for line in lines if "SQLSTATE=" in line and "FATAL" in line)
