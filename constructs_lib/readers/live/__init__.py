"""What is deployed in one region of one account: boto3's answers, recorded, as a document for the inference that all readers share."""

from __future__ import annotations

from dataclasses import replace

from constructs_lib.readers.cloudformation import read_documents
from constructs_lib.readers.live.recording import Recording
from constructs_lib.readers.live.translate import document_of, gaps_of
from constructs_lib.readers.reading import Reading

__all__ = ["Recording", "read_recording"]


def read_recording(recording: Recording, path: str | None = None) -> Reading:
    """The fleet of a recording; what was refused is a gap that names the missing permission. ``path`` is the file it came from."""
    document = document_of(recording, path or f"aws:{recording.account}:{recording.region}")
    reading = read_documents([document], {})
    fleet = replace(reading.fleet, gaps=(*gaps_of(recording, document.path), *reading.fleet.gaps))
    return reading._replace(fleet=fleet)
