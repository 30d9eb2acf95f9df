"""The picture of a look back for a notebook and for paper: a mark a goal and month."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opsretro.report.bars import rows_axes
from opsretro.report.drawing import label_end
from opsretro.report.look import LIGHT, SIZES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOOKS: Mapping[str, Mapping[str, Any]] = {
    "met": {"marker": "o", "markerfacecolor": LIGHT["data"], "markeredgecolor": LIGHT["data"]},
    "missed": {"marker": "o", "markerfacecolor": "none", "markeredgecolor": LIGHT["accent"], "markeredgewidth": 2},
    "no_data": {"marker": "_", "markeredgecolor": LIGHT["quiet"]},
}


def record(
    rows: Sequence[tuple[str, Sequence[str], str]],
    axis: Sequence[str],
    *,
    title: str,
    caption: str,
    ends: tuple[str, str],
    size: str = "wide",
) -> Figure:
    """In which months each goal was met.

    Args:
        rows: Name, a code a month (met, missed, no_data; empty = not published) and the words at the end.
        axis: Months, oldest first.
        title: The message.
        caption: What the marks mean.
        ends: Words of the first and the last month.
        size: ``wide`` or ``narrow``.
    """
    _, letters = SIZES[size]
    axes = rows_axes([name for name, _, _ in rows], [end for _, _, end in rows], size=size, title=(title, caption))
    axes.set_xlim(-0.5, max(len(axis) - 0.5, 0.5))
    axes.set_xticks([0, len(axis) - 1] if len(axis) > 1 else [0], list(ends) if len(axis) > 1 else [ends[0]])
    room = min(letters * 0.6, 420 / max(len(axis), 1))
    for position, (_, marks, end) in enumerate(rows):
        for code, look in LOOKS.items():
            at = [place for place, own in enumerate(marks) if own == code]
            axes.plot(at, [position] * len(at), linestyle="", markersize=room, **look)
        label_end(axes, end, position, letters, LIGHT["ink"])
    return axes.figure  # type: ignore[return-value]
