"""The frame of a chart with a row a thing, and a picture of nothing but words where there is nothing to draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from opsretro.report.drawing import draw_title, wide, wrapped
from opsretro.report.look import LIGHT, SIZES, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Labels = Callable[[Sequence[float]], Sequence[str]]


def rows_axes(
    names: Sequence[str],
    ends: Sequence[str],
    *,
    size: str,
    title: tuple[str, str] | None,
    tall: float = 2.9,
    foot: float = 2.2,
) -> Axes:
    """Axes with a name at the left and words at the right of each row.

    Args:
        names: One a row, from above; of one line or two.
        ends: One a row.
        size: ``wide`` or ``narrow``.
        title: Title and caption; None = the page writes them.
        tall: Height of a row with names of two lines, in letters.
        foot: Room below the rows, in letters.
    """
    width, letters = SIZES[size]
    above, below = letters * (4.6 if title else 0.6), letters * foot
    row = letters * (tall if any("\n" in name for name in names) else 2.1)
    height = above + below + row * len(names)
    figure = new_figure(size, height)
    left, right = (letters * (wide(words) + 0.9) for words in (names, ends))
    inside = (left / width, below / height, 1 - (left + right) / width, row * len(names) / height)
    axes = figure.add_axes(inside, ylim=(len(names) - 0.5, -0.5))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, labelsize=letters, pad=letters * 0.4)
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"])
    axes.spines[:].set_visible(False)
    if title:
        draw_title(figure, *title, letters)
    return axes


def rows_frame(
    labels: Labels,
    names: Sequence[str],
    ends: Sequence[str],
    values: np.ndarray,
    *,
    size: str,
    title: tuple[str, str] | None,
) -> Axes:
    """`rows_axes` with numbers below and a line at zero.

    Args:
        labels: Words of numbers on the axis.
        names: One a row, from above; of one line or two.
        ends: One a row.
        values: All that is drawn; NaN is skipped.
        size: ``wide`` or ``narrow``.
        title: Title and caption; None = the page writes them.
    """
    from matplotlib.ticker import MaxNLocator

    axes = rows_axes(names, ends, size=size, title=title)
    known = np.append(values[np.isfinite(values)], 0.0)
    room = 0.06 * (known.max() - known.min()) or 1.0
    low, high = known.min() - room, known.max() + room
    places = [x for x in MaxNLocator(4 if size == "wide" else 2).tick_values(low, high) if low <= x <= high]
    axes.set_xlim(low, high)
    axes.axvline(0, color=LIGHT["muted"], lw=1, zorder=1, label="zero")
    axes.set_xticks(places, labels(places))
    return axes


def note(message: str, *, size: str = "wide") -> Figure:
    """A picture of nothing but words, where there is nothing to draw."""
    width, letters = SIZES[size]
    lines = wrapped(message, (width / letters - 1) / 0.8)
    figure = new_figure(size, letters * (2 + 1.2 * len(lines)))
    figure.text(letters * 0.5 / width, 0.5, "\n".join(lines), fontsize=letters * 0.8, va="center", color=LIGHT["muted"])
    return figure
