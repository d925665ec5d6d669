"""RDS, Aurora, DocumentDB and Neptune, their parameter groups, and RDS proxies, as they were described."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.live.bodies import Bodies, ref

#: Engines that share the API of RDS, with the service that has their resource types.
_SERVICES = {"docdb": "DocDB", "neptune": "Neptune"}
_GROUPS = (
    ("rds.describe_db_parameters", "pg", "DBParameterGroup", "DBParameterGroupName"),
    ("rds.describe_db_cluster_parameters", "cluster-pg", "DBClusterParameterGroup", "DBClusterParameterGroupName"),
)
IN_SYNC = "in-sync"


def add_databases(bodies: Bodies) -> None:
    """Groups first, so that databases can refer to them."""
    for operation, prefix, kind, name_key in _GROUPS:
        for name, parameters in (bodies.recording.answers.get(operation) or {}).items():
            values = {
                p["ParameterName"]: p["ParameterValue"] for p in parameters if p.get("ParameterValue") is not None
            }
            bodies.add(f"{prefix}:{name}", f"AWS::RDS::{kind}", {name_key: name, "Parameters": values})
    for cluster in bodies.recording.listed("rds.describe_db_clusters"):
        _cluster(bodies, cluster)
    for instance in bodies.recording.listed("rds.describe_db_instances"):
        _instance(bodies, instance)
    for proxy in bodies.recording.listed("rds.describe_db_proxies"):
        _proxy(bodies, proxy)
    for endpoint in bodies.recording.listed("rds.describe_db_proxy_endpoints"):
        if not endpoint.get("IsDefault"):
            _endpoint(bodies, endpoint)


def _type(engine: Any, kind: str) -> str:
    return f"AWS::{_SERVICES.get(str(engine), 'RDS')}::{kind}"


def _groups_of(item: dict[str, Any]) -> list[str]:
    return [
        group["VpcSecurityGroupId"] for group in item.get("VpcSecurityGroups") or () if "VpcSecurityGroupId" in group
    ]


def _cluster(bodies: Bodies, cluster: dict[str, Any]) -> None:
    name, engine = cluster["DBClusterIdentifier"], cluster.get("Engine")
    members = cluster.get("DBClusterMembers") or ()
    status = {member.get("DBClusterParameterGroupStatus", IN_SYNC) for member in members}
    waiting = next((text for text in status if text != IN_SYNC), IN_SYNC)
    logical_id = bodies.add(f"cluster:{name}", _type(engine, "DBCluster"), {
        "Engine": engine, "EngineVersion": cluster.get("EngineVersion"), "DBClusterIdentifier": name,
        "DBClusterInstanceClass": cluster.get("DBClusterInstanceClass"),
        "DBClusterParameterGroupName": _group(bodies, "cluster-pg", cluster.get("DBClusterParameterGroup"), waiting),
        "EnableHttpEndpoint": cluster.get("HttpEndpointEnabled"), "VpcSecurityGroupIds": _groups_of(cluster) or None,
        "ServerlessV2ScalingConfiguration": cluster.get("ServerlessV2ScalingConfiguration"),
        "GlobalClusterIdentifier": cluster.get("GlobalClusterIdentifier"), "Port": cluster.get("Port"),
        "DBSubnetGroupName": _subnet_group(bodies, cluster.get("DBSubnetGroup"), engine),
    }, cluster.get("DBClusterArn"))  # fmt: skip
    own = _SERVICES.get(str(engine))
    bodies.texts.know(cluster.get("Endpoint"), logical_id, "Endpoint" if own else "Endpoint.Address")
    bodies.texts.know(cluster.get("ReaderEndpoint"), logical_id, "ReadEndpoint" if own else "ReadEndpoint.Address")
    bodies.texts.know(cluster.get("DbClusterResourceId"), logical_id, "DBClusterResourceId")
    _managed_secret(bodies, cluster, logical_id)


def _instance(bodies: Bodies, instance: dict[str, Any]) -> None:
    name, engine, cluster = (
        instance["DBInstanceIdentifier"],
        instance.get("Engine"),
        instance.get("DBClusterIdentifier"),
    )
    groups = instance.get("DBParameterGroups") or [{}]
    status = groups[0].get("ParameterApplyStatus", IN_SYNC)
    endpoint = instance.get("Endpoint") or {}
    logical_id = bodies.add(f"db:{name}", _type(engine, "DBInstance"), {
        "Engine": engine, "EngineVersion": instance.get("EngineVersion"), "DBInstanceIdentifier": name,
        "DBInstanceClass": instance.get("DBInstanceClass"), "PromotionTier": instance.get("PromotionTier") if cluster else None,
        "DBClusterIdentifier": ref(f"cluster:{cluster}") if cluster else None,
        "DBParameterGroupName": _group(bodies, "pg", groups[0].get("DBParameterGroupName"), status),
        "SourceDBInstanceIdentifier": instance.get("ReadReplicaSourceDBInstanceIdentifier"),
        "VPCSecurityGroups": _groups_of(instance) or None, "MultiAZ": instance.get("MultiAZ"),
        "PubliclyAccessible": instance.get("PubliclyAccessible"), "Port": endpoint.get("Port"),
        "DBSubnetGroupName": _subnet_group(bodies, (instance.get("DBSubnetGroup") or {}).get("DBSubnetGroupName"), engine),
    }, instance.get("DBInstanceArn"))  # fmt: skip
    bodies.texts.know(endpoint.get("Address"), logical_id, "Endpoint.Address")
    bodies.texts.know(instance.get("DbiResourceId"), logical_id, "DbiResourceId")
    _managed_secret(bodies, instance, logical_id)


def _subnet_group(bodies: Bodies, name: Any, engine: Any) -> dict[str, str] | None:
    """The subnet group by reference; it has the type of the service that uses it."""
    groups = bodies.recording.listed("rds.describe_db_subnet_groups")
    found = next((group for group in groups if group.get("DBSubnetGroupName") == name), None)
    if name is None or found is None:
        return None
    logical_id = f"subgrp:{name}" if engine not in _SERVICES else f"subgrp:{name}:{engine}"
    if logical_id not in bodies.resources:
        subnets = [item.get("SubnetIdentifier") for item in found.get("Subnets") or ()]
        bodies.add(logical_id, _type(engine, "DBSubnetGroup"), {"SubnetIds": subnets})
    return ref(logical_id)


def _managed_secret(bodies: Bodies, described: dict[str, Any], logical_id: str) -> None:
    secret = described.get("MasterUserSecret") or {}
    bodies.texts.know(secret.get("SecretArn"), logical_id, "MasterUserSecret.SecretArn")


def _group(bodies: Bodies, prefix: str, name: str | None, status: str) -> Any:
    """The group in force; unknown while a change of it waits for a reboot, or when its parameters may not be read."""
    if name is None or name.startswith("default."):
        return None
    if status != IN_SYNC:
        return Unresolved(f"parameter group '{name}' is {status}: what is in force is what was there before")
    if f"{prefix}:{name}" in bodies.resources:
        return ref(f"{prefix}:{name}")
    operation = next(operation for operation, kind, _, _ in _GROUPS if kind == prefix)
    return bodies.refused(operation, name, f"parameters of '{name}'") or Unresolved(
        f"parameter group '{name}' was not recorded"
    )


def _proxy(bodies: Bodies, proxy: dict[str, Any]) -> None:
    name = proxy["DBProxyName"]
    logical_id = bodies.add(f"db-proxy:{name}", "AWS::RDS::DBProxy", {
        **{key: proxy.get(key) for key in (
            "DBProxyName", "EngineFamily", "RequireTLS", "IdleClientTimeout", "DebugLogging", "DefaultAuthScheme", "Auth",
            "VpcSecurityGroupIds", "VpcSubnetIds",
        )},
    }, proxy.get("DBProxyArn"))  # fmt: skip
    bodies.texts.know(proxy.get("Endpoint"), logical_id, "Endpoint")
    bodies.texts.know(str(proxy.get("DBProxyArn", "")).rpartition(":")[2], logical_id, "DBProxyArn")
    bodies.add(f"target-group:{name}", "AWS::RDS::DBProxyTargetGroup", {
        "DBProxyName": ref(logical_id), "ConnectionPoolConfigurationInfo": _pool_settings(bodies, name), **_targets(bodies, name),
    })  # fmt: skip


def _pool_settings(bodies: Bodies, proxy: str) -> Any:
    """AWS shows the values in force, defaults among them."""
    groups = bodies.recording.of("rds.describe_db_proxy_target_groups", proxy) or ()
    found = next((group.get("ConnectionPoolConfig") for group in groups if group.get("IsDefault", True)), None)
    if found is not None:
        return found
    return bodies.refused("rds.describe_db_proxy_target_groups", proxy, f"pool of '{proxy}'")


def _targets(bodies: Bodies, proxy: str) -> dict[str, Any]:
    targets = bodies.recording.of("rds.describe_db_proxy_targets", proxy)
    if targets is None:
        hidden = bodies.refused("rds.describe_db_proxy_targets", proxy, f"target of '{proxy}'")
        return {} if hidden is None else {"DBClusterIdentifiers": [hidden]}
    clusters = dict.fromkeys(target.get("TrackedClusterId") for target in targets if target.get("TrackedClusterId"))
    clusters |= dict.fromkeys(t.get("RdsResourceId") for t in targets if t.get("Type") == "TRACKED_CLUSTER")
    if clusters:
        return {"DBClusterIdentifiers": [_database(bodies, "cluster", name) for name in clusters if name]}
    instances = [target.get("RdsResourceId") for target in targets if target.get("Type") == "RDS_INSTANCE"]
    return {"DBInstanceIdentifiers": [_database(bodies, "db", name) for name in instances if name]}


def _database(bodies: Bodies, prefix: str, name: str) -> Any:
    """The database by its identifier; targets are described before or after it may be, so an unknown one stays a name."""
    return ref(f"{prefix}:{name}") if f"{prefix}:{name}" in bodies.resources else name


def _endpoint(bodies: Bodies, endpoint: dict[str, Any]) -> None:
    name = endpoint.get("DBProxyEndpointName")
    logical_id = bodies.add(f"db-proxy-endpoint:{name}", "AWS::RDS::DBProxyEndpoint", {
        "DBProxyName": ref(f"db-proxy:{endpoint.get('DBProxyName')}"), "DBProxyEndpointName": name,
        "TargetRole": endpoint.get("TargetRole"), "VpcSecurityGroupIds": endpoint.get("VpcSecurityGroupIds"),
    }, endpoint.get("DBProxyEndpointArn"))  # fmt: skip
    bodies.texts.know(endpoint.get("Endpoint"), logical_id, "Endpoint")
