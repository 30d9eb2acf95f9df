"""Put finished files under their final names: whole or not at all, the manifest last."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from opsretro.errors import OutputError

MANIFEST = "run.json"


@contextmanager
def staging(out: Path, label: str) -> Iterator[Path]:
    """A folder to work in, on the same file system as the result, gone afterwards whatever happened.

    Args:
        out: The reports folder; made when it does not exist.
        label: What is being made.

    Raises:
        OutputError: The folder cannot be made, or a file in it cannot be written.
    """
    folder = out / f".{label}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=False)
        yield folder
    except OSError as error:
        raise OutputError(str(error.filename or folder), error.strerror or str(error)) from error
    finally:
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
    for name in ordered:
        (staged / name).replace(final / name)
