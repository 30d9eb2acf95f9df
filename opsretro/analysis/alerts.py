"""The daily signals of all goals: what is new on one day, and what could not be judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.goal_months import in_force
from opsretro.analysis.methods.daily_signals import DayState, daily_signals
from opsretro.analysis.result import Context, plain
from opsretro.errors import InputError, Problem
from opsretro.tables.goal_settings import AlertRule

if TYPE_CHECKING:
    from opsretro.analysis.goal_facts import MonthlyFacts

SAME = ("kpi", "dimension", "aggregation", "numerator", "denominator", "direction")
"""Goals that agree in these, and in their rule, raise the same signals."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Alerts:
    """What is new on one day.

    Attributes:
        day: The day that was judged, ISO.
        signals: One row a new signal. goal_id, kpi, name, dimension, unit, and the columns of `DailySignals.signals`.
        states: Whether each goal's KPI could be judged (code), by goal_id.
        names: kpi, name and dimension of each of those goals, for display.
        context: Names and currency, for display.
    """

    day: str
    signals: pd.DataFrame
    states: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    context: Context

    def to_dicts(self) -> list[dict[str, Any]]:
        """Every signal as plain JSON values; missing numbers are None."""
        rows: list[dict[str, Any]] = plain(self.signals)
        return rows


def check_rules(rules: Mapping[str, AlertRule], goals: pd.DataFrame) -> None:
    """Refuse rules for what is no goal and no KPI of one.

    Args:
        rules: Rule by KPI or goal_id; the empty key is the rule of all others.
        goals: The goals table.

    Raises:
        InputError: Names every such rule.
    """
    known = {"", *goals["goal_id"], *goals["kpi"]}
    if unknown := [key for key in rules if key not in known]:
        raise InputError(Problem(code="alert_unknown", source="retro.toml", values={"value": key}) for key in unknown)


def goal_alerts(
    goals: pd.DataFrame,
    facts: Mapping[str, MonthlyFacts],
    *,
    day: pd.Timestamp,
    rules: Mapping[str, AlertRule],
    calendar: pd.DataFrame,
    context: Context,
) -> Alerts:
    """Judge the newest day of every daily KPI that has a goal in force; goals that would raise the same count once.

    Args:
        goals: From `goals_in_force`.
        facts: The days of each goal's KPI, by goal_id.
        day: The day to judge; later ones do not exist.
        rules: Rule by goal_id or KPI; the empty key is that of all others.
        calendar: date and day_type.
        context: For display.
    """
    states, found, seen = {}, [], set()
    for goal in goals.to_dict("records"):
        rule = next(rules[key] for key in (goal["goal_id"], goal["kpi"], "") if key in rules)
        watched = (*(goal[key] for key in SAME), rule)
        is_daily = _is_daily(facts[goal["goal_id"]].daily, day)
        if watched in seen or not is_daily or not in_force(goal, [f"{day:%Y-%m}"]):
            continue
        seen.add(watched)
        raised = daily_signals(
            facts[goal["goal_id"]].daily,
            as_of=day,
            direction=goal["direction"],
            calendar=calendar,
            size=rule.size,
            count=rule.count,
            worse_only=rule.direction == "worse",
            aggregation=facts[goal["goal_id"]].daily_kind,
        )
        late = day in facts[goal["goal_id"]].late_days
        states[goal["goal_id"]] = (DayState.INCOMPLETE if late else raised.state).value
        told = {key: goal[key] for key in ("goal_id", "kpi", "name", "dimension", "unit")}
        found.append(raised.signals.assign(**told))
    signals = pd.concat(found, ignore_index=True) if found else pd.DataFrame()
    told = goals.set_index("goal_id", drop=False)[["goal_id", "kpi", "name", "dimension"]].to_dict("index")
    return Alerts(day=str(day.date()), signals=signals, states=states, names=told, context=context)


def _is_daily(daily: pd.Series | pd.DataFrame, day: pd.Timestamp) -> bool:
    """Whether the KPI has a value on half of its days or more, in the eight weeks up to a day or since it began."""
    days = daily.index[daily.index <= day]
    since = max(day - pd.Timedelta(days=55), days.min()) if len(days) else day
    return bool(2 * (days >= since).sum() > (day - since).days)


def unjudged(alerts: Alerts) -> dict[str, list[str]]:
    """The goals whose KPI could not be judged, by the reason (code)."""
    reasons = [state for state in DayState if state is not DayState.JUDGED]
    found = {reason.value: [goal for goal, state in alerts.states.items() if state == reason] for reason in reasons}
    return {reason: goals for reason, goals in found.items() if goals}
