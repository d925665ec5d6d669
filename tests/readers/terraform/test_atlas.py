"""Clusters of MongoDB Atlas in a plan: addresses, and sizes in blocks, objects or one argument."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from constructs_lib.readers.sources import read
from tests.readers.terraform.plans import function, plan, resource, write

_SPEC = {"instance_size": "M30", "node_count": 3}


@pytest.mark.parametrize(
    ("kind", "values", "unknown", "preset"),
    [
        ("cluster", {"provider_instance_size_name": "M10"}, {}, "mongodb-atlas:m10"),
        ("cluster", {}, {"provider_instance_size_name": True}, None),
        (
            "advanced_cluster",
            {"replication_specs": [{"region_configs": [{"electable_specs": [_SPEC]}]}]},
            {},
            "mongodb-atlas:m30",
        ),
        (
            "advanced_cluster",
            {"replication_specs": [{"region_configs": [{"electable_specs": _SPEC}]}]},
            {},
            "mongodb-atlas:m30",
        ),
        (
            "advanced_cluster",
            {
                "replication_specs": [
                    {
                        "region_configs": [
                            {
                                "electable_specs": _SPEC,
                                "auto_scaling": {
                                    "compute_min_instance_size": "M10",
                                    "compute_scale_down_enabled": True,
                                },
                            }
                        ]
                    }
                ]
            },
            {},
            "mongodb-atlas:m10",
        ),
        ("advanced_cluster", {}, {"replication_specs": True}, None),
        ("flex_cluster", {}, {}, "mongodb-atlas:flex"),
    ],
)
def test_a_cluster_of_atlas(
    tmp_path: Path, kind: str, values: dict[str, Any], unknown: dict[str, Any], preset: str | None
) -> None:
    address = f"mongodbatlas_{kind}.orders"
    cluster = resource(
        address, {"name": "orders", **values}, {"connection_strings": True, **unknown}, {key: {} for key in unknown}
    )
    client = function("api", {"MONGODB_URI": f"{address}.connection_strings[0].standard_srv"})
    fleet = read([write(tmp_path / "plan.json", plan([cluster, client]))]).fleet
    (store,) = fleet.stores
    assert (store.id, store.kind, store.preset) == (address, "mongodb-atlas-cluster", preset)
    (edge,) = fleet.connections
    assert (edge.store, edge.via, edge.certainty) == (address, "direct", "certain")
