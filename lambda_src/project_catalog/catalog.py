"""Tenants and their projects in the single table.

A tenant's items share one partition. A project's id begins with its time, so that the table itself lists projects in the order of
creation; GSI1 lists them by name. A name is taken by an item of its own, written in the same transaction as its project.
"""

from __future__ import annotations

import secrets
import time
import uuid
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from datastores.cursor import CursorSigner
from datastores.dynamodb import Item
from datastores.errors import AlreadyExistsError, NotFoundError
from datastores.keys import Key, fingerprint, join, part, plain, tenant_partition
from datastores.single_table import Create, Lookup, Require, SingleTable

ORDERS = {"created": None, "name": "GSI1"}
"""Orders of a listing, and the index that keeps each (``None`` is the table itself)."""


@dataclass(frozen=True)
class TenantKey:
    """The item of a tenant."""

    tenant: str

    @property
    def key(self) -> Key:
        return Key(tenant_partition(self.tenant), "TENANT")


@dataclass(frozen=True)
class ProjectKey:
    """The item of a project."""

    tenant: str
    project_id: str

    @property
    def key(self) -> Key:
        return Key(tenant_partition(self.tenant), join("PROJECT", part(self.project_id, "project id")))


@dataclass(frozen=True)
class NameKey:
    """The item that takes a name, so that a tenant has no two projects of one name."""

    tenant: str
    name: str

    @property
    def key(self) -> Key:
        return Key(tenant_partition(self.tenant), join("PROJECT_NAME", fingerprint(self.name)))


class NameTakenError(Exception):
    """The tenant has a project of this name."""


@dataclass(frozen=True)
class Listing:
    """What a page shows: ``order`` is a key of ``ORDERS``."""

    order: str
    limit: int
    cursor: str | None


@dataclass(frozen=True)
class Catalog:
    """The projects of all tenants; every call names the tenant it is for."""

    table: SingleTable
    cursors: CursorSigner

    def create(self, tenant: str, user: str, name: str, description: str) -> dict[str, Any]:
        """A new project; its tenant is registered with the first one. Raises ``NameTakenError``."""
        project = ProjectKey(tenant, time_ordered_id())
        attributes = _attributes(project, user, name, description)
        writes: list[Create | Require] = [
            Create(project, attributes),
            Create(NameKey(tenant, name), {"project_id": project.project_id}),
            Require(TenantKey(tenant)),
        ]
        try:
            self._write(writes, tenant)
        except AlreadyExistsError as error:
            raise NameTakenError(name) from error
        return _shown({**attributes, "version": 1})

    def find(self, tenant: str, project_id: str) -> dict[str, Any] | None:
        """A project; ``None`` when this tenant has none of that id."""
        item = self.table.get(ProjectKey(tenant, project_id))
        return None if item is None else _shown(item)

    def describe(self, tenant: str, project_id: str, description: str, version: int) -> dict[str, Any]:
        """Change the description of the project that was read as ``version``. Raises as ``SingleTable.update`` does."""
        changes = {"description": description, "changed_at": _now()}
        return _shown(self.table.update(ProjectKey(tenant, project_id), changes, version=version))

    def tenant(self, tenant: str) -> dict[str, Any] | None:
        """The tenant's own item; ``None`` before its first project."""
        item = self.table.get(TenantKey(tenant))
        return None if item is None else {"tenant_id": tenant, "created_at": item["created_at"]}

    def listing(self, tenant: str, wish: Listing) -> dict[str, Any]:
        """A page of a tenant's projects. Raises ``CursorError`` for a cursor that is none of this listing's."""
        index = ORDERS[wish.order]
        position = self.cursors.open(wish.cursor, tenant, wish.order) if wish.cursor is not None else None
        lookup = Lookup(tenant_partition(tenant), "PROJECT#", index)
        page = self.table.query(lookup, limit=wish.limit, position=position)
        following = self.cursors.sign(tenant, wish.order, page.position) if page.position else None
        return {"projects": [_shown(item) for item in page.items], "next_cursor": following}

    def _write(self, writes: list[Create | Require], tenant: str) -> None:
        try:
            self.table.transact(writes)
        except NotFoundError:
            self._register(tenant)
            self.table.transact(writes)

    def _register(self, tenant: str) -> None:
        try:
            self.table.create(TenantKey(tenant), {"created_at": _now()})
        except AlreadyExistsError:
            return  # somebody else's first project came a moment earlier


def time_ordered_id() -> str:
    """A UUID of version 7 (RFC 9562): 48 bits of milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    number = milliseconds << 80 | 0x7 << 76 | secrets.randbits(12) << 64 | 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=number))


def _attributes(project: ProjectKey, user: str, name: str, description: str) -> Item:
    return {
        "project_id": project.project_id,
        "name": name,
        "description": description,
        "created_by": user,
        "created_at": _now(),
        "GSI1PK": tenant_partition(project.tenant),
        "GSI1SK": join("PROJECT", plain(name), project.project_id),
    }


def _shown(item: Item) -> dict[str, Any]:
    hidden = {"PK", "SK", "GSI1PK", "GSI1SK"}
    return {name: value for name, value in item.items() if name not in hidden}


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
