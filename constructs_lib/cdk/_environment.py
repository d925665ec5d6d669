"""Environment variables that name one store each: set once, never silently replaced by a second store."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from constructs_lib.errors import ConnectError


def set_environment(function: lambda_.Function, owner: Construct, family: str, variables: Mapping[str, str]) -> None:
    """Set ``variables`` on ``function``; raise ``ConnectError`` when another owner already set this ``family``."""
    key = f"poolproof:{family}"
    earlier = [entry.data for entry in function.node.metadata if entry.type == key and entry.data != owner.node.path]
    if earlier:
        raise ConnectError(
            f"function '{function.node.path}' already has its {family} environment from '{earlier[0]}', "
            f"'{owner.node.path}' would replace it: use a function per store, or grant() and an environment of your own"
        )
    function.node.add_metadata(key, owner.node.path)
    for name, value in variables.items():
        function.add_environment(name, value)
