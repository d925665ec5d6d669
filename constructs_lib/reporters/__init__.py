"""How a report goes out: text, JSON, runbook. Nothing here judges or reads."""
