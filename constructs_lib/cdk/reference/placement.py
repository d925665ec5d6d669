"""Where a function runs: in a network of the stack, or nowhere in particular."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from aws_cdk import aws_ec2 as ec2


@dataclass(frozen=True)
class Placement:
    """Network arguments of one function; all ``None`` outside a VPC."""

    vpc: ec2.IVpc | None = None
    vpc_subnets: ec2.SubnetSelection | None = None
    security_groups: tuple[ec2.ISecurityGroup, ...] | None = None

    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of a function."""
        return {"vpc": self.vpc, "vpc_subnets": self.vpc_subnets, "security_groups": self.security_groups}
