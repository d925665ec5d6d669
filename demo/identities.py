"""Tenants of the demo: users of the deployed pool, signed in as an administrator would for a test."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from demo.deployed import Deployed

TENANTS = ("acme", "borealis", "cygnus", "delphi")


def sign_in(deployed: Deployed) -> Mapping[str, str]:
    """One user for every tenant; tenant → identity token, signed by the pool and carrying the tenant."""
    pool = deployed.name("Customers", "AWS::Cognito::UserPool")
    client = deployed.name("Customers", "AWS::Cognito::UserPoolClient")
    return {tenant: _token(deployed, pool, client, tenant) for tenant in TENANTS}


def _token(deployed: Deployed, pool: str, client: str, tenant: str) -> str:
    cognito = deployed.cloud.client("cognito-idp")
    name, password = f"ada@{tenant}.example", f"{secrets.token_urlsafe(16)}-Aa1"
    attributes = [{"Name": "email", "Value": name}, {"Name": "custom:tenant", "Value": tenant}]
    cognito.admin_create_user(UserPoolId=pool, Username=name, UserAttributes=attributes, MessageAction="SUPPRESS")
    cognito.admin_set_user_password(UserPoolId=pool, Username=name, Password=password, Permanent=True)
    answer = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": name, "PASSWORD": password},
    )
    return str(answer["AuthenticationResult"]["IdToken"])
