"""What a failure of PostgreSQL, RDS Proxy or PgBouncer means, whatever driver reports it.

A failed login carries no SQLSTATE in libpq, and poolers answer everything with 08P01: their texts decide first, then the SQLSTATE,
by prefix. Sources: PostgreSQL documentation, appendix A "Error Codes"; RDS user guide, "Troubleshooting RDS Proxy"; PgBouncer's
answers as seen with 1.18 and 1.24 (2026-11-21).
"""

from __future__ import annotations

import enum
import re


class Failure(enum.Enum):
    """What to do about a failure."""

    CONNECTION = "connection"
    """Drop the connection, back off, try again."""
    BORROW = "borrow timeout"
    """Shed load: the pool is exhausted, trying again at once would make it worse."""
    TRANSACTION = "transaction"
    """Rolled back in favour of another; the whole transaction may run again."""
    WRONG_NODE = "wrong node"
    """A reader was reached instead of the writer: close and reconnect."""
    CREDENTIALS = "credentials"
    """Fetch the secret or token once more and reconnect."""
    CONFIGURATION = "configuration"
    """A person has to change something."""
    CANCELLED = "cancelled"
    """A time limit of the database ended it: a timeout to the caller."""
    OTHER = "other"
    """The work itself: a constraint, a wrong statement."""


_TEXTS = (
    ("timed-out waiting to acquire database connection", Failure.BORROW),
    ("query_wait_timeout", Failure.BORROW),
    ("password authentication failed", Failure.CREDENTIALS),
    ("pam authentication failed", Failure.CREDENTIALS),
    ("sasl authentication failed", Failure.CREDENTIALS),
    ("credentials that were provided", Failure.CREDENTIALS),
    ("no such user", Failure.CREDENTIALS),
    ("no credentials for the role", Failure.CONFIGURATION),
    ("requires tls", Failure.CONFIGURATION),
    ("ssl required", Failure.CONFIGURATION),
    ("certificate verify failed", Failure.CONFIGURATION),
    ("does not match host name", Failure.CONFIGURATION),
    ("does not support ssl", Failure.CONFIGURATION),
    ("unsupported startup parameter", Failure.CONFIGURATION),
    ("feature not supported", Failure.CONFIGURATION),
    ("no such database", Failure.CONFIGURATION),
    (r'database ".*" does not exist', Failure.CONFIGURATION),
    (r'role ".*" does not exist', Failure.CREDENTIALS),
    ("no pg_hba.conf entry", Failure.CONFIGURATION),
    ("too many competing requests", Failure.CONNECTION),
    ("no more connections allowed", Failure.CONNECTION),
    ("too many clients already", Failure.CONNECTION),
    ("remaining connection slots", Failure.CONNECTION),
    ("too many connections for", Failure.CONNECTION),
    ("server login has been failing", Failure.CONNECTION),
    ("server_login_retry", Failure.CONNECTION),
    ("client_login_timeout", Failure.CONNECTION),
    ("pgbouncer cannot connect to server", Failure.CONNECTION),
    ("idle transaction timeout", Failure.CANCELLED),
    ("query_timeout", Failure.CANCELLED),
)
"""Patterns; the first that occurs decides."""

_STATES = (
    ("40001", Failure.TRANSACTION),
    ("40P01", Failure.TRANSACTION),
    ("55P03", Failure.TRANSACTION),
    ("25006", Failure.WRONG_NODE),
    ("25P03", Failure.CANCELLED),  # idle_in_transaction_session_timeout
    ("25P04", Failure.CANCELLED),  # transaction_timeout
    ("57014", Failure.CANCELLED),
    ("57P", Failure.CONNECTION),
    ("08", Failure.CONNECTION),
    ("53", Failure.CONNECTION),
    ("28", Failure.CREDENTIALS),
    ("0A000", Failure.CONFIGURATION),
    ("3D000", Failure.CONFIGURATION),
)


def classify(sqlstate: str | None, text: str, *, lost: bool = False) -> Failure:
    """The meaning of a failure; ``lost`` says that the connection is gone or was never made."""
    by_text = next((meaning for pattern, meaning in _TEXTS if re.search(pattern, text, re.IGNORECASE)), None)
    if by_text is not None and (lost or sqlstate is None or sqlstate.startswith(("08", "28", "53", "0A"))):
        return by_text
    by_state = next((meaning for prefix, meaning in _STATES if sqlstate and sqlstate.startswith(prefix)), None)
    return by_state or (Failure.CONNECTION if lost else Failure.OTHER)
