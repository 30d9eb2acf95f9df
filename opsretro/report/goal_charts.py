"""Charts of one goal: its months with what is usual for them, and the days of a running month."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.codes import Aggregation
from opsretro.report.drawing import ticks
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.goal_text import GoalText

MONTHS_SHOWN = 24
Reach = tuple[float, float]
Ends = list[tuple[float, str, str]]
FAN = ("expected", "lower80", "upper80", "lower95", "upper95")


def card(text: GoalText, goal: pd.Series, months: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """One KPI: its months, the band it usually moves in, its target, what stands out, and where it is heading.

    Args:
        text: Words and numbers of the review.
        goal: Row of `GoalReview.goals`.
        months: Its rows of `GoalReview.months`.
        size: A name of `SIZES`.
        title: Draw the title inside the figure; a page writes it above instead.
    """
    shown = months.tail(MONTHS_SHOWN).reset_index(drop=True)
    if not np.isnan(goal["pace"]):
        shown["value"] = shown["value"].mask(shown["running"])  # days so far are no month: the cone tells of it
    axes, letters = _frame(text, goal, _range(goal, shown), _ends(text, goal, shown), size, title=title)
    _band(axes, shown)
    _line(axes, shown, text.months_in_period, letters)
    _cone(axes, goal, shown, letters)
    ticks(axes, [text.tick(month) for month in shown["month"]], letters)
    return cast("Figure", axes.figure)


def days(text: GoalText, goal: pd.Series, path: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """The period so far, what its goal asks for by each day, and for a running month where it is heading.

    A sum is drawn as its distance from the goal line, for the two would lie on one another; so zero is the goal.

    Args:
        text: Words and numbers of the review.
        goal: Row of `GoalReview.goals`.
        path: Its rows of `GoalReview.days`.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    path = path.reset_index(drop=True)
    ends = path.iloc[-1]
    if is_from_goal(goal, path):
        path = path.assign(**{name: path[name] - path["goal_line"] for name in ("actual", *FAN, "goal_line")})
    values = path[["actual", "lower95", "upper95", "goal_line"]].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    room = 0.06 * (values.max() - values.min()) or 1.0
    reach = (values.min() - room, values.max() + room)
    axes, letters = _frame(text, goal, reach, _day_ends(text, goal, path.iloc[-1], ends), size, title=title)
    last = path["actual"].last_valid_index()
    fan = pd.concat([path.loc[[last]].assign(**dict.fromkeys(FAN, path["actual"].loc[last])), path.loc[last + 1 :]])
    for low, high, shade in (("lower95", "upper95", 0.45), ("lower80", "upper80", 1.0)):
        axes.fill_between(fan.index, fan[low], fan[high], color=LIGHT["cone"], alpha=shade, lw=0, zorder=1, label=low)
    axes.plot(fan.index, fan["expected"], color=LIGHT["data"], lw=1, zorder=3, label="expected")
    axes.plot(path.index, path["goal_line"], color=LIGHT["target"], lw=2, ls=(0, (5, 3)), zorder=2, label="goal")
    axes.plot(path.index, path["actual"], color=LIGHT["data"], lw=letters * 0.15, zorder=4, label="actual")
    axes.plot([last], [path["actual"].loc[last]], "o", color=LIGHT["data"], ms=letters * 0.4, zorder=5, label="so far")
    axes.set_xlim(-0.6, len(path) - 0.4)
    ticks(axes, [text.day_tick(day) for day in path["date"]], letters)
    return cast("Figure", axes.figure)


def _frame(text: GoalText, goal: pd.Series, reach: Reach, ends: Ends, size: str, *, title: bool) -> tuple[Axes, float]:
    head = (text.chart_title(goal), text.chart_caption(goal)) if title else None
    return line_frame(lambda values: text.axis(values, goal), reach, ends, size=size, title=head)


def _band(axes: Axes, shown: pd.DataFrame) -> None:
    """The usual range of every month, faded before the newest start of it, and what the goal wants of each."""
    edges = np.arange(len(shown) + 1) - 0.5
    newest = shown["segment"].max() if len(shown) else 0
    for segment, part in shown.groupby("segment"):
        x = np.clip(np.array([part.index[0] - 0.5, *part.index, part.index[-1] + 0.5]), -0.6, len(shown) - 0.4)
        faded = 1.0 if segment == newest else 0.4
        low, mean, high = (np.array([y.iloc[0], *y, y.iloc[-1]]) for y in (part["lower"], part["mean"], part["upper"]))
        axes.fill_between(x, low, high, color=LIGHT["band"], alpha=faded, zorder=0, label="limits", lw=0)
        axes.plot(x, mean, color=LIGHT["quiet"], lw=1, alpha=faded, zorder=1, label="mean")
    for column in ("target", "low", "high"):
        if shown[column].notna().any():
            dashed: dict[str, Any] = {"color": LIGHT["target"], "lw": 2, "ls": (0, (5, 3))}
            axes.stairs(shown[column], edges, baseline=None, fill=False, zorder=2, label=column, **dashed)
    axes.set_xlim(-0.6, len(shown) - 0.4)


def _line(axes: Axes, shown: pd.DataFrame, period: Sequence[str], letters: float) -> None:
    over = shown[~shown["running"]]
    axes.plot(over.index, over["value"], color=LIGHT["data"], lw=letters * 0.11, zorder=3, label="value")
    plain, running = over[~over["signal"]], shown[shown["running"]]
    axes.plot(plain.index, plain["value"], "o", color=LIGHT["data"], ms=letters * 0.3, zorder=4, label="ordinary")
    hollow: dict[str, Any] = {"markerfacecolor": LIGHT["paper"], "markeredgewidth": letters * 0.08}
    so_far: dict[str, Any] = {"color": LIGHT["quiet"], "ms": letters * 0.38, "zorder": 4, "label": "so far"}
    axes.plot(running.index, running["value"], "o", **so_far, **hollow)
    signals = over[over["signal"]]
    past, now = signals[~signals["month"].isin(period)], signals[signals["month"].isin(period)]
    diamond: dict[str, Any] = {"color": LIGHT["accent"], "marker": "D", "ls": ""}
    axes.plot(past.index, past["value"], ms=letters * 0.38, zorder=5, label="past signal", **diamond, **hollow)
    axes.plot(now.index, now["value"], ms=letters * 0.55, zorder=6, label="signal", **diamond)


def _cone(axes: Axes, goal: pd.Series, shown: pd.DataFrame, letters: float) -> None:
    """From the last whole month to where the running one is expected to end."""
    if np.isnan(goal["pace"]) or len(shown) < 2:
        return
    end, start = len(shown) - 1, len(shown) - 2
    origin = shown["value"].iloc[start]
    x = [start, end, end + 0.4]
    for level, shade in ((95, 0.45), (80, 1.0)):
        low, high = goal[f"pace_lower{level}"], goal[f"pace_upper{level}"]
        fan: dict[str, Any] = {"color": LIGHT["cone"], "alpha": shade, "lw": 0, "zorder": 1}
        axes.fill_between(x, [origin, low, low], [origin, high, high], label=f"cone{level}", **fan)
    hollow: dict[str, Any] = {"markerfacecolor": LIGHT["paper"], "markeredgewidth": letters * 0.1}
    axes.plot([end], [goal["pace"]], "o", color=LIGHT["data"], ms=letters * 0.5, zorder=5, label="pace", **hollow)


def _ends(text: GoalText, goal: pd.Series, shown: pd.DataFrame) -> Ends:
    """Value, words and colour of every line's end: the newest month, the target, the mean."""
    if shown.empty:
        return []
    newest = shown.iloc[-1]
    lines = {"value": newest["value"] if np.isnan(goal["pace"]) else goal["pace"]}
    lines |= {line: newest[line] for line in ("target", "low", "high", "mean")}
    lines = {line: value for line, value in lines.items() if not np.isnan(value)}
    if newest["month"] not in text.months_in_period:
        lines.pop("value", None)
    colours = {"value": LIGHT["accent"] if newest["signal"] else LIGHT["ink"], "mean": LIGHT["muted"]}
    labels = text.line_labels(lines, goal)
    return [(value, labels[line], colours.get(line, LIGHT["target"])) for line, value in lines.items()]


def is_from_goal(goal: pd.Series, path: pd.DataFrame) -> bool:
    """Whether the days are drawn as their distance from the goal line."""
    return bool(goal["aggregation"] == Aggregation.SUM and path["goal_line"].notna().all())


def _day_ends(text: GoalText, goal: pd.Series, drawn: pd.Series, last: pd.Series) -> Ends:
    """Height, words and colour of the ends: the goal, and where the period is heading or stands."""
    name = "expected" if np.isnan(last["actual"]) else "actual"
    lines = {"value": last[name], "goal": last["goal_line"]}
    labels = text.line_labels({line: value for line, value in lines.items() if not np.isnan(value)}, goal)
    places = {"value": (drawn[name], LIGHT["ink"]), "goal": (drawn["goal_line"], LIGHT["target"])}
    return [(places[line][0], label, places[line][1]) for line, label in labels.items()]


def _range(goal: pd.Series, shown: pd.DataFrame) -> Reach:
    """The limits decide the range of a line chart; the target, every month and the pace stay visible."""
    lines = shown[["lower", "upper", "target", "low", "high", "mean", "value"]].to_numpy(dtype=float).ravel()
    values = np.concatenate([lines, goal[["pace_lower95", "pace_upper95"]].to_numpy(dtype=float)])
    values = values[np.isfinite(values)]
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    return low - room, high + room
