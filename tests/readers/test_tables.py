"""What a template says of key-value tables, of who may do what with them, and of what exports them."""

from __future__ import annotations

from pathlib import Path

from constructs_lib.model.fleet import Connection, Fleet
from constructs_lib.model.grants import allowing
from constructs_lib.model.key_value import Export, Index, KeyValueTable
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.sources import read

SCAN = "dynamodb:Scan"


def fleet(text: str, tmp_path: Path) -> Fleet:
    template = tmp_path / "template.yaml"
    template.write_text(text, encoding="utf-8")
    reading = read([template])
    assert not reading.unread, reading.unread
    return reading.fleet


def table(properties: str, tmp_path: Path, kind: str = "Table", more: str = "") -> KeyValueTable:
    text = f"Resources:\n  Orders:\n    Type: AWS::DynamoDB::{kind}\n    Properties: {properties}\n{more}"
    found = fleet(text, tmp_path).store_by_id["Orders"].table
    assert found is not None
    return found


def test_keys_indexes_and_switches(tmp_path: Path) -> None:
    found = table(
        """
      TableName: orders
      BillingMode: PAY_PER_REQUEST
      KeySchema: [{AttributeName: PK, KeyType: HASH}, {AttributeName: SK, KeyType: RANGE}]
      TimeToLiveSpecification: {AttributeName: expires_at, Enabled: true}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: "true"}
      DeletionProtectionEnabled: true
      GlobalSecondaryIndexes:
        - {IndexName: one, KeySchema: [{AttributeName: SK, KeyType: RANGE}, {AttributeName: status, KeyType: HASH}]}
    DeletionPolicy: Retain
""",
        tmp_path,
    )

    assert (found.name, found.partition_key, found.on_demand) == ("orders", "PK", True)
    assert found.indexes == (Index("one", "status"),)
    assert (found.time_to_live, found.point_in_time_recovery, found.deletion_protection, found.kept) == (True,) * 4


def test_what_is_not_written_is_off_and_what_depends_on_a_parameter_is_undecided(tmp_path: Path) -> None:
    plain = table("{}", tmp_path)
    hidden = table(
        "{PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: !Ref Recover}, "
        "TimeToLiveSpecification: {Enabled: !Ref Recover}}\nParameters: {Recover: {Type: String}}",
        tmp_path,
    )

    assert (plain.time_to_live, plain.point_in_time_recovery, plain.deletion_protection, plain.kept) == (False,) * 4
    assert (plain.on_demand, plain.read_units, plain.write_units) == (False, None, None)
    assert (hidden.point_in_time_recovery, hidden.time_to_live) == (None, None)


def test_throughput_in_every_way_it_can_be_capped(tmp_path: Path) -> None:
    capped = {
        "{ProvisionedThroughput: {ReadCapacityUnits: 10, WriteCapacityUnits: 5}}": ("Table", 10, 5),
        "{OnDemandThroughput: {MaxReadRequestUnits: 30, MaxWriteRequestUnits: 20}}": ("Table", 30, 20),
        "{WriteOnDemandThroughputSettings: {MaxWriteRequestUnits: 9}, Replicas: "
        "[{Region: eu-west-1, ReadOnDemandThroughputSettings: {MaxReadRequestUnits: 8}}]}": ("GlobalTable", 8, 9),
        "{WriteProvisionedThroughputSettings: {WriteCapacityAutoScalingSettings: {MinCapacity: 1, MaxCapacity: 7}}, Replicas: "
        "[{Region: eu-west-1, ReadProvisionedThroughputSettings: {ReadCapacityUnits: 6}}]}": ("GlobalTable", 6, 7),
    }
    for properties, (kind, read_units, write_units) in capped.items():
        found = table(properties, tmp_path, kind)
        assert (found.read_units, found.write_units) == (Quantity.exact(read_units), Quantity.exact(write_units))


def test_scaling_raises_a_cap_and_minus_one_takes_it_away(tmp_path: Path) -> None:
    scaling = """
  Scaling:
    Type: AWS::ApplicationAutoScaling::ScalableTarget
    Properties:
      ResourceId: !Sub table/${Orders}
      ScalableDimension: dynamodb:table:ReadCapacityUnits
      MinCapacity: 5
      MaxCapacity: 400
"""
    scaled = table("{ProvisionedThroughput: {ReadCapacityUnits: 5, WriteCapacityUnits: 5}}", tmp_path, more=scaling)
    free = table("{OnDemandThroughput: {MaxReadRequestUnits: -1, MaxWriteRequestUnits: 5}}", tmp_path)

    assert (scaled.read_units, scaled.write_units) == (Quantity.exact(400), Quantity.exact(5))
    assert (free.read_units, free.write_units) == (None, Quantity.exact(5))


def test_a_global_table_speaks_through_its_replicas(tmp_path: Path) -> None:
    found = table(
        "{Replicas: [{Region: eu-west-1, PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}, "
        "DeletionProtectionEnabled: true}, {Region: eu-central-1}]}",
        tmp_path,
        "GlobalTable",
    )

    assert (found.point_in_time_recovery, found.deletion_protection, found.replicas) == (True, True, 2)


def test_a_simple_table_of_sam(tmp_path: Path) -> None:
    found = fleet(
        """Transform: AWS::Serverless-2016-10-31
Resources:
  Orders:
    Type: AWS::Serverless::SimpleTable
    Properties:
      PrimaryKey: {Name: order_id, Type: String}
      PointInTimeRecoverySpecification: {PointInTimeRecoveryEnabled: true}
""",
        tmp_path,
    ).store_by_id["Orders"]

    assert found.table is not None
    assert (found.table.partition_key, found.table.on_demand, found.table.point_in_time_recovery) == (
        "order_id",
        True,
        True,
    )


READERS = """
  Search: {Type: AWS::Lambda::Function, Properties: {Environment: {Variables: {IDEMPOTENCY_TABLE: !Ref Orders}}}}
  ToSearch:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Search, EventSourceArn: !GetAtt Orders.StreamArn}
  Off:
    Type: AWS::Lambda::EventSourceMapping
    Properties: {FunctionName: !Ref Search, EventSourceArn: !GetAtt Orders.StreamArn, Enabled: false}
  Pipe:
    Type: AWS::Pipes::Pipe
    Properties: {Source: !GetAtt Orders.StreamArn, Target: arn, RoleArn: arn}
  Stopped:
    Type: AWS::Pipes::Pipe
    Properties: {Source: !GetAtt Orders.StreamArn, DesiredState: STOPPED}
"""


def test_readers_of_the_stream_and_names_in_environments(tmp_path: Path) -> None:
    found = table("{}", tmp_path, more=READERS)

    assert found.stream_readers == ("ToSearch", "Pipe")
    assert found.known_as == ("IDEMPOTENCY_TABLE",)


def role(statements: str, more: str = "") -> str:
    return f"""Resources:
  Orders: {{Type: AWS::DynamoDB::Table, Properties: {{}}}}
  Items: {{Type: AWS::DynamoDB::Table, Properties: {{}}}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      Policies: [{{PolicyName: p, PolicyDocument: {{Statement: [{statements}]}}}}]
  Api: {{Type: AWS::Lambda::Function, Properties: {{Role: !GetAtt Role.Arn}}}}
{more}"""


def edge(found: Fleet, store: str = "Orders") -> Connection:
    (connection,) = [item for item in found.connections if item.store == store]
    return connection


def test_grants_belong_to_the_table_they_name(tmp_path: Path) -> None:
    found = fleet(
        role(
            "{Effect: Allow, Action: [dynamodb:Query, dynamodb:Scan], Resource: [!GetAtt Orders.Arn, !Sub '${Orders.Arn}/index/*']},"
            "{Effect: Allow, Action: dynamodb:GetItem, Resource: !GetAtt Items.Arn}"
        ),
        tmp_path,
    )

    assert allowing(edge(found).grants, SCAN)
    assert not allowing(edge(found, "Items").grants, SCAN)


def test_denials_and_conditions(tmp_path: Path) -> None:
    allowed = "{Effect: Allow, Action: 'dynamodb:*', Resource: !GetAtt Orders.Arn}"
    denied = fleet(role(allowed + ",{Effect: Deny, Action: dynamodb:Scan, Resource: '*'}"), tmp_path)
    perhaps = fleet(
        role(allowed + ",{Effect: Deny, Action: dynamodb:Scan, Resource: '*', Condition: {Bool: {a: true}}}"), tmp_path
    )

    assert not allowing(edge(denied).grants, SCAN)
    assert allowing(edge(denied).grants, "dynamodb:Query")
    assert allowing(edge(perhaps).grants, SCAN)


def test_what_nobody_wrote_by_hand_is_ready_made(tmp_path: Path) -> None:
    bundle = "dynamodb:BatchGetItem, dynamodb:Query, dynamodb:GetItem, dynamodb:Scan, dynamodb:ConditionCheckItem"
    by_construct = fleet(role(f"{{Effect: Allow, Action: [{bundle}], Resource: !GetAtt Orders.Arn}}"), tmp_path)
    by_hand = fleet(
        role("{Effect: Allow, Action: [dynamodb:Query, dynamodb:Scan], Resource: !GetAtt Orders.Arn}"), tmp_path
    )
    by_template = fleet(
        """Transform: AWS::Serverless-2016-10-31
Resources:
  Orders: {Type: AWS::Serverless::SimpleTable}
  Api: {Type: AWS::Serverless::Function, Properties: {Policies: [{DynamoDBReadPolicy: {TableName: !Ref Orders}}]}}
""",
        tmp_path,
    )

    assert [grant.ready_made for grant in edge(by_construct).grants] == [True]
    assert [grant.ready_made for grant in edge(by_hand).grants] == [False]
    assert [grant.ready_made for grant in edge(by_template).grants] == [True]


def test_analytical_permissions(tmp_path: Path) -> None:
    lake = "  SalesLake: {Type: AWS::S3::Bucket}\n  Pictures: {Type: AWS::S3::Bucket}\n"
    found = fleet(
        role(
            "{Effect: Allow, Action: athena:*, Resource: '*'},"
            "{Effect: Allow, Action: s3:Put*, Resource: [!Sub '${SalesLake.Arn}/*', !Sub '${Pictures.Arn}/*']},"
            "{Effect: Deny, Action: glue:StartJobRun, Resource: '*'}",
            lake,
        ),
        tmp_path,
    )

    assert found.consumer_by_id["Api"].analytical == ("athena:StartQueryExecution", "s3:PutObject on 'SalesLake'")


EXPORTER = role(
    "{Effect: Allow, Action: dynamodb:ExportTableToPointInTime, Resource: !GetAtt Orders.Arn}",
    "  Daily:\n    Type: AWS::Events::Rule\n"
    "    Properties: {ScheduleExpression: rate(1 day), Targets: [{Id: a, Arn: !GetAtt Api.Arn}]}\n",
)


def exports(found: Fleet) -> tuple[Export, ...]:
    kept = found.store_by_id["Orders"].table
    assert kept is not None
    return kept.exports


def test_a_function_that_may_export(tmp_path: Path) -> None:
    (export,) = exports(fleet(EXPORTER, tmp_path))
    spoken = EXPORTER.replace(
        "{Role: !GetAtt Role.Arn}", "{Role: !GetAtt Role.Arn, Environment: {Variables: {MODE: incremental}}}"
    )

    assert (export.id, export.incremental, export.schedules[0].expression) == ("Api", None, "rate(1 day)")
    assert [item.incremental for item in exports(fleet(spoken, tmp_path))] == [True]
    assert exports(fleet(EXPORTER.replace("dynamodb:ExportTableToPointInTime", "'dynamodb:*'"), tmp_path)) == ()


def test_a_state_machine_that_exports(tmp_path: Path) -> None:
    found = exports(
        fleet(
            """Resources:
  Orders: {Type: AWS::DynamoDB::Table, Properties: {}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      Definition:
        StartAt: Export
        States:
          Export:
            Type: Task
            Resource: arn:aws:states:::aws-sdk:dynamodb:exportTableToPointInTime
            Parameters: {TableArn: !GetAtt Orders.Arn, ExportType: FULL_EXPORT}
            End: true
  Weekly:
    Type: AWS::Scheduler::Schedule
    Properties: {ScheduleExpression: rate(7 days), Target: {Arn: !Ref Machine, RoleArn: arn}}
""",
            tmp_path,
        )
    )

    assert [(item.id, item.incremental, item.schedules[0].expression) for item in found] == [
        ("Machine", False, "rate(7 days)")
    ]
