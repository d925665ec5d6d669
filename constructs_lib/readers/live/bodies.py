"""The bodies that recorded answers become: resources by id, with the texts that lead to them."""

from __future__ import annotations

from typing import Any

from constructs_lib.readers.cloudformation.values import Unresolved
from constructs_lib.readers.live.recording import Recording
from constructs_lib.readers.live.texts import Texts


class Bodies:
    """Resources in CloudFormation's vocabulary by id, which is the end of the ARN: ``function:orders``, ``db-proxy:orders``."""

    def __init__(self, recording: Recording) -> None:
        self.recording = recording
        self.texts = Texts()
        self.resources: dict[str, dict[str, Any]] = {}
        self.arns: dict[str, str] = {}

    def add(self, logical_id: str, kind: str, properties: dict[str, Any], arn: Any = None) -> str:
        """Take a resource; properties that are ``None`` are not set."""
        given = {key: value for key, value in properties.items() if value is not None}
        self.resources[logical_id] = {"Type": kind, "Properties": given}
        if isinstance(arn, str):
            self.arns[logical_id] = arn
            self.texts.know(arn, logical_id, "Arn")
        return logical_id

    def refused(self, operation: str, subject: str, what: str) -> Unresolved | None:
        """The value of something that AWS did not tell; ``None`` when it did."""
        refusal = self.recording.refusal(operation, subject)
        if refusal is None:
            return None
        return Unresolved(f"{what}: {operation} was not answered ({refusal.reason}); it needs {refusal.permission}")

    def properties(self, logical_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.resources[logical_id]["Properties"]
        return found


def ref(logical_id: str) -> dict[str, str]:
    """A reference to a resource."""
    return {"Ref": logical_id}
