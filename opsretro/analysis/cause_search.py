"""One KPI explained: which slices moved, by which driver, and since when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from opsretro.analysis.cause_drivers import driver_table
from opsretro.analysis.cause_element import Element, inside
from opsretro.analysis.cause_leaves import Span, leaves_of
from opsretro.analysis.cause_review import Why
from opsretro.analysis.codes import Aggregation
from opsretro.analysis.methods.cause import Cause, Located, Movement
from opsretro.analysis.methods.day_index import day_index
from opsretro.analysis.methods.locate import locate
from opsretro.analysis.methods.mix_rate import mix_rate
from opsretro.analysis.methods.onset import LEAST_DAYS, Onset, onset

if TYPE_CHECKING:
    from opsretro.analysis.cause_subjects import Subject

LOOK_BACK = 92
"""Days before the period in which a movement is looked for, to say since when."""
LOOK_BACK_WHOLE = 183
"""The same for a KPI as a whole."""
LEAST_PART = 0.05
"""A cause that moves less than this share of the whole change, or of what the largest one moves, is not told."""
LEAST_BASE = 28
"""Days that must be left to expect from when those of a movement that had begun before are taken out."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Searched:
    """What was found of one KPI.

    Attributes:
        subject: The KPI.
        span: The days, as they were used.
        leaves: From `leaves_of`; where it was searched, also shared (what the common growth leads to; of a ratio, of
            its numerator) and fitted (what it and the causes lead to).
        located: The causes; None = it has no dimension, or no data on either side.
        onsets: Since when, one a cause; None = cannot be told.
        days: One row a cause (rank, from 1) and day: date, actual, expected (in step with the rest).
        begun: Since when the KPI as a whole stands off its usual level.
        split: From `driver_table`.
        mix: Of a ratio that was searched, the table of `mix_rate`.
    """

    subject: Subject
    span: Span
    leaves: pd.DataFrame
    located: Located | None = None
    onsets: tuple[Onset | None, ...] = ()
    days: pd.DataFrame
    begun: Onset | None
    split: pd.DataFrame
    mix: pd.DataFrame

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The causes, the largest first."""
        return () if self.located is None else self.located.causes

    @property
    def has_data(self) -> tuple[bool, bool]:
        """Whether there is data in the period, and before it."""
        now, then = self.span.seen(self.subject.days)
        return len(now) > 0, len(then) > 0


def explained(
    subjects: Sequence[Subject], chains: Sequence[Sequence[Subject]], span: Span, *, calendar: pd.DataFrame
) -> list[Searched]:
    """`explain` for each of several KPIs.

    Args:
        subjects: The KPIs.
        chains: The KPIs each is the product of.
        span: The days.
        calendar: date, day_type and optionally event.
    """
    pairs = zip(subjects, chains, strict=True)
    return [explain(subject, span, calendar=calendar, chain=chain) for subject, chain in pairs]


def explain(subject: Subject, span: Span, *, calendar: pd.DataFrame, chain: Sequence[Subject] = ()) -> Searched:
    """Find the slices of a KPI that moved between the base and the period, their drivers, and since when.

    Args:
        subject: The KPI.
        span: The days.
        calendar: date, day_type and optionally event.
        chain: The KPIs it is the product of, the widest first; empty = not known.
    """
    leaves, located = leaves_of(subject, span, calendar), None
    courses: list[pd.DataFrame] = []
    onsets: tuple[Onset | None, ...] = ()
    now, then = span.seen(subject.days)
    if subject.dims and len(now) and len(then):
        located = _weighty(locate(leaves, subject.dims, kind="ratio" if subject.is_ratio else "sum"))
        courses = [_course(subject, span, cause) for cause in located.causes]
        onsets = tuple(_onset(cause, course) for cause, course in zip(located.causes, courses, strict=True))
        if (earlier := _without(subject, span, onsets)) is not None:
            return explain(subject, earlier, calendar=calendar, chain=chain)
        leaves = _fitted(leaves, located)
    elements: list[Element] = [] if located is None else [cause.element for cause in located.causes]
    steps = chain if len(now) and len(then) else ()
    tables = {step.kpi: leaves_of(step, span, calendar) for step in steps} | {subject.kpi: leaves}
    dated = len(now) > 0 and subject.why is not Why.MISSED  # what stayed within its noise has no beginning
    days = [course.assign(rank=rank) for rank, course in enumerate(courses, 1)]
    return Searched(
        subject=subject,
        span=span,
        leaves=leaves,
        located=located,
        onsets=onsets,
        days=pd.concat(days, ignore_index=True) if days else pd.DataFrame(),
        begun=whole_onset(subject, span, calendar) if dated and not elements else None,
        mix=mix_rate(leaves, subject.dims).table if located and subject.is_ratio else pd.DataFrame(),
        split=driver_table(tables, elements) if steps else pd.DataFrame(),
    )


def _without(subject: Subject, span: Span, onsets: Sequence[Onset | None]) -> Span | None:
    """The span without the days of a movement that had begun before the period; None = it is right as it is."""
    begun = [found.start for found in onsets if found and found.end is None]
    if not (span.extends and begun and min(begun) < span.period[0]):
        return None
    base = span.base[span.base < min(begun)]
    return Span(period=span.period, base=base) if len(base.intersection(subject.days)) >= LEAST_BASE else None


def _weighty(located: Located) -> Located:
    """Only the causes that matter beside the largest one, and beside the change as a whole."""
    least = LEAST_PART * max([abs(located.change), *(abs(cause.change) for cause in located.causes)])
    return replace(located, causes=tuple(cause for cause in located.causes if abs(cause.change) >= least))


def _fitted(leaves: pd.DataFrame, located: Located) -> pd.DataFrame:
    """The leaves with what common growth, and with what causes too, lead to."""
    if located.kind == "sum":
        actual, shared = leaves["actual"].to_numpy(), leaves["forecast"].to_numpy() * located.growth
    else:
        den = leaves["den_forecast"].to_numpy()
        rate = np.divide(leaves["num_forecast"], den, out=np.full(len(den), located.forecast), where=den > 0)
        actual, shared = leaves["num_actual"].to_numpy(), leaves["den_actual"].to_numpy() * rate * located.growth
    fitted = shared
    for cause in located.causes:
        if cause.effect is not Movement.MIX:
            told = fitted * cause.multiplier if np.isfinite(cause.multiplier) else actual
            fitted = np.where(inside(leaves, cause.element), told, fitted)
    return leaves.assign(shared=shared, fitted=fitted)


def whole_onset(subject: Subject, span: Span, calendar: pd.DataFrame) -> Onset | None:
    """Since when the KPI as a whole stands off its usual level, weekdays and holidays considered."""
    last = span.period[-1]
    sums = subject.rows[subject.rows["date"] <= last].groupby("date")[list(subject.measures)].sum()
    if subject.aggregation is Aggregation.LAST or len(sums) < LEAST_DAYS:
        return None
    weight = sums["den"].where(sums["den"] > 0) if subject.is_ratio else pd.Series(1.0, index=sums.index)
    level = (sums["num"] / weight if subject.is_ratio else sums["value"]).dropna()
    weight = weight[level.index]
    kinds = day_index(level, calendar, weights=weight).factors
    recent = level.index > last - pd.Timedelta(days=LOOK_BACK_WHOLE)
    found = onset((level * weight)[recent], (kinds * weight)[recent])
    return None if found is None or (found.end is not None and found.end < span.period[0]) else found


def _onset(cause: Cause, course: pd.DataFrame) -> Onset | None:
    """Since when, where the movement can be dated, goes the way of the cause, and reaches into the period."""
    if len(course) < LEAST_DAYS:
        return None
    days = course.set_index("date")
    found = onset(days["actual"] * days["weight"], days["expected"] * days["weight"])
    if found is None or (found.multiplier > 1) != (cause.multiplier > 1):
        return None
    over = found.end is not None and found.end < days.index[days["inside"]].min()
    return None if over else found


def _course(subject: Subject, span: Span, cause: Cause) -> pd.DataFrame:
    """Day by day, the slice and what it would be in step with everything else.

    Returns:
        date, actual, expected (in the unit of the cause: a sum, a rate, or a denominator), weight (of the day; 1
        for sums), inside (the period).
    """
    first, last = span.period[0] - pd.Timedelta(days=LOOK_BACK), span.period[-1]
    recent = subject.rows[subject.rows["date"].between(first, last)]
    if subject.aggregation is Aggregation.LAST or recent.empty:
        return pd.DataFrame()
    part = inside(recent, cause.element)
    dates = pd.DatetimeIndex(recent["date"].unique()).sort_values().rename("date")
    own, rest = (
        rows.groupby("date")[list(subject.measures)].sum().reindex(dates, fill_value=0.0)
        for rows in (recent[part], recent[~part])
    )
    flat = pd.Series(1.0, index=dates)
    if cause.effect is Movement.RATE:
        weight, actual = own["den"], own["num"] / own["den"].where(own["den"] != 0)
        expected = flat if part.all() else rest["num"] / rest["den"].where(rest["den"] != 0)
    else:
        name = "den" if cause.effect is Movement.MIX else "value"
        weight, actual, expected = flat, own[name], flat if part.all() else rest[name]
    table = pd.DataFrame({"actual": actual, "expected": expected, "weight": weight}).reset_index()
    table["inside"] = table["date"].isin(span.period)
    known = table[table["actual"].notna() & table["expected"].notna()]
    known = known[~known["inside"]] if (~known["inside"]).any() else known
    level = (known["expected"] * known["weight"]).sum()
    scale = (known["actual"] * known["weight"]).sum() / level if level else 0.0
    return table.assign(expected=table["expected"] * scale)
