"""Charts of team health: all dimensions on one scale, their months, workload by group, how answers are spread."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from opsretro.analysis.methods.month_changes import Verdict
from opsretro.report.bars import rows_axes
from opsretro.report.drawing import UNIT, draw_title, label_end, shorten, ticks, wide, wrapped
from opsretro.report.frames import line_frame
from opsretro.report.look import LIGHT, SIZES, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from opsretro.report.health_text import HealthText

SCALE = (1.0, 5.0)
NAME_ROOM = {"wide": 18.0, "narrow": 11.0}
"""Room for a name beside its row, in letters; it may take two lines."""
COLUMNS = {"wide": 3, "narrow": 2}
"""Small pictures side by side."""
LEAST_REACH = 0.5
"""The months of a dimension are drawn on at least this much of the scale to either side of their middle."""
WORKLOAD = ("overtime", "training_hours", "leave_days")
BANDS = {"low": LIGHT["data"], "middle": LIGHT["band"], "merged": LIGHT["band"], "high": LIGHT["target"]}


def mark(verdict: str, letters: float) -> dict[str, Any]:
    """How a mean is drawn: a change is a diamond in the accent, what cannot be told is hollow and grey."""
    if verdict in {Verdict.DOWN, Verdict.UP}:
        return {"marker": "D", "ms": letters * 0.55, "color": LIGHT["accent"]}
    look: dict[str, Any] = {"marker": "o", "ms": letters * 0.55, "color": LIGHT["data"]}
    if verdict == Verdict.CANNOT_TELL:
        look |= {"color": LIGHT["quiet"], "markerfacecolor": LIGHT["paper"], "markeredgewidth": letters * 0.1}
    return look


def two_lines(name: str, room: float, cross: str) -> str:
    """A name in at most two lines, a group and its dimension on one each; what has no room is cut."""
    first, _, rest = name.rpartition(cross)
    lines = [first + cross.rstrip(), rest] if first and wide([name]) > room else wrapped(name, room)
    lines = [*lines[:1], *([" ".join(lines[1:])] if lines[1:] else [])]
    return "\n".join(shorten(line, int(room / UNIT)) for line in lines)


def overview(text: HealthText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """Every dimension's mean and interval on the scale, on the band of where months like before would lie.

    Args:
        text: Words and numbers of the review.
        rows: Of `HealthText.judged`, in the order to draw.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    cross, room = text.word("dot"), NAME_ROOM[size]
    names = [two_lines(text.what(row["group"], row["dimension"]), room, cross) for _, row in rows.iterrows()]
    means = [text.scores(row["mean"], row["lower"], row["upper"])[0] for _, row in rows.iterrows()]
    ends = [text.word("end", mean=mean, n=f"{n}") for mean, n in zip(means, rows["n"], strict=True)]
    head = (text.overview_title(), text.word("overview.short")) if title else None
    axes = rows_axes(names, ends, size=size, title=head, tall=2.7)
    axes.set_xlim(SCALE[0] - 0.1, SCALE[1] + 0.1)
    places = np.arange(SCALE[0], SCALE[1] + 1)
    axes.set_xticks(places, [f"{place:.0f}" for place in places])
    for place in places:
        axes.axvline(place, color=LIGHT["hairline"], lw=1, zorder=0, label="grid")
    for position, (_, row) in enumerate(rows.iterrows()):
        _overview_row(axes, row, position, letters)
        moved = row["verdict"] in {Verdict.DOWN, Verdict.UP}
        label_end(axes, ends[position], position, letters, LIGHT["accent"] if moved else LIGHT["ink"])
    return cast("Figure", axes.figure)


def _overview_row(axes: Axes, row: pd.Series, position: int, letters: float) -> None:
    if math.isfinite(row["lower"]):
        band = (max(row["lower"], SCALE[0]), min(row["upper"], SCALE[1]))
        place: dict[str, Any] = {"left": band[0], "height": 0.62, "color": LIGHT["cone"], "alpha": 0.55}
        axes.barh([position], [band[1] - band[0]], lw=0, zorder=1, label="band", **place)
    look = mark(row["verdict"], letters)
    line: dict[str, Any] = {"color": look["color"], "lw": letters * 0.11, "zorder": 3, "label": "interval"}
    axes.plot([row["low"], row["high"]], [position] * 2, **line)
    axes.plot([row["mean"]], [position], zorder=4, label=row["verdict"], **look)


def months_of(text: HealthText, group: str, dimension: str) -> pd.DataFrame:
    """One row a month of the survey, oldest first: mean, lower, upper, NaN where nothing is shown."""
    rows = text.review.dimensions
    rows = rows[(rows["group"] == group) & (rows["dimension"] == dimension)].set_index("month")
    return rows.reindex(text.months)[["mean", "lower", "upper", "n"]]


def reach(values: np.ndarray) -> tuple[float, float]:
    """The part of the scale that is drawn: all that is known and a little room, never beyond the scale."""
    known = values[np.isfinite(values)]
    low, high = (known.min(), known.max()) if len(known) else (2.5, 3.5)
    middle, half = (low + high) / 2, max((high - low) / 2, LEAST_REACH)
    return max(SCALE[0] - 0.05, middle - 1.12 * half), min(SCALE[1] + 0.05, middle + 1.12 * half)


def _course(axes: Axes, months: pd.DataFrame, row: pd.Series, letters: float) -> None:
    """The line of a dimension on its band; a hollow mark at the foot stands for a month nothing is shown of."""
    places = np.arange(len(months))
    if math.isfinite(row["lower"]):
        axes.axhspan(row["lower"], row["upper"], color=LIGHT["band"], lw=0, zorder=0, label="band")
        axes.axhline(row["expected"], color=LIGHT["quiet"], lw=1, zorder=1, label="expected")
    thin: dict[str, Any] = {"color": LIGHT["cone"], "lw": letters * 0.11, "zorder": 2, "label": "interval"}
    axes.vlines(places, months["lower"], months["upper"], **thin)
    axes.plot(places, months["mean"], color=LIGHT["data"], lw=letters * 0.11, zorder=3, label="mean")
    dots: dict[str, Any] = {"marker": "o", "ms": letters * 0.26, "ls": "", "color": LIGHT["data"], "label": "month"}
    axes.plot(places[:-1], months["mean"].iloc[:-1], zorder=3, **dots)
    hidden = places[months["mean"].isna()]
    low, high = axes.get_ylim()
    foot: dict[str, Any] = {"marker": "o", "ms": letters * 0.36, "ls": "", "color": LIGHT["quiet"], "label": "hidden"}
    axes.plot(hidden, np.full(len(hidden), low + 0.06 * (high - low)), markerfacecolor=LIGHT["paper"], **foot)
    axes.plot(places[-1:], months["mean"].iloc[-1:], zorder=4, label=row["verdict"], **mark(row["verdict"], letters))
    axes.set_xlim(-0.6, len(months) - 0.4)


def course(text: HealthText, row: pd.Series, *, size: str = "wide", title: bool = True) -> Figure:
    """The months of one dimension beside what they would be by ordinary variation.

    Args:
        text: Words and numbers of the review.
        row: Of `HealthText.judged`; of a month nothing is shown of, its numbers are NaN.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    months = months_of(text, row["group"], row["dimension"])
    values = np.append(months[["mean", "lower", "upper"]].to_numpy(dtype=float), [row["lower"], row["upper"]])
    last = months["mean"].dropna().iloc[-1:]
    moved = row["verdict"] in {Verdict.DOWN, Verdict.UP}
    ends = [(float(value), text.score(value), LIGHT["accent"] if moved else LIGHT["ink"]) for value in last]
    head = (text.course_title(row), text.word("course.short")) if title else None
    axes, letters = line_frame(
        lambda places: [f"{place:.0f}" for place in places], reach(values), ends, size=size, title=head
    )
    _course(axes, months, row, letters)
    _whole(axes)
    ticks(axes, [text.tick(month) for month in months.index], letters)
    return cast("Figure", axes.figure)


def _whole(axes: Axes, *, labelled: bool = True) -> None:
    """Only whole points of the scale beside a line."""
    low, high = axes.get_ylim()
    places = [place for place in range(1, 6) if low <= place <= high]
    axes.set_yticks(places, [f"{place}" if labelled else "" for place in places])


def courses(text: HealthText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """The months of every dimension of a group as small pictures on one scale.

    Args:
        text: Words and numbers of the review.
        rows: Of `HealthText.judged`, of one group.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    width, letters = SIZES[size]
    across = COLUMNS[size]
    down = -(-len(rows) // across)
    head, foot, name, box = letters * (4.4 if title else 0.4), letters * 2.2, letters * 2.2, letters * 5.2
    height = head + foot + down * (name + box)
    figure = new_figure(size, height)
    every = [months_of(text, row["group"], row["dimension"]) for _, row in rows.iterrows()]
    known = [months[["mean", "lower", "upper"]].to_numpy(dtype=float).ravel() for months in every]
    ends = reach(np.concatenate([*known, rows[["lower", "upper"]].to_numpy(dtype=float).ravel()]))
    left, gap = letters * 1.6, letters * 1.4
    each = (width - left - across * gap) / across
    for place, ((_, row), months) in enumerate(zip(rows.iterrows(), every, strict=True)):
        x, y = left + (place % across) * (each + gap), foot + (down - 1 - place // across) * (name + box)
        axes = figure.add_axes((x / width, y / height, each / width, box / height), ylim=ends)
        _course(axes, months, row, letters)
        _small(axes, text, row, months, letters, corner=(place % across == 0, place + across >= len(rows)))
    if title:
        draw_title(figure, text.all_title(rows["group"].iloc[0], rows), text.word("course.short"), letters)
    return figure


def _small(
    axes: Axes, text: HealthText, row: pd.Series, months: pd.DataFrame, letters: float, *, corner: tuple[bool, bool]
) -> None:
    """Name and newest value above a small picture; the scale at the left ones, the months below the lowest ones."""
    moved = row["verdict"] in {Verdict.DOWN, Verdict.UP}
    colour = LIGHT["accent"] if moved else LIGHT["ink"]
    room = axes.bbox.width / letters
    value = text.scores(row["mean"], row["lower"], row["upper"])[0]
    name = shorten(text.dimension(row["dimension"]), int((room - wide([value]) - 0.4) / 0.52))
    label: dict[str, Any] = {"transform": axes.transAxes, "va": "baseline", "fontsize": letters}
    axes.text(0, 1.1, name, color=LIGHT["ink"], **label)
    axes.text(1, 1.1, value, ha="right", color=colour, **label)
    _whole(axes, labelled=corner[0])
    last = len(months) - 1
    labels = [text.tick(months.index[0]), text.tick(months.index[-1])] if corner[1] else []
    axes.set_xticks([0, last] if labels and last else [], labels if last else [])
    for tick, side in zip(axes.get_xticklabels(), ("left", "right"), strict=False):
        tick.set(ha=side)
    axes.tick_params(length=0, labelsize=letters * 0.9, pad=letters * 0.3)
    axes.spines[["top", "right", "left"]].set_visible(False)


def beside(text: HealthText, rows: pd.DataFrame, *, size: str = "wide", title: bool = True) -> Figure:
    """Overtime, training and leave of the groups beside each other, each on its own scale from zero.

    Args:
        text: Words and numbers of the review.
        rows: Of `HealthReview.workload`, of the month, without the groups that may not be shown.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    width, letters = SIZES[size]
    names = [two_lines(text.group(group), NAME_ROOM[size], text.word("dot")) for group in rows["group"]]
    across = len(WORKLOAD) if size == "wide" else 1
    row, name = letters * (2.7 if any("\n" in word for word in names) else 2.1), letters * 2.4
    head, box = letters * (4.4 if title else 0.2), row * len(rows)
    down = len(WORKLOAD) // across
    height = head + down * (name + box) + letters * 0.4
    figure = new_figure(size, height)
    left, gap = letters * (wide(names) + 1.0), letters * 1.2
    each = (width - left - gap * (across - 1) - letters * 0.4) / across
    loud = {finding.subject for finding in text.review.findings if finding.code == "overtime"}
    for place, column in enumerate(WORKLOAD):
        x = left + (place % across) * (each + gap)
        y = height - head - (place // across + 1) * (name + box)
        axes = figure.add_axes((x / width, y / height, each / width, box / height), ylim=(len(rows) - 0.5, -0.5))
        _beside(axes, text, rows, column, letters, loud=loud if column == "overtime" else set())
        axes.set_yticks(range(len(rows)), names if place % across == 0 else [""] * len(rows))
        axes.tick_params(length=0, labelsize=letters, pad=letters * 0.4, labelcolor=LIGHT["ink"])
    if title:
        draw_title(figure, text.beside_title(rows), text.word("beside.key"), letters)
    return figure


def _beside(axes: Axes, text: HealthText, rows: pd.DataFrame, column: str, letters: float, *, loud: set[str]) -> None:
    """Small dots on stems from zero, the number at each."""
    values = rows[column].to_numpy(dtype=float)
    known = np.append(values[np.isfinite(values)], 0.0)
    ends = [text.amount(column, value) for value in values]
    room = letters * (wide(ends) + 1.2) / axes.bbox.width
    low, high = known.min(), max(known.max(), known.min() + 1e-9)
    step = (high - low) / max(1 - room - (room if low < 0 else 0.04), 0.2)
    axes.set_xlim(low - step * (room if low < 0 else 0.04), high + step * room)
    axes.axvline(0, color=LIGHT["hairline"], lw=letters * 0.08, zorder=0, label="zero")
    for position, (group, value) in enumerate(zip(rows["group"], values, strict=True)):
        is_loud = group in loud
        colour = LIGHT["accent"] if is_loud else LIGHT["data"]
        axes.plot([0, value], [position] * 2, color=colour, lw=letters * 0.06, zorder=2, label="stem")
        look: dict[str, Any] = {"marker": "D" if is_loud else "o", "ms": letters * (0.5 if is_loud else 0.45)}
        axes.plot([value], [position], color=colour, zorder=3, label=group, **look)
        away = letters * (0.5 if not value < 0 else -0.5)
        style: dict[str, Any] = {"ha": "left" if away > 0 else "right", "va": "center", "fontsize": letters}
        where = (value if math.isfinite(value) else 0.0, position)
        ink = LIGHT["accent"] if is_loud else LIGHT["ink"] if math.isfinite(value) else LIGHT["muted"]
        axes.annotate(ends[position], where, (away, 0), textcoords="offset points", color=ink, **style)
    axes.set_xticks([])
    top: dict[str, Any] = {"xytext": (0, letters * 0.5), "textcoords": "offset points", "color": LIGHT["muted"]}
    axes.annotate(text.word(f"beside.{column}"), (0, 1), xycoords=axes.get_xaxis_transform(), fontsize=letters, **top)
    axes.spines[:].set_visible(False)


def spread(text: HealthText, cells: pd.DataFrame, *, size: str = "wide", title: bool = False) -> Figure:
    """How many answered low, middle and high, a bar an item around the middle.

    Args:
        text: Words and numbers of the review.
        cells: Of `HealthReview.cells`, one row an item whose distribution is shown.
        size: ``wide`` or ``narrow``.
        title: Draw the title inside the figure.
    """
    _, letters = SIZES[size]
    names = [two_lines(text.item(item), NAME_ROOM[size], text.word("dot")) for item in cells["item"]]
    ends = [f"{n}" for n in cells["n"]]
    head = (text.spread_title(cells), "") if title else None
    axes = rows_axes(names, ends, size=size, title=head, tall=2.7, foot=0.2)
    shares = [_shares(cell) for _, cell in cells.iterrows()]
    low = max(sum(parts[band] for band in ("low", "middle", "merged")) for parts in shares)
    high = max(parts["middle"] + parts["high"] for parts in shares)
    axes.set_xlim(-low - 0.02, high + 0.02)
    axes.set_xticks([])
    for position, (parts, n) in enumerate(zip(shares, cells["n"], strict=True)):
        start = -parts["low"] - parts["middle"] / 2 - parts["merged"]
        for band, share in parts.items():
            if share:
                axes.barh([position], [share], left=[start], height=0.62, color=BANDS[band], lw=0, label=band)
                style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": letters * 0.9}
                ink = LIGHT["ink"] if BANDS[band] == LIGHT["band"] else LIGHT["paper"]
                axes.text(start + share / 2, position, f"{round(share * n)}", color=ink, **style)
            start += share
        label_end(axes, ends[position], position, letters, LIGHT["muted"])
    return cast("Figure", axes.figure)


def _shares(cell: pd.Series) -> dict[str, float]:
    """Shares of the bands from low to high; 1 to 3 is one band where three would single somebody out."""
    merged = "merged" if math.isnan(cell["low"]) else "middle"
    counts = dict.fromkeys(BANDS, 0.0) | {merged: float(cell["middle"]), "high": float(cell["high"])}
    counts["low"] = 0.0 if merged == "merged" else float(cell["low"])
    return {band: count / float(cell["n"]) for band, count in counts.items()}
