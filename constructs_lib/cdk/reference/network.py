"""A network without a way out: isolated subnets in two zones and the endpoints that the functions in it need."""

from __future__ import annotations

import aws_cdk as cdk
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct

from constructs_lib.cdk.reference.placement import Placement


class IsolatedNetwork(Construct):
    """A VPC with two isolated subnets, no internet or NAT gateway, and endpoints for S3, DynamoDB and Secrets Manager.

    S3 and DynamoDB are reached by the projector, Secrets Manager by the migration only. The login tokens of the request path are
    signed inside the function and need no endpoint; neither do logs and traces, which Lambda takes from the function itself.
    Each /22 subnet has 1,019 free addresses.
    """

    def __init__(self, scope: Construct, id: str) -> None:
        super().__init__(scope, id)
        self.vpc = ec2.Vpc(
            self,
            "Resource",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            max_azs=2,
            nat_gateways=0,
            restrict_default_security_group=True,
            subnet_configuration=[
                ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=22)
            ],
            gateway_endpoints={
                "S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3),
                "DynamoDb": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.DYNAMODB),
            },
        )
        self._subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
        self._secrets = self.vpc.add_interface_endpoint(
            "SecretsManager",
            service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
            open=False,
            security_groups=[
                ec2.SecurityGroup(
                    self,
                    "SecretsSecurityGroup",
                    vpc=self.vpc,
                    description="endpoint of Secrets Manager",
                    allow_all_outbound=False,
                )
            ],
        )
        self._log_flows()

    @property
    def subnets(self) -> ec2.SubnetSelection:
        """The isolated subnets, one in each zone."""
        return self._subnets

    def place(self, scope: Construct, name: str) -> Placement:
        """A place for one function, with a security group that lets nothing out until somebody allows it."""
        group = ec2.SecurityGroup(
            scope, f"{name}SecurityGroup", vpc=self.vpc, description=f"function {name}", allow_all_outbound=False
        )
        return Placement(self.vpc, self._subnets, (group,))

    def allow_gateways(self, function: lambda_.Function) -> None:
        """Let a function of this network reach S3 and DynamoDB: their endpoints are routes, which no rule can name here."""
        function.connections.allow_to(
            ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3 and DynamoDB through gateway endpoints"
        )

    def allow_secrets(self, function: lambda_.Function) -> None:
        """Let a function of this network reach Secrets Manager."""
        self._secrets.connections.allow_default_port_from(function, "reads secrets")

    def _log_flows(self) -> None:
        group = logs.LogGroup(
            self, "FlowLogs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=cdk.RemovalPolicy.DESTROY
        )
        self.vpc.add_flow_log(
            "Flows",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )
