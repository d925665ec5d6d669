"""Settings: read whole, refused whole, and never a pool size that nobody counts."""

from __future__ import annotations

from pathlib import Path

import pytest
from datastores.errors import SettingsError
from datastores.settings import projection_settings, relational_settings, table_settings
from datastores.tls import CERTIFICATES, connection_parameters

GOOD = {
    "POOLPROOF_DATABASE_HOST": "proxy.example",
    "POOLPROOF_DATABASE_PORT": "5432",
    "POOLPROOF_DATABASE_NAME": "orders",
    "POOLPROOF_DATABASE_USER": "app",
    "POOLPROOF_DATABASE_ENGINE": "postgresql",
    "POOLPROOF_DATABASE_AUTH": "iam",
    "POOLPROOF_DATABASE_CONNECTIONS": "1",
    "POOLPROOF_DATABASE_TLS": "verify-full",
}


def changed(**values: str | None) -> dict[str, str]:
    merged = {**GOOD, **{f"POOLPROOF_DATABASE_{name}": value for name, value in values.items()}}
    return {name: value for name, value in merged.items() if value is not None}


def test_what_the_construct_writes_is_read() -> None:
    settings = relational_settings(
        environ=changed(BORROW_TIMEOUT_SECONDS="2.5", STATEMENT_TIMEOUT_MS="2000", READER_HOST="reader.example")
    )
    assert (settings.host, settings.port, settings.name, settings.user) == ("proxy.example", 5432, "orders", "app")
    assert (settings.borrow_timeout_seconds, settings.statement_timeout_ms) == (2.5, 2000)
    assert settings.reader_host == "reader.example"


def test_another_prefix_is_another_store() -> None:
    environ = {name.replace("POOLPROOF_DATABASE", "LEDGER"): value for name, value in GOOD.items()}
    assert relational_settings("LEDGER", environ).host == "proxy.example"
    with pytest.raises(SettingsError, match="POOLPROOF_DATABASE_HOST is missing"):
        relational_settings(environ=environ)


def test_a_secret_names_the_user_itself() -> None:
    settings = relational_settings(environ=changed(AUTH="secret", SECRET_ARN="arn", USER=None))
    assert (settings.user, settings.secret_arn) == (None, "arn")


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"CONNECTIONS": None}, "CONNECTIONS is missing"),
        ({"CONNECTIONS": "2"}, "CONNECTIONS is '2': this runtime opens 1"),
        ({"CONNECTIONS": "one"}, "CONNECTIONS is 'one'"),
        ({"PORT": "0"}, "PORT is '0': allowed is a whole number from 1 to 65535"),
        ({"PORT": "٣"}, "PORT is '٣'"),
        ({"ENGINE": "mysql"}, "ENGINE is 'mysql': allowed is postgresql"),
        ({"AUTH": "none"}, "AUTH is 'none': allowed is iam or secret"),
        ({"AUTH": "secret"}, "SECRET_ARN is missing"),
        ({"USER": None}, "USER is missing"),
        ({"TLS": "prefer"}, "TLS is 'prefer': allowed is verify-full or disable"),
        ({"TLS": "disable", "AUTH": "secret", "SECRET_ARN": "a"}, "TLS is 'disable' for host 'proxy.example'"),
        ({"TLS": "disable", "HOST": "127.0.0.1"}, "TLS is 'disable' with AUTH 'iam'"),
        ({"TLS_BUNDLE": "/no/such/file"}, "TLS_BUNDLE is '/no/such/file', which is no file"),
        ({"BORROW_TIMEOUT_SECONDS": "soon"}, "BORROW_TIMEOUT_SECONDS is 'soon'"),
        ({"BORROW_TIMEOUT_SECONDS": "nan"}, "BORROW_TIMEOUT_SECONDS is 'nan'"),
    ],
)
def test_each_problem_is_named(values: dict[str, str | None], problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        relational_settings(environ=changed(**values))
    assert any(found.startswith(f"POOLPROOF_DATABASE_{problem}") for found in caught.value.problems)
    assert len(caught.value.problems) == 1


def test_all_problems_come_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        relational_settings(environ={})
    missing = ("CONNECTIONS", "ENGINE", "AUTH", "HOST", "PORT", "NAME")
    assert [problem.split()[0] for problem in caught.value.problems] == [
        f"POOLPROOF_DATABASE_{name}" for name in missing
    ]


def test_the_table_and_its_indexes() -> None:
    settings = table_settings({"POOLPROOF_TABLE_NAME": "t", "POOLPROOF_TABLE_INDEXES": "GSI1,GSI2"})
    assert (settings.indexes, settings.cursor_secret_arn) == (("GSI1", "GSI2"), None)
    with pytest.raises(SettingsError, match="POOLPROOF_TABLE_NAME is missing"):
        table_settings({})


def test_a_projection_names_all_that_is_missing() -> None:
    with pytest.raises(SettingsError) as caught:
        projection_settings({"POOLPROOF_SETTLE_SECONDS": "-1"})
    assert len(caught.value.problems) == 4


def test_connections_are_verified_against_amazons_roots(tmp_path: Path) -> None:
    import ssl

    parameters = connection_parameters(relational_settings(environ=GOOD))
    assert parameters == {"sslmode": "verify-full", "sslrootcert": str(CERTIFICATES)}
    trusted = ssl.create_default_context(cafile=str(CERTIFICATES)).get_ca_certs()
    names = [dict(pair[0] for pair in authority["subject"])["commonName"] for authority in trusted]
    assert {f"Amazon Root CA {number}" for number in (1, 2, 3, 4)} <= set(names)
    assert {f"Amazon RDS {region} Root CA RSA2048 G1" for region in ("us-east-1", "eu-central-1")} <= set(names)
    assert all(authority["subject"] == authority["issuer"] for authority in trusted)
    own = tmp_path / "own.pem"
    own.write_text("")
    bundle = relational_settings(environ=changed(TLS_BUNDLE=str(own)))
    assert connection_parameters(bundle)["sslrootcert"] == str(own)
    local = relational_settings(environ=changed(TLS="disable", HOST="127.0.0.1", AUTH="secret", SECRET_ARN="a"))
    assert connection_parameters(local) == {"sslmode": "disable"}
