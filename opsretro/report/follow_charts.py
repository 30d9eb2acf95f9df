"""Charts of the follow-up: a metric before and after an action, all actions on one scale, what the months read."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.follow_codes import Reason, Verdict
from opsretro.report import numbers
from opsretro.report.bars import rows_axes, rows_frame
from opsretro.report.drawing import label_end, shorten, ticks, wrapped
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES
from opsretro.words import say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.follow_text import FollowText

DAYS_BEFORE = 28
"""Days before the start that are drawn."""
ROOM_OF_NAME = {"wide": 22, "narrow": 10}
"""Width in letters of a line of a name, which may have two."""
LONGEST_METRIC = 22
LEAST_SIDE = 0.35
"""Of the widest interval: what either side of zero has room for at least, so that it can be named."""
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
    began = text.compared(row)[1]
    label = text.word("joint.start" if row["reason"] == Reason.JOINT else "start", day=text.tick(began))
    _start(axes, label, int((days["date"] < began).sum()), letters)
    return cast("Figure", axes.figure)


def _start(axes: Axes, label: str, place: int, letters: float) -> None:
    """A thin line where the compared days begin, the day beside it on the side that has more room."""
    axes.axvline(place - 0.5, color=LIGHT["muted"], lw=1, zorder=1.5, label="start")
    left = place < np.mean(axes.get_xlim())
    axes.annotate(
        label,
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
    """All actions that have a figure on one scale, the wanted way to the right, with what was hoped for inside it.

    Args:
        text: Words and numbers of the review.
        rows: Of `FollowUp.actions`, with an effect, in the order to draw.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [_name(text.title(row), ROOM_OF_NAME[size]) for _, row in rows.iterrows()]
    ends = [_own_change(text, row, size) for _, row in rows.iterrows()]
    intervals = rows[["lower", "upper"]].to_numpy(dtype=float)
    far = np.abs(intervals).max()
    # a hope beyond the widest interval, such as a slip of +800 %, must not stretch the scale
    hopes = rows["hoped"].where(rows["hoped"] <= far)
    values = np.array([*intervals.flat, *hopes, -far * LEAST_SIDE, far * LEAST_SIDE])
    head = (text.forest_title(rows), text.word("forest.short")) if title else None

    def sides(places: Any) -> list[str]:
        return [numbers.rate(abs(place), text.lang) for place in places]

    axes = rows_frame(sides, [*names, ""], [*ends, ""], values, size=size, title=head)
    for side, words in (("right", text.word("forest.wrong")), ("left", text.word("forest.wanted"))):
        axes.text(0, len(rows), words, ha=side, va="center", fontsize=letters, color=LIGHT["muted"])
    for position, (_, row) in enumerate(rows.iterrows()):
        failed = row["verdict"] == Verdict.NOT_MOVED
        colour = {Verdict.MOVED: LIGHT["data"], Verdict.NOT_MOVED: LIGHT["accent"]}.get(row["verdict"], LIGHT["quiet"])
        line: dict[str, Any] = {"color": LIGHT["quiet"], "lw": letters * 0.14, "zorder": 2, "label": "hoped"}
        axes.plot([hopes.iloc[position]] * 2, [position - 0.3, position + 0.3], **line)
        line = {"color": colour, "lw": letters * 0.16, "zorder": 3, "label": "interval"}
        axes.plot([row["lower"], row["upper"]], [position] * 2, **line)
        mark(axes, (row["effect"], position), row["verdict"], letters)
        label_end(axes, ends[position], position, letters, LIGHT["accent"] if failed else LIGHT["ink"])
    return cast("Figure", axes.figure)


def _name(title: str, room: int) -> str:
    """A title in one line or two, as far as they have room for it."""
    first = wrapped(title, room)[0]
    rest = shorten(title[len(first) :].strip(), 2 * room - 4)  # what is cut may be wider than it counts: quotes and "…"
    return "\n".join(line for line in (shorten(first, 2 * room), rest) if line)


def _own_change(text: FollowText, row: Mapping[str, Any], size: str) -> str:
    """The change of the metric itself, with its name where there is room: its sign need not be that of its mark."""
    change = text.figures(row)["effect"]
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
    names = [_name(text.title(row), ROOM_OF_NAME[size]) for _, row in rows.iterrows()]
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
