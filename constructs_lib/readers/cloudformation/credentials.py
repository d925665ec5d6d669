"""Secrets as credentials: which user they hold, and which rotation strategy AWS's own rotation function follows."""

from __future__ import annotations

import json
from collections.abc import Iterator

from constructs_lib.model.credentials import Credential, Strategy
from constructs_lib.model.origin import NOWHERE, Origin
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.secrets import SECRET, Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Either, Text, Value, references_in, text_of

SCHEDULE = "AWS::SecretsManager::RotationSchedule"
APPLICATION = "AWS::Serverless::Application"
#: How the names of AWS's rotation functions end: hosted rotation types and applications of the serverless repository
#: (Secrets Manager user guide, rotation function templates, read 2026-11-21).
_ENDINGS: tuple[tuple[str, Strategy], ...] = (("MultiUser", "alternating-users"), ("SingleUser", "single-user"))


def credentials(estate: Estate, secrets: Secrets) -> Iterator[Credential]:
    """Every secret of an estate, with the database it belongs to and the rotation that a schedule gives it."""
    rotated: dict[tuple[str, str], tuple[Strategy, Origin]] = {}
    for schedule in estate.of_type(SCHEDULE):
        secret, strategy = secrets.secret_of(schedule.get("SecretId")), _strategy(estate, schedule)
        if secret is not None and strategy is not None:
            rotated[secret.key] = strategy, schedule.origin
    for secret in estate.of_type(SECRET):
        store, proxy = secrets.store_of(secret, "Ref"), secrets.proxy_of(secret)
        owner = store if store is not None else secrets.proxies.target.get(proxy.key) if proxy is not None else None
        rotation, place = rotated.get(secret.key, (None, NOWHERE))
        yield Credential(
            id=secret.id,
            store=owner.id if owner is not None else None,
            user=_user(secret),
            rotation=rotation,
            rotation_origin=place,
            origin=secret.origin,
        )


def _strategy(estate: Estate, schedule: Resource) -> Strategy | None:
    hosted = text_of(schedule.get("HostedRotationLambda", "RotationType"))
    if hosted is not None:
        return _named(hosted)
    for reference in references_in(schedule.get("RotationLambdaARN")):
        application = estate.resource(reference)
        if application is not None and application.type == APPLICATION:
            return _named(_last(application.get("Location", "ApplicationId")))
    return None


def _named(name: str) -> Strategy | None:
    return next((strategy for ending, strategy in _ENDINGS if name.endswith(ending)), None)


def _last(value: Value) -> str:
    """The end of an application's ARN, which names it; where partitions differ, all of them name the same one."""
    if isinstance(value, Either):
        ends = {_last(option).rsplit("/", 1)[-1] for option in value.options}
        return ends.pop() if len(ends) == 1 else ""
    if isinstance(value, Text):
        value = value.parts[-1]
    return text_of(value) or ""


def _user(secret: Resource) -> str | None:
    """The user named in the secret's text or in the template that a generated secret is made from."""
    for text in (secret.get("SecretString"), secret.get("GenerateSecretString", "SecretStringTemplate")):
        user = _username(text)
        if user is not None:
            return user
    return None


def _username(value: Value) -> str | None:
    if isinstance(value, Text):
        # Holes stand for hosts and passwords; one that is the user's name itself says nothing.
        value = "".join(part if isinstance(part, str) else "\x00" for part in value.parts).replace("\x00", "\\u0000")
    text = text_of(value)
    try:
        found = json.loads(text) if text is not None else None
    except ValueError:
        return None
    name = found.get("username") if isinstance(found, dict) else None
    return name if isinstance(name, str) and name and "\x00" not in name else None
