"""Clients of a store that are no functions: containers, jobs and crawlers. Templates do not show how many connections they open."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from constructs_lib.model.outsiders import Outsider
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.declared import STORE
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.kinds import TABLES, address_role
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.secrets import Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value

#: Where each kind of client keeps what it is told about its store.
CLIENTS: dict[str, tuple[str, ...]] = {
    "AWS::ECS::TaskDefinition": ("ContainerDefinitions",),
    "AWS::Batch::JobDefinition": ("ContainerProperties", "NodeProperties", "EksProperties", "EcsProperties"),
    "AWS::AppRunner::Service": ("SourceConfiguration",),
    "AWS::CodeBuild::Project": ("Environment",),
    "AWS::Glue::Connection": ("ConnectionInput",),
    "AWS::Glue::Job": ("DefaultArguments",),
    "AWS::DMS::Endpoint": ("ServerName", "PostgreSqlSettings", "MySqlSettings"),
    "AWS::ElasticBeanstalk::Environment": ("OptionSettings",),
    "AWS::EC2::Instance": ("UserData",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateData",),
    "AWS::AutoScaling::LaunchConfiguration": ("UserData",),
}


def uncounted(databases: Databases, proxies: Proxies, secrets: Secrets, environment: Environment) -> Iterator[Outsider]:
    """Each client of a store whose other connections nobody declared."""
    for kind, keys in CLIENTS.items():
        for client in databases.estate.of_type(kind):
            stores = [
                _store(use.resource, use.attribute, databases, proxies, secrets)
                for use in _uses(client, keys, environment)
            ]
            for store in dict.fromkeys(store for store in stores if store is not None):
                if not _declares_others(store):
                    words = kind.removeprefix("AWS::").replace("::", " ")
                    yield Outsider(client.id, words, store.id, client.origin)


def _uses(client: Resource, keys: tuple[str, ...], environment: Environment) -> Iterator[Any]:
    for key in keys:
        value: Value = client.get(key)
        if value is not None:
            yield from environment.uses(value, key)


def _store(
    resource: Resource, attribute: str, databases: Databases, proxies: Proxies, secrets: Secrets
) -> Resource | None:
    if address_role(resource.type, attribute) is not None:
        proxied = proxies.proxy_of(resource)
        store = proxies.target.get(proxied[0].key) if proxied is not None else databases.store_of(resource)
        return store if store is not None and store.type not in TABLES else None
    return secrets.store_of(resource, attribute)


def _declares_others(store: Resource) -> bool:
    entry = store.metadata.get(STORE)
    return isinstance(entry, dict) and bool(entry.get("other_connections"))
