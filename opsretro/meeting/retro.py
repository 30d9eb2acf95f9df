"""The retro meeting, live: one call in a notebook."""

from __future__ import annotations

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.errors import speaking
from opsretro.tables.meetings import MONTH
from opsretro.words import say
from opsretro.workspace import Workspace


def retro_meeting(ops: Workspace, month: str) -> widgets.VBox:
    """The meeting about a month: last actions and facts first, then boards, votes, decisions.

    Everything typed is in ``meetings/<month>.json`` of the workspace within a second, and comes back after a restart,
    a reload or a crash by running the cell again; `opsretro meet` does that by itself.

    Args:
        ops: From `open_workspace(…)`.
        month: The month to look back on, ``2026-10``.

    Returns:
        The meeting. It needs a running kernel; without one it says so and holds what is typed. Of a quarter or a year
        a sentence that says that meetings are of months.

    Raises:
        InputError: The meeting's file or the team's boards.toml cannot be read.
        OSError: The workspace cannot be written to.

    Example:
        >>> from shutil import copytree
        >>> from tempfile import mkdtemp
        >>> from opsretro import open_workspace
        >>> retro_meeting(open_workspace(copytree("data", mkdtemp() + "/data"), lang="en"), "2026-10")
        opsretro meeting
    """
    if not MONTH.fullmatch(month):
        told = Markup("<p>{}</p>").format(say("meeting.months_only", ops.lang, month=month))
        return widgets.VBox([widgets.HTML(str(told))])
    from opsretro.meeting.conductor import Conductor
    from opsretro.meeting.stage import Stage

    with speaking(ops.lang):
        return Stage(Conductor(ops, month)).root
