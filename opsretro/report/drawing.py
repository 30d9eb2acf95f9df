"""What every chart is drawn with: its title, the words at the ends of its lines, the labels under its axis."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from opsretro.report.look import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


UNIT = 0.57
"""Width of a Latin letter in its size; a Chinese one counts as two of them."""


def draw_title(figure: Figure, title: str, caption: str, letters: float) -> None:
    """The message of a picture as its title, and a small line under it."""
    width, height = figure.bbox.width, figure.bbox.height
    x, room = letters * 0.5 / width, (width / letters - 1) / UNIT
    title, caption = shorten(title, int(room / 1.1)), shorten(caption, int(room / 0.75))
    figure.text(x, 1 - letters * 0.6 / height, title, fontsize=letters * 1.1, va="top")
    small: dict[str, Any] = {"fontsize": letters * 0.75, "color": LIGHT["muted"]}
    figure.text(x, 1 - letters * 2.4 / height, caption, va="top", **small)


def wrapped(text: str, room: float) -> list[str]:
    """Lines of a text, each at most this wide in letters; a Chinese text breaks anywhere.

    Example:
        >>> wrapped("no data in May", 5.0)
        ['no data', 'in May']
    """
    parts, lines = re.findall(r"[\u2e80-\uffef][，。、；：！？）」』》】”’…]*\s*|[^\s\u2e80-\uffef]+\s*", text), [""]
    for part in parts:
        if lines[-1] and wide([(lines[-1] + part).rstrip()]) > room:
            lines.append("")
        lines[-1] += part
    return [line.rstrip() for line in lines]


def wide(words: Sequence[str]) -> float:
    """Width of the widest line of texts in letters, so that margins fit what stands in them."""
    lines = [line for word in words for line in word.split("\n")]
    widths = [sum(1.0 if ord(letter) > 0x2E7F else UNIT for letter in line) for line in lines]
    return max(widths, default=0.0)


def label_ends(axes: Axes, ends: Sequence[tuple[float, str, str]], letters: float) -> None:
    """Words at the right end of each line instead of a legend, moved apart where they would touch."""
    low, high = axes.get_ylim()
    gap = (high - low) * letters * 1.25 / (axes.bbox.height or 1)
    places = _spread([value for value, _, _ in ends], gap, low, high)
    for (_, label, colour), y in zip(ends, places, strict=True):
        label_end(axes, label, y, letters, colour)


def label_end(axes: Axes, label: str, y: float, letters: float, colour: str) -> None:
    """Words at the right edge of the axes, at a height of the data."""
    axes.annotate(
        label,
        (1, y),
        xycoords=("axes fraction", "data"),
        xytext=(letters * 0.4, 0),
        textcoords="offset points",
        va="center",
        fontsize=letters,
        color=colour,
    )


def _spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Positions as near to the wanted ones as can be, at least a gap apart and inside the axis."""
    if not wanted:
        return []
    order = np.argsort(wanted, kind="stable")
    placed = np.array(wanted, dtype=float)[order]
    for _ in range(60):
        for i in range(len(placed) - 1):
            if (short := gap - (placed[i + 1] - placed[i])) > 0:
                placed[i] -= short / 2
                placed[i + 1] += short / 2
        placed += max(0.0, low - placed.min()) - max(0.0, placed.max() - high)
    result = np.empty(len(placed))
    result[order] = placed
    return [float(y) for y in result]


def ticks(axes: Axes, labels: Sequence[str], letters: float) -> None:
    """As many labels under the axis as have room, the newest among them."""
    room = min(4.5 if letters < 16 else 7, axes.bbox.width / letters / (wide(labels) + 0.4))
    step = next(n for n in (1, 2, 4, 6, 12, 31, 99) if len(labels) / n <= max(room, 1))
    steps = [i for i in range(len(labels)) if (len(labels) - 1 - i) % step == 0]
    axes.set_xticks(steps, [labels[i] for i in steps])
    axes.tick_params(labelsize=letters, length=0, pad=letters * 0.4)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def shorten(name: str, room: int) -> str:
    """A name as far as there is room for it; a Chinese character counts as two.

    Example:
        >>> shorten("双十一预热活动", 8), shorten("Sales", 8)
        ('双十一…', 'Sales')
    """
    widths = [2 if ord(letter) > 0x2E7F else 1 for letter in name]
    if sum(widths) <= room:
        return name
    return name[: next(i for i in range(len(name)) if sum(widths[: i + 1]) > room - 1)] + "…"
