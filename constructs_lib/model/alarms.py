"""What is watched: CloudWatch alarms by the metric they look at."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin


class Alarm(NamedTuple):
    """One metric that an alarm looks at; an alarm on an expression gives one entry for each metric in it.

    ``namespace`` and ``metric`` are CloudWatch's, ``None`` where the source does not show them. ``dimensions`` name the resource by its
    fleet id where the value refers to one, else as the text that stands there; a value that could not be read is ``None``.
    ``unread_dimension`` tells that the name of one could not be read. Without dimensions the metric
    is the sum over everything of its kind in the account and region.
    """

    id: str
    namespace: str | None = None
    metric: str | None = None
    dimensions: Mapping[str, str | None] = MappingProxyType({})
    origin: Origin = NOWHERE
    unread_dimension: bool = False

    def watches(self, namespace: str, metric: str, dimension: str, value: str) -> bool:
        """Whether it looks at that metric of that resource: by its dimension, or of everything when it has none."""
        if (self.namespace, self.metric) != (namespace, metric) or self.unread_dimension:
            return False
        return not self.dimensions or self.dimensions.get(dimension) == value
