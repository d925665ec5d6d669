"""The report as one self-contained HTML page: no script, nothing fetched, readable in light and dark."""

from constructs_lib.reporters.html.page import render

__all__ = ["render"]
