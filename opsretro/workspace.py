"""A workspace, opened: the tables on one side, the questions that can be asked of them on the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.alerts import Alerts, check_rules, goal_alerts
from opsretro.analysis.cause_review import Against, CauseReview
from opsretro.analysis.cause_search import explained
from opsretro.analysis.cause_subjects import Subject, asked, chain_of, driver_problems, flagged
from opsretro.analysis.cause_verdicts import review_causes, span_of
from opsretro.analysis.goal_facts import monthly_facts
from opsretro.analysis.goal_review import GoalReview
from opsretro.analysis.goal_table import goals_if_any, goals_in_force
from opsretro.analysis.goal_verdicts import review_goals
from opsretro.analysis.lessons import with_lessons
from opsretro.analysis.methods.aggregate import is_filling, known_by, rows_by_kpi
from opsretro.analysis.result import Context
from opsretro.analysis.roi_effects import begun_by, estimated
from opsretro.analysis.roi_review import ActivityReview
from opsretro.analysis.roi_table import activities_checked, changed, known_tables
from opsretro.analysis.roi_verdicts import review_activities, scope_of
from opsretro.errors import InputError, Problem, speaking, unseen
from opsretro.tables.calendar import WorkingCalendar, working_calendar
from opsretro.tables.inputs import Inputs, read_inputs
from opsretro.tables.people import everybody
from opsretro.tables.period import Period
from opsretro.tables.settings import Settings, read_settings
from opsretro.tables.survey_files import survey_folder
from opsretro.words import LANGUAGES

if TYPE_CHECKING:
    from opsretro.analysis.follow_review import FollowUp
    from opsretro.analysis.health_review import HealthReview
    from opsretro.analysis.minutes import Minutes


def open_workspace(path: str | Path = "data", *, lang: str | None = None, as_of: str | None = None) -> Workspace:
    """Open a workspace: read and check all its tables.

    Args:
        path: Folder with the tables and, usually, `retro.toml`.
        lang: ``zh-CN`` or ``en``, for display; None = the workspace's own locale.
        as_of: Day (``2026-11-02``, in the workspace's time zone, the whole day) or moment; rows loaded later do not
            exist. None = the newest loaded_at, so that a re-run is identical.

    Returns:
        The workspace; ask it for `goal_review("2026-10")`.

    Raises:
        InputError: Anything is wrong with the folder, the settings or a table; all problems at once.

    Example:
        >>> open_workspace("data", lang="en").goal_review("2026-10").headline
        '5 of 9 goals were met; 2 KPIs moved beyond their ordinary variation.'
    """
    if lang is not None and lang not in LANGUAGES:
        raise InputError([Problem(code="not_a_language", source="lang", values={"value": lang})])
    pd.set_option("display.html.use_mathjax", False)  # "$3k to $4k" in a table is money, not a formula
    with speaking(lang or read_settings(Path(path))[0].locale):
        return Workspace(read_inputs(path), lang=lang, as_of=as_of)


class Workspace:
    """A checked workspace; made by `open_workspace`."""

    def __init__(self, inputs: Inputs, *, lang: str | None = None, as_of: str | None = None) -> None:
        self._inputs = inputs
        self.lang = lang or inputs.settings.locale
        self._is_cut = as_of is not None
        rows = inputs.tables.get("metrics", pd.DataFrame())
        self._metrics, self._moment = known_by(rows, as_of, inputs.settings.timezone)

    def __dir__(self) -> list[str]:
        """What can be asked: the public names only, for tab completion."""
        return [name for name in super().__dir__() if not name.startswith("_")]

    def __repr__(self) -> str:
        inputs = self._inputs
        return f"Workspace({inputs.folder.name!r}: {', '.join(inputs.tables)}; as of {self.as_of or 'unknown'})"

    @property
    def settings(self) -> Settings:
        """What `retro.toml` says."""
        return self._inputs.settings

    @property
    def inputs(self) -> Inputs:
        """What was read: files, rows, hashes."""
        return self._inputs

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Every table that has rows, typed, as copies."""
        return {name: frame.copy() for name, frame in self._inputs.tables.items()}

    @property
    def kpis(self) -> list[str]:
        """KPIs that have rows in metrics."""
        return sorted(self._metrics["kpi"].unique()) if len(self._metrics) else []

    @property
    def months(self) -> list[str]:
        """Months that have rows in metrics, oldest first."""
        return sorted(self._metrics["date"].dt.strftime("%Y-%m").unique()) if len(self._metrics) else []

    @property
    def as_of(self) -> str:
        """Local day up to which data was known, ISO; empty without any."""
        if self._moment is not None:
            return str(self._moment.tz_convert(self.settings.timezone).date())
        if len(self._metrics):
            return str(self._metrics["date"].max().date())
        daily = self._inputs.tables.get("daily_metrics", pd.DataFrame())
        return str(daily["date"].max().date()) if len(daily) else ""

    def _calendar(self, end: date, start: date | None = None) -> WorkingCalendar:
        """The working calendar from a day, or the first row of metrics, to the end of a period."""
        start = start or (min(end, self._metrics["date"].min().date()) if len(self._metrics) else end)
        own = self._inputs.tables.get("calendar")
        return working_calendar(start, end, country=self.settings.calendar.get("country", ""), own=own)

    def _incomplete_days(self) -> int:
        """Newest days that are still filling up: those of the settings, and one that was loaded before its end."""
        return max(self.settings.incomplete_days, int(is_filling(self._metrics, self._moment, self.settings.timezone)))

    @property
    def _newest(self) -> pd.Timestamp:
        """The newest whole day of data; NaT without any."""
        days = self._metrics["date"] if len(self._metrics) else pd.Series(dtype="datetime64[ns]")
        return days.max() - pd.Timedelta(days=self._incomplete_days())

    @property
    def _known_until(self) -> pd.Timestamp | None:
        return None if self._moment is None else pd.Timestamp(self.as_of)

    @property
    def context(self) -> Context:
        """What every section of the month shares."""
        settings = self.settings
        return Context(
            team=settings.team,
            currency=settings.currency,
            timezone=settings.timezone,
            as_of=self.as_of,
            names=settings.names,
        )

    def coverage(self, period: str) -> pd.DataFrame:
        """What was read for a period.

        Args:
            period: ``2026-10``.

        Returns:
            One row a KPI: rows, days with rows, first and last day inside the period.

        Raises:
            InputError: The period is no period.
        """
        return rows_by_kpi(self._metrics, Period.parse(period, source="period"))

    def check_period(self, period: str) -> None:
        """Refuse a period nothing can be said about, before anything runs.

        Args:
            period: ``2026-10``.

        Raises:
            InputError: Not a period; metrics has no rows in it; no goal is in force in it.
        """
        span = Period.parse(period)
        if {"goals", "metrics"} <= self._inputs.present:
            goals_in_force(self._inputs.tables, span, self.settings.rebases)
        if "metrics" in self._inputs.present and not self.months:
            raise InputError([Problem(code="nothing_known", source="--as-of", values={"value": self.as_of})])
        if "activities" in self._inputs.tables:
            self._activity_tables({})
        if self.months and not set(span.months) & set(self.months):
            values = {"value": span.label, "first": self.months[0], "last": self.months[-1]}
            raise InputError([Problem(code="no_such_month", source="--month", values=values)])

    def goal_review(
        self,
        period: str,
        *,
        baseline_months: int | None = None,
        targets: Mapping[str, float] | None = None,
        instead: pd.DataFrame | None = None,
    ) -> GoalReview:
        """Goals of a period against their targets.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.
            baseline_months: Months the limits are frozen on, to try others than those of the settings; 8 to 24.
            targets: Target by goal_id, to see what another one would mean; in the unit of the goal, per cent as typed.
            instead: Goals in place of those of the table, such as `plain_goal` of a KPI that has none.

        Returns:
            One row a goal in force, with separate verdicts: met, variation, assurance, and the pace of a running month.

        Raises:
            InputError: The period is none; there is no goals or metrics table; no goal is in force in it; a goal is
                half filled, or names what metrics does not have.
        """
        with speaking(self.lang):
            span = Period.parse(period, source="period")
            goals = goals_in_force(self._inputs.tables, span, self.settings.rebases, targets, instead)
        calendar = self._calendar(span.end)
        facts = monthly_facts(
            goals,
            self._metrics,
            span,
            timezone=self.settings.timezone,
            calendar=calendar.days,
            known_until=self._known_until,
        )
        settings = replace(
            self.settings,
            baseline_months=baseline_months or self.settings.baseline_months,
            incomplete_days=self._incomplete_days(),
        )
        review = review_goals(
            goals,
            facts,
            period=span,
            context=replace(self.context, holidays_until=calendar.known_until),
            settings=settings,
            calendar=calendar.days,
            assessments=self._inputs.tables.get("assessments"),
        )
        return with_lessons(review, self._inputs.tables).in_language(self.lang)

    def activity_roi(self, period: str, *, changes: Mapping[str, Mapping[str, Any]] | None = None) -> ActivityReview:
        """What the activities of a period cost, what they caused, and why they missed their plan.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.
            changes: Another start_date, end_date, margin_rate, actual_cost (in place of the ledger) or controls (list
                of segments) by activity_id, to see what they would mean.

        Returns:
            One row an activity whose window touches the period, joint effects where windows overlap, plan-to-actual
            splits, funnels, cost entries, and the last 12 months by type.

        Raises:
            InputError: The period is none, there is no activities table, or the tables contradict each other.
        """
        with speaking(self.lang):
            span = Period.parse(period, source="period")
            if "activities" not in self._inputs.tables:
                raise InputError([Problem(code="table_needed", source="activities.csv", values={"section": "roi"})])
            tables, activities = self._activity_tables(changes or {})
            begun = begun_by(activities, tables, self.as_of)
            days = tables["daily_metrics"]["date"] if "daily_metrics" in tables else activities["end_date"]
            calendar = self._calendar(days.max().date(), days.min().date())
            scope = scope_of(begun, span)
            found = estimated(tables, begun, calendar=calendar.days, only=scope[2])
            context = replace(self.context, holidays_until=calendar.known_until)
            review = review_activities(found, begun, tables, scope, period=span.label, context=context)
        return with_lessons(review, self._inputs.tables).in_language(self.lang)

    def root_cause(
        self,
        period: str,
        *,
        kpi: str | Sequence[str] | None = None,
        against: str = Against.EXPECTED,
        where: Mapping[str, str] | None = None,
    ) -> CauseReview:
        """Which slices and drivers of a KPI moved, since when, and what else happened there.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.
            kpi: A KPI or goal_id, or several; None = all that the goal review flags, in either direction: signals
                first, then missed goals.
            against: ``expected``: what the three months before let expect, weekdays and holidays considered;
                ``previous``: the period before; ``same_last_year``; or any period, such as ``2026-07``.
            where: Value by dimension, to look inside a slice of the KPIs named only.

        Returns:
            One row a KPI and one a cause, possibly none, with drill-down, drivers, leads and the team's own trees. It
            says where and when numbers moved together, not what made them.

        Raises:
            InputError: The period is none, there is no metrics table, or a KPI, a dimension or `against` is not known.
        """
        with speaking(self.lang):
            span = Period.parse(period, source="period")
            if "metrics" not in self._inputs.tables:
                raise InputError([Problem(code="table_needed", source="metrics.csv", values={"section": "rootcause"})])
            if problems := list(driver_problems(self.settings.drivers, self._metrics)):
                raise InputError(problems)
            days = span_of(span, against, until=self._newest)
            subjects = self._subjects(span, kpi, where or {})
        calendar = self._calendar(span.end)
        chains = [chain_of(one, self.settings.drivers.get(one.kpi, ()), self._metrics) for one in subjects]
        found = explained(subjects, chains, days, calendar=calendar.days)
        review = review_causes(
            found,
            self._inputs.tables,
            period=span,
            against=against,
            context=replace(self.context, holidays_until=calendar.known_until),
        )
        return with_lessons(review, self._inputs.tables).in_language(self.lang)

    def _subjects(self, period: Period, kpi: str | Sequence[str] | None, where: Mapping[str, str]) -> list[Subject]:
        """The KPIs to explain: those that were named, or those the goal review flags."""
        if kpi is not None:
            goals = goals_if_any(self._inputs.tables, period, self.settings.rebases)
            return asked([kpi] if isinstance(kpi, str) else list(kpi), goals, self._metrics, where)
        if where:
            raise InputError([Problem(code="where_alone", source="where")])
        if "goals" not in self._inputs.tables:
            return []
        goals = goals_in_force(self._inputs.tables, period, self.settings.rebases)
        return flagged(self.goal_review(period.label).goals, goals, self._metrics)

    def team_health(self, period: str) -> HealthReview:
        """How the team is: what may be published of its survey, what changed, and the workload beside it.

        Answers are read, used and forgotten here; only cells that are safe together with everything published before
        leave this function. Months that stand in the register are shown as they were published.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``; its newest month that is over is
                judged, months are never pooled.

        Returns:
            Dimensions with intervals, changes against the months before, participation, workload, themes, suggestions.

        Raises:
            InputError: The period is none; there is no survey; an export, the items or the register cannot be used.
        """
        from opsretro.analysis.health_verdicts import review_health  # scipy takes a second, and nothing else needs it

        with speaking(self.lang):
            span = Period.parse(period, source="period")
            if "survey" not in self._inputs.forms:
                raise InputError([Problem(code="table_needed", source="survey/", values={"section": "health"})])
            review = unseen("team health")(review_health)(
                survey_folder(self._inputs.folder, self.settings),
                workload=self._inputs.tables.get("workload", pd.DataFrame()),
                roster=everybody(survey_folder(self._inputs.folder, self.settings), self._inputs.tables),
                period=span,
                groups=self.settings.survey_groups,
                as_of=self.as_of if self._is_cut else max(self.as_of, date.today().isoformat()),
                context=self.context,
            )
        return review.in_language(self.lang)

    def follow_up(self, period: str, *, starts: Mapping[str, str] | None = None) -> FollowUp:
        """What became of the actions that were decided, and whether they moved the number they were meant to move.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.
            starts: Another start by action id (ISO day), to see what it would mean.

        Returns:
            One row an action with its verdict, the days behind it, the readings of earlier months, and what recurs.

        Raises:
            InputError: The period is none, there is no ledger, or `starts` names no action or no day.
        """
        from opsretro.analysis.follow_verdicts import review_actions  # the engine takes a moment to load

        with speaking(self.lang):
            span = Period.parse(period, source="period")
            if "actions" not in self._inputs.forms:
                raise InputError([Problem(code="table_needed", source="actions.yaml", values={"section": "followup"})])
            calendar = self._calendar(span.end)
            context = replace(self.context, holidays_until=calendar.known_until)
            tables, known = self._inputs.tables, self._metrics
            known = known[known["date"] <= self._newest] if len(known) else known
            review = review_actions(tables, known, span, starts=starts or {}, calendar=calendar.days, context=context)
        return with_lessons(review, self._inputs.tables).in_language(self.lang)

    def minutes(self, period: str) -> Minutes:
        """What the retro meetings of a period came to.

        Args:
            period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.

        Returns:
            Decisions, topics with their votes, boards, facts and parking lot; nothing the room has not seen.

        Raises:
            InputError: The period is none, no meeting looked back on it, or the file of one cannot be used.
        """
        from opsretro.analysis.minutes import minutes_of
        from opsretro.tables.meetings import meetings_folder, read_meetings

        with speaking(self.lang):
            span = Period.parse(period, source="period")
            folder = meetings_folder(self._inputs.folder, self.settings.sources)
            if not (meetings := read_meetings(folder, span.months)):
                raise InputError([Problem(code="table_needed", source="meetings/", values={"section": "meeting"})])
        return minutes_of(meetings, period=span.label, context=self.context).in_language(self.lang)

    def _activity_tables(
        self, changes: Mapping[str, Mapping[str, Any]]
    ) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
        until = self.as_of if self._is_cut else ""
        tables = changed(known_tables(self._inputs.tables, until), changes)
        return tables, activities_checked(tables, currency=self.settings.currency, today=self.as_of)

    def alerts(self) -> Alerts:
        """What is new on the newest whole day of data, for every goal in force.

        Returns:
            The new daily signals and the goals that could not be judged. Nothing is published.

        Raises:
            InputError: There is no goals or metrics table, or no goal is in force that day.
        """
        with speaking(self.lang):
            day = self._newest if len(self._metrics) else pd.Timestamp(self.as_of or "today")
            span = Period.parse(f"{day:%Y-%m}")
            goals = goals_in_force(self._inputs.tables, span)
            check_rules(self.settings.alerts, self._inputs.tables["goals"])
        calendar = self._calendar(span.end).days
        facts = monthly_facts(goals, self._metrics, span, timezone=self.settings.timezone, calendar=calendar)
        return goal_alerts(goals, facts, day=day, rules=self.settings.alerts, calendar=calendar, context=self.context)
