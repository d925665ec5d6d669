"""A recording in CloudFormation's vocabulary, so that what is deployed is judged by the inference of templates and plans."""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.fleet import Gap
from constructs_lib.model.origin import Origin
from constructs_lib.readers.cloudformation.document import Document
from constructs_lib.readers.live.bodies import Bodies
from constructs_lib.readers.live.databases import add_databases
from constructs_lib.readers.live.doors import add_doors
from constructs_lib.readers.live.functions import add_functions, add_roles, add_secrets
from constructs_lib.readers.live.network import add_network
from constructs_lib.readers.live.others import add_alarms, add_caches, add_tables
from constructs_lib.readers.live.recording import Recording


def document_of(recording: Recording, path: str) -> Document:
    """The resources of a region as one document; each has its ARN for a path."""
    bodies = Bodies(recording)
    for add in (
        add_databases, add_tables, add_caches, add_secrets, add_roles, add_functions, add_doors, add_network, add_alarms,
    ):  # fmt: skip
        add(bodies)
    linked = {
        name: {**body, "Properties": bodies.texts.linked(body["Properties"])} for name, body in bodies.resources.items()
    }
    return Document(
        recording.region,
        path,
        {"Resources": linked},
        region=recording.region,
        account=recording.account,
        paths=bodies.arns,
    )


def gaps_of(recording: Recording, path: str) -> Iterator[Gap]:
    """What AWS did not tell, with the permission that it needs."""
    for item in recording.refused:
        about, service = f" about {item.subject}" if item.subject else "", item.operation.partition(".")[0]
        yield Gap(
            f"{item.operation}{about}",
            f"AWS did not answer {item.operation}{about}: {item.reason}",
            f"run the audit as somebody who has the permission {item.permission}, where {service} is available",
            Origin(path),
        )


def account_concurrency(recording: Recording) -> int | None:
    """Concurrent executions that the account may have in the region; ``None`` when AWS did not tell."""
    limit = recording.answers.get("lambda.get_account_settings")
    found = limit.get("ConcurrentExecutions") if isinstance(limit, dict) else None
    return found if isinstance(found, int) else None
