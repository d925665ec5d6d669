"""Projects over HTTP, on DynamoDB and Secrets Manager of the local cloud."""

from __future__ import annotations

import json
import threading
from typing import Any

import boto3
import pytest
from datastores import dynamodb
from surroundings import Context, api_event, load

pytestmark = pytest.mark.local_cloud


class Client:
    def __init__(self) -> None:
        self.module = load("project_catalog")

    def call(self, method: str, path: str, tenant: str | None, **more: Any) -> tuple[int, Any, dict[str, str]]:
        answer = self.module.handler(api_event(method, path, tenant, **more), Context())
        return answer["statusCode"], json.loads(answer["body"]), answer["headers"]

    def create(self, tenant: str, name: str, **more: Any) -> tuple[int, Any, dict[str, str]]:
        return self.call("POST", "/projects", tenant, body={"name": name, **more})


@pytest.fixture
def projects(single_table: str, monkeypatch: pytest.MonkeyPatch) -> Client:
    secret = boto3.client("secretsmanager").create_secret(Name=f"cursor-{single_table}", SecretString="k" * 64)
    monkeypatch.setenv("POOLPROOF_TABLE_NAME", single_table)
    monkeypatch.setenv("POOLPROOF_TABLE_INDEXES", "GSI1")
    monkeypatch.setenv("POOLPROOF_CURSOR_SECRET_ARN", secret["ARN"])
    return Client()


def test_a_project_is_created_and_read_back(projects: Client, tenant: str) -> None:
    assert projects.call("GET", "/tenant", tenant)[0] == 404
    status, made, headers = projects.create(tenant, " Harbour ", description="crane and quay")
    assert status == 201
    assert (made["name"], made["description"], made["created_by"]) == ("Harbour", "crane and quay", "user-1")
    assert made["version"] == 1
    assert not {"PK", "SK", "GSI1PK", "GSI1SK"} & set(made)
    assert projects.call("GET", headers["Location"], tenant)[:2] == (200, made)
    assert projects.call("GET", "/tenant", tenant)[1]["tenant_id"] == tenant


def test_a_name_is_taken_once_per_tenant(projects: Client, tenant: str) -> None:
    assert projects.create(tenant, "Harbour")[0] == 201
    assert projects.create(tenant, "HARBOUR ")[0] == 409
    assert projects.create(f"{tenant}-b", "Harbour")[0] == 201


def test_rivals_for_one_name_make_one_project(projects: Client, tenant: str) -> None:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(projects.create(tenant, "x")[0])) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(statuses) == [201, 409, 409, 409, 409]
    assert len(projects.call("GET", "/projects", tenant)[1]["projects"]) == 1


def test_projects_of_others_do_not_exist(projects: Client, tenant: str) -> None:
    _, made, headers = projects.create(tenant, "Harbour")
    assert projects.call("GET", headers["Location"], f"{tenant}-b")[0] == 404
    assert projects.call("PUT", headers["Location"], f"{tenant}-b", body={"description": "", "version": 1})[0] == 404
    assert projects.call("GET", "/projects", f"{tenant}-b")[1] == {"projects": [], "next_cursor": None}
    assert projects.call("GET", f"/projects/{made['project_id']}%23x", tenant)[0] == 404


@pytest.mark.parametrize("order", ["created", "name"])
def test_pages_show_every_project_once(projects: Client, tenant: str, order: str) -> None:
    names = ["delta", "Alpha", "charlie", "Bravo", "echo"]
    for name in names:
        projects.create(tenant, name)
    seen: list[str] = []
    query = {"order": order, "limit": "2"}
    while True:
        status, page, _ = projects.call("GET", "/projects", tenant, query=query)
        assert status == 200
        seen += [project["name"] for project in page["projects"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    if order == "name":
        assert seen == sorted(names, key=str.casefold)
    else:
        assert sorted(seen) == sorted(names)


def test_a_cursor_serves_one_tenant_and_one_order(projects: Client, tenant: str) -> None:
    for name in ("a", "b", "c"):
        projects.create(tenant, name)
    cursor = projects.call("GET", "/projects", tenant, query={"limit": "1"})[1]["next_cursor"]
    good = {"limit": "1", "cursor": cursor}
    assert projects.call("GET", "/projects", tenant, query=good)[0] == 200
    for caller, query in (
        (f"{tenant}-b", good),
        (tenant, {**good, "order": "name"}),
        (tenant, {**good, "cursor": cursor[:-4] + "AAAA"}),
        (tenant, {**good, "cursor": ""}),
    ):
        assert projects.call("GET", "/projects", caller, query=query)[0] == 400


def test_a_change_wants_the_version_that_was_read(projects: Client, tenant: str) -> None:
    headers = projects.create(tenant, "Harbour")[2]
    path = headers["Location"]
    status, changed, _ = projects.call("PUT", path, tenant, body={"description": "new", "version": 1})
    assert (status, changed["description"], changed["version"]) == (200, "new", 2)
    assert projects.call("PUT", path, tenant, body={"description": "late", "version": 1})[0] == 409
    assert projects.call("GET", path, tenant)[1]["description"] == "new"
    assert projects.call("PUT", "/projects/none", tenant, body={"description": "", "version": 1})[0] == 404


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (None, ["JSON object"]),
        ({}, ["name"]),
        ({"name": "", "description": 7, "tenant_id": "x"}, ["name", "description", "'tenant_id'"]),
        ({"name": "x" * 101}, ["name"]),
        ({"name": "a\nb"}, ["name"]),
    ],
)
def test_every_problem_of_a_request_is_named_at_once(
    projects: Client, tenant: str, body: Any, words: list[str]
) -> None:
    status, answer, _ = projects.call("POST", "/projects", tenant, body=body)
    assert status == 400
    assert all(word in "\n".join(answer["problems"]) for word in words)
    assert len(answer["problems"]) == len(words)


def test_a_tenant_that_cannot_be_a_key_is_refused(projects: Client) -> None:
    assert projects.create("evil#TENANT", "x")[0] == 400
    assert projects.create("", "x")[0] == 403


def test_a_store_out_of_reach_is_503_and_a_wrong_table_500(
    projects: Client, tenant: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("POOLPROOF_TABLE_NAME", "nowhere")
    assert projects.create(tenant, "x")[0] == 500
    assert "nowhere" not in projects.create(tenant, "x")[1]["message"]
    assert any("ResourceNotFoundException" in str(vars(record)) for record in caplog.records)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    dynamodb.client.cache_clear()
    projects.module.catalog.cache_clear()
    status, _, headers = projects.create(tenant, "x")
    assert status == 503
    assert headers["Retry-After"]
