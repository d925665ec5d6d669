"""The role that functions log in as: it may connect, read orders and add new ones, and nothing else.

Its timeouts enforce the hold that the connection budget counts on, also where the server has none of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import psycopg
from psycopg import sql

GRANTS = {"orders": ("SELECT", "INSERT"), "order_lines": ("SELECT", "INSERT")}
"""Rights by table. Orders are never changed or deleted by a function."""

_TRANSACTION_TIMEOUT_SINCE = 170000


class RoleError(Exception):
    """The application's role may do more than it should, and this code must not decide what to take away."""


@dataclass(frozen=True)
class Role:
    """A login role; timeouts are in milliseconds. ``hold_ms`` is how long it may keep a connection, a transaction at the most."""

    name: str
    password: str = field(repr=False)
    hold_ms: int = 2000
    lock_timeout_ms: int = 1000

    def settings(self, server_version: int) -> dict[str, int]:
        """The role's own settings; ``transaction_timeout`` exists since PostgreSQL 17.

        It ends the session, ``statement_timeout`` only the statement: that one comes first, so that a slow statement costs neither the
        function nor the pooler a new connection.
        """
        settings = {
            "statement_timeout": self.hold_ms,
            "idle_in_transaction_session_timeout": self.hold_ms,
            "lock_timeout": self.lock_timeout_ms,
        }
        if server_version >= _TRANSACTION_TIMEOUT_SINCE:
            settings |= {"transaction_timeout": self.hold_ms, "statement_timeout": self.hold_ms * 9 // 10}
        return settings


def admit(connection: psycopg.Connection, role: Role) -> None:
    """Create the role or bring it up to date. Raises ``RoleError`` when it is the owner or has attributes it must not have."""
    _refuse_powers(connection, role)
    _create(connection, role)
    for name, milliseconds in role.settings(connection.info.server_version).items():
        statement = sql.SQL("ALTER ROLE {} SET {} = {}")
        connection.execute(statement.format(sql.Identifier(role.name), sql.Identifier(name), sql.Literal(milliseconds)))
    _grant(connection, role)


def _refuse_powers(connection: psycopg.Connection, role: Role) -> None:
    row = connection.execute(
        "SELECT rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls, rolname = current_user,"
        " EXISTS (SELECT FROM pg_auth_members WHERE member = pg_roles.oid)"
        " FROM pg_roles WHERE rolname = %s",
        (role.name,),
    ).fetchone()
    powers = ("superuser", "createdb", "createrole", "replication", "bypassrls", "the owner itself", "member of roles")
    held = [power for power, holds in zip(powers, row or (), strict=False) if holds]
    if held:
        raise RoleError(
            f"role {role.name!r} is {', '.join(held)}: functions must log in as a role without any of it; "
            "name another user in the application secret"
        )


def _create(connection: psycopg.Connection, role: Role) -> None:
    """What is not said here is off: attributes like NOSUPERUSER may not even be named by an owner who is no superuser, as on RDS.

    The password goes over as a SCRAM verifier, so that no log of statements ever holds it.
    """
    exists = connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role.name,)).fetchone()
    verifier = connection.pgconn.encrypt_password(role.password.encode(), role.name.encode(), b"scram-sha-256")
    statement = sql.SQL("{} ROLE {} LOGIN PASSWORD {}")
    verb = sql.SQL("CREATE" if exists is None else "ALTER")
    connection.execute(statement.format(verb, sql.Identifier(role.name), sql.Literal(verifier.decode())))


def _grant(connection: psycopg.Connection, role: Role) -> None:
    names = {
        "database": sql.Identifier(connection.info.dbname),
        "role": sql.Identifier(role.name),
    }
    for statement in (
        "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
        "REVOKE ALL ON SCHEMA public FROM PUBLIC",
        "REVOKE ALL ON DATABASE {database} FROM {role}",
        "REVOKE ALL ON SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL SEQUENCES IN SCHEMA public FROM {role}",
        "REVOKE ALL ON ALL ROUTINES IN SCHEMA public FROM {role}",
        "GRANT CONNECT ON DATABASE {database} TO {role}",
        "GRANT USAGE ON SCHEMA public TO {role}",
    ):
        connection.execute(sql.SQL(statement).format(**names))
    for table, rights in GRANTS.items():
        connection.execute(
            sql.SQL("GRANT {} ON {} TO {}").format(
                sql.SQL(", ").join(map(sql.SQL, rights)), sql.Identifier(table), names["role"]
            )
        )
