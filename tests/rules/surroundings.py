"""The network of a case, and what lies around its functions, stores and proxies."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from constructs_lib.model.network import (
    ExposedPassword,
    Network,
    Placement,
    SecurityGroup,
    SecurityGroupRule,
    ServiceCall,
    Subnet,
    VpcEndpoint,
)

Fields = Mapping[str, Any]


def network(fields: Fields) -> Network:
    return Network(
        subnets=tuple(Subnet(name, **more) for name, more in fields.get("subnets", {}).items()),
        security_groups=tuple(_group(name, more) for name, more in fields.get("security_groups", {}).items()),
        endpoints=tuple(VpcEndpoint(name, **_tuples(more)) for name, more in fields.get("endpoints", {}).items()),
        addresses_used=tuple(tuple(pair) for pair in fields.get("addresses_used", [])),
        joined=fields.get("joined", False),
    )


def _group(name: str, fields: Fields) -> SecurityGroup:
    rules = tuple(SecurityGroupRule(**_tuples(rule)) for rule in fields.get("rules", []))
    return SecurityGroup(name, **{**fields, "rules": rules})


def _tuples(fields: Fields) -> dict[str, Any]:
    return {key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()}


#: What a field of a consumer, store or pool holds, made from plain values.
PARTS: dict[str, Callable[[Any], Any]] = {
    "placement": lambda fields: Placement(**_tuples(fields)),
    "calls": lambda calls: tuple(ServiceCall(**call) for call in calls),
    "exposed_passwords": lambda found: tuple(ExposedPassword(**item) for item in found),
}
