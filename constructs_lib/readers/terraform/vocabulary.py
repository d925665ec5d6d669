"""Terraform's words for what CloudFormation calls otherwise: types, properties and attributes (AWS provider 5 and 6, read 2026-11-21)."""

from __future__ import annotations

from typing import NamedTuple


class Word(NamedTuple):
    """A resource's type in CloudFormation and its properties there, by dotted path, with the path in Terraform."""

    type: str
    properties: dict[str, str]


_INSTANCE = {"Engine": "engine", "EngineVersion": "engine_version", "DBInstanceClass": "instance_class"}
_CLUSTER = {
    "Engine": "engine", "EngineVersion": "engine_version", "DBClusterIdentifier": "cluster_identifier",
    "MasterUserPassword": "master_password", "VpcSecurityGroupIds": "vpc_security_group_ids",
    "DBSubnetGroupName": "db_subnet_group_name", "Port": "port",
}  # fmt: skip
_MEMBER = {
    **_INSTANCE, "DBClusterIdentifier": "cluster_identifier", "DBInstanceIdentifier": "identifier", "PromotionTier": "promotion_tier",
    "PubliclyAccessible": "publicly_accessible",
}  # fmt: skip
WORDS: dict[str, Word] = {
    "aws_lambda_function": Word("AWS::Lambda::Function", {
        "FunctionName": "function_name", "Role": "role", "Timeout": "timeout",
        "ReservedConcurrentExecutions": "reserved_concurrent_executions",
        "DeadLetterConfig.TargetArn": "dead_letter_config.target_arn",
        "TenancyConfig.TenantIsolationMode": "tenancy_config.tenant_isolation_mode",
        **{f"CapacityProviderConfig.LambdaManagedInstancesCapacityProviderConfig.{word}":
           f"capacity_provider_config.lambda_managed_instances_capacity_provider_config.{path}"
           for word, path in (("CapacityProviderArn", "capacity_provider_arn"),
                              ("PerExecutionEnvironmentMaxConcurrency", "per_execution_environment_max_concurrency"))},
        "VpcConfig.SubnetIds": "vpc_config.subnet_ids", "VpcConfig.SecurityGroupIds": "vpc_config.security_group_ids",
    }),
    "aws_lambda_alias": Word("AWS::Lambda::Alias", {
        "FunctionName": "function_name", "RoutingConfig.AdditionalVersionWeights": "routing_config.additional_version_weights",
    }),
    "aws_codedeploy_app": Word("AWS::CodeDeploy::Application", {"ApplicationName": "name", "ComputePlatform": "compute_platform"}),
    "aws_codedeploy_deployment_group": Word("AWS::CodeDeploy::DeploymentGroup", {
        "ApplicationName": "app_name", "DeploymentGroupName": "deployment_group_name", "DeploymentConfigName": "deployment_config_name",
    }),
    "aws_codedeploy_deployment_config": Word("AWS::CodeDeploy::DeploymentConfig", {
        "DeploymentConfigName": "deployment_config_name", "ComputePlatform": "compute_platform",
        "TrafficRoutingConfig.Type": "traffic_routing_config.type",
    }),
    "aws_lambda_provisioned_concurrency_config": Word("AWS::Lambda::Alias", {
        "FunctionName": "function_name",
        "ProvisionedConcurrencyConfig.ProvisionedConcurrentExecutions": "provisioned_concurrent_executions",
    }),
    "aws_lambda_event_source_mapping": Word("AWS::Lambda::EventSourceMapping", {
        "FunctionName": "function_name", "EventSourceArn": "event_source_arn", "Enabled": "enabled",
        "ScalingConfig.MaximumConcurrency": "scaling_config.maximum_concurrency",
        "ProvisionedPollerConfig.MaximumPollers": "provisioned_poller_config.maximum_pollers", "BatchSize": "batch_size",
        "MaximumBatchingWindowInSeconds": "maximum_batching_window_in_seconds", "ParallelizationFactor": "parallelization_factor",
        "MaximumRetryAttempts": "maximum_retry_attempts", "MaximumRecordAgeInSeconds": "maximum_record_age_in_seconds",
    }),
    "aws_lambda_function_url": Word("AWS::Lambda::Url", {"TargetFunctionArn": "function_name"}),
    "aws_lambda_permission": Word("AWS::Lambda::Permission", {
        "FunctionName": "function_name", "Principal": "principal", "SourceArn": "source_arn",
    }),
    "aws_db_instance": Word("AWS::RDS::DBInstance", {
        **_INSTANCE, "DBInstanceIdentifier": "identifier", "DBParameterGroupName": "parameter_group_name",
        "MasterUserPassword": "password", "SourceDBInstanceIdentifier": "replicate_source_db",
        "VPCSecurityGroups": "vpc_security_group_ids", "DBSubnetGroupName": "db_subnet_group_name",
        "PubliclyAccessible": "publicly_accessible", "Port": "port",
    }),
    "aws_rds_cluster": Word("AWS::RDS::DBCluster", {
        **_CLUSTER, "DBClusterParameterGroupName": "db_cluster_parameter_group_name", "DBClusterInstanceClass": "db_cluster_instance_class",
        "EnableHttpEndpoint": "enable_http_endpoint", "GlobalClusterIdentifier": "global_cluster_identifier",
        "ServerlessV2ScalingConfiguration.MinCapacity": "serverlessv2_scaling_configuration.min_capacity",
        "ServerlessV2ScalingConfiguration.MaxCapacity": "serverlessv2_scaling_configuration.max_capacity",
    }),
    "aws_rds_cluster_instance": Word("AWS::RDS::DBInstance", {**_MEMBER, "DBParameterGroupName": "db_parameter_group_name"}),
    "aws_db_parameter_group": Word("AWS::RDS::DBParameterGroup", {"DBParameterGroupName": "name"}),
    "aws_rds_cluster_parameter_group": Word("AWS::RDS::DBClusterParameterGroup", {"DBClusterParameterGroupName": "name"}),
    "aws_db_proxy": Word("AWS::RDS::DBProxy", {
        "DBProxyName": "name", "VpcSubnetIds": "vpc_subnet_ids", "VpcSecurityGroupIds": "vpc_security_group_ids",
        "EngineFamily": "engine_family", "IdleClientTimeout": "idle_client_timeout", "RequireTLS": "require_tls",
        "DefaultAuthScheme": "default_auth_scheme", "DebugLogging": "debug_logging",
    }),
    "aws_db_proxy_default_target_group": Word("AWS::RDS::DBProxyTargetGroup", {
        "DBProxyName": "db_proxy_name",
        "ConnectionPoolConfigurationInfo.MaxConnectionsPercent": "connection_pool_config.max_connections_percent",
        "ConnectionPoolConfigurationInfo.MaxIdleConnectionsPercent": "connection_pool_config.max_idle_connections_percent",
        "ConnectionPoolConfigurationInfo.ConnectionBorrowTimeout": "connection_pool_config.connection_borrow_timeout",
        "ConnectionPoolConfigurationInfo.SessionPinningFilters": "connection_pool_config.session_pinning_filters",
        "ConnectionPoolConfigurationInfo.InitQuery": "connection_pool_config.init_query",
    }),
    "aws_db_proxy_target": Word("poolproof:proxy-target", {
        "DBProxyName": "db_proxy_name", "Instance": "db_instance_identifier", "Cluster": "db_cluster_identifier",
    }),
    "aws_db_proxy_endpoint": Word("AWS::RDS::DBProxyEndpoint", {"DBProxyName": "db_proxy_name", "TargetRole": "target_role"}),
    "aws_dynamodb_table": Word("AWS::DynamoDB::Table", {
        "TableName": "name", "BillingMode": "billing_mode", "DeletionProtectionEnabled": "deletion_protection_enabled",
        "ProvisionedThroughput.ReadCapacityUnits": "read_capacity", "ProvisionedThroughput.WriteCapacityUnits": "write_capacity",
        "OnDemandThroughput.MaxReadRequestUnits": "on_demand_throughput.max_read_request_units",
        "OnDemandThroughput.MaxWriteRequestUnits": "on_demand_throughput.max_write_request_units",
        "TimeToLiveSpecification.Enabled": "ttl.enabled",
        "PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled": "point_in_time_recovery.enabled",
    }),
    "aws_appautoscaling_target": Word("AWS::ApplicationAutoScaling::ScalableTarget", {
        "ResourceId": "resource_id", "ScalableDimension": "scalable_dimension",
        "MinCapacity": "min_capacity", "MaxCapacity": "max_capacity",
    }),
    "aws_pipes_pipe": Word("AWS::Pipes::Pipe", {"Source": "source", "DesiredState": "desired_state"}),
    "aws_lambda_function_event_invoke_config": Word("AWS::Lambda::EventInvokeConfig", {
        "FunctionName": "function_name", "DestinationConfig.OnFailure.Destination": "destination_config.on_failure.destination",
    }),
    "aws_docdb_cluster": Word("AWS::DocDB::DBCluster", {**_CLUSTER, "DBClusterParameterGroupName": "db_cluster_parameter_group_name"}),
    "aws_docdb_cluster_instance": Word("AWS::DocDB::DBInstance", _MEMBER),
    "aws_docdb_cluster_parameter_group": Word("AWS::DocDB::DBClusterParameterGroup", {"Name": "name"}),
    "aws_docdbelastic_cluster": Word("AWS::DocDBElastic::Cluster", {"AdminUserPassword": "admin_user_password"}),
    "aws_neptune_cluster": Word("AWS::Neptune::DBCluster", {
        **_CLUSTER, "DBClusterParameterGroupName": "neptune_cluster_parameter_group_name",
    }),
    "aws_neptune_cluster_instance": Word("AWS::Neptune::DBInstance", _MEMBER),
    "aws_elasticache_replication_group": Word("AWS::ElastiCache::ReplicationGroup", {
        "ReplicationGroupId": "replication_group_id", "Engine": "engine", "EngineVersion": "engine_version", "CacheNodeType": "node_type",
        "AuthToken": "auth_token",
    }),
    "aws_elasticache_cluster": Word("AWS::ElastiCache::CacheCluster", {
        "Engine": "engine", "EngineVersion": "engine_version", "CacheNodeType": "node_type",
    }),
    "aws_elasticache_serverless_cache": Word("AWS::ElastiCache::ServerlessCache", {"Engine": "engine"}),
    "aws_memorydb_cluster": Word("AWS::MemoryDB::Cluster", {
        "ClusterName": "name", "Engine": "engine", "EngineVersion": "engine_version", "NodeType": "node_type",
    }),
    "aws_redshift_cluster": Word("AWS::Redshift::Cluster", {"NodeType": "node_type", "MasterUserPassword": "master_password"}),
    "aws_redshiftserverless_workgroup": Word("AWS::RedshiftServerless::Workgroup", {}),
    "aws_dsql_cluster": Word("AWS::DSQL::Cluster", {}),
    "mongodbatlas_cluster": Word("MongoDB::Atlas::Cluster", {"Name": "name"}),
    "mongodbatlas_advanced_cluster": Word("MongoDB::Atlas::Cluster", {"Name": "name"}),
    "mongodbatlas_flex_cluster": Word("MongoDB::Atlas::FlexCluster", {"Name": "name"}),
    "mongodbatlas_serverless_instance": Word("MongoDB::Atlas::ServerlessInstance", {"Name": "name"}),
    "aws_secretsmanager_secret": Word("AWS::SecretsManager::Secret", {"Name": "name"}),
    "aws_secretsmanager_secret_rotation": Word("AWS::SecretsManager::RotationSchedule", {
        "SecretId": "secret_id", "RotationLambdaARN": "rotation_lambda_arn",
    }),
    "aws_serverlessapplicationrepository_cloudformation_stack": Word("AWS::Serverless::Application", {
        "Location.ApplicationId": "application_id",
    }),
    "aws_ssm_parameter": Word("AWS::SSM::Parameter", {"Name": "name", "Value": "value"}),
    "aws_iam_policy": Word("AWS::IAM::ManagedPolicy", {"ManagedPolicyName": "name"}),
    "aws_iam_role": Word("AWS::IAM::Role", {"RoleName": "name"}),
    "aws_sqs_queue": Word("AWS::SQS::Queue", {"QueueName": "name", "VisibilityTimeout": "visibility_timeout_seconds"}),
    "aws_kinesis_stream": Word("AWS::Kinesis::Stream", {
        "ShardCount": "shard_count", "StreamModeDetails.StreamMode": "stream_mode_details.stream_mode",
    }),
    "aws_kinesis_stream_consumer": Word("AWS::Kinesis::StreamConsumer", {"StreamARN": "stream_arn"}),
    "aws_msk_cluster": Word("AWS::MSK::Cluster", {}),
    "aws_mq_broker": Word("AWS::AmazonMQ::Broker", {}),
    "aws_api_gateway_integration": Word("AWS::ApiGateway::Method", {
        "RestApiId": "rest_api_id", "Integration.Uri": "uri", "Integration.TimeoutInMillis": "timeout_milliseconds",
        "Integration.RequestParameters": "request_parameters",
    }),
    "aws_api_gateway_stage": Word("AWS::ApiGateway::Stage", {"RestApiId": "rest_api_id", "StageName": "stage_name"}),
    "aws_api_gateway_usage_plan": Word("AWS::ApiGateway::UsagePlan", {
        "Throttle.RateLimit": "throttle_settings.rate_limit", "Throttle.BurstLimit": "throttle_settings.burst_limit",
    }),
    "aws_apigatewayv2_stage": Word("AWS::ApiGatewayV2::Stage", {
        "ApiId": "api_id",
        "DefaultRouteSettings.ThrottlingRateLimit": "default_route_settings.throttling_rate_limit",
        "DefaultRouteSettings.ThrottlingBurstLimit": "default_route_settings.throttling_burst_limit",
    }),
    "aws_api_gateway_rest_api": Word("AWS::ApiGateway::RestApi", {"Body": "body"}),
    "aws_apigatewayv2_api": Word("AWS::ApiGatewayV2::Api", {"ProtocolType": "protocol_type", "Body": "body"}),
    "aws_apigatewayv2_integration": Word("AWS::ApiGatewayV2::Integration", {
        "ApiId": "api_id", "IntegrationUri": "integration_uri", "TimeoutInMillis": "timeout_milliseconds",
    }),
    "aws_cloudwatch_event_rule": Word("AWS::Events::Rule", {"ScheduleExpression": "schedule_expression", "State": "state"}),
    "aws_scheduler_schedule": Word("AWS::Scheduler::Schedule", {
        "ScheduleExpression": "schedule_expression", "State": "state", "Target.Arn": "target.arn", "Target.Input": "target.input",
        "Target.DeadLetterConfig.Arn": "target.dead_letter_config.arn",
        "Target.RetryPolicy.MaximumRetryAttempts": "target.retry_policy.maximum_retry_attempts",
    }),
    "aws_cloudwatch_metric_alarm": Word("AWS::CloudWatch::Alarm", {"MetricName": "metric_name", "Namespace": "namespace"}),
    "aws_sns_topic_subscription": Word("AWS::SNS::Subscription", {"Protocol": "protocol", "Endpoint": "endpoint"}),
    "aws_sfn_state_machine": Word("AWS::StepFunctions::StateMachine", {"DefinitionString": "definition"}),
    "aws_ecs_task_definition": Word("AWS::ECS::TaskDefinition", {"ContainerDefinitions": "container_definitions"}),
    "aws_batch_job_definition": Word("AWS::Batch::JobDefinition", {"ContainerProperties": "container_properties"}),
    "aws_db_subnet_group": Word("AWS::RDS::DBSubnetGroup", {"DBSubnetGroupName": "name", "SubnetIds": "subnet_ids"}),
    "aws_docdb_subnet_group": Word("AWS::DocDB::DBSubnetGroup", {"SubnetIds": "subnet_ids"}),
    "aws_neptune_subnet_group": Word("AWS::Neptune::DBSubnetGroup", {"SubnetIds": "subnet_ids"}),
    "aws_elasticache_subnet_group": Word("AWS::ElastiCache::SubnetGroup", {"SubnetIds": "subnet_ids"}),
    "aws_memorydb_subnet_group": Word("AWS::MemoryDB::SubnetGroup", {"SubnetIds": "subnet_ids"}),
    "aws_vpc": Word("AWS::EC2::VPC", {"CidrBlock": "cidr_block"}),
    "aws_subnet": Word("AWS::EC2::Subnet", {
        "VpcId": "vpc_id", "CidrBlock": "cidr_block", "AvailabilityZone": "availability_zone",
    }),
    "aws_route_table": Word("AWS::EC2::RouteTable", {"VpcId": "vpc_id"}),
    "aws_route_table_association": Word("AWS::EC2::SubnetRouteTableAssociation", {
        "SubnetId": "subnet_id", "RouteTableId": "route_table_id",
    }),
    "aws_route": Word("AWS::EC2::Route", {
        "RouteTableId": "route_table_id", "DestinationCidrBlock": "destination_cidr_block", "GatewayId": "gateway_id",
        "NatGatewayId": "nat_gateway_id",
    }),
    "aws_nat_gateway": Word("AWS::EC2::NatGateway", {"SubnetId": "subnet_id"}),
    "aws_internet_gateway": Word("AWS::EC2::InternetGateway", {}),
    "aws_vpc_peering_connection": Word("AWS::EC2::VPCPeeringConnection", {"VpcId": "vpc_id"}),
    "aws_ec2_transit_gateway_vpc_attachment": Word("AWS::EC2::TransitGatewayAttachment", {"VpcId": "vpc_id"}),
    "aws_vpc_endpoint": Word("AWS::EC2::VPCEndpoint", {
        "VpcId": "vpc_id", "ServiceName": "service_name", "VpcEndpointType": "vpc_endpoint_type",
        "PrivateDnsEnabled": "private_dns_enabled", "RouteTableIds": "route_table_ids", "SubnetIds": "subnet_ids",
    }),
    "aws_security_group": Word("AWS::EC2::SecurityGroup", {"VpcId": "vpc_id"}),
    "aws_vpc_security_group_ingress_rule": Word("AWS::EC2::SecurityGroupIngress", {
        "GroupId": "security_group_id", "IpProtocol": "ip_protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4",
        "CidrIpv6": "cidr_ipv6", "SourceSecurityGroupId": "referenced_security_group_id", "SourcePrefixListId": "prefix_list_id",
    }),
    "aws_vpc_security_group_egress_rule": Word("AWS::EC2::SecurityGroupEgress", {
        "GroupId": "security_group_id", "IpProtocol": "ip_protocol", "FromPort": "from_port", "ToPort": "to_port", "CidrIp": "cidr_ipv4",
        "CidrIpv6": "cidr_ipv6", "DestinationSecurityGroupId": "referenced_security_group_id",
        "DestinationPrefixListId": "prefix_list_id",
    }),
    "aws_glue_connection": Word("AWS::Glue::Connection", {"ConnectionInput": "connection_properties"}),
}  # fmt: skip
#: Which types an argument names, where an expression may mention others beside.
EXPECTED: dict[str, tuple[str, ...]] = {
    "role": ("aws_iam_role",),
    "security_group_ids": ("aws_security_group",),
    "function_name": ("aws_lambda_function", "aws_lambda_alias"),
    "db_proxy_name": ("aws_db_proxy", "aws_db_proxy_default_target_group"),
    "db_instance_identifier": ("aws_db_instance",),
    "db_cluster_identifier": ("aws_rds_cluster",),
    "cluster_identifier": ("aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"),
    "parameter_group_name": ("aws_db_parameter_group",),
    "db_parameter_group_name": ("aws_db_parameter_group",),
    "db_cluster_parameter_group_name": ("aws_rds_cluster_parameter_group", "aws_docdb_cluster_parameter_group"),
    "secret_id": ("aws_secretsmanager_secret",),
    "stage_name": ("aws_api_gateway_stage",),
    "rest_api_id": ("aws_api_gateway_rest_api",),
    "api_id": ("aws_apigatewayv2_api",),
    "secret_arn": ("aws_secretsmanager_secret",),
    "rule": ("aws_cloudwatch_event_rule",),
}
_NAMES = {
    "id",
    "name",
    "identifier",
    "cluster_identifier",
    "function_name",
    "table_name",
    "replication_group_id",
    "parameter_group_name",
}
_COMMON = {
    "arn": "Arn", "address": "Endpoint.Address", "port": "Endpoint.Port", "stream_arn": "StreamArn", "resource_id": "DbiResourceId",
    "cluster_resource_id": "DBClusterResourceId", "master_user_secret": "MasterUserSecret.SecretArn", "dns_name": "Endpoint.Address",
}  # fmt: skip
_ATLAS = {
    "connection_strings": "ConnectionStrings.StandardSrv", "connection_strings_standard_srv": "ConnectionStrings.StandardSrv",
    "srv_address": "SrvAddress", "mongo_uri": "MongoURI", "mongo_uri_with_options": "MongoURIWithOptions",
}  # fmt: skip
_BY_TYPE: dict[str, dict[str, str]] = {
    "aws_db_instance": {"endpoint": "Endpoint.Address"},
    "aws_rds_cluster": {"endpoint": "Endpoint.Address", "reader_endpoint": "ReadEndpoint.Address"},
    "aws_rds_cluster_instance": {"endpoint": "Endpoint.Address"},
    "aws_redshift_cluster": {"endpoint": "Endpoint.Address", "dns_name": "Endpoint.Address"},
    "aws_redshiftserverless_workgroup": {"endpoint": "Endpoint.Address"},
    "aws_elasticache_replication_group": {
        "primary_endpoint_address": "PrimaryEndPoint.Address", "configuration_endpoint_address": "ConfigurationEndPoint.Address",
        "reader_endpoint_address": "ReaderEndPoint.Address",
    },
    "aws_elasticache_cluster": {
        "cache_nodes": "RedisEndpoint.Address", "cluster_address": "ConfigurationEndpoint.Address",
        "configuration_endpoint": "ConfigurationEndpoint.Address",
    },
    "aws_elasticache_serverless_cache": {"endpoint": "Endpoint.Address", "reader_endpoint": "ReaderEndpoint.Address"},
    "aws_memorydb_cluster": {"cluster_endpoint": "ClusterEndpoint.Address"},
    **dict.fromkeys(
        ("mongodbatlas_cluster", "mongodbatlas_advanced_cluster", "mongodbatlas_flex_cluster", "mongodbatlas_serverless_instance"),
        _ATLAS,
    ),
    "aws_vpc": {"cidr_block": "CidrBlock", "default_security_group_id": "DefaultSecurityGroup"},
    "aws_subnet": {"cidr_block": "CidrBlock"},
    "aws_dsql_cluster": {"identifier": "Endpoint", "vpc_endpoint_service_name": "VpcEndpointServiceName"},
}  # fmt: skip
#: Attributes whose planned value is an address, for hosts that an expression hides (locals).
ADDRESSES = (
    "address",
    "endpoint",
    "reader_endpoint",
    "primary_endpoint_address",
    "configuration_endpoint_address",
    "cluster_address",
)


_SECRET = ("arn", "name", "id")
_HOST = ("address", "endpoint", "reader_endpoint")
_CACHE = ("primary_endpoint_address", "reader_endpoint_address", "configuration_endpoint_address")
_ATLAS_STRINGS = (
    "connection_strings",
    "connection_strings_standard_srv",
    "srv_address",
    "mongo_uri",
    "mongo_uri_with_options",
)
#: Attributes that lead a function to a store, by type; the first one is what is meant where all of a resource is.
LEADING: dict[str, tuple[str, ...]] = {
    "aws_dynamodb_table": ("name", "arn", "id"),
    "aws_secretsmanager_secret": _SECRET,
    "aws_secretsmanager_secret_version": ("secret_string",),
    "aws_ssm_parameter": ("value", *_SECRET),
    "aws_db_instance": (*_HOST, "master_user_secret"),
    "aws_rds_cluster": ("endpoint", "arn", *_HOST, "master_user_secret"),
    "aws_rds_cluster_instance": ("endpoint",),
    "aws_db_proxy": ("endpoint",),
    "aws_db_proxy_endpoint": ("endpoint",),
    "aws_dsql_cluster": ("arn", "identifier", "id"),
    "aws_docdb_cluster": ("endpoint", "reader_endpoint"),
    "aws_docdb_cluster_instance": ("endpoint",),
    "aws_docdbelastic_cluster": ("endpoint",),
    "aws_neptune_cluster": ("endpoint", "reader_endpoint"),
    "aws_neptune_cluster_instance": ("endpoint", "address"),
    "aws_elasticache_replication_group": _CACHE,
    "aws_elasticache_cluster": ("cache_nodes", "cluster_address", "configuration_endpoint"),
    "aws_elasticache_serverless_cache": ("endpoint", "reader_endpoint"),
    "aws_memorydb_cluster": ("cluster_endpoint",),
    **dict.fromkeys(
        (
            "mongodbatlas_cluster",
            "mongodbatlas_advanced_cluster",
            "mongodbatlas_flex_cluster",
            "mongodbatlas_serverless_instance",
        ),
        _ATLAS_STRINGS,
    ),
}
#: Stores and proxies that have an address.
WITH_ADDRESS = frozenset(LEADING) - {
    "aws_dynamodb_table", "aws_secretsmanager_secret", "aws_secretsmanager_secret_version", "aws_ssm_parameter",
}  # fmt: skip
#: What a data source looks a resource up by, and what that is called of the resource itself.
LOOKED_UP_BY: dict[str, tuple[str, str]] = {
    "aws_db_instance": ("db_instance_identifier", "identifier"),
    "aws_rds_cluster": ("cluster_identifier", "cluster_identifier"),
    "aws_elasticache_cluster": ("cluster_id", "cluster_id"),
    "aws_elasticache_replication_group": ("replication_group_id", "replication_group_id"),
    **dict.fromkeys(
        (
            "aws_db_proxy",
            "aws_dynamodb_table",
            "aws_iam_policy",
            "aws_iam_role",
            "aws_memorydb_cluster",
            "aws_secretsmanager_secret",
            "aws_sqs_queue",
            "aws_ssm_parameter",
        ),
        ("name", "name"),
    ),
}


def attribute_of(resource_type: str, path: tuple[str, ...]) -> str:
    """CloudFormation's name of an attribute; ``Ref`` for a name, an id, or the whole resource."""
    first = path[0] if path else "id"
    specific = _BY_TYPE.get(resource_type, {}).get(first)
    if specific is not None:
        return specific
    if first in ("endpoint", "reader_endpoint"):
        return "Endpoint" if first == "endpoint" else "ReadEndpoint"
    return "Ref" if first in _NAMES else _COMMON.get(first, first)
