"""The overview of all KPIs on one scale: the picture a director looks at first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from opsretro.report.drawing import draw_title, label_end, wide
from opsretro.report.look import LIGHT, SIZES, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.goal_text import GoalText

SPAN = 2.4
"""The picture reaches this many half-widths of the limits to either side."""


def overview(
    text: GoalText, goals: pd.DataFrame, months: pd.DataFrame, *, size: str = "wide", title: bool = True
) -> Figure:
    """All KPIs on one scale: where each month of the period lies in the band it usually moves in, and its target.

    Args:
        text: Words and numbers of the review.
        goals: `GoalReview.goals`.
        months: `GoalReview.months`.
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
    inside = months[months["month"].isin(text.months_in_period)]
    for position, (_, goal) in enumerate(goals.iterrows()):
        _overview_row(axes, text, goal, inside[inside["goal_id"] == goal["goal_id"]], position, letters)
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
        draw_title(figure, text.overview_title(), text.overview_key(), letters)
    return figure


def _overview_row(
    axes: Axes, text: GoalText, goal: pd.Series, months: pd.DataFrame, position: int, letters: float
) -> None:
    colour = LIGHT["accent"] if goal["variation"] == "signal" else LIGHT["ink"]
    label_end(axes, text.amount(goal["actual"], goal), position, letters, colour)
    if np.isnan(goal["lower"]):
        short = {"facecolor": LIGHT["band"], "edgecolor": "none", "pad": 1}
        words = text.word("overview.short")
        axes.text(0, position, words, ha="center", va="center", fontsize=letters, color=LIGHT["muted"], bbox=short)
        return
    over = months[~months["running"] & months["value"].notna()]
    places = [_place(month["value"], month) for _, month in over.iterrows()]
    newest = months.iloc[-1] if len(months) else goal
    for column in ("target", "low", "high"):
        wanted = _place(newest[column], newest)
        _overview_target(axes, wanted, places[-1] if places else np.nan, position, letters)
    for x, (_, month) in zip(places, over.iterrows(), strict=True):
        axes.plot([np.clip(x, -SPAN, SPAN)], [position], zorder=4, **_mark(signal=month["signal"], letters=letters))
    _overview_pace(axes, goal, newest, position, letters)


def _overview_pace(axes: Axes, goal: pd.Series, month: pd.Series, position: int, letters: float) -> None:
    """A bar from end to end of where a running month is heading (80 %)."""
    ends = [np.clip(_place(goal[f"pace_{end}80"], month), -SPAN, SPAN) for end in ("lower", "upper")]
    if not np.isnan(ends).any():
        axes.plot(ends, [position] * 2, color=LIGHT["data"], lw=letters * 0.3, zorder=4, label="pace")


def _place(value: float, month: pd.Series) -> float:
    """Where a value lies between the mean (0) and the limits (−1 and 1); infinite outside limits without width."""
    distance = value - month["mean"]
    half = month["upper"] - month["mean"] if distance > 0 else month["mean"] - month["lower"]
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


def _mark(*, signal: bool, letters: float) -> dict[str, Any]:
    if signal:
        return {"marker": "D", "color": LIGHT["accent"], "ms": letters * 0.62, "label": "signal"}
    face = {"color": LIGHT["data"], "markerfacecolor": LIGHT["paper"], "markeredgewidth": 2}
    return {"marker": "o", "ms": letters * 0.55, "label": "ordinary", **face}
