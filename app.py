"""The show house: the reference stack, checked by poolproof and by two cdk-nag packs."""

from __future__ import annotations

import sys
from pathlib import Path

import aws_cdk as cdk
from cdk_nag import AwsSolutionsChecks, ServerlessChecks

from constructs_lib.cdk.reference.stack import ReferenceStack
from constructs_lib.errors import PoolproofError

app = cdk.App()
try:
    # Registers poolproof's own checks: every construct of the library does.
    ReferenceStack(app, "Poolproof", profiles=Path(__file__).with_name("profiles.yaml"))
except PoolproofError as error:
    sys.exit(f"poolproof: {error}")
cdk.Validations.of(app).add_plugins(AwsSolutionsChecks(app), ServerlessChecks(app))
app.synth()
