"""Who may call the API: users of a Cognito pool, each of one tenant that only an administrator can set."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from constructs_lib.cdk.reference.acknowledge import acknowledge


class Customers(Construct):
    """A user pool with the attribute ``custom:tenant`` and a client that can read but never write it.

    The tenant travels in the signed ID token. ``second_factor`` requires an authenticator app at sign-in.
    """

    def __init__(
        self, scope: Construct, id: str, *, second_factor: bool = True, removal_policy: cdk.RemovalPolicy
    ) -> None:
        super().__init__(scope, id)
        self.pool = cognito.UserPool(
            self,
            "Resource",
            self_sign_up_enabled=False,
            sign_in_aliases=cognito.SignInAliases(email=True),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            custom_attributes={"tenant": cognito.StringAttribute(min_len=1, max_len=64, mutable=True)},
            password_policy=cognito.PasswordPolicy(
                min_length=12, require_digits=True, require_lowercase=True, require_uppercase=True, require_symbols=True
            ),
            mfa=cognito.Mfa.REQUIRED if second_factor else cognito.Mfa.OFF,
            mfa_second_factor=cognito.MfaSecondFactor(sms=False, otp=True) if second_factor else None,
            deletion_protection=removal_policy is not cdk.RemovalPolicy.DESTROY,
            removal_policy=removal_policy,
        )
        acknowledge(
            self.pool,
            {
                "AwsSolutions-COG8": "the plus plan is priced per user; nobody can sign up alone, and a second factor is required"
            },
        )
        if not second_factor:
            acknowledge(
                self.pool,
                {"AwsSolutions-COG2": "without a second factor for users of one machine's demonstration only"},
            )
        self.client = self.pool.add_client(
            "Client",
            auth_flows=cognito.AuthFlow(user_srp=True, admin_user_password=True),
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            disable_o_auth=True,
            id_token_validity=cdk.Duration.minutes(15),
            access_token_validity=cdk.Duration.minutes(15),
            read_attributes=cognito.ClientAttributes()
            .with_standard_attributes(email=True)
            .with_custom_attributes("tenant"),
            write_attributes=cognito.ClientAttributes().with_standard_attributes(email=True),
        )
