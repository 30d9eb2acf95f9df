"""What sections and pages load, and when the process they are forked from begins to load it."""

from __future__ import annotations

import os
from pathlib import Path

from opsretro.monthly.publish import MANIFEST
from opsretro.monthly.template import TEMPLATE, can_fork

WARM = ("opsretro:load_all", "opsretro.report.views:load_all", "seaborn", "opsretro.report.page")
"""What our notebooks and pages load."""


def begin(month: str, *, out: Path, force: bool) -> None:
    """Begin before all else, where a month is to be computed: one processor loads charts, another checks the tables.

    Args:
        month: What is to be reviewed.
        out: Reports folder; a month that is there already may have nothing to compute.
        force: Compute it all the same.
    """
    if can_fork() and (force or not os.path.isfile(out / month / MANIFEST)):  # noqa: PTH113 - no name is too odd
        import pandas  # noqa: F401 - both need it, so it is loaded once

        TEMPLATE.start(WARM)


def be_warm(inputs: object) -> None:
    """Have a process to fork from, with the tables as they were checked."""
    if not TEMPLATE.is_fork:
        TEMPLATE.start(WARM)
    TEMPLATE.tell("opsretro.tables.inputs:keep", inputs)
