"""A target and its controls on gapless days, and the scale they are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

MOST_DAYS = 730
"""Days before the window that are looked at."""
HALF_LIFE = 180
"""Age in days at which a day counts half."""
RECENT = 90
"""A control has to be there on most of these last days before the window, and of the days since."""
AROUND = 29
"""Days whose median is a control's level where it has a gap."""
MOSTLY = 0.8
WILD = 0.5
"""Median daily change (log scale) from which a series is too wild for logarithms: a few sales a day."""
CLEAR_MEAN = 1.5
"""A mean this many standard deviations from zero is a measure of size."""
ORDINARY = (0.02, 0.98)
"""Quantiles that a series is cut at before its size is taken."""
MOST_LOG = 300.0
"""Nothing is expected to be larger than e to this."""
UNLIKE = 8.0
"""Without a clear mean a series is measured in this many standard deviations, so that effects are as large as usual."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Task:
    """A target and its controls, positions instead of dates.

    Attributes:
        days: Every day from the first there is to the last after the window.
        y: Target; NaN = missing.
        x: Controls, one column each, complete on the days that are used.
        kinds: Day types; empty = by the weekday.
        before: Positions learnt from.
        start: Position of the window's first day.
        stop: Position after the window's last day.
        names: Of the controls.
    """

    days: pd.DatetimeIndex
    y: np.ndarray
    x: np.ndarray
    kinds: np.ndarray
    before: np.ndarray
    start: int
    stop: int
    names: tuple[str, ...]

    @cached_property
    def ahead(self) -> np.ndarray:
        """Positions from the window on."""
        return np.arange(self.start, len(self.days))

    @cached_property
    def holiday(self) -> np.ndarray:
        """Whether a day is a public holiday, by position."""
        return self.kinds == "holiday"

    @cached_property
    def weight(self) -> np.ndarray:
        """How much each day of `before` counts."""
        return 0.5 ** ((self.start - self.before) / HALF_LIFE)


@dataclass(frozen=True, kw_only=True, eq=False)
class Scale:
    """Between the unit of a series and that of the model.

    Attributes:
        log: Whether logarithms are taken first.
        alike: A change of all series is expected to be of one size on this scale.
        centre: What is subtracted.
        size: What is divided by.
    """

    log: bool
    alike: bool
    centre: float = 0.0
    size: float = 1.0

    def to(self, values: np.ndarray) -> np.ndarray:
        """Values in the model's unit; 0 where there is none."""
        known = np.isfinite(values) & ((values > 0) | (not self.log))
        some = np.where(known, values, 1.0)
        return np.where(known, (np.log(some) if self.log else some) - self.centre, 0.0) / self.size

    def back(self, values: np.ndarray) -> np.ndarray:
        """Values in the unit of the series."""
        found = values * self.size + self.centre
        return np.exp(np.minimum(found, MOST_LOG)) if self.log else found


def as_task(
    target: pd.Series,
    controls: pd.DataFrame,
    kinds: pd.DataFrame,
    window: tuple[pd.Timestamp, pd.Timestamp],
    exclude: pd.DatetimeIndex,
    after_days: int,
) -> Task:
    """Lay a target and its controls on gapless days.

    Args:
        target: By date, in order, no value missing.
        controls: By date, in order; NaN = missing.
        kinds: day_type by date.
        window: First and last day.
        exclude: Days not to learn from.
        after_days: Days wanted after the window.
    """
    first, last = window
    origin = max(min(target.index[0], first), first - pd.Timedelta(days=MOST_DAYS))
    days = pd.date_range(origin, max(min(last + pd.Timedelta(days=max(after_days, 0)), target.index[-1]), last))
    y, start, stop = target.reindex(days).to_numpy(dtype=float), int(days.get_loc(first)), int(days.get_loc(last)) + 1
    usable = np.isfinite(y) & (np.arange(len(days)) < start) & ~days.isin(exclude)
    values = controls.reindex(days)
    keep = _kept(np.isfinite(values.to_numpy(dtype=float)), usable, start, stop)
    x = _filled(values.loc[:, keep].to_numpy(dtype=float), days.day_of_week.to_numpy(), start)
    return Task(
        days=days,
        y=y,
        x=x,
        kinds=kinds["day_type"].reindex(days).fillna("").to_numpy(dtype=object),
        before=np.flatnonzero(usable & np.isfinite(x).all(axis=1)),
        start=start,
        stop=stop,
        names=tuple(str(name) for name in controls.columns[keep]),
    )


def _kept(there: np.ndarray, usable: np.ndarray, start: int, stop: int) -> np.ndarray:
    """Controls that are there on most of the last days before the window, of the window, and of all days since."""
    parts = (np.flatnonzero(usable)[-RECENT:], slice(start, stop), slice(start, None))
    shares = [there[part].mean(axis=0) for part in parts if len(there[part])]
    return np.min(shares, axis=0) >= MOSTLY


def _filled(x: np.ndarray, weekday: np.ndarray, start: int) -> np.ndarray:
    """Single gaps of a control by its weekday and by how the other controls were that day.

    A past day without any control stays a gap; from the window on it is taken as its weekday was.
    """
    if np.isfinite(x).all():
        return x
    recent = slice(max(start - RECENT, 0), None)
    week = pd.DataFrame(x[recent]).groupby(weekday[recent]).mean().reindex(range(7)).to_numpy()[weekday]
    around = pd.DataFrame(x - week).rolling(AROUND, center=True, min_periods=1).median().ffill().bfill().to_numpy()
    profile = week + around
    spread = np.maximum(np.nan_to_num(np.nanstd(x[recent] - profile[recent], axis=0)), 1e-12)
    off = (x - profile) / spread
    known = np.isfinite(off)
    mean = np.where(known, off, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    mean[:start][~known[:start].any(axis=1)] = np.nan
    return np.where(np.isfinite(x), x, profile + spread * mean[:, None])


def scales(task: Task) -> tuple[Scale, list[Scale]]:
    """The scale of the target and of each control.

    Logarithms where all is positive; parts of the mean where every mean is clear; else standard deviations.
    """
    y, past = task.y[task.before], task.x[task.before]
    positive = (y > 0).all() and (past > 0).all() and (task.x[task.start :] > 0).all()
    if positive and np.median(np.abs(np.diff(np.log(y)))) < WILD:
        logs = [float(np.log(values).mean()) for values in (y, *past.T)]
        return Scale(log=True, alike=True, centre=logs[0]), [
            Scale(log=True, alike=True, centre=one) for one in logs[1:]
        ]
    series = [np.clip(values, *np.quantile(values, ORDINARY)) for values in (y, *past.T)]
    alike = all(values.mean() > CLEAR_MEAN * values.std() for values in series)
    sizes = [values.mean() if alike else UNLIKE * values.std() for values in series]
    found = [
        Scale(log=False, alike=alike, centre=float(values.mean()), size=float(size) or 1.0)
        for values, size in zip(series, sizes, strict=True)
    ]
    return found[0], found[1:]
