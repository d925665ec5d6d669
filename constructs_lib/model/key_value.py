"""What a key-value table is made of: keys, indexes, caps on throughput, expiry, recovery, and who reads its stream or exports it."""

from __future__ import annotations

from typing import NamedTuple

from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.model.quantity import Quantity
from constructs_lib.model.schedules import Schedule


class Index(NamedTuple):
    """A global secondary index; ``partition_key`` is the attribute it is spread by, ``None`` where that could not be read."""

    name: str
    partition_key: str | None = None


class Export(NamedTuple):
    """Something that exports the table to S3; ``incremental`` is ``None`` where the kind of export does not show."""

    id: str
    incremental: bool | None = None
    schedules: tuple[Schedule, ...] = ()
    origin: Origin = NOWHERE


class KeyValueTable(NamedTuple):
    """A DynamoDB table.

    ``read_units`` and ``write_units`` are the most it may consume, in request or capacity units per second: provisioned, the upper end
    of its scaling, or the on-demand maximum; ``None`` where nothing caps it but the account's quota. ``time_to_live``,
    ``point_in_time_recovery`` and ``deletion_protection`` are effective, ``None`` where they could not be decided. ``kept`` tells that
    the table outlives its stack. ``known_as`` are names of environment variables that refer to it. ``stream_readers`` are ids of event
    source mappings and pipes that read its stream; ``replicas`` counts regions.
    """

    name: str | None = None
    partition_key: str | None = None
    indexes: tuple[Index, ...] = ()
    on_demand: bool | None = None
    read_units: Quantity | None = None
    write_units: Quantity | None = None
    time_to_live: bool | None = False
    point_in_time_recovery: bool | None = False
    deletion_protection: bool | None = False
    kept: bool = False
    known_as: tuple[str, ...] = ()
    stream_readers: tuple[str, ...] = ()
    exports: tuple[Export, ...] = ()
    replicas: int = 1
