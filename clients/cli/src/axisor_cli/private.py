"""Files that their owner alone may read, replaced as a whole."""

from __future__ import annotations

import os
from pathlib import Path

PRIVATE = 0o600


def replace(path: Path, content: bytes) -> None:
    """Write a file anew; whoever reads it finds the old content or the new one, never a part."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
