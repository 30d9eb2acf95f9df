"""Charts of a team's own result: lines or bars of its columns of numbers over the first column."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from opsretro.report.bars import rows_frame
from opsretro.report.drawing import label_end, wide
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.own_words import OwnWords

ROOM = {"wide": 20, "narrow": 10}
"""Width in letters of the name of a column at the end of its line or bar."""
TICK = {"wide": 24, "narrow": 12}
FEW = 31
"""Points each of which has a mark."""
STYLES: tuple[tuple[str, Any], ...] = (
    ("data", "-"),
    ("target", "-"),
    ("quiet", "-"),
    ("ink", (0, (5, 2))),
    ("target", (0, (1.5, 1.5))),
)
"""Colour and dash of each line; the first one is thicker than the others."""


def lines(text: OwnWords, names: Sequence[str], *, size: str = "wide", title: bool = True) -> Figure:
    """A line a column, its name and last value at its end; a gap where a number is missing.

    Args:
        text: Words of the result.
        names: Columns to draw, of one unit.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure; a page writes it above instead.
    """
    rows, unit = text.rows_drawn(names), text.units[names[0]]
    values = rows[list(names)].to_numpy(dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    bottom = max(0.0, low - room) if low >= 0 else low - room
    last = [column[np.isfinite(column)][-1] if np.isfinite(column).any() else low for column in values.T]
    ends = [
        (value, f"{text.name(name, ROOM[size])} {text.amount(value, unit)}", LIGHT[STYLES[place][0]])
        for place, (name, value) in enumerate(zip(names, last, strict=True))
    ]
    head = (text.title(), text.caption(names)) if title else None
    axes, letters = line_frame(lambda at: text.axis(at, unit), (bottom, high + room), ends, size=size, title=head)
    places = text.places(rows)
    mark: dict[str, Any] = {"marker": "o", "ms": letters * 0.3} if len(rows) <= FEW else {}
    for place, name in enumerate(names):
        token, dash = STYLES[place]
        look = {"color": LIGHT[token], "ls": dash, "lw": letters * (0.1 if place else 0.15)}
        axes.plot(places, values[:, place], zorder=4 - 0.1 * place, label=name, **look, **mark)
    axes.set_xlim(places[0] - 0.6, places[-1] + 0.4)
    first = rows.columns[0]
    _ticks(axes, places, [text.tick(first, value, TICK[size]) for value in rows[first]], letters)
    return cast("Figure", axes.figure)


def _ticks(axes: Axes, places: np.ndarray, labels: Sequence[str], letters: float) -> None:
    """As many labels under the axis as have room, the newest among them."""
    low, high = axes.get_xlim()
    apart = letters * (wide(labels) + 0.8) * (high - low) / (axes.bbox.width or 1)
    kept = [len(places) - 1]
    for place in range(len(places) - 2, -1, -1):
        if places[kept[-1]] - places[place] >= apart:
            kept.append(place)
    axes.set_xticks([places[place] for place in kept], [labels[place] for place in kept])
    axes.tick_params(labelsize=letters, length=0, pad=letters * 0.4)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def bars(text: OwnWords, names: Sequence[str], *, size: str = "wide", title: bool = True) -> Figure:
    """A bar a row and column from zero, its value at the end; of several columns with their names.

    Args:
        text: Words of the result.
        names: Columns to draw, of one unit.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    rows, unit = text.rows_drawn(names), text.units[names[0]]
    first, several = rows.columns[0], len(names) > 1
    drawn: list[tuple[str, str, float, str]] = []
    for _, row in rows.iterrows():
        drawn += [("", "", np.nan, "data")] * bool(several and drawn)
        for place, name in enumerate(names):
            label = "" if place else text.tick(first, row[first], TICK[size])
            value = float(row[name])
            told = text.amount(value, unit)
            end = f"{told} {text.name(name, ROOM[size])}" if several else told
            drawn.append((label, end, value, STYLES[place][0]))
    labels, ends, values, tokens = (list(part) for part in zip(*drawn, strict=True))
    head = (text.title(), text.caption(names)) if title else None
    axes = rows_frame(lambda at: text.axis(at, unit), labels, ends, np.array(values), size=size, title=head)
    letters = SIZES[size][1]
    axes.barh(range(len(values)), np.nan_to_num(values), height=0.6, color=[LIGHT[token] for token in tokens], lw=0)
    for position, end in enumerate(ends):
        label_end(axes, end, position, letters, LIGHT[tokens[position]])
    return cast("Figure", axes.figure)
