from __future__ import annotations

import pytest

from constructs_lib.facts import network


@pytest.mark.parametrize(("prefix", "usable"), [(28, 11), (24, 251), (16, 65531), (31, 0)])
def test_a_subnet_has_five_addresses_less_than_its_block(prefix: int, usable: int) -> None:
    assert network.subnet_addresses(prefix) == usable


@pytest.mark.parametrize(
    ("instance_class", "addresses"),
    [
        ("db.t4g.micro", 10),
        ("db.r6g.xlarge", 10),
        ("db.r6g.2xlarge", 15),
        ("db.r6g.12xlarge", 60),
        ("db.r7i.48xlarge", 110),
    ],
)
def test_a_proxy_needs_addresses_by_the_size_of_the_instance(instance_class: str, addresses: int) -> None:
    assert network.proxy_addresses(instance_class) == addresses


def test_a_class_without_a_size_is_not_known() -> None:
    assert network.proxy_addresses("db.serverless") is None
    assert network.proxy_addresses(None) is None


@pytest.mark.parametrize(("capacity", "addresses"), [(2, 10), (16, 10), (32, 15), (100, 30), (256, 75)])
def test_a_serverless_instance_counts_by_its_maximum(capacity: float, addresses: int) -> None:
    assert network.proxy_addresses_serverless(capacity) == addresses


def test_endpoints_and_the_cap() -> None:
    assert network.proxy_addresses_per_endpoint() == 3
    assert network.proxy_addresses_cap() == 215
