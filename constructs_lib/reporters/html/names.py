"""Names people know: construct paths in the place of CloudFormation's logical ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from constructs_lib.check import Report
from constructs_lib.model.origin import Origin


@dataclass(frozen=True)
class Names:
    """Logical id → construct path below the stack, for everything in a report that has a path."""

    by_id: Mapping[str, str]

    def of(self, logical_id: str) -> str:
        """The path of an id, or the id itself."""
        return self.by_id.get(logical_id, logical_id)

    def plain(self, text: str) -> str:
        """A text with every known id replaced; the longest first, so that none is taken for the start of another."""
        for logical_id in sorted(self.by_id, key=len, reverse=True):
            text = text.replace(logical_id, self.by_id[logical_id])
        return text


def names_of(report: Report) -> Names:
    """The names of a report's stores, pools and consumers; where two would be called the same, both keep their ids."""
    fleet = report.fleet
    found: Iterable[tuple[str, Origin]] = [
        *((store.id, store.origin) for store in fleet.stores),
        *((pool.id, pool.origin) for pool in fleet.pools),
        *((consumer.id, consumer.origin) for consumer in fleet.consumers),
    ]
    paths = {identifier: _below_stack(origin.path) for identifier, origin in found if origin.path}
    often = Counter(paths.values())
    return Names({identifier: path for identifier, path in paths.items() if often[path] == 1})


def _below_stack(path: str) -> str:
    """`Poolproof/Orders/OrderApi/Resource` is known as `Orders/OrderApi`."""
    below = path.split("/", 1)[-1]
    return below.removesuffix("/Resource")
