"""Which read-only operations of AWS are asked, in which order, and what each answer is listed under.

Nothing here changes anything, and no operation returns the value of a secret.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

Answers = Mapping[str, Any]


class Listing(NamedTuple):
    """One operation for the whole region; ``key`` is where the answer keeps its items."""

    service: str
    operation: str
    key: str
    arguments: Mapping[str, Any] = {}

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


class Detail(NamedTuple):
    """One operation for each of some items: ``subjects`` gives a key and arguments for each. ``absent`` are errors that mean "none"."""

    service: str
    operation: str
    key: str
    subjects: Callable[[Answers], Iterator[tuple[str, dict[str, Any]]]]
    absent: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"{self.service}.{self.operation}"


Subjects = Iterator[tuple[str, dict[str, Any]]]
_FUNCTIONS = "lambda.list_functions"


def _each(listing: str, field: str, argument: str, **more: Any) -> Callable[[Answers], Subjects]:
    def subjects(answers: Answers) -> Subjects:
        for item in answers.get(listing) or ():
            name = item if isinstance(item, str) else item.get(field)
            if isinstance(name, str):
                yield name, {argument: name, **more}

    return subjects


def _made(names: Iterable[Any], argument: str) -> Subjects:
    """Parameter groups that somebody made: those of AWS start with ``default.`` and hold its defaults."""
    for name in dict.fromkeys(names):
        if isinstance(name, str) and not name.startswith("default."):
            yield name, {argument: name, "Source": "user"}


def _cluster_groups(answers: Answers) -> Subjects:
    clusters = answers.get("rds.describe_db_clusters") or ()
    return _made([cluster.get("DBClusterParameterGroup") for cluster in clusters], "DBClusterParameterGroupName")


def _instance_groups(answers: Answers) -> Subjects:
    instances = answers.get("rds.describe_db_instances") or ()
    groups = [group for instance in instances for group in instance.get("DBParameterGroups") or ()]
    return _made([group.get("DBParameterGroupName") for group in groups], "DBParameterGroupName")


def _queues(answers: Answers) -> Subjects:
    for mapping in answers.get("lambda.list_event_source_mappings") or ():
        parts = str(mapping.get("EventSourceArn", "")).split(":")
        if len(parts) == 6 and parts[2] == "sqs":
            suffix = "amazonaws.com.cn" if parts[1] == "aws-cn" else "amazonaws.com"
            url = f"https://sqs.{parts[3]}.{suffix}/{parts[4]}/{parts[5]}"
            names = ["RedrivePolicy", "VisibilityTimeout", "QueueArn"]
            yield mapping["EventSourceArn"], {"QueueUrl": url, "AttributeNames": names}


def _managed(answers: Answers) -> Subjects:
    """Functions on managed instances, whose environments have a maximum of their own."""
    for function in answers.get(_FUNCTIONS) or ():
        if function.get("CapacityProviderConfig"):
            yield function["FunctionName"], {"FunctionName": function["FunctionName"], "Qualifier": "$LATEST.PUBLISHED"}


def _rules(answers: Answers) -> Subjects:
    for rule in answers.get("events.list_rules") or ():
        yield rule["Name"], {"Rule": rule["Name"], "EventBusName": rule.get("EventBusName", "default")}


def _schedules(answers: Answers) -> Subjects:
    for item in answers.get("scheduler.list_schedules") or ():
        yield item["Name"], {"Name": item["Name"], "GroupName": item.get("GroupName", "default")}


_STACKS = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "ROLLBACK_COMPLETE", "IMPORT_COMPLETE")
LISTINGS = (
    Listing("lambda", "get_account_settings", "AccountLimit"),
    Listing("lambda", "list_functions", "Functions"),
    Listing("lambda", "list_event_source_mappings", "EventSourceMappings"),
    Listing("rds", "describe_db_instances", "DBInstances"),
    Listing("rds", "describe_db_clusters", "DBClusters"),
    Listing("rds", "describe_db_proxies", "DBProxies"),
    Listing("rds", "describe_db_proxy_endpoints", "DBProxyEndpoints"),
    Listing("dynamodb", "list_tables", "TableNames"),
    Listing("secretsmanager", "list_secrets", "SecretList"),
    Listing("elasticache", "describe_replication_groups", "ReplicationGroups"),
    Listing("elasticache", "describe_cache_clusters", "CacheClusters", {"ShowCacheNodeInfo": True}),
    Listing("elasticache", "describe_serverless_caches", "ServerlessCaches"),
    Listing("events", "list_rules", "Rules"),
    Listing("scheduler", "list_schedules", "Schedules"),
    Listing("apigatewayv2", "get_apis", "Items"),
    Listing("apigateway", "get_rest_apis", "items"),
    Listing("rds", "describe_db_subnet_groups", "DBSubnetGroups"),
    Listing("ec2", "describe_security_groups", "SecurityGroups"),
    Listing("ec2", "describe_vpcs", "Vpcs"),
    Listing("ec2", "describe_subnets", "Subnets"),
    Listing("ec2", "describe_route_tables", "RouteTables"),
    Listing("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    Listing("ec2", "describe_vpc_peering_connections", "VpcPeeringConnections"),
    Listing("ec2", "describe_transit_gateway_attachments", "TransitGatewayAttachments"),
    Listing("cloudwatch", "describe_alarms", "MetricAlarms"),
    Listing("cloudformation", "list_stacks", "StackSummaries", {"StackStatusFilter": list(_STACKS)}),
    Listing("iam", "get_account_authorization_details", "", {"Filter": ["Role", "LocalManagedPolicy"]}),
)
DETAILS = (
    Detail("lambda", "get_function_concurrency", "ReservedConcurrentExecutions", _each(_FUNCTIONS, "FunctionName", "FunctionName")),
    Detail("lambda", "list_provisioned_concurrency_configs", "ProvisionedConcurrencyConfigs",
           _each(_FUNCTIONS, "FunctionName", "FunctionName")),
    Detail("lambda", "get_policy", "Policy", _each(_FUNCTIONS, "FunctionName", "FunctionName"), ("ResourceNotFoundException",)),
    Detail("lambda", "list_function_url_configs", "FunctionUrlConfigs", _each(_FUNCTIONS, "FunctionName", "FunctionName")),
    Detail("lambda", "list_function_event_invoke_configs", "FunctionEventInvokeConfigs",
           _each(_FUNCTIONS, "FunctionName", "FunctionName")),
    Detail("lambda", "get_function_scaling_config", "AppliedFunctionScalingConfig", _managed),
    Detail("rds", "describe_db_proxy_target_groups", "TargetGroups", _each("rds.describe_db_proxies", "DBProxyName", "DBProxyName")),
    Detail("rds", "describe_db_proxy_targets", "Targets", _each("rds.describe_db_proxies", "DBProxyName", "DBProxyName")),
    Detail("rds", "describe_db_parameters", "Parameters", _instance_groups),
    Detail("rds", "describe_db_cluster_parameters", "Parameters", _cluster_groups),
    Detail("dynamodb", "describe_table", "Table", _each("dynamodb.list_tables", "", "TableName")),
    Detail("dynamodb", "describe_time_to_live", "TimeToLiveDescription", _each("dynamodb.list_tables", "", "TableName")),
    Detail("dynamodb", "describe_continuous_backups", "ContinuousBackupsDescription", _each("dynamodb.list_tables", "", "TableName")),
    Detail("events", "list_targets_by_rule", "Targets", _rules),
    Detail("scheduler", "get_schedule", "", _schedules),
    Detail("apigatewayv2", "get_integrations", "Items", _each("apigatewayv2.get_apis", "ApiId", "ApiId")),
    Detail("apigateway", "get_resources", "items", _each("apigateway.get_rest_apis", "id", "restApiId", embed=["methods"])),
    Detail("sqs", "get_queue_attributes", "Attributes", _queues, ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")),
    Detail("cloudformation", "list_stack_resources", "StackResourceSummaries",
           _each("cloudformation.list_stacks", "StackName", "StackName")),
)  # fmt: skip
