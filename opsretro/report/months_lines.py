"""Small pictures over months, as inline SVG of a kilobyte or two: sixty months and twenty KPIs stay one light page.

Colours and strokes are classes of `months.css`; every picture has the same axis, a place a month, gaps included.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from markupsafe import Markup, escape

WIDTH, LEFT, RIGHT = 360, 10, 288
"""The picture, and where its first and its last month lie; the rest is for the word at the end."""
TOP, BOTTOM, HEIGHT = 12, 76, 104
ROW = 18
"""Height of a strip of marks."""
LETTERS = 13
DOT = 4.5
Point = Mapping[str, float]


def place(position: int, n: int) -> float:
    """Where a month lies, from the left.

    Example:
        >>> place(0, 12), place(11, 12), place(0, 1)
        (10.0, 288.0, 149.0)
    """
    return round(LEFT + (RIGHT - LEFT) * position / (n - 1), 1) if n > 1 else (LEFT + RIGHT) / 2


def kpi_line(points: Sequence[Point | None], *, label: str, end: str, aim: str, ends: tuple[str, str]) -> Markup:
    """A KPI over the months: its usual range as a band, the target dashed, signals as diamonds of the accent.

    Args:
        points: One a month, None = no such month: value, lower, upper, target, low, high, signal (1 = yes), running.
        label: What a screen reader says.
        end: Words at the newest value.
        aim: Words at the newest target.
        ends: Words of the first and the last month.
    """
    n = len(points)
    up = _Scale([value for point in points if point for name, value in point.items() if name in _DRAWN])
    parts = [*_bands(points, up)]
    for name in ("target", "low", "high"):
        parts.append(_path("t", _runs(points, name, up)))
    parts.append(_path("l", _runs(points, "value", up)))
    last = None
    for position, point in enumerate(points):
        if point is None or math.isnan(point["value"]):
            continue
        x, y = place(position, n), up(point["value"])
        last = (x, y, point)
        if point["signal"]:
            parts.append(diamond(x, y))
        elif point["running"]:
            parts.append(f'<circle class="o" cx="{x}" cy="{y}" r="3.5"/>')
        elif not _is_joined(points, position):
            parts.append(f'<circle class="d" cx="{x}" cy="{y}" r="2.5"/>')
    parts += _ends(last, up, end, aim)
    parts.append(_axis(ends))
    return _svg(HEIGHT, parts, label)


def strip(marks: Sequence[str], *, label: str, end: str) -> Markup:
    """A row of marks, one a month.

    Args:
        marks: Codes of `MARKS`; empty = no such month.
        label: What a screen reader says.
        end: Words at the right.
    """
    n = len(marks)
    parts = [mark(code, place(position, n), ROW / 2, _room(n)) for position, code in enumerate(marks) if code]
    parts.append(f'<text x="{RIGHT + 12}" y="{ROW / 2 + 4.5}">{escape(end)}</text>' if end else "")
    return _svg(ROW, parts, label)


def stacks(columns: Sequence[Sequence[str]], *, label: str, ends: tuple[str, str]) -> Markup:
    """Marks above each other, a column a month.

    Args:
        columns: Codes of `MARKS` by month, from below.
        label: What a screen reader says.
        ends: Words of the first and the last month.
    """
    n, room = len(columns), _room(len(columns))
    step = 2 * room + 2
    height = max(24.0, step * max((len(codes) for codes in columns), default=0) + 8)
    parts = [
        mark(code, place(position, n), round(height - 4 - room - step * rank, 1), room)
        for position, codes in enumerate(columns)
        for rank, code in enumerate(codes)
    ]
    parts += [f'<path class="h" d="M{LEFT - 6} {height}H{RIGHT + 6}"/>', _axis(ends, height + 16)]
    return _svg(height + 20, parts, label)


def interval(value: float, lower: float, upper: float, verdict: str, *, low: float, high: float) -> Markup:
    """An estimate with its interval on a scale shared with others; what reaches beyond it ends in an arrow.

    Args:
        value: The estimate.
        lower: Lower end of its interval.
        upper: Upper end.
        verdict: Code of `MARKS`: profit, loss or unclear.
        low: Left end of the scale.
        high: Right end.
    """

    def x(figure: float) -> float:
        return round(8 + 224 * (min(max(figure, low), high) - low) / (high - low), 1)

    parts = [f'<path class="z" d="M{x(0)} 0V{ROW}"/>', f'<path class="i" d="M{x(lower)} 9H{x(upper)}"/>']
    parts += [f'<path class="i" d="M{x(low) + 4} 5l-4 4l4 4"/>'] if lower < low else []
    parts += [f'<path class="i" d="M{x(high) - 4} 5l4 4l-4 4"/>'] if upper > high else []
    parts.append(mark(verdict, x(value), ROW / 2, DOT))
    return _svg(ROW, parts, "", width=240)


def mark(code: str, x: float, y: float, room: float) -> str:
    """One mark: shape and filling tell it, colour only helps."""
    kind = MARKS.get(code, "none")
    small = round(room, 1)
    if kind == "full":
        return f'<circle class="d" cx="{x}" cy="{y}" r="{small}"/>'
    if kind == "hollow":
        thin = " p" if small < 3 else ""
        return f'<circle class="o{thin}" cx="{x}" cy="{y}" r="{round(max(small - 0.7, 1.2), 1)}"/>'
    if kind == "diamond":
        return diamond(x, y, small + 0.5)
    if kind in ("up", "down"):
        rise = small if kind == "up" else -small
        base = f"M{round(x - small, 1)} {round(y + rise * 0.8, 1)}h{2 * small}"
        return f'<path class="s" d="{base}l{-small} {round(-1.7 * rise, 1)}z"/>'
    if kind == "dot":
        return f'<circle class="q" cx="{x}" cy="{y}" r="{min(small, 2)}"/>'
    return f'<path class="n" d="M{round(x - small, 1)} {y}h{round(2 * small, 1)}"/>'


MARKS = {
    "profit": "full",
    "loss": "diamond",
    "unclear": "hollow",
    "moved": "full",
    "not_moved": "diamond",
    "cannot_tell": "hollow",
    "not_done": "none",
    "met": "full",
    "missed": "hollow",
    "signal_met": "diamond",
    "up": "up",
    "down": "down",
    "steady": "dot",
    "no_data": "none",
}
"""Shape of each verdict."""
_DRAWN = ("value", "lower", "upper", "target", "low", "high")


def diamond(x: float, y: float, size: float = 5) -> str:
    """The sign that says: look here."""
    s = round(size, 1)
    return f'<path class="s" d="M{x} {round(y - s, 1)}l{s} {s}l-{s} {s}l-{s}-{s}z"/>'


class _Scale:
    """From a value to its height, the range set by everything that is drawn."""

    def __init__(self, values: Sequence[float]) -> None:
        known = [value for value in values if not math.isnan(value)] or [0.0]
        self._low, high = min(known), max(known)
        self._span = (high - self._low) or abs(high) or 1.0
        if high == self._low:
            self._low -= self._span / 2

    def __call__(self, value: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * (value - self._low) / self._span, 1)


def _value(point: Point | None, name: str) -> float:
    return math.nan if point is None else point[name]


def _runs(points: Sequence[Point | None], name: str, up: _Scale) -> list[list[str]]:
    """Places of months in a row; a gap ends a run."""
    runs: list[list[str]] = [[]]
    for position, point in enumerate(points):
        value = _value(point, name)
        if math.isnan(value):
            runs.append([])
        else:
            runs[-1].append(f"{place(position, len(points))} {up(value)}")
    return [run for run in runs if run]


def _path(kind: str, runs: Sequence[Sequence[str]]) -> str:
    """Lines through runs; a target that holds for one month alone is a short dash."""
    lines = [
        f"M{'L'.join(run)}" if len(run) > 1 else f"M{run[0]}m-5 0h10" for run in runs if len(run) > 1 or kind == "t"
    ]
    return f'<path class="{kind}" d="{"".join(lines)}"/>' if lines else ""


def _bands(points: Sequence[Point | None], up: _Scale) -> list[str]:
    both = [
        point if point and not math.isnan(point["lower"]) and not math.isnan(point["upper"]) else None
        for point in points
    ]
    pairs = list(zip(_runs(both, "upper", up), _runs(both, "lower", up), strict=True))
    areas = [f"M{'L'.join([*above, *reversed(below)])}z" for above, below in pairs if len(above) > 1]
    areas += [f"M{above[0]}m-5 0h10V{below[0].split()[1]}h-10z" for above, below in pairs if len(above) == 1]
    return [f'<path class="b" d="{"".join(areas)}"/>'] if areas else []


def _is_joined(points: Sequence[Point | None], position: int) -> bool:
    beside = [points[at] for at in (position - 1, position + 1) if 0 <= at < len(points)]
    return any(not math.isnan(_value(point, "value")) for point in beside)


def _ends(last: tuple[float, float, Point] | None, up: _Scale, end: str, aim: str) -> list[str]:
    """The words at the newest value and, where there is room, at its target."""
    if last is None:
        return []
    x, y, point = last
    parts = [] if point["signal"] or point["running"] else [f'<circle class="d" cx="{x}" cy="{y}" r="3.5"/>']
    parts.append(f'<text class="e" x="{x + 9}" y="{round(y + 4.5, 1)}">{escape(end)}</text>')
    target = point["target"]
    if aim and not math.isnan(target) and abs(up(target) - y) >= LETTERS + 3:
        parts.append(f'<text x="{x + 9}" y="{round(up(target) + 4.5, 1)}">{escape(aim)}</text>')
    return parts


def _axis(ends: tuple[str, str], y: float = HEIGHT - 4) -> str:
    first, last = map(escape, ends)
    right = f'<text text-anchor="end" x="{RIGHT + 6}" y="{y}">{last}</text>' if last != first else ""
    return f'<text x="{LEFT - 6}" y="{y}">{first}</text>{right}'


def _room(n: int) -> float:
    """Half the width a mark may have."""
    return round(min(DOT, max(1.4, (RIGHT - LEFT) / max(n - 1, 1) / 2 - 0.5)), 1)


def _svg(height: float, parts: Sequence[str], label: str, width: int = WIDTH) -> Markup:
    named = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    return Markup(f'<svg class="m" viewBox="0 0 {width} {height}" {named}>{"".join(parts)}</svg>')  # noqa: S704
