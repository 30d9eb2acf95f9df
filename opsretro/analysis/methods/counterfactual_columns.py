"""What explains a daily series besides others like it: weekdays, holidays, growth, drift and past shifts of level."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from opsretro.analysis.methods.calendar_columns import holiday_families, week_columns
from opsretro.analysis.methods.counterfactual_fit import Columns

KNOTS, FAR_KNOTS = 7, 28
"""Days between two places where the level may bend: in the last weeks, and before them."""
RECENT = 84
"""Days before the window that count as the last weeks."""
LATE = 28
"""Days before the window at which growth may change."""
SPREAD = {"level": 10.0, "weekday": 0.3, "makeup_workday": 0.2, "slope": 0.0015, "drift": 1.0, "shift": 1.0}
"""How far effects may be expected to go (log scale, standard deviation); slope a day; drift in units of the noise."""
HOLIDAY = (0.6, 0.6, 0.5)
"""Parts of a holiday's effect: any holiday, this holiday of any year, this year's; about 1 together."""


def day_columns(days: pd.DatetimeIndex, start: int, kinds: np.ndarray) -> Columns:
    """Columns of weekday, holiday, growth and drift for every day.

    Args:
        days: All days, without gaps.
        start: Position of the first day of the window.
        kinds: Day type by position; empty = by the weekday.
    """
    weekday, kind = days.day_of_week.to_numpy(), kinds
    makeup = kind == "makeup_workday"
    base = week_columns(weekday, makeup)
    position = np.arange(len(days))
    parts = [("level", np.ones((len(days), 1)), SPREAD["level"]), ("weekday", base, SPREAD["weekday"])]
    if makeup.any():
        parts.append(("makeup_workday", makeup[:, None].astype(float), SPREAD["makeup_workday"]))
    ahead = position - start
    parts.append(("slope", np.maximum(ahead, -RECENT)[:, None].astype(float), SPREAD["slope"]))
    parts.append(("bend", _bends(ahead), SPREAD["slope"]))
    near, far = _drift(position, start)
    parts += [("drift", near, SPREAD["drift"]), ("drift", far, SPREAD["drift"] * np.sqrt(FAR_KNOTS / KNOTS))]
    parts += [("holiday", part[:, None], size) for part, size in holiday_columns(days, kind == "holiday")]
    return together(parts)


def together(parts: Sequence[tuple[str, np.ndarray, float]], mean: float = 0.0) -> Columns:
    """Columns from (kind, values, spread), all of one mean before any data."""
    widths = [part.shape[1] for _, part, _ in parts]
    return Columns(
        x=np.hstack([part for _, part, _ in parts]),
        mean=np.full(sum(widths), mean),
        spread=np.repeat([size for _, _, size in parts], widths),
        kind=np.repeat([kind for kind, _, _ in parts], widths),
    )


def _bends(ahead: np.ndarray) -> np.ndarray:
    """Changes of growth four weeks before the window, and at the window."""
    return np.column_stack([np.maximum(ahead + LATE, 0), np.maximum(ahead, 0)]).astype(float)


def _drift(position: np.ndarray, start: int) -> tuple[np.ndarray, np.ndarray]:
    """A random walk by weeks, and by four weeks where it is long ago; each column rises from 0 to 1 in one step."""
    last = len(position)
    near = np.arange(max(start - RECENT, 0), last, KNOTS)
    far = np.arange(near[0] - FAR_KNOTS, 0, -FAR_KNOTS)
    rise = [
        np.clip((position[:, None] - knots) / width, 0.0, 1.0) for knots, width in ((near, KNOTS), (far, FAR_KNOTS))
    ]
    return rise[0], rise[1] - 1.0


def holiday_columns(days: pd.DatetimeIndex, holiday: np.ndarray) -> list[tuple[np.ndarray, float]]:
    """Columns of holidays at large, of each holiday in all years, and of each by itself; each with its share."""
    families = holiday_families(holiday)
    position = np.arange(len(days))
    found = [(holiday.astype(float), HOLIDAY[0])] if families else []
    for family in families:
        each = [((position >= first) & (position < end)).astype(float) for first, end in family]
        found.append((np.sum(each, axis=0), HOLIDAY[1]))
        found += [(one, HOLIDAY[2]) for one in each]
    return found
