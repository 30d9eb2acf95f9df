"""Explain the KPIs of a period: search, dates, drivers and leads of each, in one result."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from opsretro.analysis.cause_drill import drill
from opsretro.analysis.cause_element import Element, inside, values_of
from opsretro.analysis.cause_leads import leads
from opsretro.analysis.cause_leaves import Span
from opsretro.analysis.cause_review import Against, CauseReview, State
from opsretro.analysis.methods.cause import Cause, Movement
from opsretro.analysis.result import Context, Finding
from opsretro.errors import InputError, Problem
from opsretro.tables.period import Period, add_months

if TYPE_CHECKING:
    from opsretro.analysis.cause_search import Searched
    from opsretro.analysis.cause_subjects import Subject
    from opsretro.analysis.methods.onset import Onset

FIGURES = (
    *("change", "lower", "upper", "confidence", "n", "size"),
    *("multiplier", "multiplier_lower", "multiplier_upper"),
)
"""What is told of a cause as the search tells it."""
LENGTHS_DIFFER = 3
"""Days by which two periods may differ to be held against each other as they are; beyond, for as many days."""
HAIR = 1e-9
"""A change of a smaller share of what is compared with is the computer's."""
BASE_MONTHS = 3
"""Months before the period that an expectation rests on."""


def span_of(period: Period, against: str, *, until: pd.Timestamp | None = None) -> Span:
    """The days under review and those they are compared with.

    Args:
        period: A month, a quarter or a year.
        against: ``expected``: the three months before, or as many as the period has; ``previous``: the period before;
            ``same_last_year``; or a period of its own: ``2026-07``.
        until: Newest whole day of data; days after it are not there yet.

    Raises:
        InputError: `against` is none of these, or a period that shares days with the one under review.
    """
    n = len(period.months)
    if against in set(Against):
        back = {Against.EXPECTED: max(BASE_MONTHS, n), Against.PREVIOUS: n, Against.SAME_LAST_YEAR: 12}[
            Against(against)
        ]
        months = n if against == Against.SAME_LAST_YEAR else back
        first = pd.Timestamp(add_months(period.months[0], -back))
        base = pd.date_range(first, first + pd.offsets.MonthEnd(months))
    else:
        named = _named(against)
        if set(named.months) & set(period.months):
            values = {"value": against, "period": period.label}
            raise InputError([Problem(code="base_touches", source="against", values=values)])
        base = pd.date_range(named.start, named.end)
    days = pd.date_range(period.start, period.end)
    known = days if until is None else days[days <= until]
    return Span(period=known, base=base, extends=against == Against.EXPECTED)


def _named(against: str) -> Period:
    """A period to compare with, or what may be written."""
    try:
        return Period.parse(against, source="against")
    except InputError:
        values = {"value": str(against), "fix": f"{', '.join(Against)}, 2026-07"}
        raise InputError([Problem(code="bad_argument", source="against", values=values)]) from None


def review_causes(
    found: Sequence[Searched],
    tables: Mapping[str, pd.DataFrame],
    *,
    period: Period,
    against: str,
    context: Context,
) -> CauseReview:
    """Put what was found of every KPI into one result.

    Args:
        found: From `explain`, the most important KPI first.
        tables: events, activities and causes (the team's trees), where there are any.
        period: A month, a quarter or a year.
        against: What it is compared with.
        context: For display.
    """
    told = [_told(searched, against, tables) for searched in found]
    frames = {
        name: pd.concat([part[name] for part in told if len(part[name])] or [pd.DataFrame()])
        for name in CauseReview.frames
        if name != "trees"
    }
    trees = _trees(tables.get("causes", pd.DataFrame()), found, period)
    findings = _findings(frames["kpis"], frames["causes"])
    return CauseReview(period=period.label, context=context, findings=findings, trees=trees, **frames)


def _told(searched: Searched, against: str, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """All that is told of one KPI, by frame."""
    row, subject = _row(searched, against), searched.subject
    found = {
        "kpis": pd.DataFrame([row]),
        "causes": _cause_rows(searched, row["change"]),
        "elements": pd.DataFrame([*_slice_rows(0, subject.where), *_element_rows(searched)]),
        "drill": drill(searched),
        "drivers": searched.split,
        "days": searched.days,
        "leads": _lead_rows(searched, tables),
    }
    return {name: frame.assign(subject=subject.subject) for name, frame in found.items()}


def _state(searched: Searched) -> State:
    now, before = searched.has_data
    if not (now and before):
        return State.NO_BASE if now else State.NO_DATA
    return State.NO_DIMS if searched.located is None else State.FOUND if searched.causes else State.NOTHING


def _row(searched: Searched, against: str) -> dict[str, Any]:
    """A row of `CauseReview.kpis`."""
    subject, located = searched.subject, searched.located
    sums = searched.leaves.select_dtypes("number").sum()
    actual, base, forecast = (_value(sums, side, subject) for side in ("actual", "base", "forecast"))
    now, before = searched.span.seen(subject.days)
    if not (len(now) and len(before)):
        base = forecast = math.nan
    alike = abs(len(now) - len(before)) <= LENGTHS_DIFFER
    reference = base if against != Against.EXPECTED and alike else forecast
    if abs(actual - reference) <= HAIR * abs(reference):
        reference = actual
    growth = 1.0 if located is None else located.growth
    common, told = forecast * (growth - 1), sum(cause.change for cause in searched.causes)
    return {
        **{name: getattr(subject, name) for name in ("subject", "kpi", "dimension", "unit", "is_ratio")},
        "aggregation": subject.aggregation.value,
        "why": subject.why.value,
        "state": _state(searched).value,
        "against": str(against),
        **{name: _iso(side[0]) if len(side) else "" for name, side in (("base_start", before), ("start", now))},
        **{name: _iso(side[-1]) if len(side) else "" for name, side in (("base_end", before), ("end", now))},
        "actual": actual if len(now) else math.nan,
        "reference": reference,
        "change": actual - reference,
        "calendar": forecast - reference,
        "common": common,
        "rest": actual - forecast - common - told,
        "moved": actual - forecast,
        "explained": told / (actual - reference) + 0.0 if actual != reference else math.nan,
        "growth": growth - 1,
        "n_leaves": 0 if located is None else located.n,
        "tested": 0 if located is None else located.tested,
        "dims": list(subject.dims),
        **_dates(searched.begun),
    }


def _value(sums: pd.Series, side: str, subject: Subject) -> float:
    """A total, or a total ratio, of one side; NaN where nothing stands below the line."""
    if not subject.is_ratio:
        return float(sums[side])
    below = sums[f"den_{side}"]
    return float(sums[f"num_{side}"] / below) if below else math.nan


def _cause_rows(searched: Searched, change: float) -> pd.DataFrame:
    rows = []
    for rank, (cause, found) in enumerate(zip(searched.causes, searched.onsets, strict=True), 1):
        rows.append(
            {name: getattr(cause, name) for name in FIGURES}
            | _shares(cause, change)
            | {"rank": rank, "effect": cause.effect.value}
            | _own(searched, cause)
            | _dates(found)
            | _driver(searched.split, rank)
        )
    return pd.DataFrame(rows)


def _shares(cause: Cause, change: float) -> dict[str, float]:
    """What a cause brings as a share of the change, with its interval; NaN where nothing changed."""
    ends = [value / change if change else math.nan for value in (cause.change, cause.lower, cause.upper)]
    return {"share": ends[0], "share_lower": min(ends[1:]), "share_upper": max(ends[1:])}


def _dates(found: Onset | None) -> dict[str, str]:
    """When a movement began and ended, ISO; empty = cannot be dated, or goes on."""
    if found is None:
        return dict.fromkeys(("since", "earliest", "latest", "until"), "")
    dates = {"since": found.start, "earliest": found.earliest, "latest": found.latest}
    return {name: _iso(day) for name, day in dates.items()} | {"until": _iso(found.end) if found.end else ""}


def _own(searched: Searched, cause: Cause) -> dict[str, float]:
    """What the slice itself was and was expected to be: its sum, its rate, or its share of the denominator."""
    leaves = searched.leaves
    part = leaves[inside(leaves, cause.element)]
    if cause.effect is Movement.VOLUME:
        return {name: float(part[side].sum()) for name, side in (("actual", "actual"), ("expected", "forecast"))}
    whole = leaves if cause.effect is Movement.MIX else part
    top = "den" if cause.effect is Movement.MIX else "num"
    found = {}
    for name, side in (("actual", "actual"), ("expected", "forecast")):
        below = float(whole[f"den_{side}"].sum())
        found[name] = float(part[f"{top}_{side}"].sum()) / below if below else math.nan
    return found


def _driver(split: pd.DataFrame, rank: int) -> dict[str, Any]:
    """The factor that moved a slice most, and its part of the slice's change."""
    rows = split[split["rank"] == rank] if len(split) else split
    if rows.empty or not rows["effect"].sum():
        return {"driver": "", "driver_share": math.nan}
    shares = rows["effect"] / rows["effect"].sum()
    return {"driver": rows.loc[shares.idxmax(), "factor"], "driver_share": float(shares.max())}


def _element_rows(searched: Searched) -> Iterator[dict[str, Any]]:
    for rank, cause in enumerate(searched.causes, 1):
        yield from _slice_rows(rank, cause.element)


def _slice_rows(rank: int, element: Element) -> Iterator[dict[str, Any]]:
    for dim, values in element.items():
        for value in values_of(values):
            missing = value is None
            yield {"rank": rank, "dimension": dim, "value": "" if missing else str(value), "is_missing": missing}


def _lead_rows(searched: Searched, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Leads of the whole (rank 0), and of every cause."""
    period = searched.span.period
    if period.empty:
        return pd.DataFrame()
    within = searched.subject.within
    looked: list[tuple[Element, Onset | None]] = [(within, searched.begun)]
    looked += [
        ({**within, **cause.element}, found) for cause, found in zip(searched.causes, searched.onsets, strict=True)
    ]
    found = []
    for rank, (element, begun) in enumerate(looked):
        first, last = (begun.earliest, begun.latest) if begun else (period[0], period[-1])
        found.append(leads(tables, element, first, last, dated=begun is not None).assign(rank=rank))
    table = pd.concat(found, ignore_index=True)
    return table.assign(start=table["start"].map(_iso), end=table["end"].map(_iso))


def _trees(trees: pd.DataFrame, found: Sequence[Searched], period: Period) -> pd.DataFrame:
    """The trees of the period's months, each node with the cause whose slice it names."""
    if trees.empty:
        return pd.DataFrame()
    trees = trees[trees["month"].isin(period.months)]
    subjects = {searched.subject.subject: searched.subject for searched in reversed(found)}
    ids = {name: item.subject for item in subjects.values() for name in (item.kpi, item.subject)}
    trees = trees.assign(subject=[ids.get(name, name) for name in trees["kpi"]])
    slices = {
        (name, _slice_text({**searched.subject.within, **cause.element})): rank
        for searched in found
        for name in [searched.subject.subject]
        for rank, cause in enumerate(searched.causes, 1)
    }
    told = zip(trees["subject"], trees["slice"], strict=True)
    return trees.assign(rank=[slices.get((name, _sorted_slice(text)), 0) for name, text in told])


def _slice_text(element: Element) -> str:
    """A slice as `causes.yaml` would write it, in a fixed order."""
    return _sorted_slice(" & ".join(f"{dim}={'|'.join(map(str, values_of(value)))}" for dim, value in element.items()))


def _sorted_slice(text: str) -> str:
    pairs = (part.partition("=") for part in text.split(" & ") if part)
    return " & ".join(sorted(f"{dim}={'|'.join(sorted(values.split('|')))}" for dim, _, values in pairs))


def _iso(day: pd.Timestamp) -> str:
    return f"{day:%Y-%m-%d}"


def _findings(kpis: pd.DataFrame, causes: pd.DataFrame) -> tuple[Finding, ...]:
    """How many of the KPIs have a cause, then every KPI: those with one first."""
    if kpis.empty:
        return (Finding(code="causes", value=0, n=0),)
    kpis = kpis.reset_index(drop=True)
    found = kpis["state"] == State.FOUND
    summary = Finding(code="causes", value=float(found.sum()), n=len(kpis))
    order = found.sort_values(ascending=False, kind="stable").index
    n_causes = causes.groupby("subject").size() if len(causes) else {}
    each = (
        Finding(
            code=f"cause_{row['state']}",
            subject=row["subject"],
            value=row["change"],
            n=int(n_causes.get(row["subject"], 0)),
        )
        for _, row in kpis.loc[order].iterrows()
    )
    return (summary, *each)
