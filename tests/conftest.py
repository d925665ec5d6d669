"""What holds for every test."""

from __future__ import annotations

from hypothesis import settings

# The gate looks at the same examples every time, and a busy machine is no counter-example: pytest-timeout ends what hangs.
# New examples are looked for by `make soundness`, `make robustness` and `make explore`.
settings.register_profile("gate", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("explore", deadline=None, max_examples=1_000, print_blob=True)
settings.load_profile("gate")
