"""Network, service calls and passwords, read from small templates."""

from __future__ import annotations

from typing import Any

import pytest

from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.network import ExposedPassword
from constructs_lib.model.paths import path_of
from constructs_lib.readers.cloudformation import read_documents
from constructs_lib.readers.cloudformation.document import Document

Body = dict[str, Any]


def ref(name: str) -> Body:
    return {"Ref": name}


def at(name: str, attribute: str) -> Body:
    return {"Fn::GetAtt": [name, attribute]}


def fleet_of(resources: Body, **sections: Any) -> Fleet:
    return read_documents([Document("shop", "shop.json", {"Resources": resources, **sections})], {}).fleet


def resource(kind: str, **properties: Any) -> Body:
    return {"Type": f"AWS::{kind}", "Properties": properties}


def function(variables: Body | None = None, **properties: Any) -> Body:
    return resource("Lambda::Function", Environment={"Variables": variables or {}}, **properties)


def api(fleet: Fleet) -> Consumer:
    return fleet.consumer_by_id["Api"]


def shop(ingress: Any, **more: Any) -> Body:
    """A database and a function in one VPC; the database's group has the ingress."""
    inside = {"SubnetIds": [ref("A")], "SecurityGroupIds": [at("ApiGroup", "GroupId")]}
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "A": resource("EC2::Subnet", VpcId=ref("Vpc"), CidrBlock="10.0.0.0/24"),
        "Subnets": resource("RDS::DBSubnetGroup", SubnetIds=[ref("A")]),
        "ApiGroup": resource("EC2::SecurityGroup", VpcId=ref("Vpc")),
        "DbGroup": resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupIngress=ingress),
        "Db": resource(
            "RDS::DBInstance",
            Engine="postgres",
            DBInstanceClass="db.m6g.large",
            DBSubnetGroupName=ref("Subnets"),
            VPCSecurityGroups=[ref("DbGroup")],
        ),
        "Api": function({"PGHOST": at("Db", "Endpoint.Address")}, VpcConfig=inside),
        **more,
    }


def opening(resources: Body, **sections: Any) -> bool | None:
    fleet = fleet_of(resources, **sections)
    path = path_of(fleet, fleet.connections[0])
    assert path is not None
    return path.open


TCP = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432}


@pytest.mark.parametrize(
    ("rule", "opens"),
    [
        ({**TCP, "SourceSecurityGroupId": ref("ApiGroup")}, True),
        ({**TCP, "SourceSecurityGroupId": at("ApiGroup", "GroupId")}, True),
        ({"IpProtocol": "-1", "SourceSecurityGroupId": ref("ApiGroup")}, True),
        ({"IpProtocol": "udp", "FromPort": 5432, "ToPort": 5432, "CidrIp": "0.0.0.0/0"}, False),
        ({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 5431, "CidrIp": "0.0.0.0/0"}, False),
        ({"IpProtocol": "tcp", "FromPort": at("Db", "Endpoint.Port"), "ToPort": at("Db", "Endpoint.Port"), "CidrIp": "0.0.0.0/0"}, True),
        ({**TCP, "CidrIp": at("Vpc", "CidrBlock")}, True),
        ({**TCP, "CidrIp": "10.0.0.0/25"}, True),
        ({**TCP, "CidrIp": "10.9.0.0/16"}, False),
        ({**TCP, "CidrIp": ref("Where")}, None),
        ({**TCP, "SourceSecurityGroupId": ref("Where")}, None),
        ({**TCP, "SourcePrefixListId": "pl-1"}, None),
        ({**TCP, "SourceSecurityGroupId": ref("DbGroup")}, False),
        ({"IpProtocol": ref("Where"), "CidrIp": "0.0.0.0/0"}, None),
    ],
)  # fmt: skip
def test_a_rule_opens_the_path_or_not(rule: Body, opens: bool | None) -> None:
    assert opening(shop([rule]), Parameters={"Where": {"Type": "String"}}) is opens


def test_rules_that_are_resources_count() -> None:
    rule = resource(
        "EC2::SecurityGroupIngress", GroupId=at("DbGroup", "GroupId"), **TCP, SourceSecurityGroupId=ref("ApiGroup")
    )

    assert opening(shop([])) is False
    assert opening(shop([], Rule=rule)) is True


def test_a_rule_for_a_group_nobody_knows_leaves_a_doubt() -> None:
    rule = resource("EC2::SecurityGroupIngress", GroupId={"Fn::ImportValue": "group"}, **TCP, CidrIp="0.0.0.0/0")
    fleet = fleet_of(shop([], Rule=rule))
    path = path_of(fleet, fleet.connections[0])

    assert path is not None
    assert (path.open, path.doubtful) == (False, True)


def test_a_group_that_an_output_shows_leaves_a_doubt() -> None:
    fleet = fleet_of(shop([]), Outputs={"Group": {"Value": at("DbGroup", "GroupId")}})
    path = path_of(fleet, fleet.connections[0])

    assert path is not None
    assert (path.open, path.doubtful) == (False, True)


def test_listed_egress_closes_everything_else_and_the_cdk_s_disallow_rule_too() -> None:
    admitted = [{**TCP, "SourceSecurityGroupId": ref("ApiGroup")}]
    nothing = {"IpProtocol": "icmp", "CidrIp": "255.255.255.255/32", "FromPort": 252, "ToPort": 86}
    closed = resource("EC2::SecurityGroup", VpcId=ref("Vpc"), SecurityGroupEgress=[nothing])
    out = resource(
        "EC2::SecurityGroupEgress", GroupId=ref("ApiGroup"), **TCP, DestinationSecurityGroupId=ref("DbGroup")
    )

    assert opening(shop(admitted, ApiGroup=closed)) is False
    assert opening(shop(admitted, ApiGroup=closed, Out=out)) is True


def test_members_of_a_default_group_reach_each_other_unless_the_cdk_restricts_it() -> None:
    default = [at("Vpc", "DefaultSecurityGroup")]
    found = shop([])
    found["Db"]["Properties"]["VPCSecurityGroups"] = default
    found["Api"]["Properties"]["VpcConfig"] = {"SubnetIds": [ref("A")], "SecurityGroupIds": default}

    assert opening(found) is True
    assert opening({**found, "Restrict": {"Type": "Custom::VpcRestrictDefaultSG", "Properties": {}}}) is None


def test_a_function_outside_of_a_vpc_needs_a_public_address() -> None:
    outside = function({"PGHOST": at("Db", "Endpoint.Address")})
    found = shop([{**TCP, "CidrIp": "0.0.0.0/0"}], Api=outside)

    assert opening(found) is None
    found["Db"]["Properties"]["PubliclyAccessible"] = False
    assert opening(found) is False
    found["Db"]["Properties"]["PubliclyAccessible"] = True
    assert opening(found) is True
    found["DbGroup"]["Properties"]["SecurityGroupIngress"] = [{**TCP, "CidrIp": "198.51.100.0/24"}]
    assert opening(found) is None  # whether Lambda sends from there


def test_a_function_whose_vpc_hangs_on_a_parameter_is_not_placed() -> None:
    inside = {"Fn::If": ["InVpc", {"SubnetIds": ["subnet-1"]}, ref("AWS::NoValue")]}
    sections = {
        "Parameters": {"Vpc": {"Type": "String"}},
        "Conditions": {"InVpc": {"Fn::Equals": [ref("Vpc"), "yes"]}},
    }

    assert api(fleet_of({"Api": function(VpcConfig=inside)}, **sections)).placement is None


def routed(*routes: Body, **more: Body) -> Body:
    return {
        "Vpc": resource("EC2::VPC", CidrBlock="10.0.0.0/16"),
        "A": resource("EC2::Subnet", VpcId=ref("Vpc")),
        "Table": resource("EC2::RouteTable", VpcId=ref("Vpc")),
        "OfA": resource("EC2::SubnetRouteTableAssociation", SubnetId=ref("A"), RouteTableId=ref("Table")),
        **{f"Route{index}": resource("EC2::Route", **route) for index, route in enumerate(routes)},
        **more,
    }


@pytest.mark.parametrize(
    ("route", "leads"),
    [
        ({"DestinationCidrBlock": "0.0.0.0/0", "NatGatewayId": "nat-1"}, "nat"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1"}, "internet-gateway"),
        ({"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"}, "other"),
        ({"DestinationCidrBlock": "10.8.0.0/16", "VpcPeeringConnectionId": "pcx-1"}, None),
        ({"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}, None),
    ],
)
def test_where_a_subnet_leads(route: Body, leads: str | None) -> None:
    (subnet,) = fleet_of(routed({"RouteTableId": ref("Table"), **route})).network.subnets

    assert subnet.default_route == leads


def test_a_subnet_leads_nowhere_only_when_its_whole_table_is_visible() -> None:
    hidden = {
        "RouteTableId": {"Fn::ImportValue": "table"},
        "DestinationCidrBlock": "0.0.0.0/0",
        "NatGatewayId": "nat-1",
    }
    unassociated = routed()
    del unassociated["OfA"]

    assert [s.default_route for s in fleet_of(routed()).network.subnets] == ["none"]
    assert [s.default_route for s in fleet_of(routed(hidden)).network.subnets] == [None]
    assert [s.default_route for s in fleet_of(unassociated).network.subnets] == [None]


def test_endpoints_with_their_service_and_the_subnets_of_their_tables() -> None:
    name = {"Fn::Join": ["", ["com.amazonaws.", ref("AWS::Region"), ".s3"]]}
    s3 = resource("EC2::VPCEndpoint", VpcId=ref("Vpc"), ServiceName=name, RouteTableIds=[ref("Table")])
    hidden = resource("EC2::VPCEndpoint", VpcId=ref("Vpc"), ServiceName=ref("Service"), VpcEndpointType="Interface")
    found = fleet_of(routed(S3=s3, Hidden=hidden), Parameters={"Service": {"Type": "String"}}).network.endpoints

    assert [(e.service, e.gateway, e.subnets, e.private_dns) for e in found] == [
        ("s3", True, ("A",), None),
        (None, False, (), None),
    ]


def role(*statements: Body) -> Body:
    document = {"Statement": [{"Effect": "Allow", **statement} for statement in statements]}
    return resource("IAM::Role", Policies=[{"PolicyName": "p", "PolicyDocument": document}])


def test_a_call_is_sure_when_the_environment_names_what_the_role_allows() -> None:
    may = role(
        {"Action": "secretsmanager:GetSecretValue", "Resource": ref("Key")},
        {"Action": ["sqs:SendMessage"], "Resource": [at("Mail", "Arn"), at("Dead", "Arn")]},
        {"Action": "s3:GetObject", "Resource": "*"},
    )
    found = fleet_of(
        {
            "Key": resource("SecretsManager::Secret"),
            "Mail": resource("SQS::Queue"),
            "Dead": resource("SQS::Queue"),
            "Role": may,
            "Api": function(
                {"KEY": ref("Key")}, Role=at("Role", "Arn"), DeadLetterConfig={"TargetArn": at("Dead", "Arn")}
            ),
        }
    )

    assert [(call.service, call.named) for call in api(found).calls] == [("secretsmanager", True), ("sqs", False)]


def test_a_dead_letter_queue_is_no_call() -> None:
    may = role({"Action": "sqs:SendMessage", "Resource": at("Dead", "Arn")})
    body = function(Role=at("Role", "Arn"), DeadLetterConfig={"TargetArn": at("Dead", "Arn")})

    assert api(fleet_of({"Dead": resource("SQS::Queue"), "Role": may, "Api": body})).calls == ()


SECRET = "{{resolve:secretsmanager:orders:SecretString:%s::}}"


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("DB_PASSWORD", "correct horse", "literal"),
        ("dbPassword", "correct horse", "literal"),
        ("PGPASSWORD", ref("Password"), "parameter"),
        ("DATABASE_PASSWORD", SECRET % "password", "secret"),
        ("DATABASE_CREDENTIALS", "{{resolve:secretsmanager:orders}}", "secret"),
        ("DATABASE_URL", "postgres://api:secret@db.example.com/orders", "connection-string"),
        ("DATABASE_URL", {"Fn::Sub": "postgres://api:${Password}@db.example.com/orders"}, "connection-string"),
        ("DATABASE_URL", f"postgres://api:{SECRET % 'password'}@db.example.com/orders", "connection-string"),
        (
            "ConnectionStrings__Orders",
            "Server=db.example.com;Database=orders;User Id=api;Password=secret",
            "connection-string",
        ),
        ("DSN", {"Fn::Sub": "host=db.example.com dbname=orders password=${Password}"}, "connection-string"),
        ("DSN", "host=localhost dbname=orders password=secret", None),
        ("DSN", "host=mail.example.com user=api password=secret", None),
        ("DB_PASSWORD", "changeme", None),
        ("DB_PASSWORD", "", None),
        ("DB_PASSWORD", "<set by the pipeline>", None),
        ("DB_PASSWORD_SECRET_ARN", "arn:aws:secretsmanager:eu-west-1:1:secret:a", None),
        ("DB_PASSWORD", "/orders/password", None),
        ("DB_USERNAME", SECRET % "username", None),
        ("DATABASE_HOST", SECRET % "host", None),
        ("DATABASE_URL", "postgres://api@db.example.com/orders", None),
        ("DATABASE_URL", "postgres://postgres:postgres@localhost/orders", None),
        ("SMTP_PASSWORD", "correct horse", None),
        ("PASSWORD", "correct horse", None),
    ],
)
def test_passwords_in_the_environment(name: str, value: Any, kind: str | None) -> None:
    found = fleet_of({"Api": function({name: value})}, Parameters={"Password": {"Type": "String", "NoEcho": True}})

    assert [exposed.kind for exposed in api(found).exposed_passwords] == ([kind] if kind else [])


def test_a_password_of_something_is_likely_the_database_s() -> None:
    found = shop([])
    found["Api"]["Properties"]["Environment"]["Variables"]["PASSWORD"] = "correct horse"

    assert api(fleet_of(found)).exposed_passwords == (ExposedPassword("PASSWORD", "literal", likely=True),)


def test_the_address_of_a_member_of_a_cluster() -> None:
    cluster = {
        "Orders": resource("RDS::DBCluster", Engine="aurora-postgresql"),
        "Writer": resource("RDS::DBInstance", DBClusterIdentifier=ref("Orders"), DBInstanceClass="db.r6g.large"),
    }
    member = fleet_of({**cluster, "Api": function({"PGHOST": at("Writer", "Endpoint.Address")})}).connections[0]
    both = {"PGHOST": at("Writer", "Endpoint.Address"), "MAIN_HOST": at("Orders", "Endpoint.Address")}

    assert (member.store, member.instance) == ("Orders", "Writer")
    assert fleet_of({**cluster, "Api": function(both)}).connections[0].instance is None
