"""Whether a function inside a VPC can ask an AWS service: by a way out of its subnets, or by a VPC endpoint."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.network import Network, Placement, ServiceCall, Subnet, VpcEndpoint


class Unreachable(NamedTuple):
    """A function's calls that have no way out; ``doubtful``: another document may add a route or an endpoint."""

    consumer: Consumer
    subnets: tuple[Subnet, ...]
    calls: tuple[ServiceCall, ...]
    doubtful: bool


def unreachable_calls(fleet: Fleet, consumer: Consumer) -> Unreachable | None:
    """The calls that surely fail; ``None`` when each has a way, or when routes or endpoints are not fully visible."""
    subnets = isolated_subnets(fleet.network, consumer.placement)
    if not subnets or consumer.placement is None:
        return None
    place = consumer.placement
    calls = tuple(call for call in calls_of(fleet, consumer) if _answered(fleet.network, place, call.service) is False)
    shared = any(subnet.shared for subnet in subnets)
    return Unreachable(consumer, subnets, calls, shared) if calls else None


def isolated_subnets(network: Network, place: Placement | None) -> tuple[Subnet, ...]:
    """A function's subnets when none of them leads anywhere; nothing when one does or is not fully visible.

    A route to an internet gateway is no way out: a function has no public address.
    """
    if place is None or place.outside or place.unresolved or place.vpc is None:
        return ()
    subnets = tuple(network.subnet_by_id[name] for name in place.subnets if name in network.subnet_by_id)
    isolated = all(subnet.default_route in ("none", "internet-gateway") for subnet in subnets)
    return subnets if isolated and len(subnets) == len(place.subnets) else ()


def calls_of(fleet: Fleet, consumer: Consumer) -> Iterator[ServiceCall]:
    """Services that a function asks, tables and the Data API among them; the Data API reads the secret by itself."""
    edges = [edge for edge in fleet.connections_by_consumer.get(consumer.id, ()) if edge.certainty != "possible"]
    through_data_api = any(edge.via == "data-api" for edge in edges)
    for call in consumer.calls:
        if call.service != "secretsmanager" or not through_data_api:
            yield call
    for via, service in (("http", "dynamodb"), ("data-api", "rds-data")):
        found = [edge for edge in edges if edge.via == via]
        if found:
            sure = any(edge.certainty == "certain" for edge in found)
            yield ServiceCall(service, f"it uses '{found[0].store}'", named=sure)


def _answered(network: Network, place: Placement, service: str) -> bool | None:
    answers = [_by_endpoint(endpoint, place, service) for endpoint in network.endpoints]
    if network.joined:
        answers.append(None)
    return _first(answers)


def _first(answers: Iterable[bool | None]) -> bool | None:
    found = set(answers)
    if True in found:
        return True
    return None if None in found else False


def _by_endpoint(endpoint: VpcEndpoint, place: Placement, service: str) -> bool | None:
    if endpoint.vpc not in (None, place.vpc) or endpoint.service not in (None, service):
        return False
    if endpoint.vpc is None or endpoint.service is None:
        return None
    if endpoint.gateway:
        return None if endpoint.subnets is None else set(place.subnets) <= set(endpoint.subnets)
    return True if endpoint.private_dns else None
