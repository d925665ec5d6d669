"""Which secret holds the credentials of which store."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from constructs_lib.model.fleet import Pool
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import Environment
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.kinds import CLUSTER, INSTANCE, PROXY, STORES
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.stack import Resource, Stack
from constructs_lib.readers.cloudformation.unseen import secret_name, source_of
from constructs_lib.readers.cloudformation.values import Either, Text, Unresolved, Value

SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
ATTACHMENT = "AWS::SecretsManager::SecretTargetAttachment"
SECRETS = (SECRET, ATTACHMENT)
_PASSWORD_KEYS = ("MasterUserPassword", "AuthToken", "AdminUserPassword")


class Secrets:
    """Secrets by the store they belong to: attached, used as its master password, or holding its address."""

    def __init__(self, estate: Estate, environment: Environment, databases: Databases, proxies: Proxies) -> None:
        self.estate = estate
        self.environment = environment
        self.databases = databases
        self.proxies = proxies
        self._store: dict[tuple[str, str], Resource] = {}
        self._proxy: dict[tuple[str, str], Resource] = {}
        self._outside: dict[tuple[str, str], Resource | None] = {}
        self._elsewhere: dict[tuple[str, str], tuple[str, Resource]] = {}
        self._assumed: set[tuple[str, str]] = set()
        for attachment in estate.of_type(ATTACHMENT):
            self._attach(attachment)
        for kind in STORES:
            for store in estate.of_type(kind):
                for key in _PASSWORD_KEYS:
                    self._note(store.get(key), databases.store_of(store))
        for secret in estate.of_type(SECRET):
            self._addressed(secret)
        for proxy in estate.of_type(PROXY):
            self._authenticates(proxy)

    def secret_of(self, value: object, *, through: bool = False) -> Resource | None:
        """The secret that a value names, by reference, by name, or through its attachment; ``None`` when no template makes it.

        ``through`` an attachment already: one that names another, or itself, names no secret.
        """
        for use in self.environment.uses(value, ""):  # type: ignore[arg-type]
            if use.resource.type == SECRET:
                return use.resource
            if use.resource.type == ATTACHMENT and not through:
                return self.secret_of(use.resource.get("SecretId"), through=True)
        return None

    def _attach(self, attachment: Resource) -> None:
        target = next((use.resource for use in self.environment.uses(attachment.get("TargetId"), "")), None)
        secret = self.secret_of(attachment.get("SecretId"))
        if target is None:
            self._attach_elsewhere(attachment, secret)
            return
        store = self.databases.store_of(target)
        if store is not None:
            self._store[attachment.key] = store
            if secret is not None:
                self._store[secret.key] = store
        elif target.type == PROXY:
            for found in (attachment, secret):
                if found is not None:
                    self._proxy[found.key] = target

    def _attach_elsewhere(self, attachment: Resource, secret: Resource | None) -> None:
        """The secret of a database that no template makes."""
        name = source_of(self.environment.literal(attachment.get("TargetId")))
        for found in (attachment, secret) if name is not None else ():
            if found is not None:
                self._elsewhere[found.key] = (str(name), attachment)

    def _note(self, value: object, store: Resource | None) -> None:
        if value is None or store is None:
            return
        secret = self.secret_of(value)
        if secret is not None:
            self._store.setdefault(secret.key, store)
        elif _is_written_out(value):
            return
        elif (name := secret_name(value)) is not None:  # type: ignore[arg-type]
            key = (_scope(store.stack, value), name)
            self._outside[key] = store if self._outside.get(key, store) is store else None

    def logging_in_with(self, stack: Stack, value: Value, name: str | None) -> Resource | None:
        """The one store whose master password lies in a secret of that name, which no template makes.

        A parameter may be given to several templates: the store of another one is meant if it is the only one with that parameter.
        """
        if name is None:
            return None
        own = self._outside.get((_scope(stack, value), name))
        if own is not None or not isinstance(value, Unresolved) or value.parameter != name:
            return own
        others = {
            store.key: store for (_, called), store in self._outside.items() if called == name and store is not None
        }
        return next(iter(others.values())) if len(others) == 1 else None

    def kept_beside(self, value: Value) -> Resource | None:
        """The one store whose master password lies in the same folder of SSM parameters as what a value comes from."""
        name = source_of(value) if isinstance(value, (str, Text)) else None
        return self._by_folder.get(name.rpartition("/")[0]) if name is not None else None

    @cached_property
    def _by_folder(self) -> dict[str, Resource]:
        kept: dict[str, list[Resource]] = {}
        for (_, name), store in self._outside.items():
            folder = name.rpartition("/")[0]
            if store is not None and folder.count("/") > 1:
                kept.setdefault(folder, []).append(store)
        return {folder: stores[0] for folder, stores in kept.items() if len({store.key for store in stores}) == 1}

    @cached_property
    def of_stores(self) -> frozenset[str]:
        """Ids of the stores that have a secret, their own or one that no template makes."""
        known = {store.id for store in (*self._store.values(), *self._outside.values()) if store is not None}
        managed = (store for kind in (CLUSTER, INSTANCE) for store in self.estate.of_type(kind))
        return frozenset(known | {store.id for store in managed if store.get("ManageMasterUserPassword") is not None})

    def _addressed(self, secret: Resource) -> None:
        for text in (secret.get("SecretString"), secret.get("GenerateSecretString", "SecretStringTemplate")):
            for use in self.environment.uses(text, "") if text is not None else ():
                store = self.databases.store_of(use.resource)
                proxy = self.proxies.proxy_of(use.resource)
                if use.guess and secret.key not in self._store and secret.key not in self._proxy:
                    self._assumed.add(secret.key)
                if proxy is not None:
                    self._proxy.setdefault(secret.key, proxy[0])
                elif store is not None:
                    self._store.setdefault(secret.key, store)

    def _authenticates(self, proxy: Resource) -> None:
        auth = proxy.get("Auth")
        for item in auth if isinstance(auth, list) else ():
            secret = self.secret_of(item.get("SecretArn")) if isinstance(item, dict) else None
            if secret is not None and secret.key not in self._store:
                self._proxy.setdefault(secret.key, proxy)

    def id_of(self, resource: Resource, attribute: str) -> str | None:
        """The id of a secret, an attached one or the one that a database manages itself; ``None`` for anything else."""
        if resource.type in (CLUSTER, INSTANCE):
            return f"{resource.id}.MasterUserSecret" if attribute.startswith("MasterUserSecret") else None
        if resource.type == ATTACHMENT:
            secret = self.secret_of(resource.get("SecretId"))
            return secret.id if secret is not None else None
        return resource.id if resource.type == SECRET else None

    def pools(self) -> Iterator[Pool]:
        """The proxies as pools, each with the secrets it logs in with."""
        for proxy, pool in zip(self.estate.of_type(PROXY), self.proxies.all(), strict=True):
            yield pool._replace(secrets=self.authenticating(proxy))

    def authenticating(self, proxy: Resource) -> tuple[str, ...] | None:
        """Ids of the secrets a proxy logs in with; ``None`` when one of them cannot be told."""
        auth = proxy.get("Auth")
        if auth is None:
            return ()
        if not isinstance(auth, list) or not all(isinstance(item, dict) for item in auth):
            return None
        ids = [self._named_id(item["SecretArn"]) for item in auth if item.get("SecretArn") is not None]
        known = tuple(dict.fromkeys(name for name in ids if name is not None))
        return known if len(ids) == len(auth) and None not in ids else None

    def _named_id(self, value: Value) -> str | None:
        if isinstance(value, Either):
            return None
        return next(
            (name for use in self.environment.uses(value, "") if (name := self.id_of(use.resource, use.attribute))),
            None,
        )

    def store_of(self, resource: Resource, attribute: str) -> Resource | None:
        """The store whose credentials a secret (or the secret a database manages itself) holds."""
        if resource.type in (CLUSTER, INSTANCE) and attribute.startswith("MasterUserSecret"):
            return self.databases.store_of(resource)
        return self._store.get(resource.key)

    def outside_of(self, resource: Resource) -> tuple[str, Resource] | None:
        """What the database outside is called that a secret is attached to, and the attachment that says so."""
        return self._elsewhere.get(resource.key)

    def is_assumed(self, resource: Resource) -> bool:
        """Whether nothing certain says what is in a secret."""
        return resource.key in self._assumed

    def proxy_of(self, resource: Resource) -> Resource | None:
        """The proxy that logs in with a secret which belongs to no store directly."""
        return self._proxy.get(resource.key)


def _is_written_out(password: object) -> bool:
    """Whether it is the password itself, and not where it lies."""
    return isinstance(password, str) and "{{resolve:" not in password


def _scope(stack: Stack, value: object) -> str:
    """A plain name means the same everywhere, a parameter only in its own template."""
    return "" if isinstance(value, str) else stack.key
