"""Under which account a server runs.

PostgreSQL and PgBouncer refuse to run as root. Everybody else runs them as themselves.
"""

from __future__ import annotations

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from constructs_lib.errors import RehearsalError

_CANDIDATES = ("postgres", "nobody", "daemon")


@dataclass(frozen=True)
class Account:
    """The operating system account a server process gets."""

    name: str
    uid: int
    gid: int
    switched: bool
    """Whether it differs from the account of this process, so that files must be handed over."""

    def own(self, path: Path) -> None:
        """Hand a file or folder over to this account."""
        if self.switched:
            os.chown(path, self.uid, self.gid)

    def can_enter(self, folder: Path) -> bool:
        """Whether this account can reach and read a folder (judged by the mode bits of every parent)."""
        if not self.switched:
            return os.access(folder, os.R_OK | os.X_OK)
        resolved = folder.resolve()
        return self._allows(resolved, 0o5) and all(self._allows(parent, 0o1) for parent in resolved.parents)

    def _allows(self, folder: Path, wanted: int) -> bool:
        status = folder.stat()
        shift = 6 if status.st_uid == self.uid else 3 if status.st_gid == self.gid else 0
        return (status.st_mode >> shift) & wanted == wanted


def current_account() -> Account:
    """The account of this process."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # a container may run under a number without a name
        name = str(uid)
    return Account(name, uid, os.getegid(), switched=False)


def server_account() -> Account:
    """The account for servers: the current one, or an existing unprivileged one when this process is root.

    Raises RehearsalError when this process is root and none of the usual unprivileged accounts exists.
    """
    if os.geteuid() != 0:
        return Account(
            pwd.getpwuid(os.geteuid()).pw_name,
            os.geteuid(),
            os.getegid(),
            switched=False,
        )
    for name in _CANDIDATES:
        entry = _entry(name)
        if entry is not None and entry.pw_uid != 0:
            return Account(name, entry.pw_uid, entry.pw_gid, switched=True)
    raise RehearsalError(
        f"servers refuse to run as root and none of the accounts {', '.join(_CANDIDATES)} exists: "
        "run as another user, or create one of them"
    )


def _entry(name: str) -> pwd.struct_passwd | None:
    try:
        return pwd.getpwnam(name)
    except KeyError:
        return None
