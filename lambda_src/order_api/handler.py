"""Orders over HTTP (payload format 2.0): place, read and list, for the tenant of the verified token.

``POST /orders`` wants an ``Idempotency-Key`` header, so that a client may always try again: the same key with the same order answers
200 with the first one, with another order 409. Amounts are whole minor units, times are UTC.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orders
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError, ServiceError
from aws_lambda_powertools.utilities.typing import LambdaContext
from datastores.http import Answer, Identity, answer, answer_failures, json_body
from datastores.relational import RelationalStore, Repeat
from order_requests import cursor_of, new_order, order_id_of, page_of

logger = Logger(service="order-api")
app = APIGatewayHttpResolver()
database = RelationalStore()
answer_failures(app, logger)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request within the time the invocation has left."""
    with database.invocation(context):
        return app.resolve(event, context)


@app.post("/orders")
def place_order() -> Answer:
    """201 with the new order, 200 with the one that the key placed before."""
    caller = Identity.of(app)
    order = new_order(json_body(app), app.current_event.headers.get("idempotency-key"))
    try:
        # The key makes repeating harmless, also when nobody knows whether the first commit arrived.
        placed, is_new = database.transact(
            lambda connection: orders.place(connection, caller.tenant, caller.user, order), repeat=Repeat.ALWAYS
        )
    except orders.KeyTakenError as error:
        raise ServiceError(HTTPStatus.CONFLICT, f"Idempotency-Key {error} was used for another order before") from error
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return answer(status, placed.as_json(), {"Location": f"/orders/{placed.order_id}"})


@app.get("/orders/<order_id>")
def read_order(order_id: str) -> Answer:
    """200 with the order and its lines; 404 also for the orders of others."""
    caller, wanted = Identity.of(app), order_id_of(order_id)
    found = database.read(lambda connection: orders.find(connection, caller.tenant, wanted)) if wanted else None
    if found is None:
        raise NotFoundError("there is no such order")
    return answer(HTTPStatus.OK, found.as_json())


@app.get("/orders")
def list_orders() -> Answer:
    """200 with a page, newest first; ``next_cursor`` is null on the last one."""
    caller, page = Identity.of(app), page_of(app.current_event.query_string_parameters or {})
    shown, more = database.read(lambda connection: orders.listing(connection, caller.tenant, page))
    following = cursor_of(shown[-1].created_at, shown[-1].order_id) if more else None
    return answer(HTTPStatus.OK, {"orders": [order.as_json() for order in shown], "next_cursor": following})
