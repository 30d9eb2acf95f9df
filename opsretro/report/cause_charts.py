"""Charts of the root causes: what a change is made of, the days of a slice, the values of a dimension by weight."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.report.bars import rows_frame
from opsretro.report.drawing import label_end, shorten, ticks, wide, wrapped
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from opsretro.report.cause_text import CauseText

NAME_ROOM = {"wide": 19.0, "narrow": 10.5}
"""Room for a slice's name beside its bar, in letters; it may take two lines."""
MOST_BARS = {"causes": 5, "pareto": 8}
SMALL = 0.01
"""A part below this share of the largest is left out."""
LEAST_VALUES = 2
"""Values that must have moved the way of the change for a Pareto chart to say something."""
DAYS_SHOWN = 92


def parts(text: CauseText, row: pd.Series, *, size: str = "wide", title: bool = True) -> Figure:
    """What the change of a KPI is made of: a bar a part from zero, and the whole at the end.

    Args:
        text: Words and numbers of the review.
        row: Of `CauseReview.kpis`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    table = _parts(text, row)
    names = [_two_lines(name, size, text.word("dot")) for name in table["name"]]
    ends = text.bares(table["value"].tolist(), row)
    head = (text.bars_title(row), text.bars_key(row)) if title else None
    drawn = table[["value", "lower", "upper"]].to_numpy(dtype=float)
    axes = rows_frame(lambda places: text.axis(places, row), names, ends, drawn, size=size, title=head)
    for position, (_, part) in enumerate(table.iterrows()):
        colour = {"top": LIGHT["accent"], "cause": LIGHT["data"]}.get(part["kind"], LIGHT["quiet"])
        face: dict[str, Any] = {"color": colour, "lw": 0}
        if part["kind"] == "whole":
            face = {"facecolor": LIGHT["paper"], "edgecolor": LIGHT["ink"], "lw": letters * 0.08}
        axes.barh([position], [part["value"]], height=0.5, zorder=3, label=part["kind"], **face)
        if np.isfinite(part["lower"]):
            line: dict[str, Any] = {"color": LIGHT["ink"], "lw": letters * 0.12, "zorder": 4, "label": "interval"}
            axes.plot([part["lower"], part["upper"]], [position] * 2, **line)
        ink = LIGHT["accent"] if part["kind"] == "top" else LIGHT["ink"]
        label_end(axes, ends[position], position, letters, ink)
    return cast("Figure", axes.figure)


def _two_lines(name: str, size: str, cross: str) -> str:
    """A name in at most two lines, broken between the values of a slice where it can be; what has no room is cut."""
    room, values = NAME_ROOM[size], name.split(cross)
    for first in range(len(values), 0, -1):
        lines = [cross.join(values[:first]), cross.join(values[first:])]
        lines = [lines[0] + cross.rstrip(), lines[1]] if lines[1] else lines[:1]
        if wide(lines) <= room:
            return "\n".join(lines)
    lines = wrapped(name, room)
    return "\n".join([*lines[:1], *([shorten(" ".join(lines[1:]), int(room * 1.7))] if lines[1:] else [])])


def _parts(text: CauseText, row: pd.Series) -> pd.DataFrame:
    """name, value, lower, upper and kind of every bar; parts too small to see are left out, the rest last."""
    causes = text.review.of("causes", row["subject"])
    shown = causes.head(MOST_BARS["causes"])
    bars = [
        {
            "name": text.slice_name(row["subject"], int(cause["rank"])),
            "value": cause["change"],
            "lower": cause["lower"],
            "upper": cause["upper"],
            "kind": "cause" if place else "top",
        }
        for place, (_, cause) in enumerate(shown.iterrows())
    ]
    others = {"more": causes["change"].sum() - shown["change"].sum()}
    others |= {name: row[name] for name in ("common", "calendar", "rest")}
    largest = max([abs(row["change"]), *(abs(bar["value"]) for bar in bars)])
    bars += [
        {"name": text.word(f"bar.{name}"), "value": value, "kind": name}
        for name, value in others.items()
        if abs(value) > SMALL * largest
    ]
    bars.append({"name": text.word("bar.whole"), "value": row["change"], "kind": "whole"})
    return pd.DataFrame(bars).reindex(columns=["name", "value", "lower", "upper", "kind"])


def course(text: CauseText, row: pd.Series, cause: pd.Series, *, size: str = "wide", title: bool = True) -> Figure:
    """The days of a slice beside what they would be in step with everything else, and where it begins to stand off.

    Args:
        text: Words and numbers of the review.
        row: Of `CauseReview.kpis`.
        cause: Of `CauseReview.causes`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    days = text.review.of("days", row["subject"], int(cause["rank"])).tail(DAYS_SHOWN).reset_index(drop=True)
    values = days[["actual", "expected"]].to_numpy(dtype=float)
    low, high = np.nanmin(values), np.nanmax(values)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    last = days[["actual", "expected"]].ffill().iloc[-1]
    colours = {"actual": LIGHT["ink"], "expected": LIGHT["target"]}
    ends = [(last[line], text.word(f"line.{line}"), colour) for line, colour in colours.items()]
    head = (text.course_title(row, cause), text.course_caption(row, cause)) if title else None
    labels = text.course_axis(row, cause)
    axes, letters = line_frame(labels, (max(low - room, min(low, 0)), high + room), ends, size=size, title=head)
    if cause["since"]:
        stop = cause["until"] or days["date"].iloc[-1]
        run = days.index[days["date"].between(cause["since"], stop)]
        if len(run):
            axes.axvspan(run[0] - 0.5, run[-1] + 0.5, color=LIGHT["band"], lw=0, zorder=0, label="since")
    axes.plot(days.index, days["expected"], color=LIGHT["target"], lw=2, ls=(0, (5, 3)), zorder=2, label="expected")
    axes.plot(days.index, days["actual"], color=LIGHT["data"], lw=letters * 0.13, zorder=3, label="actual")
    axes.set_xlim(-0.6, len(days) - 0.4)
    ticks(axes, [text.tick(day) for day in days["date"]], letters)
    return cast("Figure", axes.figure)


def pareto(text: CauseText, row: pd.Series, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """The values of a dimension by what they bring to the change, the largest first, and how that adds up.

    Bars and line are shares of all that moved the way of the change, so both stand on one axis.

    Args:
        text: Words and numbers of the review.
        row: Of `CauseReview.kpis`.
        rows: From `pareto_rows`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    rows = rows.head(MOST_BARS["pareto"]).reset_index(drop=True)
    names = [_two_lines(text.value_of(one), size, text.word("dot")) for _, one in rows.iterrows()]
    ends = [f"{100 * total:.0f}%" for total in rows["total"]]
    head = (text.pareto_title(row, rows), text.word("pareto.key")) if title else None
    drawn = rows[["part", "total"]].to_numpy(dtype=float)
    axes = rows_frame(_percents, names, ends, drawn, size=size, title=head)
    colours = [LIGHT["accent"] if state == "cause" else LIGHT["data"] for state in rows["state"]]
    axes.barh(rows.index, rows["part"], height=0.5, color=colours, lw=0, zorder=3, label="part")
    line: dict[str, Any] = {"color": LIGHT["quiet"], "lw": letters * 0.1, "marker": "o", "ms": letters * 0.4}
    axes.plot(rows["total"], rows.index, zorder=4, label="total", **line)
    for position, end in enumerate(ends):
        label_end(axes, end, position, letters, LIGHT["muted"])
    return cast("Figure", axes.figure)


def _percents(values: Sequence[float]) -> list[str]:
    return [f"{100 * value:.0f}%" for value in values]


def pareto_rows(drill: pd.DataFrame, dimension: str | None) -> pd.DataFrame:
    """The values of one dimension that moved the way of the change, the largest first.

    Args:
        drill: Of `CauseReview.drill`, of one KPI.
        dimension: One of its dimensions; None = of those a cause names, and in which several values moved this way, the
            one whose largest holds most; no rows where there is none.
    """
    moved = drill[drill["part"].notna()]
    if dimension is None:
        several = moved.groupby("dimension")["part"].transform("size") >= LEAST_VALUES
        moved = moved[several & moved["dimension"].isin(drill.loc[drill["state"] == "cause", "dimension"])]
        dimension = moved.loc[moved["part"].idxmax(), "dimension"] if len(moved) else None
    return moved[moved["dimension"] == dimension]
