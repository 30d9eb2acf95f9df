"""Did an action move the number it was meant to move? The days since its start against what the days before expect."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from opsretro.analysis.follow_codes import LEAST_DAYS, LONGEST, MOST_WORTH, WORTH, Metric, Reason, Verdict
from opsretro.analysis.methods.counterfactual import effect
from opsretro.analysis.methods.drift_before import drift_before, rebounds_before
from opsretro.analysis.methods.effect import Caution, Effect
from opsretro.tables.calendar import working_calendar

ALONE_DAYS = 28
"""An action that had its metric to itself for as long before the next one began is judged on these days."""
GONE_DAYS, GONE_GAPS = 10, 2
"""A metric has vanished when its newest day is older than that of all metrics by so many days and its own gaps."""
CLEAR_MEAN = 1.5
"""A mean this many standard deviations above zero is a level to be a share of."""
STEEP = 3.0
"""A drift before the start of this many standard errors is one, whatever was found."""
DOUBT = {Verdict.MOVED: 1.0, Verdict.NOT_MOVED: 1.64}
"""From as many on, a drift that went on may explain a verdict: what was found, or what was not."""
OFF, BRIEF, OFF_BRIEFLY = 2.0, 14, 3.0
"""From as many on, a level that went back may; of a fortnight and less, only from more."""
NONE = (math.nan, math.nan, math.nan)


@dataclass(frozen=True, kw_only=True, eq=False)
class Reading:
    """What the days since its start say about one action.

    Attributes:
        row: The columns of `check`.
        unit: Of its metric.
        days: date, actual, expected, lower, upper, phase of the metric, or of all actions that share it; empty = none.
    """

    row: Mapping[str, Any]
    unit: str = ""
    days: pd.DataFrame = field(default_factory=pd.DataFrame)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Case:
    """One action and the days it is judged on."""

    action: Mapping[str, Any]
    metric: Metric
    start: pd.Timestamp
    end: pd.Timestamp
    n_days: int = 0
    reason: Reason = Reason.NONE
    at_work: bool = False

    @property
    def compared(self) -> tuple[str, str]:
        """Day it took effect and last day that is compared, ISO; empty = none."""
        days = self.metric.days.index
        inside = days[(days >= self.start) & (days <= self.end)]
        start = "" if pd.isna(self.start) else str(self.start.date())
        return start, str(inside[-1].date()) if len(inside) else ""

    @property
    def wanted(self) -> float:
        """1 = more is wanted, -1 = less."""
        return -1.0 if self.action["direction"] == "lower" else 1.0


def readings(
    actions: pd.DataFrame,
    of_name: Mapping[str, Metric],
    last: date,
    *,
    newest: pd.Timestamp,
    calendar: pd.DataFrame | None = None,
) -> list[Reading]:
    """What the days since its start say about each action.

    Args:
        actions: As `as_actions` returns them.
        of_name: The metrics they name; one that is not there has vanished.
        last: Last day that is looked at.
        newest: Newest day of all metrics; NaT = there is none.
        calendar: date, day_type; None = mainland China's.

    Returns:
        One reading an action, in their order.
    """
    known = {name: replace(one, days=one.days[one.days.index <= pd.Timestamp(last)]) for name, one in of_name.items()}
    begins = [one.days.index[0] for one in known.values() if len(one.days)]
    if calendar is None and begins:
        calendar = working_calendar(min(begins).date(), last, country="CN").days
    end = pd.Timestamp(last) if pd.isna(newest) else min(newest, pd.Timestamp(last))
    holidays = _holidays(calendar)
    cases = [_case(action, known, pd.Timestamp(last), end, holidays) for action in actions.to_dict("records")]
    joint: dict[tuple[Any, ...], Effect] = {}
    found = []
    for case in cases:
        others = _others(case, cases)
        alone = _alone(case, others, holidays)
        if case.reason is not Reason.NONE:
            found.append(_untold(case))
        elif others and alone is case:
            whole = _whole(case, others)
            key = (case.action["metric"], whole.start, whole.end)
            joint[key] = joint[key] if key in joint else _effect(whole, holidays, calendar)
            found.append(_shared(case, others, joint[key]))
        else:
            found.append(_judged(alone, calendar, holidays))
    return found


def _holidays(calendar: pd.DataFrame | None) -> pd.DatetimeIndex:
    if calendar is None:
        return pd.DatetimeIndex([])
    return pd.DatetimeIndex(pd.to_datetime(calendar.loc[calendar["day_type"] == "holiday", "date"]))


def _case(
    action: Mapping[str, Any],
    of_name: Mapping[str, Metric],
    last: pd.Timestamp,
    newest: pd.Timestamp,
    holidays: pd.DatetimeIndex,
) -> _Case:
    """An action with the days it is judged on, or why it cannot be."""
    metric = of_name.get(action["metric"], Metric())
    day = action["start"] or (action["due"] if action["status"] != "plan" else "")
    start = pd.Timestamp(day) if day else pd.NaT
    end = min(last, start + pd.Timedelta(days=LONGEST - 1)) if day else last
    n_days = _counted(metric, start, end, holidays) if day else 0
    gone = metric.days.empty or metric.days.index[-1] < min(newest, end) - _silence(metric)
    reasons = {
        Reason.DROPPED: action["status"] == "dropped",
        Reason.NO_METRIC: not action["metric"],
        Reason.NOT_BEGUN: not day and bool(action["due"]),
        Reason.NO_START: not day,
        Reason.STARTS_LATER: bool(day) and start > last,
        Reason.METRIC_UNKNOWN: not metric.known,
        Reason.METRIC_GONE: gone,
        Reason.NO_DIRECTION: not action["direction"],
        Reason.FEW_DAYS: n_days < LEAST_DAYS,
    }
    reason = next((reason for reason, holds in reasons.items() if holds), Reason.NONE)
    at_work = action["status"] != "dropped" and bool(day) and start <= last and not gone
    return _Case(action=action, metric=metric, start=start, end=end, n_days=n_days, reason=reason, at_work=at_work)


def _silence(metric: Metric) -> pd.Timedelta:
    """How long a metric may be silent before it has vanished."""
    gap = metric.days.index.to_series().diff().median()
    return max(pd.Timedelta(days=GONE_DAYS), GONE_GAPS * (pd.Timedelta(0) if pd.isna(gap) else gap))


def _others(case: _Case, cases: Sequence[_Case]) -> list[_Case]:
    """The actions at work on the metric of another one in its days, in their order; one need not be judged to work."""
    return [
        other
        for other in cases
        if case.at_work and other.at_work and other is not case and other.metric.kpi == case.metric.kpi
        if other.start <= case.end and case.start <= other.end
    ]


def _alone(case: _Case, others: Sequence[_Case], holidays: pd.DatetimeIndex) -> _Case:
    """An action with the days before the next one began, where it had its metric to itself for long enough."""
    first = min((other.start for other in others), default=case.start)
    end = first - pd.Timedelta(days=1)
    n_days = _counted(case.metric, case.start, end, holidays)
    if (first - case.start).days < ALONE_DAYS or n_days < LEAST_DAYS:
        return case
    return replace(case, end=end, n_days=n_days)


def _whole(case: _Case, others: Sequence[_Case]) -> _Case:
    """The days of actions that share them, from the first start on."""
    start = min(case.start, *(other.start for other in others))
    end = max(case.end, *(other.end for other in others))
    return replace(case, start=start, end=min(end, start + pd.Timedelta(days=LONGEST - 1)))


def _counted(metric: Metric, start: pd.Timestamp, end: pd.Timestamp, holidays: pd.DatetimeIndex) -> int:
    """Days with data, public holidays aside."""
    inside = metric.days.index[(metric.days.index >= start) & (metric.days.index <= end)]
    return int((~inside.isin(holidays)).sum())


def _row(case: _Case, verdict: Verdict, reason: Reason, **more: Any) -> dict[str, Any]:
    expected = float(case.action["expected_effect"]) * case.wanted
    start, end = case.compared
    row = {
        "id": case.action["id"],
        "metric": case.action["metric"],
        "start": start,
        "end": end,
        "n_days": case.n_days,
        "verdict": verdict.value,
        "reason": reason.value,
        **dict(zip(("effect", "lower", "upper"), NONE, strict=True)),
        "hoped": expected if expected > 0 else math.nan,
        "probability": math.nan,
        "warnings": (),
        "joint_with": (),
        **dict(zip(("joint_effect", "joint_lower", "joint_upper"), NONE, strict=True)),
    }
    return row | more


def _untold(case: _Case) -> Reading:
    return Reading(row=_row(case, Verdict.CANNOT_TELL, case.reason), unit=case.metric.unit)


def _effect(case: _Case, holidays: pd.DatetimeIndex, calendar: pd.DataFrame | None) -> Effect:
    """What the days since the start differ by; public holidays are left out, for no other days are like them."""
    days = case.metric.days[case.metric.days.index <= case.end]
    holiday = (days.index >= case.start) & days.index.isin(holidays)
    found = effect(days[~holiday], case.start.date(), case.end.date(), calendar=calendar, after_days=0)
    return replace(found, days=_with_holidays(found.days, days[holiday]))


def _with_holidays(days: pd.DataFrame, holidays: pd.Series) -> pd.DataFrame:
    """What happened on the days that are not compared, and nothing to compare it with."""
    if days.empty:
        return days
    days = days.set_index("date")
    days.loc[days.index.isin(holidays.index), ["expected", "lower", "upper"]] = np.nan
    days["actual"] = days["actual"].fillna(holidays)
    return days.reset_index()


def _has_size(days: pd.Series) -> bool:
    """Whether a change can be a share of the level: it never falls below zero, or is far enough from it."""
    return bool((days >= 0).all() or days.mean() > CLEAR_MEAN * days.std())


def _figures(found: Effect, case: _Case) -> tuple[float, float, float] | None:
    """Effect, lower and upper end as ratios of the expected level, the wanted way; None = undefined."""
    if found.window is None or not found.baseline > 0 or not _has_size(case.metric.days):
        return None
    ends = [
        value / found.baseline * case.wanted for value in (found.window.point, found.window.lower, found.window.upper)
    ]
    return (ends[0], min(ends[1:]), max(ends[1:])) if np.isfinite(ends).all() else None


def _judged(case: _Case, calendar: pd.DataFrame | None, holidays: pd.DatetimeIndex) -> Reading:
    """An action that has its metric to itself."""
    found = _effect(case, holidays, calendar)
    figures = _figures(found, case)
    if found.refused is not None or figures is None or found.window is None:
        reason = Reason.SHORT_PRE if found.refused is not None else Reason.UNDEFINED
        return Reading(row=_row(case, Verdict.CANNOT_TELL, reason), unit=case.metric.unit, days=found.days)
    row = _row(case, Verdict.CANNOT_TELL, Reason.WIDE)
    verdict = _verdict(figures, row["hoped"])
    reason = Reason.WIDE if verdict is Verdict.CANNOT_TELL else Reason.NONE
    if doubt := _by_itself(case, figures, verdict, row["hoped"], holidays):
        verdict, reason = Verdict.CANNOT_TELL, doubt
    above = found.window.above(0.0)
    row |= dict(zip(("effect", "lower", "upper"), figures, strict=True))
    row |= {"verdict": verdict.value, "reason": reason.value, "probability": above if case.wanted > 0 else 1 - above}
    return Reading(row=row | {"warnings": _warned(found)}, unit=case.metric.unit, days=found.days)


def _warned(found: Effect) -> tuple[str, ...]:
    return tuple(caution.value for caution in found.cautions if caution is Caution.HOLIDAY_OVERLAP)


def _ruled_out(hoped: float) -> float:
    """The effect that has to be ruled out before an action is said not to have moved its metric."""
    return WORTH if math.isnan(hoped) else min(hoped, MOST_WORTH)


def _verdict(figures: tuple[float, float, float], hoped: float) -> Verdict:
    _, lower, upper = figures
    if lower > 0:
        return Verdict.MOVED
    return Verdict.NOT_MOVED if upper < _ruled_out(hoped) else Verdict.CANNOT_TELL


def _by_itself(
    case: _Case,
    figures: tuple[float, float, float],
    verdict: Verdict,
    hoped: float,
    holidays: pd.DatetimeIndex,
) -> Reason:
    """Whether what the metric did before the start would, by itself, explain the verdict."""
    length = (case.end - case.start).days + 1
    drifts = drift_before(case.metric.days, case.start, holidays=holidays)
    if any(abs(drift.score) > STEEP for drift in drifts):
        return Reason.PRE_TREND
    changes = [(Reason.PRE_TREND, one.change(length), abs(one.score) > DOUBT.get(verdict, STEEP)) for one in drifts]
    for one in rebounds_before(case.metric.days, case.start, holidays=holidays):
        least = OFF_BRIEFLY if one.days <= BRIEF else OFF
        changes.append((Reason.REBOUND, one.gap, abs(one.score) > least))
    for reason, by_itself, clear in changes:
        change = case.wanted * by_itself
        explains = {
            Verdict.MOVED: change > 0 and figures[1] <= change,
            Verdict.NOT_MOVED: change < 0 and figures[2] - change >= _ruled_out(hoped),
        }
        if clear and explains.get(verdict):
            return reason
    return Reason.NONE


def _shared(case: _Case, others: Sequence[_Case], found: Effect) -> Reading:
    """An action that shares its metric and days with others: their joint effect only, never split by guess."""
    names = tuple(other.action["id"] for other in others)
    figures = _figures(found, case) or NONE
    joint = dict(zip(("joint_effect", "joint_lower", "joint_upper"), figures, strict=True))
    return Reading(
        row=_row(case, Verdict.CANNOT_TELL, Reason.JOINT, joint_with=names, warnings=_warned(found)) | joint,
        unit=case.metric.unit,
        days=found.days,
    )
