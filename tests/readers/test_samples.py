"""Public templates as they were published (see data/serverless_patterns/LICENCE.md), with the edges a person sees in them."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.readers.sources import read

SAMPLES = Path(__file__).parent / "data" / "serverless_patterns"


def edges(*names: str) -> set[tuple[str, str, str, str]]:
    reading = read([SAMPLES / name for name in names])
    assert not reading.unread
    return {(c.consumer, c.store, c.via, c.certainty) for c in reading.fleet.connections}


def test_a_proxy_and_its_function_in_two_templates_meet_by_the_name_of_an_output() -> None:
    found = edges("template-rds-proxy.yaml", "functions.yaml")
    assert found == {("functions/RdsProxyFunction", "template-rds-proxy/dbCluster", "proxy", "likely")}


def test_the_function_alone_leaves_a_gap() -> None:
    fleet = read([SAMPLES / "functions.yaml"]).fleet
    (connection,) = fleet.connections
    assert (connection.store, connection.via, connection.pool) == ("external:RdsProxyEndpoint", "proxy", None)
    assert [gap.subject for gap in fleet.gaps] == ["RdsProxyFunction"]
    assert "RdsProxyEndpoint" in fleet.gaps[0].missing


def test_data_api_by_a_cluster_name_that_both_sides_share() -> None:
    assert edges("data_api.yml") == {("LambdaFunction", "AuroraCluster", "data-api", "certain")}


def test_memorydb_by_its_endpoint() -> None:
    assert edges("memorydb.yaml") == {("HelloWorldFunction", "memoryDBCluster", "direct", "certain")}


def test_parameters_given_by_the_user_win() -> None:
    overridden = read(
        [SAMPLES / "functions.yaml"], {"RdsProxyEndpoint": "db.proxy-abc.eu-west-1.rds.amazonaws.com"}
    ).fleet
    assert [c.store for c in overridden.connections] == ["external:db.proxy-abc.eu-west-1.rds.amazonaws.com"]
    assert not overridden.gaps
