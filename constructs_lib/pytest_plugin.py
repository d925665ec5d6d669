"""The pytest fixture ``assert_within_budget``; installing poolproof brings it, importing nothing until a test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from typing import Protocol

    import aws_cdk as cdk

    class Assertion(Protocol):
        """What the fixture gives to a test."""

        def __call__(self, *stacks: cdk.Stack) -> None: ...


@pytest.fixture(name="assert_within_budget", scope="session")
def fixture() -> Assertion:
    """A function of one stack or several: fails with the report when together they do not fit their databases.

    Takes the settings of the nearest ``.poolproof.toml`` or ``pyproject.toml``, as the command line does.
    """
    from constructs_lib.cli.configuration import load  # noqa: PLC0415 - plugins are loaded in every run of pytest
    from constructs_lib.testing import assert_within_budget  # noqa: PLC0415

    settings = load()

    def within_budget(*stacks: cdk.Stack) -> None:
        assert_within_budget(*stacks, settings=settings)

    return within_budget
