"""Where the demo puts what it throws away: a few gigabytes of unpacked layers, in memory where the machine offers that."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

_MEMORY = Path("/dev/shm")  # noqa: S108 - only the parent of folders with private names
_WANTED_BYTES = 4 * 1024**3


def scratch_parent() -> Path:
    """Linux's memory file system when it has 4 GiB to spare: some disks take a minute to remove what the demo unpacks."""
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK) and shutil.disk_usage(_MEMORY).free >= _WANTED_BYTES:
        return _MEMORY
    return Path(tempfile.gettempdir())
