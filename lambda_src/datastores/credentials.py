"""How a function logs in: with a secret that may be rotated under it, or with an IAM token it signs itself.

Both are cached for the life of the execution environment, because Secrets Manager is billed and throttled per call and the rate of
IAM logins is limited (guardian/pinboard#352). ``forget`` drops what is cached; the store calls it once after a refused login.
"""

from __future__ import annotations

import functools
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

from datastores.errors import ConfigurationError, UnavailableError
from datastores.settings import RelationalSettings

TOKEN_SECONDS = 900
"""Life of an IAM token: 15 minutes (RDS user guide, "IAM database authentication", 2026-11-21)."""
RENEWAL_SECONDS = 30
"""How long before its end a token is renewed."""


@dataclass(frozen=True)
class Login:
    """A user and the password or token to log in with."""

    user: str
    password: str

    def __repr__(self) -> str:
        return f"Login(user={self.user!r})"


class Credentials(Protocol):
    """A source of logins."""

    def login(self) -> Login:
        """The login to use now."""
        ...

    def forget(self) -> None:
        """Fetch or sign anew next time."""
        ...


def credentials_for(settings: RelationalSettings, host: str) -> Credentials:
    """The way to log in that the settings name."""
    if settings.secret_arn is not None:
        return SecretCredentials(settings.secret_arn)
    return TokenCredentials(host, settings.port, settings.user or "", os.environ.get("AWS_REGION", ""))


class SecretCredentials:
    """``username`` and ``password`` of a JSON secret, fetched once."""

    def __init__(self, arn: str, fetch: Callable[[str], str] | None = None) -> None:
        self._arn = arn
        self._fetch = fetch or secret_text
        self._login: Login | None = None

    def login(self) -> Login:
        if self._login is None:
            self._login = _parse(self._arn, self._fetch(self._arn))
        return self._login

    def forget(self) -> None:
        self._login = None


class TokenCredentials:
    """IAM tokens for one host, port, user and region; signed locally, without a client of any service."""

    def __init__(
        self,
        host: str,
        port: int,
        user: str,
        region: str,
        *,
        sign: Callable[[str, str], str] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if not region:
            raise ConfigurationError("the region to sign IAM tokens for is unknown: set AWS_REGION, as Lambda does")
        self._user = user
        self._region = region
        self._url = f"https://{host}:{port}/?Action=connect&DBUser={quote(user, safe='')}"
        self._sign = sign or _sign
        self._clock = clock
        self._token = ""
        self._renew_at = 0.0

    def login(self) -> Login:
        if not self._token or self._clock() >= self._renew_at:
            self._token = self._sign(self._url, self._region).removeprefix("https://")
            self._renew_at = self._clock() + TOKEN_SECONDS - RENEWAL_SECONDS
        return Login(self._user, self._token)

    def forget(self) -> None:
        self._token = ""


def secret_text(arn: str) -> str:
    """The current value of a secret.

    Raises ``UnavailableError`` when Secrets Manager does not answer, ``ConfigurationError`` when it refuses or has no such secret.
    """
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - IAM logins never need a client

    try:
        return str(_secrets().get_secret_value(SecretId=arn)["SecretString"])
    except ClientError as error:
        code = error.response.get("Error", {}).get("Code", "")
        if code in {
            "AccessDeniedException",
            "ResourceNotFoundException",
            "InvalidRequestException",
            "DecryptionFailure",
        }:
            raise ConfigurationError(f"secret {arn!r} cannot be read: {error}") from error
        raise UnavailableError(f"secret {arn!r} cannot be read now: {error}") from error
    except BotoCoreError as error:
        raise UnavailableError(f"secret {arn!r} cannot be read now: {error}") from error


@functools.cache
def _secrets() -> Any:
    import boto3  # noqa: PLC0415 - costs a quarter of a second of a cold start, which IAM logins save
    from botocore.config import Config  # noqa: PLC0415

    patience = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
    return boto3.client("secretsmanager", config=patience)


@functools.cache
def _session() -> Any:
    import botocore.session  # noqa: PLC0415

    return botocore.session.get_session()


def _sign(url: str, region: str) -> str:
    from botocore.auth import SigV4QueryAuth  # noqa: PLC0415
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415

    credentials = _session().get_credentials()
    if credentials is None:
        raise ConfigurationError("no AWS credentials to sign an IAM token with: give the function a role")
    request = AWSRequest(method="GET", url=url)
    SigV4QueryAuth(credentials, "rds-db", region, expires=TOKEN_SECONDS).add_auth(request)
    return str(request.url)


def _parse(arn: str, text: str) -> Login:
    try:
        secret = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigurationError(
            f"secret {arn!r} is no JSON: it must hold an object with username and password"
        ) from error
    if not isinstance(secret, dict):
        raise ConfigurationError(f"secret {arn!r} is no JSON object: it must hold username and password")
    missing = [name for name in ("username", "password") if not isinstance(secret.get(name), str) or not secret[name]]
    if missing:
        raise ConfigurationError(f"secret {arn!r} lacks {' and '.join(missing)}: it must hold username and password")
    return Login(secret["username"], secret["password"])
