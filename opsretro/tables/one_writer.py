"""Files that several people and runs write: one writer at a time, and every reader sees a whole file."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One writer in a folder at a time, where the system knows locks; a lock ends with its process.

    Args:
        folder: It exists. Whoever holds it must not ask for it again before letting go.
    """
    if fcntl is None:
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
    finally:
        os.close(held)


def replace_whole(path: Path, data: bytes) -> None:
    """Write a file whole or not at all; what a kill leaves beside it is overwritten by the next writer.

    Args:
        path: The file, or a link to it; it keeps its permissions. Its folder is held by `alone`.
        data: All of it.

    Raises:
        OSError: It cannot be written; the file is as it was.
    """
    path = path.resolve()
    draft = path.with_name(f".{path.name}.draft")
    try:
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            draft.chmod(path.stat().st_mode & 0o777)
        draft.replace(path)
    except OSError:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise
