"""Projects over HTTP (payload format 2.0): create, read, describe and list, for the tenant of the verified token."""

from __future__ import annotations

import functools
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.exceptions import NotFoundError as NoSuchResource
from aws_lambda_powertools.event_handler.exceptions import ServiceError
from aws_lambda_powertools.utilities.typing import LambdaContext
from catalog import Catalog, NameTakenError
from datastores.cursor import CursorSigner
from datastores.errors import KeyPartError, NotFoundError, VersionConflictError
from datastores.http import Answer, Identity, answer, answer_failures, json_body
from datastores.single_table import SingleTable
from project_requests import change_of, listing_of, new_project

logger = Logger(service="project-catalog")
app = APIGatewayHttpResolver()
answer_failures(app, logger)


@logger.inject_lambda_context(clear_state=True)
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request."""
    return app.resolve(event, context)


@functools.cache
def catalog() -> Catalog:
    """The catalog on the table this function is connected to; made at the first request, kept for the environment's life."""
    return Catalog(SingleTable.from_environment(), CursorSigner.from_environment())


@app.post("/projects")
def create_project() -> Answer:
    """201 with the new project; 409 when the tenant has one of that name."""
    caller, wish = Identity.of(app), new_project(json_body(app))
    try:
        made = catalog().create(caller.tenant, caller.user, wish.name, wish.description)
    except NameTakenError as error:
        raise ServiceError(HTTPStatus.CONFLICT, f"there is a project named {wish.name!r} already") from error
    return answer(HTTPStatus.CREATED, made, {"Location": f"/projects/{made['project_id']}"})


@app.get("/projects/<project_id>")
def read_project(project_id: str) -> Answer:
    """200 with the project; 404 also for the projects of others."""
    caller = Identity.of(app)
    try:
        found = catalog().find(caller.tenant, project_id)
    except KeyPartError as error:
        raise NoSuchResource("there is no such project") from error
    if found is None:
        raise NoSuchResource("there is no such project")
    return answer(HTTPStatus.OK, found)


@app.put("/projects/<project_id>")
def describe_project(project_id: str) -> Answer:
    """200 with the changed project; 409 when it was changed since the version that the client read."""
    caller, change = Identity.of(app), change_of(json_body(app))
    try:
        changed = catalog().describe(caller.tenant, project_id, change.description, change.version)
    except (NotFoundError, KeyPartError) as error:
        raise NoSuchResource("there is no such project") from error
    except VersionConflictError as error:
        raise ServiceError(HTTPStatus.CONFLICT, "the project was changed in the meantime: read it again") from error
    return answer(HTTPStatus.OK, changed)


@app.get("/projects")
def list_projects() -> Answer:
    """200 with a page; ``next_cursor`` is null on the last one."""
    caller, wish = Identity.of(app), listing_of(app.current_event.query_string_parameters or {})
    return answer(HTTPStatus.OK, catalog().listing(caller.tenant, wish))


@app.get("/tenant")
def read_tenant() -> Answer:
    """200 with the caller's own tenant; 404 before its first project."""
    found = catalog().tenant(Identity.of(app).tenant)
    if found is None:
        raise NoSuchResource("the tenant has no project yet")
    return answer(HTTPStatus.OK, found)
