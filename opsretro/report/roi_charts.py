"""Charts of the activity review: the portfolio, an activity against its counterfactual, the plan-to-actual split."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.methods.returns import Verdict
from opsretro.report.drawing import draw_title, label_end, label_ends, ticks, wide, wrapped
from opsretro.report.look import LIGHT, SIZES, new_figure

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
    axes = _rows_frame(text, names, ends, values, size=size, title=head)
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
    axes = _rows_frame(text, names, ends, rows[["effect"]].to_numpy(dtype=float), size=size, title=head)
    worst = rows["effect"].to_numpy().argmin()
    for position, value in enumerate(rows["effect"]):
        look = position == worst and value < 0
        colour = LIGHT["accent"] if look else LIGHT["data"]
        axes.barh([position], [value], height=0.5, color=colour, lw=0, zorder=3, label=rows["factor"].iloc[position])
        label_end(axes, ends[position], position, letters, LIGHT["accent"] if look else LIGHT["ink"])
    return cast("Figure", axes.figure)


def _rows_frame(
    text: RoiText,
    names: Sequence[str],
    ends: Sequence[str],
    values: np.ndarray,
    *,
    size: str,
    title: tuple[str, str] | None,
) -> Axes:
    """Axes with a name at the left and words at the right of each row, money below, and a line at zero."""
    from matplotlib.ticker import MaxNLocator

    width, letters = SIZES[size]
    head, foot, row = letters * (4.6 if title else 0.6), letters * 2.2, letters * 2.1
    height = head + foot + row * len(names)
    figure = new_figure(size, height)
    left, right = (letters * (wide(words) + 0.9) for words in (names, ends))
    inside = (left / width, foot / height, 1 - (left + right) / width, row * len(names) / height)
    axes = figure.add_axes(inside, ylim=(len(names) - 0.5, -0.5))
    known = np.append(values[np.isfinite(values)], 0.0)
    room = 0.06 * (known.max() - known.min()) or 1.0
    low, high = known.min() - room, known.max() + room
    places = [x for x in MaxNLocator(4 if size == "wide" else 2).tick_values(low, high) if low <= x <= high]
    axes.set_xlim(low, high)
    axes.axvline(0, color=LIGHT["muted"], lw=1, zorder=1, label="zero")
    axes.set_xticks(places, text.axis(places))
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(length=0, labelsize=letters, pad=letters * 0.4)
    axes.tick_params(axis="y", labelcolor=LIGHT["ink"])
    axes.spines[:].set_visible(False)
    if title:
        draw_title(figure, *title, letters)
    return axes


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
    axes, letters = _line_frame(text, (low - room, high + room), ends, size=size, title=head)
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


def _line_frame(
    text: RoiText,
    reach: tuple[float, float],
    ends: Sequence[tuple[float, str, str]],
    *,
    size: str,
    title: tuple[str, str] | None,
) -> tuple[Axes, float]:
    from matplotlib.ticker import MaxNLocator

    width, letters = SIZES[size]
    places = [value for value in MaxNLocator(4).tick_values(*reach) if reach[0] <= value <= reach[1]]
    labels = text.axis(places)
    left, right = (letters * (wide(words) + 0.8) for words in (labels, [label for _, label, _ in ends]))
    head, foot = letters * (4.4 if title else 0.6), letters * 2.4
    height = head + foot + letters * 12.6
    figure = new_figure(size, height)
    axes = figure.add_axes(
        (left / width, foot / height, 1 - (left + right) / width, 1 - (head + foot) / height), ylim=reach
    )
    label_ends(axes, ends, letters)
    axes.set_yticks(places, labels)
    if title:
        draw_title(figure, *title, letters)
    return axes, letters


def note(message: str, *, size: str = "wide") -> Figure:
    """A picture of nothing but words, where there is nothing to draw."""
    width, letters = SIZES[size]
    lines = wrapped(message, (width / letters - 1) / 0.8)
    figure = new_figure(size, letters * (2 + 1.2 * len(lines)))
    figure.text(letters * 0.5 / width, 0.5, "\n".join(lines), fontsize=letters * 0.8, va="center", color=LIGHT["muted"])
    return figure


def _two_bars(text: RoiText, row: pd.Series, *, size: str, title: tuple[str, str] | None) -> Figure:
    """Revenue of the treated, and what they would have brought without the activity with its interval."""
    _, letters = SIZES[size]
    actual, expected = row["baseline"] + row["incremental"], row["baseline"]
    low, high = actual - row["upper"], actual - row["lower"]
    names = [text.word(f"line.{line}") for line in ("actual", "expected")]
    ends = [text.money(actual), text.money(expected)]
    axes = _rows_frame(text, names, ends, np.array([actual, expected, low, high]), size=size, title=title)
    axes.barh(
        [0, 1], [actual, expected], height=0.5, color=[LIGHT["data"], LIGHT["quiet"]], lw=0, zorder=3, label="revenue"
    )
    axes.plot([low, high], [1, 1], color=LIGHT["ink"], lw=letters * 0.14, zorder=4, label="interval")
    for position, (end, colour) in enumerate(zip(ends, (LIGHT["ink"], LIGHT["target"]), strict=True)):
        label_end(axes, end, position, letters, colour)
    return cast("Figure", axes.figure)
