"""A plan as text, as JSON, and as lines to paste into an app or a template."""
