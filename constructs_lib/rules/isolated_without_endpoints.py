"""A function in isolated subnets asks an AWS service that nothing there leads to.

## What it finds

A function all of whose subnets have a route table without a way out, while it needs Secrets Manager, STS, Athena, DynamoDB, S3, SQS or
another service, and the VPC has no endpoint for it. A default route to an internet gateway is no way out: a function never gets a public
address. An error when the function's environment names what its role lets it ask; a warning when only the role shows it.

## Why it matters

The call hangs until its timeout. For Secrets Manager that is before the first connection: the function never gets its password.

## What it cannot see

A token for RDS IAM is signed inside the function and needs no endpoint; neither do logs, traces, or a queue that Lambda polls. A subnet
without a visible route table, a route through a transit gateway, a peering connection or a prefix list, and endpoints made elsewhere:
nothing is said then, or it is a warning. The policy and security groups of an endpoint are not judged.

## Bad

```yaml cloudformation
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: eu-west-1a}}
  Routes: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  RoutesOfA:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref SubnetA, RouteTableId: !Ref Routes}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: api, VpcId: !Ref Vpc}}
  Key: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: key
          PolicyDocument: {Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Key}]}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      Role: !GetAtt Role.Arn
      Environment: {Variables: {SIGNING_KEY_ARN: !Ref Key}}
      VpcConfig: {SubnetIds: [!Ref SubnetA], SecurityGroupIds: [!Ref Group]}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_secretsmanager as secretsmanager

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
key = secretsmanager.Secret(stack, "Key")
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    environment={"SIGNING_KEY_ARN": key.secret_arn},
)
key.grant_read(api)
```

```hcl terraform
resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_route_table" "isolated" {
  vpc_id = aws_vpc.shop.id
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.isolated.id
}
resource "aws_security_group" "api" {
  vpc_id = aws_vpc.shop.id
}
resource "aws_secretsmanager_secret" "key" {
  name = "signing-key"
}
resource "aws_iam_role" "api" {
  name = "api"
}
resource "aws_iam_role_policy" "key" {
  role = aws_iam_role.api.id
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.key.arn }]
  })
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  timeout       = 10
  role          = aws_iam_role.api.arn
  vpc_config {
    subnet_ids         = [aws_subnet.a.id]
    security_group_ids = [aws_security_group.api.id]
  }
  environment {
    variables = { SIGNING_KEY_ARN = aws_secretsmanager_secret.key.arn }
  }
}
```

## Good

```yaml cloudformation
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  SubnetA: {Type: AWS::EC2::Subnet, Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, AvailabilityZone: eu-west-1a}}
  Routes: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  RoutesOfA:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref SubnetA, RouteTableId: !Ref Routes}
  Group: {Type: AWS::EC2::SecurityGroup, Properties: {GroupDescription: api, VpcId: !Ref Vpc}}
  Key: {Type: AWS::SecretsManager::Secret, Properties: {GenerateSecretString: {}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: key
          PolicyDocument: {Statement: [{Effect: Allow, Action: secretsmanager:GetSecretValue, Resource: !Ref Key}]}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      Role: !GetAtt Role.Arn
      Environment: {Variables: {SIGNING_KEY_ARN: !Ref Key}}
      VpcConfig: {SubnetIds: [!Ref SubnetA], SecurityGroupIds: [!Ref Group]}
  Secrets:
    Type: AWS::EC2::VPCEndpoint
    Properties:
      VpcEndpointType: Interface
      ServiceName: !Sub com.amazonaws.${AWS::Region}.secretsmanager
      VpcId: !Ref Vpc
      SubnetIds: [!Ref SubnetA]
      SecurityGroupIds: [!Ref Group]
      PrivateDnsEnabled: true
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_secretsmanager as secretsmanager

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
key = secretsmanager.Secret(stack, "Key")
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(10), vpc=vpc, vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    environment={"SIGNING_KEY_ARN": key.secret_arn},
)
key.grant_read(api)
vpc.add_interface_endpoint("Secrets", service=ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER)
```

```hcl terraform
resource "aws_vpc" "shop" {
  cidr_block = "10.0.0.0/16"
}
resource "aws_subnet" "a" {
  vpc_id     = aws_vpc.shop.id
  cidr_block = "10.0.0.0/24"
}
resource "aws_route_table" "isolated" {
  vpc_id = aws_vpc.shop.id
}
resource "aws_route_table_association" "a" {
  subnet_id      = aws_subnet.a.id
  route_table_id = aws_route_table.isolated.id
}
resource "aws_security_group" "api" {
  vpc_id = aws_vpc.shop.id
}
resource "aws_secretsmanager_secret" "key" {
  name = "signing-key"
}
resource "aws_iam_role" "api" {
  name = "api"
}
resource "aws_iam_role_policy" "key" {
  role = aws_iam_role.api.id
  policy = jsonencode({
    Statement = [{ Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.key.arn }]
  })
}
resource "aws_lambda_function" "api" {
  function_name = "api"
  timeout       = 10
  role          = aws_iam_role.api.arn
  vpc_config {
    subnet_ids         = [aws_subnet.a.id]
    security_group_ids = [aws_security_group.api.id]
  }
  environment {
    variables = { SIGNING_KEY_ARN = aws_secretsmanager_secret.key.arn }
  }
}
resource "aws_vpc_endpoint" "secrets" {
  vpc_id              = aws_vpc.shop.id
  vpc_endpoint_type   = "Interface"
  service_name        = "com.amazonaws.eu-west-1.secretsmanager"
  private_dns_enabled = true
}
```

## How to fix

Add an interface endpoint with private DNS (a gateway endpoint for S3 and DynamoDB, which costs nothing), or use subnets behind a NAT
gateway. For a database password, RDS IAM login needs neither.

## References

- https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc-internet.html
- https://docs.aws.amazon.com/secretsmanager/latest/userguide/vpc-endpoint-overview.html
- https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.isolation import Unreachable, unreachable_calls
from constructs_lib.model.settings import Settings
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed

_GATEWAYS = ("s3", "dynamodb")


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each function whose calls cannot leave its subnets."""
    for consumer in fleet.consumers:
        found = unreachable_calls(fleet, consumer)
        if found is not None:
            yield _finding(rule, found)


def _finding(rule: Rule, found: Unreachable) -> Finding:
    consumer = found.consumer
    services = [call.service for call in found.calls]
    certain = any(call.named for call in found.calls) and not found.doubtful
    return rule.finding(
        consumer.id,
        f"{consumer.id} runs in subnets without a way out, and no VPC endpoint answers for {listed(services)}",
        arithmetic=[
            *(f"{subnet.id}: default route to {_route(subnet.default_route)}" for subnet in found.subnets),
            *(f"{call.service}: {call.evidence}" for call in found.calls),
        ],
        fix=_fix(consumer.id, services),
        origin=consumer.origin,
        confidence=Confidence.CERTAIN if certain else Confidence.LIKELY,
        severity=Severity.ERROR if certain else Severity.WARNING,
    )


def _route(kind: str | None) -> str:
    return "an internet gateway, which a function cannot use" if kind == "internet-gateway" else "nowhere"


def _fix(consumer: str, services: list[str]) -> str:
    gateways = [service for service in services if service in _GATEWAYS]
    interfaces = [service for service in services if service not in _GATEWAYS]
    parts = []
    if interfaces:
        parts.append(f"add an interface endpoint with private DNS for {listed(interfaces)}")
    if gateways:
        parts.append(f"add a gateway endpoint for {listed(gateways)} to the route tables of its subnets")
    return f"{' and '.join(parts)}, or put {consumer} into subnets whose default route leads to a NAT gateway"


RULE = Rule(
    code="PP602",
    name="isolated-without-endpoints",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
