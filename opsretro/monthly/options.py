"""How a month is run, as the command was asked to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from opsretro.words import LANGUAGES

FORK, KERNEL = "fork", "kernel"
ENGINES = (FORK, KERNEL)
ALL, OUTSIDE = "all", "outside"
AUDIENCES = (ALL, OUTSIDE)
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Variables that are 1 in a run: processes share the processors, and sums keep their order."""
TEAMS = "teams"
"""The folder of the page over all teams."""


@dataclass(frozen=True, kw_only=True)
class Options:
    """How a month is run.

    Attributes:
        langs: Languages of the pages, one or two of ``zh-CN`` and ``en``.
        as_of: Day or moment up to which data is known; None = the newest loaded_at.
        engine: ``fork`` or ``kernel``; see `run_notebook`.
        jobs: Sections that run at the same time.
        seconds: Time for a notebook; None = any.
        force: Compute again what need not be.
        notebooks: Folder of the team's own notebooks; None = there are none.
        given: Parameters for the notebooks, ``name=value`` each.
        only: Sections to run; the others stay as they are published. Empty = all.
        audience: ``all``, or ``outside``: without what stays in the team.
        run: Id of the command that asks; a month it has published already is not published twice. Empty = any.
    """

    langs: Sequence[str] = LANGUAGES
    as_of: str | None = None
    engine: str = FORK
    jobs: int = 1
    seconds: float | None = None
    force: bool = False
    notebooks: Path | None = None
    given: Sequence[str] = ()
    only: Sequence[str] = ()
    audience: str = ALL
    run: str = ""
