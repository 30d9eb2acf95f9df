"""The frame of a line chart: axes whose margins fit the words at their sides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from opsretro.report.drawing import draw_title, label_ends, wide
from opsretro.report.look import SIZES, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Labels = Callable[[Sequence[float]], Sequence[str]]


def line_frame(
    labels: Labels,
    reach: tuple[float, float],
    ends: Sequence[tuple[float, str, str]],
    *,
    size: str,
    title: tuple[str, str] | None,
) -> tuple[Axes, float]:
    """Axes of a line chart, and the size of their letters.

    Args:
        labels: Words of numbers on the axis.
        reach: Lowest and highest value.
        ends: Height, words and colour at the end of each line.
        size: A name of `SIZES`.
        title: Title and caption; None = the page writes them.
    """
    from matplotlib.ticker import MaxNLocator

    width, letters = SIZES[size]
    places = [value for value in MaxNLocator(4).tick_values(*reach) if reach[0] <= value <= reach[1]]
    words = labels(places)
    left, right = (letters * (wide(texts) + 0.8) for texts in (words, [label for _, label, _ in ends]))
    head, foot = letters * (4.4 if title else 0.6), letters * 2.4
    height = head + foot + letters * 12.6
    figure = new_figure(size, height)
    inside = (left / width, foot / height, 1 - (left + right) / width, 1 - (head + foot) / height)
    axes = figure.add_axes(inside, ylim=reach)
    label_ends(axes, ends, letters)
    axes.set_yticks(places, words)
    if title:
        draw_title(figure, *title, letters)
    return axes, letters
