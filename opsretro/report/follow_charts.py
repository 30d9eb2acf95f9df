"""Charts of the follow-up: a metric before and after an action, all actions on one scale, what the months read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.follow_codes import Verdict
from opsretro.report import numbers
from opsretro.report.bars import rows_axes, rows_frame
from opsretro.report.drawing import label_end, shorten, ticks
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.follow_text import FollowText

DAYS_BEFORE = 28
"""Days before the start that are drawn."""
LONGEST_NAME = {"wide": 36, "narrow": 13}
LONGEST_METRIC = 22
HEADROOM = 0.2
"""Share of the height that is kept free above the lines for the label of the start."""


def course(
    text: FollowText, row: Mapping[str, Any], days: pd.DataFrame, *, size: str = "wide", title: bool = True
) -> Figure:
    """The metric of an action against what was to be expected without it, its start marked.

    Args:
        text: Words and numbers of the review.
        row: Of `FollowUp.actions`.
        days: Its rows of `FollowUp.days`; at least one.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    first = max(0, int((days["phase"] == "before").sum()) - DAYS_BEFORE)
    days = days.iloc[first:].reset_index(drop=True)
    values = days[["actual", "lower", "upper"]].to_numpy(dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    room = high - low or abs(high) * 0.1 or 1.0
    last = days[["actual", "expected"]].ffill().iloc[-1]
    colours = {"actual": LIGHT["ink"], "expected": LIGHT["target"]}
    ends = [
        (last[line], text.word(f"line.{line}"), colour) for line, colour in colours.items() if np.isfinite(last[line])
    ]
    reach = (low - 0.08 * room, high + HEADROOM * room)
    head = (text.chart_title(row), text.chart_caption(row)) if title else None
    axes, letters = line_frame(partial(text.axis, row["unit"]), reach, ends, size=size, title=head)
    band: dict[str, Any] = {"color": LIGHT["cone"], "alpha": 0.8, "lw": 0, "zorder": 1, "label": "interval"}
    axes.fill_between(days.index, days["lower"], days["upper"], **band)
    axes.plot(days.index, days["expected"], color=LIGHT["target"], lw=2, ls=(0, (5, 3)), zorder=2, label="expected")
    axes.plot(days.index, days["actual"], color=LIGHT["data"], lw=letters * 0.13, zorder=3, label="actual")
    axes.set_xlim(-0.6, len(days) - 0.4)
    ticks(axes, [text.tick(day) for day in days["date"]], letters)
    _start(axes, text, days, row["compared_from"], letters)
    return cast("Figure", axes.figure)


def _start(axes: Axes, text: FollowText, days: pd.DataFrame, start: str, letters: float) -> None:
    """A thin line where the action itself began, its day beside it on the side that has more room."""
    place = int((days["date"] < start).sum())
    axes.axvline(place - 0.5, color=LIGHT["muted"], lw=1, zorder=1.5, label="start")
    left = place < len(days) / 2
    axes.annotate(
        text.word("start", day=text.tick(start)),
        (place - 0.5, 1),
        xycoords=("data", "axes fraction"),
        xytext=((0.4 if left else -0.4) * letters, 0),
        textcoords="offset points",
        ha="left" if left else "right",
        va="top",
        fontsize=letters,
        color=LIGHT["muted"],
    )


def mark(axes: Axes, place: tuple[float, float], kind: str, letters: float) -> None:
    """A filled dot moved, an accent diamond did not, a hollow grey dot cannot be told."""
    failed, unclear = kind == Verdict.NOT_MOVED, kind == Verdict.CANNOT_TELL
    colour = LIGHT["accent"] if failed else LIGHT["quiet"] if unclear else LIGHT["data"]
    look: dict[str, Any] = {"marker": "D" if failed else "o", "ms": letters * (0.55 if failed else 0.6)}
    face: dict[str, Any] = {"markerfacecolor": LIGHT["paper"]} if unclear else {}
    edge = letters * 0.1
    axes.plot(*([at] for at in place), color=colour, zorder=4, ls="", mew=edge, label=kind, **look, **face)


def forest(text: FollowText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """All actions that have a figure on one scale, the wanted way to the right, with what was hoped for.

    Args:
        text: Words and numbers of the review.
        rows: Of `FollowUp.actions`, with an effect, in the order to draw.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [shorten(text.title(row), LONGEST_NAME[size]) for _, row in rows.iterrows()]
    ends = [_own_change(text, row, size) for _, row in rows.iterrows()]
    values = rows[["lower", "upper", "hoped"]].to_numpy(dtype=float)
    head = (text.forest_title(rows), text.word("forest.short")) if title else None

    def sides(places: Any) -> list[str]:
        return [numbers.rate(abs(place), text.lang) for place in places]

    axes = rows_frame(sides, names, ends, values, size=size, title=head)
    for position, (_, row) in enumerate(rows.iterrows()):
        failed = row["verdict"] == Verdict.NOT_MOVED
        colour = {Verdict.MOVED: LIGHT["data"], Verdict.NOT_MOVED: LIGHT["accent"]}.get(row["verdict"], LIGHT["quiet"])
        line: dict[str, Any] = {"color": LIGHT["quiet"], "lw": letters * 0.14, "zorder": 2, "label": "hoped"}
        axes.plot([row["hoped"]] * 2, [position - 0.3, position + 0.3], **line)
        line = {"color": colour, "lw": letters * 0.16, "zorder": 3, "label": "interval"}
        axes.plot([row["lower"], row["upper"]], [position] * 2, **line)
        mark(axes, (row["effect"], position), row["verdict"], letters)
        label_end(axes, ends[position], position, letters, LIGHT["accent"] if failed else LIGHT["ink"])
    return cast("Figure", axes.figure)


def _own_change(text: FollowText, row: Mapping[str, Any], size: str) -> str:
    """The change of the metric itself, with its name where there is room: its sign need not be that of its mark."""
    change = text.changes_of(text.own(row, row["effect"]))[0]
    return f"{shorten(text.metric(row), LONGEST_METRIC)} {change}" if size == "wide" else change


def grid(text: FollowText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """What each month of the period read of each action, and how it stands at the end.

    Args:
        text: Words and numbers of the review.
        rows: Of `FollowUp.actions`, in the order to draw.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [shorten(text.title(row), LONGEST_NAME[size]) for _, row in rows.iterrows()]
    ends = [text.verdict(row) if size == "wide" else "" for _, row in rows.iterrows()]
    head = (text.grid_title(rows), text.word("grid.key")) if title else None
    axes = rows_axes(names, ends, size=size, title=head)
    readings = text.review.readings
    read = readings[readings["id"].isin(rows["id"]) & readings["period"].isin(text.months)]
    months = [month for month in text.months if read["period"].min() <= month <= read["period"].max()]
    axes.set_xlim(-0.5, len(months) - 0.5)
    axes.hlines(range(len(rows)), -0.5, len(months) - 0.5, color=LIGHT["hairline"], lw=1, zorder=0, label="row")
    places = {name: place for place, name in enumerate(rows["id"])}
    for _, reading in read.iterrows():
        mark(axes, (months.index(reading["period"]), places[reading["id"]]), reading["verdict"], letters)
    ticks(axes, [say(f"date.short.m{int(month[5:])}", text.lang) for month in months], letters)
    for position, end in enumerate(ends):
        label_end(axes, end, position, letters, LIGHT["ink"])
    return cast("Figure", axes.figure)
