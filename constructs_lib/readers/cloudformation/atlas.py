"""The size of a MongoDB Atlas cluster, whose published limit of connections then counts.

Properties: github.com/mongodb/mongodbatlas-cloudformation-resources, cfn-resources/cluster/docs, read 2026-11-22.
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.facts import presets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, entries_of, items_of, text_of, truth_of

CLUSTER = "MongoDB::Atlas::Cluster"
FLEX = "MongoDB::Atlas::FlexCluster"
_PRESET = "mongodb-atlas"


def preset_of(resource: Resource) -> str | None:
    """The preset of the smallest size that a cluster may have; ``None`` where a size is not known, and for every other resource."""
    if resource.type == FLEX:
        return f"{_PRESET}:flex"
    sizes = [text_of(size) for size in _sizes(resource)] if resource.type == CLUSTER else []
    found = [presets.preset(f"{_PRESET}:{size}") if size is not None else None for size in sizes]
    known = [preset for preset in found if preset is not None]
    if not known or len(known) < len(found):
        return None
    return min(known, key=lambda preset: preset.connections or 0).name


def _sizes(resource: Resource) -> Iterator[Value]:
    """Every size of nodes that may become the primary, and what automatic scaling may go down to."""
    for spec in items_of(resource.get("ReplicationSpecs")):
        for region in items_of(entries_of(spec).get("AdvancedRegionConfigs")):
            yield entries_of(entries_of(region).get("ElectableSpecs")).get("InstanceSize")
            scaling = entries_of(entries_of(entries_of(region).get("AutoScaling")).get("Compute"))
            if truth_of(scaling.get("ScaleDownEnabled")) is not False and "MinInstanceSize" in scaling:
                yield scaling["MinInstanceSize"]
