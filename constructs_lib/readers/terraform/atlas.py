"""Sizes of MongoDB Atlas clusters of a plan as CloudFormation writes them (provider mongodb/mongodbatlas 1 and 2, read 2026-11-22)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.terraform.plan import Planned, listed, mapping
from constructs_lib.readers.terraform.values import AFTER_APPLY, Values


def cluster(values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """``mongodbatlas_cluster``: one size for all nodes."""
    least = values.get(resource, "provider_auto_scaling_compute_min_instance_size")
    down = values.get(resource, "auto_scaling_compute_scale_down_enabled")
    size = values.get(resource, "provider_instance_size_name")
    properties["ReplicationSpecs"] = [{"AdvancedRegionConfigs": [_region(size, least, down)]}]


def advanced_cluster(_values: Values, resource: Planned, properties: dict[str, Any]) -> None:
    """``mongodbatlas_advanced_cluster``: a size for each region, in blocks or, since version 2 of the provider, in objects."""
    unread = Unresolved(f"the size of '{resource.address}' is {AFTER_APPLY}")
    properties["ReplicationSpecs"] = [
        {
            "AdvancedRegionConfigs": [
                _region_of(mapping(region), unread) for region in listed(spec.get("region_configs"))
            ]
        }
        for spec in map(mapping, listed(resource.values.get("replication_specs")))
    ] or [{"AdvancedRegionConfigs": [_region(unread, None, None)]}]


def _region_of(region: Mapping[str, Any], unread: Unresolved) -> dict[str, Any]:
    size = _block(region.get("electable_specs")).get("instance_size", unread)
    scaling = _block(region.get("auto_scaling"))
    return _region(size, scaling.get("compute_min_instance_size"), scaling.get("compute_scale_down_enabled"))


def _region(size: Any, least: Any, down: Any) -> dict[str, Any]:
    found: dict[str, Any] = {"ElectableSpecs": {"InstanceSize": size}}
    if least:
        found["AutoScaling"] = {"Compute": {"MinInstanceSize": least, "ScaleDownEnabled": down}}
    return found


def _block(value: Any) -> Mapping[str, Any]:
    """A block of which there is one, or an object."""
    first = value[0] if isinstance(value, list) and value else value
    return mapping(first)
