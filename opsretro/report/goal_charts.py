"""Charts of the goal review: one card per KPI, and the overview of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from opsretro.report.look import LIGHT, SIZES, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.goal_text import GoalText

MONTHS_SHOWN = 24
SPAN = 2.4
"""The overview reaches this many half-widths of the limits to either side."""


def card(text: GoalText, goal: pd.Series, months: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """One KPI: its months, the band it usually moves in, its target, and what stands out.

    Args:
        text: Words and numbers of the review.
        goal: Row of `GoalReview.goals`.
        months: Its rows of `GoalReview.months`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure; a page writes it above instead.
    """
    from matplotlib.ticker import MaxNLocator

    width, letters = SIZES[size]
    shown = months.tail(MONTHS_SHOWN).reset_index(drop=True)
    low, high = _range(goal, shown)
    ticks = [value for value in MaxNLocator(4).tick_values(low, high) if low <= value <= high]
    labels, ends = text.axis(ticks, goal), _ends(text, goal, shown)
    left, right = (letters * (wide(words) + 0.8) for words in (labels, [label for _, label, _ in ends]))
    head, foot = letters * (4.4 if title else 0.6), letters * 2.4
    height = head + foot + letters * 12.6
    figure = new_figure(size, height)
    inside = (left / width, foot / height, 1 - (left + right) / width, 1 - (head + foot) / height)
    axes = figure.add_axes(inside, ylim=(low, high))
    _band(axes, goal, len(shown))
    _line(axes, shown, text.review.period, letters)
    _labels(axes, ends, letters)
    axes.set_yticks(ticks, labels)
    _months(axes, text, shown, letters)
    if title:
        _title(figure, text.chart_title(goal), text.chart_caption(goal), letters)
    return figure


def _title(figure: Figure, title: str, caption: str, letters: float) -> None:
    width, height = figure.bbox.width, figure.bbox.height
    x = letters * 0.5 / width
    figure.text(x, 1 - letters * 0.6 / height, title, fontsize=letters * 1.1, va="top")
    small: dict[str, Any] = {"fontsize": letters * 0.75, "color": LIGHT["muted"]}
    figure.text(x, 1 - letters * 2.4 / height, caption, va="top", **small)


def _band(axes: Axes, goal: pd.Series, n: int) -> None:
    if not np.isnan(goal["lower"]):
        axes.axhspan(goal["lower"], goal["upper"], color=LIGHT["band"], zorder=0, label="limits", lw=0)
        axes.axhline(goal["mean"], color=LIGHT["quiet"], lw=1, zorder=1, label="mean")
    for column in ("target", "low", "high"):
        if not np.isnan(goal[column]):
            axes.axhline(goal[column], color=LIGHT["target"], lw=2, ls=(0, (5, 3)), zorder=2, label=column)
    axes.set_xlim(-0.6, n - 0.4)


def _line(axes: Axes, shown: pd.DataFrame, period: str, letters: float) -> None:
    axes.plot(shown.index, shown["value"], color=LIGHT["data"], lw=letters * 0.11, zorder=3, label="value")
    plain = shown[~shown["signal"]]
    axes.plot(plain.index, plain["value"], "o", color=LIGHT["data"], ms=letters * 0.3, zorder=4, label="ordinary")
    signals = shown[shown["signal"]]
    past, now = signals[signals["month"] < period], signals[signals["month"] == period]
    hollow: dict[str, Any] = {"markerfacecolor": LIGHT["paper"], "markeredgewidth": letters * 0.08}
    axes.plot(
        past.index,
        past["value"],
        "D",
        color=LIGHT["accent"],
        ms=letters * 0.38,
        zorder=5,
        label="past signal",
        **hollow,
    )
    axes.plot(now.index, now["value"], "D", color=LIGHT["accent"], ms=letters * 0.55, zorder=6, label="signal")


def _ends(text: GoalText, goal: pd.Series, shown: pd.DataFrame) -> list[tuple[float, str, str]]:
    """Value, words and colour of every line's end: the month, the target, the mean."""
    ends: list[tuple[float, str, str]] = []
    now = shown[(shown["month"] == text.review.period) & shown["value"].notna()]
    for _, month in now.iterrows():
        colour = LIGHT["accent"] if month["signal"] else LIGHT["ink"]
        ends.append((month["value"], text.amount(month["value"], goal), colour))
    for line in ("target", "low", "high", "mean"):
        if not np.isnan(goal[line]):
            colour = LIGHT["muted"] if line == "mean" else LIGHT["target"]
            ends.append((goal[line], text.line_label(line, goal), colour))
    return ends


def wide(words: Sequence[str]) -> float:
    """Width of the widest text in letters, so that margins fit what stands in them."""
    widths = [sum(1.0 if ord(letter) > 0x2E7F else 0.57 for letter in word) for word in words]
    return max(widths, default=0.0)


def _labels(axes: Axes, ends: Sequence[tuple[float, str, str]], letters: float) -> None:
    """Words at the right end of each line instead of a legend, moved apart where they would touch."""
    low, high = axes.get_ylim()
    gap = (high - low) * letters * 1.25 / (axes.bbox.height or 1)
    places = _spread([value for value, _, _ in ends], gap, low, high)
    for (_, label, colour), y in zip(ends, places, strict=True):
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


def _range(goal: pd.Series, shown: pd.DataFrame) -> tuple[float, float]:
    """The limits decide the range of a line chart; the target and every month stay visible."""
    lines = goal[["lower", "upper", "target", "low", "high", "mean"]].to_numpy(dtype=float)
    values = np.concatenate([lines, shown["value"].to_numpy(dtype=float)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room


def _months(axes: Axes, text: GoalText, shown: pd.DataFrame, letters: float) -> None:
    steps = [i for i in range(len(shown)) if (len(shown) - 1 - i) % (6 if letters < 16 else 4) == 0]
    axes.set_xticks(steps, [text.tick(shown["month"].iloc[i]) for i in steps])
    axes.tick_params(labelsize=letters, length=0, pad=letters * 0.4)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def overview(text: GoalText, goals: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """All KPIs on one scale: where this month lies in the band each usually moves in, and where its target lies.

    Args:
        text: Words and numbers of the review.
        goals: `GoalReview.goals`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    width, letters = SIZES[size]
    row, head = letters * 2.1, letters * (5.8 if title else 2.4)
    height = head + row * len(goals) + letters * 1.2
    figure = new_figure(size, height)
    names = [text.short_name(goal, size) for _, goal in goals.iterrows()]
    values = [text.amount(goal["actual"], goal) for _, goal in goals.iterrows()]
    left, right = letters * (wide(names) + 0.9) / width, 1 - letters * (wide(values) + 0.9) / width
    axes = figure.add_axes((left, letters * 1.2 / height, right - left, row * len(goals) / height))
    axes.axvspan(-1, 1, color=LIGHT["band"], lw=0, label="limits")
    axes.axvline(0, color=LIGHT["quiet"], lw=1)
    for position, (_, goal) in enumerate(goals.iterrows()):
        _overview_row(axes, text, goal, position, letters)
    axes.set(xlim=(-SPAN - 0.5, SPAN + 0.5), ylim=(len(goals) - 0.5, -0.5), xticks=[])
    axes.set_yticks(range(len(goals)), names)
    axes.tick_params(length=0, labelsize=letters, pad=letters * 0.5, labelcolor=LIGHT["ink"])
    axes.spines[:].set_visible(False)
    for x, key in ((-1.8, "below"), (0, "usual"), (1.8, "above")):
        axes.annotate(
            text.word(f"overview.{key}"),
            (x, -0.5),
            xytext=(0, letters * 0.5),
            textcoords="offset points",
            ha="center",
            fontsize=letters,
            color=LIGHT["muted"],
        )
    if title:
        _title(figure, text.overview_title(), text.word("overview.key"), letters)
    return figure


def _overview_row(axes: Axes, text: GoalText, goal: pd.Series, position: int, letters: float) -> None:
    axes.annotate(
        text.amount(goal["actual"], goal),
        (1, position),
        xycoords=("axes fraction", "data"),
        xytext=(letters * 0.4, 0),
        textcoords="offset points",
        va="center",
        fontsize=letters,
        color=LIGHT["accent"] if goal["variation"] == "signal" else LIGHT["ink"],
    )
    if np.isnan(goal["lower"]):
        short = {"facecolor": LIGHT["band"], "edgecolor": "none", "pad": 1}
        words = text.word("overview.short")
        axes.text(0, position, words, ha="center", va="center", fontsize=letters, color=LIGHT["muted"], bbox=short)
        return
    x = _place(goal["actual"], goal)
    for column in ("target", "low", "high"):
        _overview_target(axes, _place(goal[column], goal), x, position, letters)
    axes.plot([np.clip(x, -SPAN, SPAN)], [position], zorder=4, **_mark(goal, letters))


def _place(value: float, goal: pd.Series) -> float:
    """Where a value lies between the mean (0) and the limits (−1 and 1); infinite outside limits without width."""
    distance = value - goal["mean"]
    half = goal["upper"] - goal["mean"] if distance > 0 else goal["mean"] - goal["lower"]
    if distance == 0 or np.isnan(distance):
        return float(distance)
    return float(distance / half) if half > 0 else float(np.sign(distance) * np.inf)


def _overview_target(axes: Axes, x: float, actual: float, position: int, letters: float) -> None:
    """A dashed tick where the target lies; an arrow towards it when it lies beyond the picture.

    The arrow stands inside of a month that went even further, and outside of one that did not.
    """
    from matplotlib.markers import CARETLEFT, CARETRIGHT

    if np.isnan(x):
        return
    if abs(x) <= SPAN:
        axes.plot([x, x], [position - 0.32, position + 0.32], color=LIGHT["target"], lw=3, ls=(0, (2, 1)), zorder=3)
        return
    passed = actual * np.sign(x) >= abs(x)
    place = np.sign(x) * SPAN * (0.8 if passed else 1.14)
    marker = CARETLEFT if x < 0 else CARETRIGHT
    axes.plot([place], [position], marker=marker, color=LIGHT["target"], ms=letters * 0.5, zorder=3, label="target")


def _mark(goal: pd.Series, letters: float) -> dict[str, Any]:
    if goal["variation"] == "signal":
        return {"marker": "D", "color": LIGHT["accent"], "ms": letters * 0.62, "label": "signal"}
    face = {"color": LIGHT["data"], "markerfacecolor": LIGHT["paper"], "markeredgewidth": 2}
    return {"marker": "o", "ms": letters * 0.55, "label": "ordinary", **face}
