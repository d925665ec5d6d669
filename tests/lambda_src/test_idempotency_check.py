"""The idempotency check with Powertools' records in the single table."""

from __future__ import annotations

import time
from typing import Any

import boto3
import pytest
from surroundings import Context, load

pytestmark = pytest.mark.local_cloud


class Checker:
    def __init__(self) -> None:
        self.module = load("idempotency_check")

    def ask(self, tenant: str, key: str = "k1", *, by: str = "request-1", **more: Any) -> dict[str, Any]:
        event = {"tenant_id": tenant, "key": key, **more}
        return self.module.handler(event, Context(aws_request_id=by, function_name="idempotency-check"))


@pytest.fixture
def checker(single_table: str, monkeypatch: pytest.MonkeyPatch) -> Checker:
    monkeypatch.setenv("POOLPROOF_TABLE_NAME", single_table)
    monkeypatch.setenv("POOLPROOF_TABLE_INDEXES", "GSI1")
    return Checker()


def items(table: str) -> list[dict[str, Any]]:
    return boto3.resource("dynamodb").Table(table).scan()["Items"]


def test_the_first_hears_new_and_the_others_what_the_first_left(checker: Checker, tenant: str) -> None:
    first = checker.ask(tenant, result={"order": 7})
    assert (first["status"], first["seen"]) == ("new", False)
    again = checker.ask(tenant, by="request-2", result={"order": 8})
    assert (again["status"], again["seen"]) == ("seen", True)
    assert again["first"] == first["first"]
    assert (again["first"]["request_id"], again["first"]["result"]) == ("request-1", {"order": 7})


def test_keys_belong_to_their_tenant(checker: Checker, tenant: str) -> None:
    assert checker.ask(tenant)["seen"] is False
    assert checker.ask(f"{tenant}-b")["seen"] is False
    assert checker.ask(tenant, "k2")["seen"] is False


def test_a_key_stands_for_one_request(checker: Checker, tenant: str) -> None:
    checker.ask(tenant, request={"amount": 5})
    assert checker.ask(tenant, request={"amount": 5})["status"] == "seen"
    assert checker.ask(tenant, request={"amount": 6})["status"] == "mismatch"


def test_records_lie_where_the_function_may_write_and_expire(checker: Checker, tenant: str, single_table: str) -> None:
    checker.ask(tenant, keep_seconds=120)
    (item,) = items(single_table)
    assert item["PK"].startswith(f"IDEMPOTENCY#{tenant}#")
    assert item["SK"].startswith("KEY#")
    assert time.time() + 100 < item["expires_at"] <= time.time() + 121


def test_an_expired_key_is_new_again(checker: Checker, tenant: str, single_table: str) -> None:
    checker.ask(tenant)
    (item,) = items(single_table)
    boto3.resource("dynamodb").Table(single_table).put_item(Item={**item, "expires_at": int(time.time()) - 10})
    assert checker.ask(tenant, by="request-2")["status"] == "new"


def test_a_crash_leaves_the_key_in_progress_only_until_its_invocation_would_have_ended(
    checker: Checker, tenant: str, single_table: str
) -> None:
    checker.ask(tenant)
    (item,) = items(single_table)
    table = boto3.resource("dynamodb").Table(single_table)
    assert item["in_progress_expiration"] <= time.time() * 1000 + 10_000
    table.put_item(Item={**item, "status": "INPROGRESS", "in_progress_expiration": int(time.time() * 1000) + 60_000})
    answer = checker.ask(tenant)
    assert (answer["status"], answer["retry_after_seconds"]) == ("in-progress", 1)
    table.put_item(Item={**item, "status": "INPROGRESS", "in_progress_expiration": int(time.time() * 1000) - 1})
    assert checker.ask(tenant)["status"] == "new"


def test_every_problem_of_a_question_is_named_at_once(checker: Checker) -> None:
    answer = checker.module.handler({"tenant_id": "a#b", "key": "", "keep_seconds": True, "extra": 1}, Context())
    assert (answer["status"], len(answer["problems"])) == ("invalid", 4)
    assert checker.ask("t", result="x" * 70_000)["status"] == "invalid"
    assert checker.ask("t", key="k" * 257)["status"] == "invalid"
    assert checker.module.handler({}, Context())["status"] == "invalid"


def test_a_table_out_of_reach_is_unavailable(
    checker: Checker, tenant: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("POOLPROOF_TABLE_NAME", "nowhere")
    answer = checker.ask(tenant)
    assert (answer["status"], answer["retry_after_seconds"]) == ("unavailable", 1)
    assert any("ResourceNotFoundException" in str(vars(record)) for record in caplog.records)
