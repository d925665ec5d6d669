"""Metrics of an RDS proxy. Each of its hosts publishes its own number, so counts are only right as a Sum (RDS Proxy guide)."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_rds as rds


def borrow_latency(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """The longest wait for a connection within a minute, in microseconds: a wait has a maximum, a sum of waits says nothing."""
    return _metric(proxy, "DatabaseConnectionsBorrowLatency", "Maximum")


def database_connections(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """Connections from the proxy to its database."""
    return _metric(proxy, "DatabaseConnections", "Sum")


def borrowed_connections(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """Connections that a client is using right now."""
    return _metric(proxy, "DatabaseConnectionsCurrentlyBorrowed", "Sum")


def allowed_connections(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """The pool's size as the proxy works it out from max_connections."""
    return _metric(proxy, "MaxDatabaseConnectionsAllowed", "Sum")


def client_connections(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """Connections from functions to the proxy."""
    return _metric(proxy, "ClientConnections", "Sum")


def pinned_connections(proxy: rds.IDatabaseProxy) -> cloudwatch.Metric:
    """Database connections that stay with one client: each takes one from everybody else."""
    return _metric(proxy, "DatabaseConnectionsCurrentlySessionPinned", "Sum")


def _metric(proxy: rds.IDatabaseProxy, name: str, statistic: str) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace="AWS/RDS",
        metric_name=name,
        dimensions_map={"ProxyName": proxy.db_proxy_name},
        statistic=statistic,
        period=cdk.Duration.minutes(1),
    )
