"""Charts of the activity review: the portfolio, an activity against its counterfactual, the plan-to-actual split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.methods.returns import Verdict
from opsretro.report.bars import rows_frame
from opsretro.report.drawing import label_end, ticks
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.roi_text import RoiText

DAYS_BEFORE = 28
"""Days before the window that are drawn."""
SMALL = 0.001
"""A bar below this share of the longest is no bar, and its number rounding."""


def portfolio(text: RoiText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """All activities on one scale of money: the profit each caused with its interval, beside what was attributed.

    Args:
        text: Words and numbers of the review.
        rows: Of `ActivityReview.judged`, with the figures that stand, in the order to draw.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [text.short_name(row, size) for _, row in rows.iterrows()]
    ends = [
        text.money(row["profit"], signed=True) if np.isfinite(row["profit"]) else text.verdict(row)
        for _, row in rows.iterrows()
    ]
    values = rows[["profit_lower", "profit_upper", "attributed_profit"]].to_numpy(dtype=float)
    head = (text.portfolio_title(), text.portfolio_key()) if title else None
    axes = rows_frame(text.axis, names, ends, values, size=size, title=head)
    for position, (_, row) in enumerate(rows.iterrows()):
        _portfolio_row(axes, row, position, letters)
        colour = LIGHT["accent"] if row["verdict"] == Verdict.LOSS else LIGHT["ink"]
        label_end(axes, ends[position], position, letters, colour)
    return cast("Figure", axes.figure)


def _portfolio_row(axes: Axes, row: pd.Series, position: int, letters: float) -> None:
    """A filled dot paid, an accent diamond lost, a hollow grey dot cannot be told; a bar is what was attributed."""
    y = [position, position]
    claimed: dict[str, Any] = {"color": LIGHT["quiet"], "lw": letters * 0.14, "zorder": 2, "label": "attributed"}
    axes.plot([row["attributed_profit"]] * 2, [position - 0.3, position + 0.3], **claimed)
    if not np.isfinite(row["profit"]):
        return
    loss, unclear = row["verdict"] == Verdict.LOSS, row["verdict"] == Verdict.UNCLEAR
    colour = LIGHT["accent"] if loss else LIGHT["quiet"] if unclear else LIGHT["data"]
    axes.plot(
        [row["profit_lower"], row["profit_upper"]], y, color=colour, lw=letters * 0.16, zorder=3, label="interval"
    )
    face: dict[str, Any] = {"markerfacecolor": LIGHT["paper"]} if unclear else {}
    mark: dict[str, Any] = {"marker": "D" if loss else "o", "ms": letters * (0.55 if loss else 0.6), "color": colour}
    axes.plot(
        [row["profit"]], [position], zorder=4, markeredgewidth=letters * 0.1, label=row["verdict"], **mark, **face
    )


def split(text: RoiText, rows: pd.DataFrame, name: str, *, size: str = "wide", title: bool = True) -> Figure:
    """Why the net profit differs from the plan: a bar a factor, from zero.

    Args:
        text: Words and numbers of the review.
        rows: Of `ActivityReview.split` of one activity.
        name: Of the activity.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [text.word(f"factor.{factor}") for factor in rows["factor"]]
    least = rows["effect"].abs().max() * SMALL
    ends = [text.money(value if abs(value) >= least else 0.0, signed=True) for value in rows["effect"]]
    head = (text.split_title(rows, name), text.word("split.key")) if title else None
    axes = rows_frame(text.axis, names, ends, rows[["effect"]].to_numpy(dtype=float), size=size, title=head)
    worst = rows["effect"].to_numpy().argmin()
    for position, value in enumerate(rows["effect"]):
        look = position == worst and value < 0
        colour = LIGHT["accent"] if look else LIGHT["data"]
        axes.barh([position], [value], height=0.5, color=colour, lw=0, zorder=3, label=rows["factor"].iloc[position])
        label_end(axes, ends[position], position, letters, LIGHT["accent"] if look else LIGHT["ink"])
    return cast("Figure", axes.figure)


def course(text: RoiText, row: pd.Series, days: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """What happened against what would have happened without the activity.

    Args:
        text: Words and numbers of the review.
        row: Of `ActivityReview.activities` or `joint`.
        days: Its rows of `ActivityReview.days`; none for an activity judged by people who were held out.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    head = (text.chart_title(row), text.chart_caption(row)) if title else None
    if days.empty:
        return _two_bars(text, row, size=size, title=head)
    days = _shown(days)
    values = days[["actual", "lower", "upper"]].to_numpy(dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    ends = _course_ends(text, days)
    axes, letters = line_frame(text.axis, (low - room, high + room), ends, size=size, title=head)
    window = days.index[days["phase"] == "window"]
    axes.axvspan(window[0] - 0.5, window[-1] + 0.5, color=LIGHT["band"], lw=0, zorder=0, label="window")
    axes.fill_between(
        days.index, days["lower"], days["upper"], color=LIGHT["cone"], alpha=0.8, lw=0, zorder=1, label="interval"
    )
    axes.plot(days.index, days["expected"], color=LIGHT["target"], lw=2, ls=(0, (5, 3)), zorder=2, label="expected")
    axes.plot(days.index, days["actual"], color=LIGHT["data"], lw=letters * 0.13, zorder=3, label="actual")
    axes.set_xlim(-0.6, len(days) - 0.4)
    ticks(axes, [text.day(day) for day in days["date"]], letters)
    return cast("Figure", axes.figure)


def _shown(days: pd.DataFrame) -> pd.DataFrame:
    """The weeks before the window, the window and the days after it."""
    first = int((days["phase"] == "before").sum()) - DAYS_BEFORE
    return days.iloc[max(0, first) :].reset_index(drop=True)


def _course_ends(text: RoiText, days: pd.DataFrame) -> list[tuple[float, str, str]]:
    last = days[["actual", "expected"]].ffill().iloc[-1]
    colours = {"actual": LIGHT["ink"], "expected": LIGHT["target"]}
    return [
        (last[line], text.word(f"line.{line}"), colour) for line, colour in colours.items() if np.isfinite(last[line])
    ]


def _two_bars(text: RoiText, row: pd.Series, *, size: str, title: tuple[str, str] | None) -> Figure:
    """Revenue of the treated, and what they would have brought without the activity with its interval."""
    _, letters = SIZES[size]
    actual, expected = row["baseline"] + row["incremental"], row["baseline"]
    low, high = actual - row["upper"], actual - row["lower"]
    names = [text.word(f"line.{line}") for line in ("actual", "expected")]
    ends = [text.money(actual), text.money(expected)]
    axes = rows_frame(text.axis, names, ends, np.array([actual, expected, low, high]), size=size, title=title)
    axes.barh(
        [0, 1], [actual, expected], height=0.5, color=[LIGHT["data"], LIGHT["quiet"]], lw=0, zorder=3, label="revenue"
    )
    axes.plot([low, high], [1, 1], color=LIGHT["ink"], lw=letters * 0.14, zorder=4, label="interval")
    for position, (end, colour) in enumerate(zip(ends, (LIGHT["ink"], LIGHT["target"]), strict=True)):
        label_end(axes, end, position, letters, colour)
    return cast("Figure", axes.figure)
