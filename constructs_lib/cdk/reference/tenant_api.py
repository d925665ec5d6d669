"""An HTTP API behind verified tokens, whose routes let in no more than the functions behind them can run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.cdk.reference.customers import Customers

Derive = Callable[[Callable[[int], float]], float]
"""Computes a number from a function's reserved concurrency, now or when it is settled (``Connected.derive``)."""

_ACCESS_LOG = {
    "requestId": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "user": "$context.authorizer.claims.sub",
    "latencyMs": "$context.responseLatency",
    "integrationStatus": "$context.integrationStatus",
    "integrationError": "$context.integrationErrorMessage",
}


_NOBODY_YET = {"rate_limit": 1, "burst_limit": 1}
"""What a route gets that nobody gave a part: too little to go unnoticed, so that no route stays unthrottled by accident."""


@dataclass(frozen=True)
class ApiRoute:
    """One route, and the part of its function's concurrency that it may take; the parts of a function add up to 1."""

    method: str
    path: str
    part: float

    @property
    def key(self) -> str:
        return f"{self.method} {self.path}"


def fixed(reserved: int) -> Derive:
    """A derivation from a number that is known already."""
    return lambda formula: formula(reserved)


class TenantApi(Construct):
    """A regional HTTP API; every route takes a token of the customers' user pool and nothing else.

    Throttling follows Little's law: with ``R`` executions of ``d`` seconds each a function finishes ``R / d`` requests a second,
    and ``R`` may arrive at once. A route is given its part of both; what is beyond is answered 429 before it costs an execution.
    """

    def __init__(self, scope: Construct, id: str, *, customers: Customers, removal_policy: cdk.RemovalPolicy) -> None:
        super().__init__(scope, id)
        self.api = apigateway.HttpApi(
            self, "Resource", create_default_stage=False, description="Orders and projects of tenants"
        )
        self._authorizer = authorizers.HttpUserPoolAuthorizer(
            "Customers", customers.pool, user_pool_clients=[customers.client]
        )
        self.access_logs = logs.LogGroup(
            self, "AccessLogs", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=removal_policy
        )
        self.stage = apigateway.HttpStage(
            self,
            "Stage",
            http_api=self.api,
            auto_deploy=True,
            detailed_metrics_enabled=True,
            throttle=apigateway.ThrottleSettings(**_NOBODY_YET),
        )
        self._resource.access_log_settings = apigateway.CfnStage.AccessLogSettingsProperty(
            destination_arn=self.access_logs.log_group_arn, format=json.dumps(_ACCESS_LOG)
        )
        self._settings: dict[str, dict[str, float | bool]] = {}

    @property
    def url(self) -> str:
        """The address of the API, without a closing slash."""
        return self.api.api_endpoint

    def add_function(
        self, function: lambda_.Function, *, routes: Sequence[ApiRoute], reserved: Derive, seconds_per_request: float
    ) -> None:
        """Serve ``routes`` by ``function``; ``reserved`` gives its concurrency, ``seconds_per_request`` its usual duration."""
        integration = integrations.HttpLambdaIntegration(
            f"{function.node.id}Integration",
            function,
            payload_format_version=apigateway.PayloadFormatVersion.VERSION_2_0,
        )
        for route in routes:
            made = self.api.add_routes(
                path=route.path,
                methods=[apigateway.HttpMethod(route.method)],
                integration=integration,
                authorizer=self._authorizer,
            )
            # A stage that names a route in its settings is refused before that route exists.
            self.stage.node.add_dependency(*made)
            self._settings[route.key] = _throttle(route.part, reserved, seconds_per_request)
        self._resource.route_settings = dict(self._settings)

    @property
    def _resource(self) -> apigateway.CfnStage:
        return cast(apigateway.CfnStage, self.stage.node.default_child)


def _throttle(part: float, reserved: Derive, seconds_per_request: float) -> dict[str, float | bool]:
    return {
        "DetailedMetricsEnabled": True,
        "ThrottlingRateLimit": reserved(lambda executions: _whole(part * executions / seconds_per_request)),
        "ThrottlingBurstLimit": reserved(lambda executions: _whole(part * executions)),
    }


def _whole(requests: float) -> int:
    """Rounded down, at least 1; what is a hair below a whole number for being a float counts as that number."""
    return max(1, math.floor(round(requests, 6)))
