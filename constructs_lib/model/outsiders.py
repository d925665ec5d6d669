"""What a fleet knows beside its functions: clients nobody counted, and declarations that contradict each other."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin


class Outsider(NamedTuple):
    """A task, job or machine that holds a store's address or secret, with no number of connections in any document.

    ``kind`` is AWS's resource type in words (``ECS TaskDefinition``).
    """

    id: str
    kind: str
    store: str
    origin: Origin = NOWHERE


class Contradiction(NamedTuple):
    """Two places that say different things of one subject: ``what`` they speak of, what counts, what is passed over, and where that is."""

    subject: str
    what: str
    counts: str
    passed_over: str
    origin: Origin = NOWHERE
