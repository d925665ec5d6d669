"""Keys of the single table: one class of keys per entity, the tenant as partition and so as the boundary of access.

An entity's key builder is a frozen dataclass with a property ``key``; what it puts into a key goes through ``part``, so that no value
can reach over a separator into another entity or another tenant.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from typing import Protocol

from datastores.errors import KeyPartError

SEPARATOR = "#"
_PART = re.compile(r"[A-Za-z0-9._:@+-]{1,128}")


@dataclass(frozen=True)
class Key:
    """The primary key of one item."""

    partition: str
    sort: str


class EntityKey(Protocol):
    """A typed key builder."""

    @property
    def key(self) -> Key:
        """Where the entity lies."""
        ...


def part(value: str, what: str) -> str:
    """``value`` as part of a key. Raises ``KeyPartError``: it must be 1 to 128 of a-z, A-Z, 0-9 and ``._:@+-``."""
    if not _PART.fullmatch(value):
        raise KeyPartError(
            f"{what} {value[:40]!r} cannot be part of a key: allowed are 1 to 128 of a-z A-Z 0-9 . _ : @ + -"
        )
    return value


def join(*parts: str) -> str:
    """Parts of a key, checked already, with the separator between them."""
    return SEPARATOR.join(parts)


def tenant_partition(tenant: str) -> str:
    """The partition of a tenant; what IAM's ``dynamodb:LeadingKeys`` is held against."""
    return join("TENANT", part(tenant, "tenant"))


def fingerprint(text: str) -> str:
    """A key part for free text: equal for what people would call the same, whatever its case, width or outer spaces."""
    return hashlib.sha256(plain(text).encode()).hexdigest()[:40]


def plain(text: str) -> str:
    """Free text as it is compared and sorted."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def shard(text: str, shards: int) -> str:
    """Which of ``shards`` partitions a key goes to, so that one hot tenant is not held to the limits of one partition
    (1,000 write units a second; DynamoDB developer guide, "Partitions", 2026-11-21).
    """
    return f"{int(hashlib.sha256(text.encode()).hexdigest(), 16) % shards:02}"
