"""Put finished files under their final names: whole or not at all, the manifest last."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opsretro.errors import OutputError

MANIFEST = "run.json"


@contextmanager
def one_run(out: Path, label: str, waiting: Callable[[], object]) -> Iterator[None]:
    """One run of a month at a time in a reports folder; another one waits for its turn.

    The lock ends with its process and everything that process started, so nobody tidies up after a crash.

    Args:
        out: The reports folder; made when it does not exist.
        label: The month.
        waiting: Called once, before waiting for another run.

    Raises:
        OutputError: The folder cannot be made or written to.
    """
    path = out / f".{label}.lock"
    held = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        while held is None:
            held = _taken(path, waiting)
        yield
    except OSError as error:
        raise OutputError(str(error.filename or out), error.strerror or str(error)) from error
    finally:
        if held is not None:
            path.unlink(missing_ok=True)
            fcntl.flock(held, fcntl.LOCK_UN)
            os.close(held)


def _taken(path: Path, waiting: Callable[[], object]) -> int | None:
    """The lock, once it is ours; None = the run before took the file away with it."""
    held = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        try:
            waiting()
        except BaseException:
            os.close(held)
            raise
        fcntl.flock(held, fcntl.LOCK_EX)
    if path.exists() and os.fstat(held).st_ino == path.stat().st_ino:
        return held
    os.close(held)
    return None


@contextmanager
def staging(out: Path, label: str) -> Iterator[Path]:
    """A folder to work in, on the same file system as the result, gone afterwards whatever happened.

    Args:
        out: The reports folder; made when it does not exist.
        label: What is being made.

    Raises:
        OutputError: The folder cannot be made, or a file in it cannot be written.
    """
    folder: Path | None = None
    try:
        out.mkdir(parents=True, exist_ok=True)
        remove_left_behind(out, label)
        folder = Path(tempfile.mkdtemp(prefix=f".{label}.{os.getpid()}.", dir=out))
        yield folder
    except OSError as error:
        raise OutputError(str(error.filename or out), error.strerror or str(error)) from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def remove_left_behind(out: Path, label: str) -> None:
    """Remove folders of runs that were killed before they could tidy up; a run that still lives keeps its own.

    Args:
        out: The reports folder.
        label: What was being made.
    """
    for folder in out.glob(f".{label}.*.*"):
        owner = folder.name.removeprefix(f".{label}.").partition(".")[0]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists() and Path("/proc/self").exists():
            shutil.rmtree(folder, ignore_errors=True)


def publish(staged: Path, final: Path, names: Sequence[str]) -> None:
    """Move files to where people read them.

    Args:
        staged: Folder with the finished files.
        final: The month's folder; made when it does not exist.
        names: Files to move, the manifest among them; it goes last, so that a manifest always describes what is there.

    Raises:
        OSError: No room or no permission; files already moved are whole.
    """
    final.mkdir(parents=True, exist_ok=True)
    ordered = sorted(names, key=lambda name: name == MANIFEST)
    for name in ordered:
        with (staged / name).open("rb") as file:
            os.fsync(file.fileno())
    old = _published(final)
    for name in ordered:
        if name == MANIFEST:
            _remove(final, old - set(names))
        (staged / name).replace(final / name)
    folder = os.open(final, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _published(final: Path) -> set[str]:
    """Names of the files an earlier run published here, by its manifest."""
    try:
        files = json.loads((final / MANIFEST).read_text(encoding="utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return set()
    return {name for name in files if isinstance(name, str) and Path(name).name == name}


def _remove(final: Path, names: set[str]) -> None:
    """A file of an earlier run that this one did not make would tell old numbers beside new ones."""
    for name in names:
        (final / name).unlink(missing_ok=True)
