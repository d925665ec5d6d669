"""Logins: fetched or signed once, renewed in time, shown to nobody."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from datastores.credentials import RENEWAL_SECONDS, TOKEN_SECONDS, SecretCredentials, TokenCredentials, secret_text
from datastores.errors import ConfigurationError, UnavailableError


def test_a_secret_is_fetched_once_until_it_is_forgotten() -> None:
    asked: list[str] = []

    def fetch(arn: str) -> str:
        asked.append(arn)
        return json.dumps({"username": "app", "password": f"p{len(asked)}"})

    credentials = SecretCredentials("arn", fetch)
    assert [credentials.login().password for _ in range(3)] == ["p1"] * 3
    credentials.forget()
    assert credentials.login().password == "p2"
    assert asked == ["arn", "arn"]
    assert "p2" not in repr(credentials.login())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "{}",
        '{"username": "app"}',
        '{"username": "", "password": "p"}',
        '{"username": 1, "password": "p"}',
    ],
)
def test_a_secret_of_another_shape_is_said(text: str) -> None:
    with pytest.raises(ConfigurationError, match="username and password"):
        SecretCredentials("arn", lambda _: text).login()


class Signer:
    def __init__(self) -> None:
        self.signed = 0
        self.now = 0.0

    def sign(self, url: str, region: str) -> str:
        self.signed += 1
        return f"{url}&region={region}&number={self.signed}"

    def credentials(self) -> TokenCredentials:
        return TokenCredentials("h", 5432, "app", "eu-central-1", sign=self.sign, clock=lambda: self.now)


def test_a_token_is_renewed_before_it_ends() -> None:
    signer = Signer()
    credentials = signer.credentials()
    first = credentials.login()
    assert first.user == "app"
    assert first.password == "h:5432/?Action=connect&DBUser=app&region=eu-central-1&number=1"
    signer.now = TOKEN_SECONDS - RENEWAL_SECONDS - 1
    assert credentials.login() == first
    signer.now += 1
    assert credentials.login() != first
    assert signer.signed == 2


def test_a_refused_token_is_signed_anew() -> None:
    signer = Signer()
    credentials = signer.credentials()
    credentials.login()
    credentials.forget()
    credentials.login()
    assert signer.signed == 2


def test_without_a_region_no_token() -> None:
    with pytest.raises(ConfigurationError, match="AWS_REGION"):
        TokenCredentials("h", 5432, "app", "")


def test_tokens_equal_those_of_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.auth
    import botocore.session
    from datastores import credentials

    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKID",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "session/+=",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(credentials, "_session", botocore.session.get_session)
    moment = datetime.now(timezone.utc) - timedelta(seconds=5)
    monkeypatch.setattr(botocore.auth, "get_current_datetime", lambda *_, **__: moment.replace(tzinfo=None))
    ours = TokenCredentials("proxy.example", 5432, "app@x", "eu-central-1").login().password
    # A session of its own: the default one keeps the credentials of whichever test used it first.
    client: Any = boto3.session.Session().client("rds", region_name="eu-central-1")
    theirs = client.generate_db_auth_token("proxy.example", 5432, "app@x")
    assert _query(ours) == _query(theirs)
    assert ours.startswith("proxy.example:5432/?")


def _query(token: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(f"https://{token}").query)


@pytest.mark.local_cloud
def test_secrets_manager_answers_or_says_why(single_table: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from datastores import credentials

    made = boto3.client("secretsmanager").create_secret(Name=f"s-{single_table}", SecretString="text")
    assert secret_text(made["ARN"]) == "text"
    with pytest.raises(ConfigurationError, match="ResourceNotFoundException"):
        secret_text("nowhere")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    credentials._secrets.cache_clear()
    with pytest.raises(UnavailableError, match="cannot be read now"):
        secret_text(made["ARN"])
    credentials._secrets.cache_clear()
