"""Step c, second half: every deployed function is called for real, the way its clients call it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from constructs_lib.errors import RehearsalError
from demo.deployed import Deployed
from demo.http_client import Answer, request
from demo.identities import TENANTS, sign_in
from demo.stage import Stage
from demo.storm import Address

FUNCTION = "AWS::Lambda::Function"


@dataclass(frozen=True)
class Caller:
    """One tenant's client of the API; `None` as tenant sends no token."""

    address: Address

    def send(
        self, tenant: str | None, method: str, path: str, body: Mapping[str, Any] | None = None, key: str | None = None
    ) -> Answer:
        """Send one request and return its answer."""
        headers = {"content-type": "application/json"}
        if tenant is not None:
            headers["authorization"] = f"Bearer {self.address.tokens[tenant]}"
        if key is not None:
            headers["idempotency-key"] = key
        content = b"" if body is None else json.dumps(body).encode()
        sent = request(self.address.port, method, self.address.base_path + path, headers=headers, body=content)
        return asyncio.run(sent)


def call_every_function(stage: Stage, deployed: Deployed) -> Address:
    """Call all functions but the projector, which has a step of its own; returns where the burst will go."""
    api = deployed.name("Api", "AWS::ApiGatewayV2::Api")
    address = Address(deployed.cloud.port, f"/_aws/execute-api/{api}/$default", sign_in(deployed))
    caller = Caller(address)
    with stage.busy("calling the functions"):
        _orders(stage, caller)
        _projects(stage, caller)
        _idempotency(stage, deployed)
        _migration(stage, deployed)
    return address


def _orders(stage: Stage, caller: Caller) -> None:
    mine, other = TENANTS[:2]
    order = {"currency": "EUR", "lines": [{"sku": "tea", "quantity": 2, "unit_price_minor": 450}]}
    refused = caller.send(None, "POST", "/orders", order, "demo-1").status
    stage.promise("the API answers nobody without a verified token", refused == 401, f"status {refused}")
    made, again = (caller.send(mine, "POST", "/orders", order, "demo-1") for _ in range(2))
    one = made.status == 201 and again.status == 200 and _field(made, "order_id") == _field(again, "order_id")
    stage.promise("order-api: the same key twice makes one order", one, f"statuses {made.status}, {again.status}")
    path = f"/orders/{_field(made, 'order_id')}"
    found, hidden = caller.send(mine, "GET", path), caller.send(other, "GET", path)
    apart = found.status == 200 and hidden.status == 404
    stage.promise(
        "order-api: a tenant reads its order, another does not", apart, f"statuses {found.status}, {hidden.status}"
    )
    listed = caller.send(mine, "GET", "/orders")
    present = [entry["order_id"] for entry in json.loads(listed.body).get("orders", [])] == [_field(made, "order_id")]
    stage.promise("order-api: the tenant's list holds that order", present, f"status {listed.status}")


def _projects(stage: Stage, caller: Caller) -> None:
    mine, other = TENANTS[:2]
    made = [caller.send(mine, "POST", "/projects", {"name": name}).status for name in ("atlas", "borea", "atlas")]
    stage.promise(
        "project-catalog: a name is taken once, by a conditional write", made == [201, 201, 409], f"statuses {made}"
    )
    first = caller.send(mine, "GET", "/projects?limit=1")
    cursor = str(_field(first, "next_cursor") or "")
    second = caller.send(mine, "GET", f"/projects?limit=1&cursor={quote(cursor)}")
    names = [project["name"] for page in (first, second) for project in _field(page, "projects")]
    stage.promise(
        "project-catalog: a signed cursor leads through the pages", names == ["atlas", "borea"], ", ".join(names)
    )
    altered = f"{cursor[:-2]}{'A' if cursor[-2] != 'A' else 'B'}{cursor[-1]}"
    statuses = [
        caller.send(mine, "GET", f"/projects?limit=1&cursor={quote(altered)}").status,
        caller.send(other, "GET", f"/projects?limit=1&cursor={quote(cursor)}").status,
    ]
    stage.promise(
        "project-catalog: an altered or foreign cursor is refused", statuses == [400, 400], f"statuses {statuses}"
    )


def _idempotency(stage: Stage, deployed: Deployed) -> None:
    question = {"tenant_id": TENANTS[0], "key": "payment-7", "request": {"amount": 5}, "result": "receipt-7"}
    changed = {**question, "request": {"amount": 6}}
    answers = [invoke(deployed, "Catalog/IdempotencyCheck", event)["status"] for event in (question, question, changed)]
    told = answers == ["new", "seen", "mismatch"]
    stage.promise(
        "idempotency-check: new, then seen, and another request with the key is a mismatch", told, ", ".join(answers)
    )


def _migration(stage: Stage, deployed: Deployed) -> None:
    event = {"RequestType": "Update", "PhysicalResourceId": "again", "ResourceProperties": {}}
    data = invoke(deployed, "Orders/MigrationFunction", event)["Data"]
    evidence = f"version {data['Version']}, applied now: {data['Applied'] or 'nothing'}"
    stage.promise("database-migration: running it again changes nothing", data["Applied"] == "", evidence)


def invoke(deployed: Deployed, path: str, event: Mapping[str, Any]) -> dict[str, Any]:
    """Invoke the function at a construct path and return its answer. Raises RehearsalError when it failed."""
    function = deployed.name(path, FUNCTION)
    answer = deployed.cloud.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
    payload = json.loads(answer["Payload"].read())
    if "FunctionError" in answer:
        raise RehearsalError(f"function '{path}' failed: {payload.get('errorMessage', payload)}")
    return dict(payload)


def _field(answer: Answer, name: str) -> Any:
    return json.loads(answer.body).get(name)
