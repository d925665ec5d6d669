"""Asks AWS what is deployed. The only module that imports boto3, and only inside functions; every call is a read."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from constructs_lib.errors import PoolproofError
from constructs_lib.readers.live.operations import DETAILS, LISTINGS, Detail, Listing
from constructs_lib.readers.live.recording import Recording, Refused, without_passwords

#: Calls at the same time: enough to hide latency, few enough to stay below Lambda's 100 reads a second.
AT_ONCE = 8
CONNECT_SECONDS, READ_SECONDS, ATTEMPTS = 5, 20, 6
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "NotAuthorized", "AuthorizationError")
_LOGIN = (
    "ExpiredToken", "ExpiredTokenException", "RequestExpired", "UnrecognizedClientException", "InvalidClientTokenId",
    "SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure", "InvalidAccessKeyId", "MissingAuthenticationToken",
)  # fmt: skip
_THROTTLED = ("Throttling", "ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded", "SlowDown")


def collect(region: str | None = None, profile: str | None = None) -> Recording:
    """Everything the audit needs of one region. Raises ``PoolproofError`` without credentials, region, network, or when throttled."""
    return record(Asking(region, profile))


def permissions() -> list[str]:
    """The IAM actions that the audit needs, in alphabetical order; those of CloudWatch's values are for ``--observe``."""
    asking = Asking("us-east-1", None)
    asked = [asking.permission(item.service, item.operation) for item in (*LISTINGS, *DETAILS)]
    return sorted({*asked, asking.permission("cloudwatch", "get_metric_data")})


class Asking:
    """A session with AWS. ``call`` gives an answer, or raises ``NotAnswered`` for one that others can do without."""

    def __init__(self, region: str | None, profile: str | None) -> None:
        try:
            import boto3  # noqa: PLC0415 - the one place; the checker itself starts without it
            from botocore.config import Config  # noqa: PLC0415
            from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415
        except ImportError as error:
            raise PoolproofError(
                "the audit needs boto3, which is not installed: pip install 'poolproof[audit]'"
            ) from error
        self._refusals, self._failures = ClientError, BotoCoreError
        self._config = Config(
            connect_timeout=CONNECT_SECONDS, read_timeout=READ_SECONDS, max_pool_connections=AT_ONCE,
            retries={"mode": "adaptive", "total_max_attempts": ATTEMPTS},
        )  # fmt: skip
        try:
            self._session: Any = boto3.Session(region_name=region, profile_name=profile)
        except BotoCoreError as error:
            raise PoolproofError(f"cannot open an AWS session: {error}; name another with --profile") from error
        self._clients: dict[str, Any] = {}

    @property
    def region(self) -> str:
        if not self._session.region_name:
            raise PoolproofError("no AWS region is set: give --region, or set AWS_REGION or the profile's region")
        return str(self._session.region_name)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = self._session.client(service, region_name=self.region, config=self._config)
        return self._clients[service]

    def permission(self, service: str, operation: str) -> str:
        """The IAM action that an operation needs."""
        if service in ("apigateway", "apigatewayv2"):
            return "apigateway:GET"
        return f"{service}:{self.client(service).meta.method_to_api_mapping.get(operation, operation)}"

    def call(self, service: str, operation: str, key: str, arguments: Mapping[str, Any]) -> Any:
        """What is under the key of the answer, of all pages together when there are several."""
        try:
            client = self.client(service)
            if client.can_paginate(operation):
                pages = list(client.get_paginator(operation).paginate(**arguments))
                return _joined(pages, key)
            answer = getattr(client, operation)(**arguments)
            return (
                answer.get(key)
                if key
                else {name: value for name, value in answer.items() if name != "ResponseMetadata"}
            )
        except self._refusals as error:
            raise _of_refusal(error.response.get("Error", {}), f"{service}.{operation}") from error
        except self._failures as error:
            raise NotAnswered("", f"{type(error).__name__}: {error}") from error


class NotAnswered(Exception):  # noqa: N818 - an answer like any other to who asks for many things
    """AWS refused or could not be reached: its error code (empty for the latter) and its words."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def _of_refusal(error: Mapping[str, Any], name: str) -> Exception:
    code, message = str(error.get("Code", "")), str(error.get("Message", ""))
    if code in _LOGIN:
        return PoolproofError(
            f"AWS does not accept the credentials ({code}): log in again, or name others with --profile"
        )
    if code in _THROTTLED:
        return PoolproofError(
            f"AWS throttles {name} after {ATTEMPTS} attempts ({code}): try again later, or when others use the API less"
        )
    return NotAnswered(code, f"{code}: {message}" if code not in _DENIED else f"denied ({code})")


def _joined(pages: Iterable[Mapping[str, Any]], key: str) -> Any:
    """Lists of all pages put together; without a key the lists of the whole answer."""
    if key:
        found = [page.get(key) for page in pages]
        lists = [part for part in found if isinstance(part, list)]
        return [item for part in lists for item in part] if lists or not found else found[0]
    whole: dict[str, Any] = {}
    for page in pages:
        for name, value in page.items():
            if isinstance(value, list):
                whole.setdefault(name, []).extend(value)
    return whole


def record(asking: Asking) -> Recording:
    """Ask for everything, one listing or item after the other in a few threads."""
    recording = Recording(
        _account(asking), asking.region, datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds")
    )
    _list_all(asking, recording)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for detail in DETAILS:
            _ask_each(asking, recording, detail, pool.map)
    return recording


def _account(asking: Asking) -> str:
    try:
        return str(asking.call("sts", "get_caller_identity", "Account", {}))
    except NotAnswered as problem:
        if problem.code:
            return "unknown"
        raise PoolproofError(
            f"cannot reach AWS in {asking.region} ({problem.reason}): check the network and the credentials "
            "(environment, profile, or 'aws sso login')"
        ) from problem


def _list_all(asking: Asking, recording: Recording) -> None:
    for listing in LISTINGS:
        found = _answer(asking, listing, listing.arguments)
        if isinstance(found, NotAnswered):
            recording.refused.append(_refused(asking, listing, "", found))
        else:
            recording.answers[listing.name] = found
    refusal = recording.refusal("lambda.list_functions")
    if refusal is not None:
        raise PoolproofError(
            f"cannot list the functions of {recording.region}: {refusal.reason}; it needs {refusal.permission}"
        )
    _reduce(recording)


def _answer(asking: Asking, asked: Listing | Detail, arguments: Mapping[str, Any]) -> Any:
    """The answer, or why there is none."""
    try:
        return asking.call(asked.service, asked.operation, asked.key, arguments)
    except NotAnswered as problem:
        return problem


def _refused(asking: Asking, asked: Listing | Detail, subject: str, problem: NotAnswered) -> Refused:
    return Refused(asked.name, subject, asking.permission(asked.service, asked.operation), problem.reason)


def _reduce(recording: Recording) -> None:
    """Keep what the fleet is read from: no passwords of environments, no roles of others, of secrets the name only."""
    secrets = [
        {"Name": item.get("Name"), "ARN": item.get("ARN")} for item in recording.listed("secretsmanager.list_secrets")
    ]
    if "secretsmanager.list_secrets" in recording.answers:
        recording.answers["secretsmanager.list_secrets"] = secrets
    names = {str(item["Name"]) for item in secrets}
    functions = [without_passwords(item, names) for item in recording.listed("lambda.list_functions")]
    recording.answers["lambda.list_functions"] = functions
    whole = recording.answers.get("iam.get_account_authorization_details")
    if isinstance(whole, dict):
        roles = {item.get("Role") for item in functions}
        recording.answers["iam.get_account_authorization_details"] = _of_roles(whole, roles)


def _of_roles(whole: Mapping[str, Any], roles: set[Any]) -> dict[str, Any]:
    details = [item for item in whole.get("RoleDetailList", ()) if item.get("Arn") in roles]
    attached = {policy.get("PolicyArn") for item in details for policy in item.get("AttachedManagedPolicies", ())}
    policies = [item for item in whole.get("Policies", ()) if item.get("Arn") in attached]
    return {"RoleDetailList": details, "Policies": policies}


def _ask_each(asking: Asking, recording: Recording, detail: Detail, over: Callable[..., Iterator[Any]]) -> None:
    subjects = list(detail.subjects(recording.answers))
    asking.client(detail.service)  # sessions make clients in one thread only

    def ask(subject: tuple[str, dict[str, Any]]) -> Any:
        found = _answer(asking, detail, subject[1])
        return None if isinstance(found, NotAnswered) and found.code in detail.absent else found

    answers: dict[str, Any] = {}
    problems: dict[str, NotAnswered] = {}
    for (name, _), answer in zip(subjects, over(ask, subjects), strict=True):
        if isinstance(answer, NotAnswered):
            problems[name] = answer
        elif answer is not None:
            answers[name] = answer
    if subjects:
        recording.answers[detail.name] = answers
    recording.refused += _told(asking, detail, problems, len(subjects))


def _told(asking: Asking, detail: Detail, problems: Mapping[str, NotAnswered], asked: int) -> list[Refused]:
    """What was refused, once for all where nobody may ask at all."""
    reasons = {problem.reason for problem in problems.values()}
    if len(problems) == asked and len(reasons) == 1:
        return [_refused(asking, detail, "", next(iter(problems.values())))]
    return [_refused(asking, detail, name, problem) for name, problem in problems.items()]
