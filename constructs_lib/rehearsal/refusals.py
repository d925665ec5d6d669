"""The SQLSTATE of a refusal.

libpq keeps the SQLSTATE of a failed *connection attempt* to itself: drivers get only the server's text. The texts are
those of PostgreSQL 18's `InitProcess` (storage/lmgr/proc.c) and `InitPostgres` (utils/init/postinit.c) in the C locale,
and of PgBouncer's `disconnect_client`; a test compares them with the codes in the server's own log.
"""

from __future__ import annotations

_TEXTS = (
    ("too many clients already", "53300"),
    ("remaining connection slots are reserved", "53300"),
    ("too many connections for", "53300"),
    ("no more connections allowed", "53300"),
    ("password authentication failed", "28P01"),
    ("the database system is", "57P03"),
    ("query_wait_timeout", "08P01"),
    ("Connection refused", "08001"),
    ("timeout expired", "08001"),
    ("connection timeout", "08001"),
)


def sqlstate_of(error: BaseException) -> str | None:
    """The SQLSTATE of a psycopg error; by its text where libpq keeps the code back. None when neither tells."""
    code = getattr(error, "sqlstate", None)
    return code if isinstance(code, str) else sqlstate_in(str(error))


def sqlstate_in(text: str) -> str | None:
    """The SQLSTATE that a server's words stand for; a pooler passes the words on under a code of its own."""
    return next((state for fragment, state in _TEXTS if fragment in text), None)
