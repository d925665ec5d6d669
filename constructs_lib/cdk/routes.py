"""The ways into a relational database, as environment variables and rights of a function."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_rds as rds
from aws_cdk import aws_secretsmanager as secretsmanager

from constructs_lib.cdk._metadata import Element
from constructs_lib.cdk._tokens import is_token, text
from constructs_lib.cdk.connect import Route
from constructs_lib.cdk.settlement import PoolTerms
from constructs_lib.model.quantity import plain

#: Proxies listen on the default port of the engine family whatever the database uses (RDS Proxy guide, 2026-11-21).
PROXY_PORTS = {"postgresql": 5432, "mysql": 3306}


def through_proxy(
    proxy: rds.IDatabaseProxy,
    *,
    endpoint: str,
    peer: ec2.IConnectable | None,
    pool: Element,
    family: str,
    database_name: str,
    user: str | None,
    secret: secretsmanager.ISecret | None,
    iam_auth: bool,
    terms: PoolTerms | None,
    statement_timeout: int | None,
) -> Route:
    """Log in at a proxy with an IAM token, or with a secret where the proxy wants none; TLS always."""
    port = PROXY_PORTS[family]
    name = user if user is not None or secret is None else secret.secret_value_from_json("username").unsafe_unwrap()
    environment = {
        **_address(endpoint, str(port), family, database_name, name),
        "AUTH": "iam" if iam_auth else "secret",
        "TLS": "verify-full",
        **_waits(terms, statement_timeout),
    }
    if iam_auth or secret is None:
        return Route(environment, (lambda grantee: proxy.grant_connect(grantee, name),), peer, ec2.Port.tcp(port), pool)
    return Route({**environment, "SECRET_ARN": secret.secret_arn}, (secret.grant_read,), peer, ec2.Port.tcp(port), pool)


def direct(
    *,
    host: str,
    port: str,
    peer: ec2.IConnectable | None,
    family: str,
    database_name: str,
    user: str | None,
    secret: secretsmanager.ISecret,
    tls: bool = True,
    pool: Element = None,
    terms: PoolTerms | None = None,
    statement_timeout: int | None = None,
) -> Route:
    """Log in with a secret at the database itself, or at a pooler that takes passwords (``pool`` and ``terms``)."""
    environment = {
        **_address(host, port, family, database_name, user),
        "AUTH": "secret",
        "SECRET_ARN": secret.secret_arn,
        "TLS": "verify-full" if tls else "disable",
        **_waits(terms, statement_timeout),
    }
    open_port = None if peer is None else peer.connections.default_port or ec2.Port.tcp(PROXY_PORTS[family])
    return Route(environment, (secret.grant_read,), peer, open_port, pool)


def data_api(cluster: rds.DatabaseCluster, *, database_name: str, secret: secretsmanager.ISecret, family: str) -> Route:
    """SQL over HTTP: no network path, no connection to hold."""
    environment = {
        "VIA": "data-api",
        "RESOURCE_ARN": cluster.cluster_arn,
        "SECRET_ARN": secret.secret_arn,
        "NAME": database_name,
        "ENGINE": family,
    }
    return Route(environment, (cluster.grant_data_api_access, secret.grant_read))


def port_of(endpoint: rds.Endpoint) -> str:
    """An endpoint's port as text, also when it is only known at deploy time."""
    return cdk.Token.as_string(endpoint.port) if is_token(endpoint.port) else f"{endpoint.port:.0f}"


def _address(host: str, port: str, family: str, database_name: str, user: str | None) -> dict[str, str]:
    address = {"HOST": host, "PORT": port, "NAME": database_name, "ENGINE": family}
    return address if user is None else {**address, "USER": user}


def _waits(terms: PoolTerms | None, statement_timeout: int | None) -> dict[str, str]:
    """What the runtime needs to give up in time; informational, because the proxy and the database enforce both."""
    waits = {}
    if terms is not None and terms.borrow_timeout_seconds.is_exact:
        waits["BORROW_TIMEOUT_SECONDS"] = f"{plain(terms.borrow_timeout_seconds.value):g}"
    if statement_timeout is not None:
        waits["STATEMENT_TIMEOUT_MS"] = str(statement_timeout)
    return waits


def family_of(engine: str | None) -> str:
    """``mysql`` or ``postgresql`` from AWS's engine name; PostgreSQL when the name is a token."""
    name = text(engine) or "postgres"
    return "mysql" if "mysql" in name or "maria" in name else "postgresql"
