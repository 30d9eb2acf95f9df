"""Judge a month of the survey: publish what may be shown, say what changed and what cannot be told."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from opsretro.analysis.health_months import dimension_means, month_changes, participation, workload_beside
from opsretro.analysis.health_publish import publish
from opsretro.analysis.health_review import HealthFinding, HealthReview, HealthState
from opsretro.analysis.methods.disclosure import BANDS_FROM
from opsretro.analysis.methods.disclosure_audit import SMALL
from opsretro.analysis.methods.month_changes import Verdict
from opsretro.analysis.methods.themes import themes
from opsretro.analysis.result import Context, Finding
from opsretro.errors import InputError, Problem
from opsretro.tables.health_register import EVERYBODY, in_order, read_register
from opsretro.tables.period import Period, add_months
from opsretro.tables.redact import redact
from opsretro.tables.suggestions import read_suggestions
from opsretro.tables.survey import Survey, read_survey
from opsretro.tables.survey_files import REGISTER, SUGGESTIONS, TEAM, TEAMS

MONTHS = 13
"""Months that are shown: the one that is judged, and a year before it."""


def review_health(
    folder: Path,
    *,
    workload: pd.DataFrame,
    roster: Collection[str],
    groups: Sequence[str],
    period: Period,
    as_of: str,
    context: Context,
) -> HealthReview:
    """The health of a team in one period.

    Args:
        folder: The survey folder.
        workload: Rows of the workload table; may be empty.
        roster: Names and ids to hide in what people wrote.
        groups: Group columns to cut by.
        period: A month, a quarter or a year; its newest month that is over and has answers is judged.
        as_of: Day up to which things are known, ISO.
        context: For display.

    Returns:
        Published cells and what follows from them. Nothing is written.

    Raises:
        InputError: An export, the items, the teams, the suggestions or the register cannot be used, or no export has
            one of the groups.
    """
    register = read_register(folder / REGISTER)
    survey = read_survey(folder, without=set(register["month"]) - set(period.months))
    if set(survey.answers["month"]) - set(register["month"]) and (problems := list(_group_problems(survey, groups))):
        raise InputError(problems)
    month, state = _judged(survey, register, period, as_of)
    cells = _published(survey, register, month, groups)
    late = _late(survey, cells, month) if month in set(register["month"]) else 0
    dimensions = dimension_means(cells)
    found = month_changes(dimensions, month)
    asked = participation(cells, survey.headcount)
    hours = workload_beside(_until(workload, month or period.months[-1]), cells)
    whole = asked[(asked["month"] == month) & (asked["group"] == EVERYBODY)]
    said, box, n_comments = _voices(survey, folder, roster, month, are_many=_are_many(whole))
    said = said if _as_published(survey, cells, month) else []
    if state is HealthState.SHOWN and not (dimensions["month"] == month).any():
        state = HealthState.WITHHELD
    findings = _findings(state, found, whole, hours[hours["month"] == month], box, late)
    return HealthReview(
        period=period.label,
        context=context,
        findings=tuple(findings),
        month=month,
        state=str(state),
        cells=cells,
        dimensions=dimensions,
        changes=found,
        participation=asked,
        workload=hours,
        themes=themes(said) if said else pd.DataFrame(columns=["theme", "n"]),
        comments=pd.DataFrame({"text": said}),
        suggestions=box,
        log=survey.log[survey.log["month"] == (month if not late else "")],
        n_comments=n_comments,
    )


def _group_problems(survey: Survey, groups: Sequence[str]) -> Iterator[Problem]:
    known = [TEAM, *(name for name in survey.groups if name != TEAM)]
    for name in groups:
        if name not in known:
            values = {"value": name, "known": ", ".join(known)}
            yield Problem(code="survey_no_group", source="retro.toml", values=values)


def _judged(survey: Survey, register: pd.DataFrame, period: Period, as_of: str) -> tuple[str, HealthState]:
    """The newest month of the period that is over and has answers.

    A survey that still runs is not looked at: who looks twice learns what those answered who came in between.
    """
    answered = {*survey.answers["month"], *register["month"]} & set(period.months)
    over = [month for month in answered if as_of >= Period.parse(month).end.isoformat()]
    if over:
        return max(over), HealthState.SHOWN
    return "", HealthState.RUNNING if answered else HealthState.NO_ANSWERS


def _published(survey: Survey, register: pd.DataFrame, month: str, groups: Sequence[str]) -> pd.DataFrame:
    """The cells of a month and the year before it: as they were published, or as they may be."""
    if not month:
        return register.iloc[:0].assign(dimension="", low=np.nan, middle=np.nan, high=np.nan)
    first = add_months(month, 1 - MONTHS)
    old = register[register["month"].between(first, month)]
    new = survey.answers[survey.answers["month"].between(first, month) & ~survey.answers["month"].isin(old["month"])]
    cuts = [(name,) for name in groups if name in survey.groups]
    fresh = [_checked(publish(new, groups=cuts, items=survey.items), survey)] if len(new) else []
    cells = in_order(pd.concat([frame for frame in (old, *fresh) if len(frame)] or [old], ignore_index=True))
    dimension = survey.items.drop_duplicates("item").set_index("item")["dimension"]
    bands = pd.DataFrame([_bands(dist) for dist in cells["dist"]], columns=["low", "middle", "high"], dtype="float64")
    return cells.assign(dimension=cells["item"].map(dimension).fillna(cells["item"])).join(bands)


def _checked(cells: pd.DataFrame, survey: Survey) -> pd.DataFrame:
    """Cells without groups of fewer than five whom nobody listed: what one person typed there is an answer, too.

    Raises:
        InputError: More answered than were asked: answers that count twice would take a small group for a large one.
    """
    asked = participation(cells, survey.headcount)
    over = asked[asked["n"] > asked["headcount"]]
    if len(over):
        raise InputError(
            Problem(code="survey_more_than_asked", source=TEAMS, values={"month": month, "group": group})
            for month, group in zip(over["month"], over["group"], strict=True)
        )
    listed = {f"{TEAM}={group}" for group in survey.headcount["group"]} | {EVERYBODY}
    most = cells.groupby(["month", "group"])["n"].transform("max")
    return cells[cells["group"].isin(listed) | (most >= SMALL)]


def _bands(dist: dict[str, int] | None) -> tuple[float, float, float]:
    known = dist or {}
    middle = known.get("3", known.get("1-3", np.nan))
    return known.get("1-2", np.nan), middle, known.get("4-5", np.nan)


def _until(table: pd.DataFrame, month: str) -> pd.DataFrame:
    empty = pd.DataFrame(columns=["month", "group", "headcount", "contracted_hours", "worked_hours"])
    return table[table["month"].between(add_months(month, 1 - MONTHS), month)] if len(table) else empty


def _late(survey: Survey, cells: pd.DataFrame, month: str) -> int:
    """Forms that came after the month was published: counted, not shown, or their answers could be subtracted."""
    then = cells[(cells["month"] == month) & (cells["group"] == EVERYBODY)].set_index("item")["n"]
    answers = survey.answers[survey.answers["month"] == month]
    now = pd.Series({item: int(answers[item].notna().sum()) for item in then.index if item in answers}, dtype="int64")
    return max(int((now - then).max()), 0) if len(now) and len(answers) else 0


def _are_many(whole: pd.DataFrame) -> bool:
    return bool(len(whole) and whole["n"].max() >= BANDS_FROM)


def _as_published(survey: Survey, cells: pd.DataFrame, month: str) -> bool:
    """Whether the answers are those that were published: with others, old and new comments could be told apart."""
    then = cells[(cells["month"] == month) & (cells["group"] == EVERYBODY)].set_index("item")["n"]
    now = survey.answers.loc[survey.answers["month"] == month].reindex(columns=then.index).notna().sum()
    return bool((now == then).all())


def _voices(
    survey: Survey, folder: Path, roster: Collection[str], month: str, *, are_many: bool
) -> tuple[list[str], pd.DataFrame, int]:
    """Comments and suggestions of a month, redacted, in an order of their own; none from a small team."""
    box = read_suggestions(folder / SUGGESTIONS, month=month, roster=roster) if month else pd.DataFrame()
    box = box.rename(columns={"text": "suggestion"})
    said = list(survey.comments.get(month, []))
    if not are_many:
        return [], box.iloc[:0], len(said)
    return sorted(redact(said, roster), key=lambda text: hashlib.sha256(text.encode()).hexdigest()), box, len(said)


def _findings(
    state: HealthState,
    found: pd.DataFrame,
    asked: pd.DataFrame,
    hours: pd.DataFrame,
    box: pd.DataFrame,
    late: int,
) -> Iterator[Finding]:
    """What the month says, changes first."""
    if state is not HealthState.SHOWN:
        yield Finding(code=str(state))
    yield from _changed(found)
    for _, row in asked[asked["n"].notna()].iterrows():
        share = None if np.isnan(row["share"]) else float(row["share"])
        yield Finding(code=HealthFinding.PARTICIPATION, value=share, n=int(row["n"]))
    yield from _overtime(hours)
    if late:
        yield Finding(code=HealthFinding.LATE, n=late)
    if n := int((box["answer"] == "").sum()) if len(box) else 0:
        yield Finding(code=HealthFinding.OPEN_SUGGESTIONS, n=n)


def _changed(found: pd.DataFrame) -> Iterator[Finding]:
    """What moved, the furthest first; then of everybody what stayed and what cannot be told."""
    moved = found[found["verdict"].isin([Verdict.DOWN, Verdict.UP])]
    far = (moved["mean"] - moved["expected"]).abs()
    for _, row in moved.loc[far.sort_values(ascending=False, kind="stable").index].iterrows():
        yield Finding(
            code=str(row["verdict"]),
            subject=f"{row['group']}/{row['dimension']}",
            value=float(row["mean"]),
            lower=float(row["lower"]),
            upper=float(row["upper"]),
            n=int(row["n"]),
        )
    whole = found[found["group"] == EVERYBODY]
    steady, unknown = (int((whole["verdict"] == code).sum()) for code in (Verdict.STEADY, Verdict.CANNOT_TELL))
    if steady:
        yield Finding(code=HealthFinding.STEADY, value=float(steady), n=len(whole))
    if unknown:
        yield Finding(code=HealthFinding.CANNOT_TELL, n=unknown)


STANDS_OFF = 0.05
"""Overtime, as a share of the contracted hours, by which a group is told apart from everybody."""


def _overtime(hours: pd.DataFrame) -> Iterator[Finding]:
    """The group with the most overtime, where it stands off from everybody's."""
    now = hours[hours["overtime"].notna()]
    whole, groups = now[now["group"] == EVERYBODY], now[now["group"] != EVERYBODY]
    if len(whole) and len(groups):
        most = groups.loc[groups["overtime"].idxmax()]
        if most["overtime"] - float(whole["overtime"].iloc[0]) >= STANDS_OFF:
            yield Finding(
                code=HealthFinding.OVERTIME,
                subject=str(most["group"]),
                value=float(most["overtime"]),
                lower=float(whole["overtime"].iloc[0]),
            )
