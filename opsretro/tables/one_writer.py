"""Files that several people and runs write: one writer at a time, and every reader sees a whole file."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]

PATIENCE = 30.0
"""Seconds a writer waits for its turn."""
_LOOK = 0.005
"""Seconds between two looks whether it is one's turn."""
_let_go: dict[str, float] = {}
"""When this process let go of a folder."""


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """One writer in a folder at a time, where the system knows locks; a lock ends with its process.

    Who has just written lets those who wait go first: else the next look of theirs would come too late each time.

    Args:
        folder: It exists. Whoever holds it must not ask for it again before letting go.

    Raises:
        OSError: Another writer has not let go for half a minute.
    """
    if fcntl is None:
        yield
        return
    held = os.open(folder, os.O_RDONLY)
    try:
        _wait(held, folder)
        yield
    finally:
        os.close(held)
        _let_go[str(folder)] = time.monotonic()


def _wait(held: int, folder: Path) -> None:
    """Take the lock, or give up on a writer that never lets go; time in which nobody here could look is no waiting."""
    time.sleep(max(0.0, _let_go.get(str(folder), 0.0) + 2 * _LOOK - time.monotonic()))
    for _ in range(round(PATIENCE / _LOOK)):
        try:
            return fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(_LOOK)
    raise OSError(errno.EBUSY, os.strerror(errno.EBUSY), str(folder))


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
    mode = path.stat().st_mode & 0o777 if path.exists() else None
    try:
        draft.unlink(missing_ok=True)  # a draft is never somebody's link to another file
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode or 0o666), "wb") as file:
            if mode is not None:
                draft.chmod(mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
