"""What a fleet knows beside its functions: clients nobody counted, and declarations that contradict each other."""

from __future__ import annotations

from dataclasses import dataclass

from constructs_lib.model.origin import NOWHERE, Origin


@dataclass(frozen=True)
class Outsider:
    """A task, job or machine that holds a store's address or secret, with no number of connections in any document.

    ``kind`` is AWS's resource type in words (``ECS TaskDefinition``).
    """

    id: str
    kind: str
    store: str
    origin: Origin = NOWHERE


@dataclass(frozen=True)
class Contradiction:
    """Two places that say different things of one subject: ``what`` they speak of, what counts, what is passed over, and where that is."""

    subject: str
    what: str
    counts: str
    passed_over: str
    origin: Origin = NOWHERE
