"""Tables, caches, security groups and alarms."""

from __future__ import annotations

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
    }, group.get("ARN"))  # fmt: skip
    bodies.texts.know(
        (group.get("ConfigurationEndpoint") or {}).get("Address"), logical_id, "ConfigurationEndPoint.Address"
    )
    for node in group.get("NodeGroups") or ():
        bodies.texts.know((node.get("PrimaryEndpoint") or {}).get("Address"), logical_id, "PrimaryEndPoint.Address")
        bodies.texts.know((node.get("ReaderEndpoint") or {}).get("Address"), logical_id, "ReaderEndPoint.Address")


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


def add_security_groups(bodies: Bodies) -> None:
    """Groups with the rules that let others in and out."""
    for group in bodies.recording.listed("ec2.describe_security_groups"):
        logical_id = bodies.add(f"security-group:{group['GroupId']}", "AWS::EC2::SecurityGroup", {
            "VpcId": group.get("VpcId"), "GroupDescription": group.get("Description"),
            "SecurityGroupIngress": list(_rules(group.get("IpPermissions"), "SourceSecurityGroupId")),
            "SecurityGroupEgress": list(_rules(group.get("IpPermissionsEgress"), "DestinationSecurityGroupId")),
        })  # fmt: skip
        bodies.texts.know(group["GroupId"], logical_id, "GroupId")


def _rules(permissions: Any, other_group: str) -> Any:
    for permission in permissions or ():
        ports = {
            key: permission.get(key) for key in ("IpProtocol", "FromPort", "ToPort") if permission.get(key) is not None
        }
        yield from ({**ports, "CidrIp": item["CidrIp"]} for item in permission.get("IpRanges") or ())
        yield from ({**ports, "CidrIpv6": item["CidrIpv6"]} for item in permission.get("Ipv6Ranges") or ())
        yield from (
            {**ports, other_group: item["GroupId"]}
            for item in permission.get("UserIdGroupPairs") or ()
            if "GroupId" in item
        )


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
