"""Poolers that people run themselves: a secret named after one, read by a machine that also reads the secret of the database behind it."""

from __future__ import annotations

import re
from functools import cached_property

from constructs_lib.readers.cloudformation.allowances import READ_SECRET
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.permissions import ROLE, Permissions
from constructs_lib.readers.cloudformation.secrets import SECRET, Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import text_of
from constructs_lib.regex import regex

_POOLER = regex(r"pg_?bouncer|pg_?cat|pgpool|proxy_?sql|pooler|maxscale", re.IGNORECASE)


class Poolers:
    """Secrets of poolers of one estate."""

    def __init__(self, environment: Environment, secrets: Secrets, permissions: Permissions) -> None:
        self.environment = environment
        self.secrets = secrets
        self.permissions = permissions

    def store_of(self, secret: Resource) -> Resource | None:
        """The database behind the pooler whose login lies in a secret; ``None`` for any other secret."""
        return self._behind.get(secret.key)

    @cached_property
    def _behind(self) -> dict[tuple[str, str], Resource]:
        named = {secret.key for secret in self.environment.estate.of_type(SECRET) if _is_of_a_pooler(secret)}
        found: dict[tuple[str, str], Resource] = {}
        for role in self.environment.estate.of_type(ROLE) if named else ():
            read = [] if self.permissions.users(role) else self._read_by(role)
            stores = {store.key: store for secret in read if (store := self.secrets.store_of(secret, "")) is not None}
            if len(stores) == 1:
                found.update(dict.fromkeys((secret.key for secret in read if secret.key in named), *stores.values()))
        return found

    def _read_by(self, role: Resource) -> list[Resource]:
        readable = [item for item in self.permissions.of_role(role) if item.allows(READ_SECRET)]
        return [
            use.resource for item in readable for value in item.resources for use in self.environment.uses(value, "")
        ]


def _is_of_a_pooler(secret: Resource) -> bool:
    words = (secret.logical_id, text_of(secret.get("Name")), text_of(secret.get("Description")))
    return any(_POOLER.search(word) for word in words if word)
