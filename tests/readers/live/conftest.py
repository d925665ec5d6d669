from __future__ import annotations

import copy

import pytest

from constructs_lib.readers.live.recording import Recording

CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


@pytest.fixture(scope="package")
def made() -> Recording:
    """One account in moto's memory, recorded once."""
    from moto import mock_aws

    from tests.readers.live.account import recorded

    with pytest.MonkeyPatch.context() as patch:
        for name, value in CREDENTIALS.items():
            patch.setenv(name, value)
        with mock_aws():
            return recorded()


@pytest.fixture
def recording(made: Recording) -> Recording:
    """The recorded account, for a test to change."""
    return copy.deepcopy(made)
