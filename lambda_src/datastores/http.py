"""What every function behind the HTTP API does alike: who is asking, and what a failing store means to a client."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import ServiceError

from datastores.errors import CursorError, KeyPartError, OutcomeUnknownError, UnavailableError

TENANT_CLAIM = "custom:tenant"

Answer = Response[str]


class RequestError(Exception):
    """The client asks for something that is not allowed; ``problems`` holds everything that is wrong."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = tuple(problems)


class Identity:
    """Tenant and user of the verified token; never from path, query or body."""

    def __init__(self, claims: Mapping[str, Any]) -> None:
        self.tenant = str(claims.get(TENANT_CLAIM) or "")
        self.user = str(claims.get("sub") or "")
        if not self.tenant or not self.user:
            raise ServiceError(HTTPStatus.FORBIDDEN, f"the token names no tenant ({TENANT_CLAIM}) or no user (sub)")

    @staticmethod
    def of(app: APIGatewayHttpResolver) -> Identity:
        """Whoever makes the request under way. Raises 403 when the token lacks a claim, 401 when there is none."""
        context = app.current_event.raw_event.get("requestContext", {})
        claims = context.get("authorizer", {}).get("jwt", {}).get("claims")
        if not claims:
            raise ServiceError(HTTPStatus.UNAUTHORIZED, "the request carries no verified token")
        return Identity(claims)


def answer(status: int, body: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON answer."""
    text = json.dumps(body, separators=(",", ":"), ensure_ascii=False)
    return Response(status, content_type="application/json", body=text, headers=dict(headers or {}))


def json_body(app: APIGatewayHttpResolver) -> dict[str, Any]:
    """The body as a JSON object. Raises ``RequestError``."""
    try:
        body = json.loads(app.current_event.decoded_body or "")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise RequestError(["the body must be a JSON object"])
    return body


def limit_of(query: Mapping[str, str], problems: list[str], *, most: int, default: int) -> int:
    """The page size asked for; notes a problem when it is none."""
    text = query.get("limit", str(default))
    if text.isascii() and text.isdigit() and 1 <= int(text) <= most:
        return int(text)
    problems.append(f"limit is {text[:20]!r}: allowed is a whole number from 1 to {most}")
    return default


def answer_failures(app: APIGatewayHttpResolver, logger: Logger) -> None:
    """Turn what goes wrong into answers with the request's id, and log the cause.

    400 a wrong request; 503 with Retry-After when trying again is right; 500 for what a person has to look at.
    """

    def problem(status: int, message: str, headers: Mapping[str, str] | None = None, **more: Any) -> Answer:
        return answer(status, {"message": message, **more, "request_id": _request_id(app)}, headers)

    def wrong_request(error: RequestError) -> Answer:
        return problem(HTTPStatus.BAD_REQUEST, "the request is not valid", problems=list(error.problems))

    def wrong_value(error: Exception) -> Answer:
        return problem(HTTPStatus.BAD_REQUEST, "the request is not valid", problems=[str(error)])

    def refused(error: ServiceError) -> Answer:
        return problem(error.status_code, str(error.msg))

    def unavailable(error: UnavailableError | OutcomeUnknownError) -> Answer:
        logger.warning("store unavailable", extra={"kind": type(error).__name__, "cause": str(error)})
        later = {"Retry-After": str(error.retry_after_seconds)}
        return problem(HTTPStatus.SERVICE_UNAVAILABLE, "the store is busy or out of reach, try again", later)

    def broken(error: Exception) -> Answer:
        logger.exception("request failed", extra={"kind": type(error).__name__, "cause": str(error)})
        return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "the request failed, quote its id to the operator")

    for kind, answering in (
        (RequestError, wrong_request),
        ((CursorError, KeyPartError), wrong_value),
        (ServiceError, refused),
        ((UnavailableError, OutcomeUnknownError), unavailable),
        (Exception, broken),
    ):
        app.exception_handler(list(kind) if isinstance(kind, tuple) else kind)(answering)


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(app.lambda_context.aws_request_id)
