"""``python -m constructs_lib.cli`` is the same as ``poolproof``."""

from __future__ import annotations

from constructs_lib.cli import main

main()
