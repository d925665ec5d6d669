from __future__ import annotations

from collections.abc import Callable

import aws_cdk as cdk
import pytest
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Match, Template

from constructs_lib.cdk.analytical import AnalyticalStore
from constructs_lib.cdk.analytical_grants import LakeAccess
from constructs_lib.errors import ConnectError, InputError
from tests.cdk_stores.conftest import only, statements_of, variables_of

pytestmark = pytest.mark.cdk
BUCKET, DATABASE, WORKGROUP = "LakeEE81F29A", "LakeDatabase161E1CC7", "LakeWorkgroupCB5ADEE6"


@pytest.fixture(scope="module")
def template(make_function: Callable[..., lambda_.Function]) -> Template:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Stores")
    lake = AnalyticalStore(stack, "Lake", scan_limit=cdk.Size.mebibytes(100))
    sales = lake.add_table("sales", columns={"order_id": "string", "amount": "decimal(12,2)"}, first_day="2026-11-01")
    lake.connect(make_function(stack, "Reads"), table=sales)
    lake.connect(make_function(stack, "Writes"), table="sales", access=LakeAccess.WRITE)
    return Template.from_stack(stack)


def test_logical_ids_are_kept(template: Template) -> None:
    assert list(template.find_resources("AWS::S3::Bucket")) == [BUCKET]
    assert list(template.find_resources("AWS::Glue::Database")) == [DATABASE]
    assert list(template.find_resources("AWS::Glue::Table")) == ["LakeTablesalesB62EA060"]
    assert list(template.find_resources("AWS::Athena::WorkGroup")) == [WORKGROUP]


def test_the_bucket_is_closed_encrypted_tidy_and_kept(template: Template) -> None:
    bucket = only(template, "AWS::S3::Bucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = bucket["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    rules = {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}
    assert rules["ResultsExpire"]["Prefix"] == "query-results/"
    assert rules["ResultsExpire"]["ExpirationInDays"] == 30
    assert rules["AbandonedUploads"]["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 1}
    assert "VersioningConfiguration" not in bucket
    template.has_resource("AWS::S3::Bucket", {"DeletionPolicy": "Retain"})


def test_the_bucket_answers_over_current_tls_only(template: Template) -> None:
    statements = only(template, "AWS::S3::BucketPolicy")["PolicyDocument"]["Statement"]
    denied = [statement["Condition"] for statement in statements if statement["Effect"] == "Deny"]
    assert {"Bool": {"aws:SecureTransport": "false"}} in denied
    assert {"NumericLessThan": {"s3:TlsVersion": 1.2}} in denied


def test_partitions_are_projected_by_day(template: Template) -> None:
    table = only(template, "AWS::Glue::Table")
    parameters = dict(table["TableInput"]["Parameters"])
    location = parameters.pop("storage.location.template")
    assert parameters == {
        "EXTERNAL": "TRUE",
        "classification": "parquet",
        "projection.enabled": "true",
        "projection.dt.type": "date",
        "projection.dt.format": "yyyy-MM-dd",
        "projection.dt.range": "2026-11-01,NOW",
        "projection.dt.interval": "1",
        "projection.dt.interval.unit": "DAYS",
    }
    assert location == {"Fn::Join": ["", ["s3://", {"Ref": BUCKET}, "/tables/sales/dt=${dt}/"]]}
    assert table["DatabaseName"] == {"Ref": DATABASE}
    assert table["TableInput"]["PartitionKeys"] == [{"Name": "dt", "Type": "string"}]


def test_tables_are_parquet_with_typed_columns(template: Template) -> None:
    storage = only(template, "AWS::Glue::Table")["TableInput"]["StorageDescriptor"]
    assert storage["Columns"] == [
        {"Name": "order_id", "Type": "string"},
        {"Name": "amount", "Type": "decimal(12,2)"},
    ]
    assert storage["SerdeInfo"]["SerializationLibrary"].endswith("ParquetHiveSerDe")


def test_no_query_may_scan_beyond_the_limit_or_choose_its_own_settings(template: Template) -> None:
    settings = only(template, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]
    assert settings["BytesScannedCutoffPerQuery"] == 100 * 1024 * 1024
    assert settings["EnforceWorkGroupConfiguration"] is True
    results = settings["ResultConfiguration"]
    assert results["OutputLocation"] == {"Fn::Join": ["", ["s3://", {"Ref": BUCKET}, "/query-results/"]]}
    assert results["EncryptionConfiguration"] == {"EncryptionOption": "SSE_S3"}


def test_a_reader_reads_one_table_and_deletes_nothing(template: Template) -> None:
    statements = statements_of(template, "Reads")
    actions = {action for statement in statements for action in _list(statement["Action"])}
    assert "athena:StartQueryExecution" in actions
    assert "s3:DeleteObject" not in actions
    written = [statement["Resource"] for statement in statements if "s3:PutObject" in statement["Action"]]
    assert written == [{"Fn::Join": ["", [{"Fn::GetAtt": [BUCKET, "Arn"]}, "/query-results/*"]]}]


def test_a_writer_stays_within_its_table_and_asks_no_catalog(template: Template) -> None:
    statements = statements_of(template, "Writes")
    actions = {action for statement in statements for action in _list(statement["Action"])}
    assert actions == {"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    (objects,) = [statement for statement in statements if "s3:PutObject" in statement["Action"]]
    assert objects["Resource"] == {"Fn::Join": ["", [{"Fn::GetAtt": [BUCKET, "Arn"]}, "/tables/sales/*"]]}
    (listing,) = [statement for statement in statements if statement["Action"] == "s3:ListBucket"]
    # A condition on the prefix would turn "no such object" into "access denied".
    assert "Condition" not in listing


def test_environment_names_bucket_database_table_prefix_and_workgroup(template: Template) -> None:
    group = only(template, "AWS::Athena::WorkGroup")["Name"]
    for function in ("Reads", "Writes"):
        assert variables_of(template, function) == {
            "POOLPROOF_LAKE_BUCKET": {"Ref": BUCKET},
            "POOLPROOF_LAKE_DATABASE": {"Ref": DATABASE},
            "POOLPROOF_LAKE_TABLE": "sales",
            "POOLPROOF_LAKE_PREFIX": "tables/sales/",
            "POOLPROOF_LAKE_WORKGROUP": group,
        }


def test_the_checker_is_told_which_store_each_function_asks(template: Template) -> None:
    for store in (WORKGROUP, BUCKET):
        entry = Match.object_like({"store": store, "via": "http", "connections_per_environment": 0})
        template.has_resource("AWS::Lambda::Function", {"Metadata": {"poolproof:connections": [entry]}})


def test_every_wrong_name_and_type_of_a_table_is_reported_together() -> None:
    lake = AnalyticalStore(cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Wrong"), "Lake")
    with pytest.raises(InputError) as refusal:
        lake.add_table("Sales-2026", columns={"Order": "string", "amount": "money", "dt": "date"})
    assert [str(problem).split(":")[0] for problem in refusal.value.problems] == [
        "table name 'Sales-2026' is not allowed",
        "column name 'Order' is not allowed",
        "column 'amount' of table 'Sales-2026' has unknown type 'money'",
        "'dt' of table 'Sales-2026' is column and partition",
    ]


def test_an_unknown_table_is_refused_with_the_known_ones(make_function: Callable[..., lambda_.Function]) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Unknown")
    lake = AnalyticalStore(stack, "Lake")
    lake.add_table("sales", columns={"order_id": "string"})
    with pytest.raises(ConnectError, match=r"has no table 'sale'; its tables are: sales"):
        lake.connect(make_function(stack, "Reads"), table="sale")


def test_a_scan_limit_below_athenas_minimum_is_refused() -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Small")
    with pytest.raises(InputError, match=r"scan_limit of 'Lake' is 1048576 bytes; Athena accepts 10000000 or more"):
        AnalyticalStore(stack, "Lake", scan_limit=cdk.Size.mebibytes(1))


def test_an_own_key_encrypts_files_and_results_and_is_granted(make_function: Callable[..., lambda_.Function]) -> None:
    stack = cdk.Stack(cdk.App(builtin_cloud_formation_validation=False), "Keyed")
    lake = AnalyticalStore(stack, "Lake", encryption_key=kms.Key(stack, "Key"))
    lake.add_table("sales", columns={"order_id": "string"})
    lake.connect(make_function(stack, "Reads"), table="sales")
    template = Template.from_stack(stack)
    (key,) = template.find_resources("AWS::KMS::Key")
    results = only(template, "AWS::Athena::WorkGroup")["WorkGroupConfiguration"]["ResultConfiguration"]
    assert results["EncryptionConfiguration"] == {
        "EncryptionOption": "SSE_KMS",
        "KmsKey": {"Fn::GetAtt": [key, "Arn"]},
    }
    actions = {action for statement in statements_of(template, "Reads") for action in _list(statement["Action"])}
    assert "kms:Decrypt" in actions


def _list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
