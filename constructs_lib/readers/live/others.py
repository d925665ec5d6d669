"""Tables, caches and alarms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from constructs_lib.readers.live.bodies import Bodies, ref


def add_tables(bodies: Bodies) -> None:
    """DynamoDB tables, with what their two other descriptions say."""
    for name, table in (bodies.recording.answers.get("dynamodb.describe_table") or {}).items():
        throughput = table.get("ProvisionedThroughput") or {}
        mode = (table.get("BillingModeSummary") or {}).get("BillingMode", "PROVISIONED")
        logical_id = bodies.add(f"table:{name}", "AWS::DynamoDB::Table", {
            "TableName": name, "BillingMode": mode, "OnDemandThroughput": table.get("OnDemandThroughput"),
            "KeySchema": table.get("KeySchema"), "AttributeDefinitions": table.get("AttributeDefinitions"),
            "GlobalSecondaryIndexes": table.get("GlobalSecondaryIndexes"),
            "ProvisionedThroughput": {
                key: throughput.get(key) for key in ("ReadCapacityUnits", "WriteCapacityUnits")
            } if mode == "PROVISIONED" else None,
            "DeletionProtectionEnabled": table.get("DeletionProtectionEnabled"),
            "StreamSpecification": table.get("StreamSpecification"),
            "TimeToLiveSpecification": _time_to_live(bodies, name), "PointInTimeRecoverySpecification": _recovery(bodies, name),
        }, table.get("TableArn"))  # fmt: skip
        bodies.texts.know(table.get("LatestStreamArn"), logical_id, "StreamArn")


def _time_to_live(bodies: Bodies, name: str) -> Any:
    operation = "dynamodb.describe_time_to_live"
    found = bodies.recording.of(operation, name)
    if found is None:
        return bodies.refused(operation, name, f"time to live of '{name}'")
    return {
        "Enabled": found.get("TimeToLiveStatus") in ("ENABLED", "ENABLING"),
        "AttributeName": found.get("AttributeName"),
    }


def _recovery(bodies: Bodies, name: str) -> Any:
    operation = "dynamodb.describe_continuous_backups"
    found = bodies.recording.of(operation, name)
    if found is None:
        return bodies.refused(operation, name, f"point-in-time recovery of '{name}'")
    status = (found.get("PointInTimeRecoveryDescription") or {}).get("PointInTimeRecoveryStatus")
    return {"PointInTimeRecoveryEnabled": status == "ENABLED"}


def add_caches(bodies: Bodies) -> None:
    """ElastiCache: replication groups, clusters of their own, and serverless caches."""
    for group in bodies.recording.listed("elasticache.describe_replication_groups"):
        _replication_group(bodies, group)
    for cluster in bodies.recording.listed("elasticache.describe_cache_clusters"):
        if not cluster.get("ReplicationGroupId"):
            _cache_cluster(bodies, cluster)
    for cache in bodies.recording.listed("elasticache.describe_serverless_caches"):
        name = cache.get("ServerlessCacheName")
        logical_id = bodies.add(f"serverlesscache:{name}", "AWS::ElastiCache::ServerlessCache", {
            "Engine": cache.get("Engine"), "SecurityGroupIds": cache.get("SecurityGroupIds"),
        }, cache.get("ARN"))  # fmt: skip
        bodies.texts.know((cache.get("Endpoint") or {}).get("Address"), logical_id, "Endpoint.Address")
        bodies.texts.know((cache.get("ReaderEndpoint") or {}).get("Address"), logical_id, "ReaderEndpoint.Address")


def _replication_group(bodies: Bodies, group: dict[str, Any]) -> None:
    name = group["ReplicationGroupId"]
    logical_id = bodies.add(f"replicationgroup:{name}", "AWS::ElastiCache::ReplicationGroup", {
        "ReplicationGroupId": name, "Engine": group.get("Engine", "redis"), "CacheNodeType": group.get("CacheNodeType"),
        "SecurityGroupIds": _member_groups(bodies, group.get("MemberClusters") or ()) or None,
    }, group.get("ARN"))  # fmt: skip
    bodies.texts.know(
        (group.get("ConfigurationEndpoint") or {}).get("Address"), logical_id, "ConfigurationEndPoint.Address"
    )
    for node in group.get("NodeGroups") or ():
        bodies.texts.know((node.get("PrimaryEndpoint") or {}).get("Address"), logical_id, "PrimaryEndPoint.Address")
        bodies.texts.know((node.get("ReaderEndpoint") or {}).get("Address"), logical_id, "ReaderEndPoint.Address")


def _member_groups(bodies: Bodies, members: Sequence[str]) -> list[str]:
    """Security groups are those of the members, which all have the same."""
    clusters = bodies.recording.listed("elasticache.describe_cache_clusters")
    found = next((item for item in clusters if item.get("CacheClusterId") in members), {})
    return [group["SecurityGroupId"] for group in found.get("SecurityGroups") or () if "SecurityGroupId" in group]


def _cache_cluster(bodies: Bodies, cluster: dict[str, Any]) -> None:
    name = cluster["CacheClusterId"]
    groups = [group.get("SecurityGroupId") for group in cluster.get("SecurityGroups") or ()]
    logical_id = bodies.add(f"cachecluster:{name}", "AWS::ElastiCache::CacheCluster", {
        **{key: cluster.get(key) for key in ("Engine", "EngineVersion", "CacheNodeType")}, "VpcSecurityGroupIds": groups or None,
    }, cluster.get("ARN"))  # fmt: skip
    bodies.texts.know(
        (cluster.get("ConfigurationEndpoint") or {}).get("Address"), logical_id, "ConfigurationEndpoint.Address"
    )
    for node in cluster.get("CacheNodes") or ():
        bodies.texts.know((node.get("Endpoint") or {}).get("Address"), logical_id, "RedisEndpoint.Address")


def add_alarms(bodies: Bodies) -> None:
    """Alarms, whose dimensions name functions and databases."""
    for alarm in bodies.recording.listed("cloudwatch.describe_alarms"):
        named = [{**item, "Value": _dimension(bodies, item)} for item in alarm.get("Dimensions") or ()]
        bodies.add(f"alarm:{alarm['AlarmName']}", "AWS::CloudWatch::Alarm", {
            "MetricName": alarm.get("MetricName"), "Namespace": alarm.get("Namespace"), "Dimensions": named or None,
            "Metrics": [_query(bodies, query) for query in alarm.get("Metrics") or ()] or None,
        }, alarm.get("AlarmArn"))  # fmt: skip


_DIMENSIONS = {
    "FunctionName": "function",
    "DBInstanceIdentifier": "db",
    "DBClusterIdentifier": "cluster",
    "ProxyName": "db-proxy",
}


def _dimension(bodies: Bodies, dimension: dict[str, Any]) -> Any:
    logical_id = f"{_DIMENSIONS.get(dimension.get('Name', ''), '')}:{dimension.get('Value')}"
    return ref(logical_id) if logical_id in bodies.resources else dimension.get("Value")


def _query(bodies: Bodies, query: dict[str, Any]) -> dict[str, Any]:
    metric = (query.get("MetricStat") or {}).get("Metric")
    if metric is None:
        return query
    named = [{**item, "Value": _dimension(bodies, item)} for item in metric.get("Dimensions") or ()]
    return {**query, "MetricStat": {**query["MetricStat"], "Metric": {**metric, "Dimensions": named}}}
