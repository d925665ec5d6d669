"""Asking AWS: what is refused is recorded with its permission, what makes every answer impossible stops with a message."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.stub import Stubber

from constructs_lib.errors import PoolproofError
from constructs_lib.readers.live import read_recording
from constructs_lib.readers.live.collect import Asking, NotAnswered, record
from constructs_lib.readers.live.observe import observe, observed
from constructs_lib.readers.live.operations import DETAILS, LISTINGS
from constructs_lib.readers.live.recording import Recording

FUNCTIONS = [
    {"FunctionName": name, "FunctionArn": f"arn:aws:lambda:eu-west-1:1:function:{name}"}
    for name in ("orders", "billing")
]


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)


class Scripted(Asking):
    """Answers from a mapping by operation; an exception among them is raised, everything else is empty."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        super().__init__("eu-west-1", None)
        self.answers = {"lambda.list_functions": FUNCTIONS, "sts.get_caller_identity": "1", **answers}
        self.asked: list[str] = []

    def call(self, service: str, operation: str, key: str, arguments: Mapping[str, Any]) -> Any:
        self.asked.append(f"{service}.{operation}")
        found = self.answers.get(f"{service}.{operation}", [])
        found = found(arguments) if callable(found) else found
        if isinstance(found, Exception):
            raise found
        return found


def denied(*_: Any) -> NotAnswered:
    return NotAnswered("AccessDeniedException", "denied (AccessDeniedException)")


def test_every_operation_only_reads() -> None:
    names = [asked.operation for asked in (*LISTINGS, *DETAILS)]

    assert all(name.startswith(("get_", "list_", "describe_")) for name in names)
    assert "get_secret_value" not in names
    assert len(set(names)) == len(names)


def test_every_operation_exists_in_boto3() -> None:
    asking = Asking("eu-west-1", None)
    for asked in (*LISTINGS, *DETAILS):
        api = asking.client(asked.service).meta.method_to_api_mapping
        model = asking.client(asked.service).meta.service_model.operation_model(api[asked.operation])
        assert not asked.key or asked.key in model.output_shape.members, asked.name


def test_what_is_denied_everywhere_is_said_once_with_the_permission() -> None:
    recording = record(Scripted({"lambda.get_function_concurrency": denied}))

    (refusal,) = recording.refused
    assert (refusal.operation, refusal.subject) == ("lambda.get_function_concurrency", "")
    assert refusal.permission == "lambda:GetFunctionConcurrency"
    assert all(
        c.reserved_concurrency.is_unknown for c in read_recording(recording).fleet.consumers if c.reserved_concurrency
    )


def test_what_is_denied_for_one_function_is_said_for_that_one() -> None:
    answers = {"lambda.get_function_concurrency": lambda given: denied() if given["FunctionName"] == "billing" else 5}

    recording = record(Scripted(answers))

    assert [(item.operation, item.subject) for item in recording.refused] == [
        ("lambda.get_function_concurrency", "billing")
    ]
    assert recording.of("lambda.get_function_concurrency", "orders") == 5


def test_a_function_without_a_policy_is_not_refused() -> None:
    recording = record(Scripted({"lambda.get_policy": NotAnswered("ResourceNotFoundException", "none")}))

    assert recording.refused == []
    assert recording.answers["lambda.get_policy"] == {}


def test_without_the_functions_there_is_no_audit() -> None:
    with pytest.raises(PoolproofError, match="cannot list the functions of eu-west-1: denied.*lambda:ListFunctions"):
        record(Scripted({"lambda.list_functions": denied}))


def test_roles_of_others_and_values_of_secrets_are_not_kept() -> None:
    mine, other = (
        {"Arn": "arn:aws:iam::1:role/orders", "RoleName": "orders"},
        {"Arn": "arn:aws:iam::1:role/x", "RoleName": "x"},
    )
    recording = record(Scripted({
        "lambda.list_functions": [{**FUNCTIONS[0], "Role": mine["Arn"]}],
        "iam.get_account_authorization_details": {"RoleDetailList": [mine, other], "Policies": [{"Arn": "arn:p"}]},
        "secretsmanager.list_secrets": [{"Name": "orders", "ARN": "arn:s", "Description": "of the order desk"}],
    }))  # fmt: skip

    kept = recording.answers["iam.get_account_authorization_details"]
    assert kept == {"RoleDetailList": [mine], "Policies": []}
    assert recording.answers["secretsmanager.list_secrets"] == [{"Name": "orders", "ARN": "arn:s"}]


def stubbed(code: str, message: str = "") -> Asking:
    asking = Asking("eu-west-1", None)
    stubber = Stubber(asking.client("lambda"))
    stubber.add_client_error("get_account_settings", code, message)
    stubber.activate()
    return asking


@pytest.mark.parametrize(
    ("code", "message"),
    [
        ("ExpiredTokenException", "does not accept the credentials.*--profile"),
        ("UnrecognizedClientException", "does not accept the credentials"),
        ("TooManyRequestsException", "AWS throttles lambda.get_account_settings after 6 attempts.*try again later"),
    ],
)
def test_what_no_further_call_can_mend_stops_with_a_message(code: str, message: str) -> None:
    with pytest.raises(PoolproofError, match=message):
        stubbed(code).call("lambda", "get_account_settings", "AccountLimit", {})


def test_other_refusals_are_left_to_the_caller() -> None:
    with pytest.raises(NotAnswered, match="ServiceException: try later") as caught:
        stubbed("ServiceException", "try later").call("lambda", "get_account_settings", "AccountLimit", {})

    assert caught.value.code == "ServiceException"


def test_no_network_stops_before_anything_is_asked() -> None:
    offline = NotAnswered("", str(EndpointConnectionError(endpoint_url="https://sts.example")))

    with pytest.raises(PoolproofError, match="cannot reach AWS in eu-west-1.*check the network and the credentials"):
        record(Scripted({"sts.get_caller_identity": offline}))


def test_a_region_is_needed() -> None:
    with pytest.raises(PoolproofError, match="no AWS region is set: give --region"):
        record(Asking(None, None))


def test_a_profile_that_is_not_there_is_named() -> None:
    with pytest.raises(PoolproofError, match="no-such-profile"):
        Asking("eu-west-1", "no-such-profile")


def test_without_boto3_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)

    with pytest.raises(PoolproofError, match=r"pip install 'poolproof\[audit\]'"):
        Asking("eu-west-1", None)


def recording_of(**answers: Any) -> Recording:
    return Recording("1", "eu-west-1", "", {name.replace("__", "."): value for name, value in answers.items()})


def test_the_highest_values_of_all_days_are_kept() -> None:
    recording = recording_of(
        lambda__list_functions=FUNCTIONS, rds__describe_db_instances=[{"DBInstanceIdentifier": "orders-db"}]
    )
    results = [{"Id": "q0", "Values": [12.0, 80.0, 9.0]}, {"Id": "q1", "Values": []}]

    observe(Scripted({"cloudwatch.get_metric_data": results}), recording, 14)

    assert observed(recording) == (14, (("db:orders-db", "DatabaseConnections", 80.0),))


def test_metrics_that_may_not_be_read_are_refused_like_any_other_answer() -> None:
    recording = recording_of(lambda__list_functions=FUNCTIONS)

    observe(Scripted({"cloudwatch.get_metric_data": denied}), recording, 14)

    assert [item.permission for item in recording.refused] == ["cloudwatch:GetMetricData"]
    assert observed(recording) == (14, ())
