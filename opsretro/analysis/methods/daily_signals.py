"""Daily alerts: is the newest day of a KPI news, or what a day of its kind ordinarily does?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from opsretro.analysis.codes import Aggregation, Direction
from opsretro.analysis.methods.daily_limits import GUARD, LEAST, WINDOW, DailyKpi, Reading, daily_kpi, read_days
from opsretro.analysis.methods.day_index import by_date, day_kinds
from opsretro.errors import InputError, Problem, as_code, collecting

QUIET = 7
"""Days without a signal that end an episode."""
AGAIN = 2
"""A signal of a running episode is raised again when it is more than this many times as large as before."""
COLUMNS = ("date", "kind", "side", "better", "actual", "expected", "change", "excess", "lower", "upper", "days")


class Kind(StrEnum):
    """What stands out: one day, or the mean of the last days."""

    DAY = "day"
    SHIFT = "shift"


class Side(StrEnum):
    """To which side it stands out."""

    UP = "up"
    DOWN = "down"


class DayState(StrEnum):
    """Whether the newest day could be judged."""

    JUDGED = "judged"
    SHORT_HISTORY = "short_history"
    NO_DATA = "no_data"
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, kw_only=True, eq=False)
class DailySignals:
    """What is new about one KPI on one day.

    Attributes:
        signals: One row a signal that is new on the day, none most days. date (ISO); kind (day, shift); side (up,
            down); better (better, worse, empty for a range); actual, expected, lower, upper (KPI's own unit, for a day
            of this weekday and kind; for a shift the mean of its days); change (ratio, actual over expected - 1);
            excess (actual - expected; for a ratio in units of the numerator); days (length of the run).
        state: ``judged``, ``short_history`` (fewer than 21 days before the newest 14), ``no_data`` (no value that
            day), ``incomplete`` (half a ratio, or a level without the day before).
        as_of: The day (ISO); empty without any data.
    """

    signals: pd.DataFrame
    state: DayState
    as_of: str


def daily_signals(
    daily: pd.Series | pd.DataFrame,
    *,
    as_of: date | str | None = None,
    direction: Direction | str = "higher",
    calendar: pd.DataFrame | None = None,
    size: float = 0.0,
    count: float = 0.0,
    worse_only: bool = False,
    aggregation: Aggregation | str = "sum",
) -> DailySignals:
    """Signals of a KPI that are new on its newest day.

    Every value is divided by the factor of its weekday, holiday or event, and compared with the mean of the eight weeks
    that ended a fortnight before. A *day* signal is a value outside its limits. A *shift* is a mean of the last 3 to 14
    days (the stretch that stands out most) outside the limits of such a mean, single days capped so that one spike is
    no shift. Limits allow for autocorrelation, for the counting noise of small numbers and for what is not known about
    the factors. A signal is new when none of its kind and side was there on the seven days before, or none half as
    large; a day inside a running shift must stand out from the shifted level too. Nothing after `as_of` is used.

    Args:
        daily: By date, one value a day (dates, ISO strings or a DatetimeIndex); for ``ratio`` a frame with columns num
            and den. NaN or absent = missing, never zero.
        as_of: The day in question; None = the last day that has data.
        direction: Which side is better: ``higher``, ``lower``, or ``range`` (neither).
        calendar: date, day_type and optionally event, as in `day_index`; None = weekdays only.
        size: Least relative change, 0.05 = 5 %.
        count: Least change of a day (for a shift: of its mean day) in the KPI's own unit, for a ratio in units of its
            numerator. Both `size` and `count` must be reached.
        worse_only: Leave out signals to the good side; of a ``range`` no side is good.
        aggregation: ``last`` (a level) is judged by its daily differences; ``ratio`` by num ÷ den.

    Returns:
        The new signals and whether the day could be judged.

    Raises:
        InputError: A date, a value or a word cannot be read, or a value is infinite; names all of it.

    Source:
        Limits of individual values: D. J. Wheeler, Understanding Variation (2000). Means of the last k days, k chosen
        by the data: T. L. Lai, Sequential changepoint detection, JRSS B 57 (1995). Widening for autocorrelation:
        G. V. Bayley and J. M. Hammersley, JRSS Supplement 8 (1946). Skewness: E. A. Cornish and R. A. Fisher (1938).

    Example:
        >>> days = pd.date_range("2026-03-02", periods=84)
        >>> orders = pd.Series([100.0, 104, 98, 101, 97, 60, 61] * 12, index=days)
        >>> orders.iloc[-1] = 20.0
        >>> daily_signals(orders).signals[["date", "kind", "side", "better"]].values.tolist()
        [['2026-05-24', 'day', 'down', 'worse']]
    """
    parts, way, how = _checked(daily, direction, aggregation, calendar, as_of, size=size, count=count)
    last = pd.Timestamp(as_of).normalize() if as_of is not None else parts.index.max()
    kpi = daily_kpi(parts[parts.index <= last], last, how)
    state, found = _state(kpi, parts, last), pd.DataFrame(columns=COLUMNS)
    if state is DayState.JUDGED:
        at = np.arange(len(kpi.days))[-QUIET - 1 :]
        reading = read_days(kpi, calendar, at[-1:])
        if stands_out(reading, size, count).any():
            reading = read_days(kpi, calendar, at)
        new = is_new(stands_out(reading, size, count))[:, -1]
        rows = [_row(reading, kind, last.date().isoformat(), way) for kind in np.flatnonzero(new).tolist()]
        found = pd.DataFrame([row for row in rows if not (worse_only and row["better"] == "better")], columns=COLUMNS)
    return DailySignals(signals=found, state=state, as_of="" if pd.isna(last) else last.date().isoformat())


def _checked(
    daily: pd.Series | pd.DataFrame,
    direction: str,
    aggregation: str,
    calendar: pd.DataFrame | None,
    as_of: object,
    **least: float,
) -> tuple[pd.DataFrame, Direction, Aggregation]:
    """The parts of the KPI by date (value, or num and den), and the codes."""
    problems: list[Problem] = []
    way, how, parts = Direction.HIGHER, Aggregation.SUM, {}
    with collecting(problems):
        way = as_code(Direction, direction, "direction")
    with collecting(problems):
        how = as_code(Aggregation, aggregation, "aggregation")
    with collecting(problems):
        day_kinds(calendar)
    names = ("num", "den") if how is Aggregation.RATIO else ("value",)
    for name in names:
        with collecting(problems):
            parts[name] = _part(daily, name)
    small = {name: value for name, value in least.items() if not value >= 0}
    problems += [
        Problem(code="not_a_count", source=name, values={"value": str(value)}) for name, value in small.items()
    ]
    if as_of is not None and pd.isna(pd.to_datetime(str(as_of), errors="coerce")):
        problems.append(Problem(code="not_a_date", source="as_of", values={"value": str(as_of)}))
    if problems:
        raise InputError(problems)
    return pd.DataFrame(parts, columns=names, dtype=float), way, how


def _part(daily: pd.Series | pd.DataFrame, name: str) -> pd.Series:
    if isinstance(daily, pd.Series) == (name == "value") and (name == "value" or name in daily):
        return by_date(daily if isinstance(daily, pd.Series) else daily[name], "daily")
    raise InputError([Problem(code="column_missing", source="daily", values={"column": name})])


def _state(kpi: DailyKpi, parts: pd.DataFrame, last: pd.Timestamp) -> DayState:
    if last not in parts.index or parts.loc[last].isna().all():
        return DayState.NO_DATA
    if np.isnan(kpi.judged[-1]) and len(kpi.days) > 1:
        return DayState.INCOMPLETE
    base = kpi.judged[max(len(kpi.days) - GUARD - WINDOW, 0) : max(len(kpi.days) - GUARD, 0)]
    return DayState.JUDGED if np.isfinite(base).sum() >= LEAST else DayState.SHORT_HISTORY


def stands_out(reading: Reading, size: float = 0.0, count: float = 0.0) -> np.ndarray:
    """Relative deviation of the days that stand out by enough to matter, 0 for all others; one row a kind.

    Args:
        reading: From `read_days`.
        size: Least relative change.
        count: Least change in units.
    """
    gap = reading.actual - reading.expected
    large = (np.abs(gap) >= size * np.abs(reading.expected)) & (np.abs(reading.excess) >= count)
    return np.where(large & (np.sign(gap) == reading.side), reading.side * np.abs(reading.reach), 0)


def is_new(reach: np.ndarray) -> np.ndarray:
    """Which days begin an episode, or make one twice as large as it was on any of the seven days before.

    Args:
        reach: Relative deviation of the days that stand out, 0 = does not; days without gaps, one row a kind.

    Example:
        >>> is_new(np.array([[0, -0.1, 0, -0.15, 0.1, -0.4]])).astype(int).tolist()
        [[0, 1, 0, 0, 1, 1]]
    """
    before = sliding_window_view(np.pad(reach, ((0, 0), (QUIET, 0))), QUIET, axis=1)[:, :-1]
    same = np.where(np.sign(before) == np.sign(reach)[..., None], np.abs(before), 0)
    return np.abs(reach) > AGAIN * same.max(axis=-1)


def _row(reading: Reading, kind: int, day: str, direction: Direction) -> dict[str, object]:
    """One line of the result, for the newest day."""
    values = {name: column[kind, -1].item() for name, column in reading._asdict().items()}
    side, expected = values.pop("side"), values["expected"]
    good = {Direction.HIGHER: 1, Direction.LOWER: -1, Direction.RANGE: 0}[direction] * side
    return values | {
        "date": day,
        "kind": list(Kind)[kind].value,
        "side": (Side.UP if side > 0 else Side.DOWN).value,
        "better": {1: "better", -1: "worse", 0: ""}[good],
        "change": (values["actual"] - expected) / abs(expected) if expected else float("nan"),
    }
