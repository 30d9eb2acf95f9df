"""What sections and pages load, and when the process they are forked from begins to load it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from opsretro.monthly.publish import MANIFEST
from opsretro.monthly.template import TEMPLATE, can_fork

WARM = ("opsretro:load_all", "opsretro.report.views:load_all", "opsretro.later:seaborn", "opsretro.report.page")
"""What our notebooks and pages load."""


@contextmanager
def place_to_keep() -> Iterator[None]:
    """Give matplotlib and IPython a folder that goes with the run where they can keep nothing in the home folder.

    By themselves they take temporary ones and say so, and processes that are forked leave them behind.
    """
    needed = {"MPLCONFIGDIR": [("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")], "IPYTHONDIR": [("", "")]}
    lacking = [name for name, homes in needed.items() if name not in os.environ and not all(map(_can_keep, homes))]
    if not lacking:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="opsretro-", ignore_cleanup_errors=True) as folder:
        os.environ.update(dict.fromkeys(lacking, folder))
        try:
            yield
        finally:
            for name in lacking:
                del os.environ[name]


def _can_keep(home: tuple[str, str]) -> bool:
    """Whether there is a folder of the user's to write in: the one a variable names, or the usual one."""
    name, usual = home
    try:
        folder = Path(os.environ.get(name) or Path.home() / usual)
        folder.mkdir(parents=True, exist_ok=True)
    except (OSError, RuntimeError):  # it cannot be made, or there is no home
        return False
    return os.access(folder, os.W_OK)


@contextmanager
def begun(month: str, *, out: Path, force: bool) -> Iterator[None]:
    """Begin before all else, where a month is to be computed: one processor loads charts, another checks the tables.

    Args:
        month: What is to be reviewed.
        out: Reports folder; a month that is there already may have nothing to compute.
        force: Compute it all the same.
    """
    try:
        if can_fork() and (force or not os.path.isfile(out / month / MANIFEST)):  # noqa: PTH113 - no name is too odd
            import pandas  # noqa: F401 - both need it, so it is loaded once

            TEMPLATE.start(WARM)
        yield
    finally:
        TEMPLATE.rest()


def be_warm(inputs: object) -> None:
    """Have a process to fork from, with the tables as they were checked."""
    if not TEMPLATE.is_fork:
        TEMPLATE.start(WARM)
    TEMPLATE.tell("opsretro.tables.inputs:keep", inputs)
