"""Generated teams and survey answers for ``bench/health.py``, and publishers without an audit to compare with.

Answers are what real ones look like: people differ in outlook, teams differ, months wobble, about 2 % of the answers
are skipped and up to two people are away in a month. In some months one team answers one item with one voice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

MONTHS = [f"2026-{month:02d}" for month in range(1, 13)]
ITEMS = [f"q{number}" for number in range(1, 6)]
SKIPPED, UNANIMOUS = 0.02, 0.3
"""Share of answers skipped; chance that a team speaks with one voice on an item in a month."""


class World(NamedTuple):
    """A year of answers: respondent, month, groups and items (1..5 or NaN)."""

    answers: pd.DataFrame
    groups: list[str]
    items: list[str]


def people(teams: dict[str, int], rng: np.random.Generator, bands: tuple[float, ...] = ()) -> pd.DataFrame:
    """One row a person; `bands` are the shares of tenure bands."""
    team = np.repeat(list(teams), list(teams.values()))
    frame = pd.DataFrame({"respondent": [f"r{place:02d}" for place in range(len(team))], "team": team})
    if bands:
        names = [f"band {place}" for place in range(len(bands))]
        frame["tenure"] = rng.choice(names, size=len(team), p=bands)
    return frame


def answer(folk: pd.DataFrame, rng: np.random.Generator, *, level: float = 3.7, voice: float = UNANIMOUS) -> World:
    """A year of answers of these people."""
    outlook = level + rng.normal(0, 0.6, (len(folk), 1)) + rng.normal(0, 0.5, (len(folk), len(ITEMS)))
    outlook += rng.normal(0, 0.3, len(ITEMS))
    outlook += rng.normal(0, 0.3, (folk["team"].nunique(), len(ITEMS)))[pd.factorize(folk["team"])[0]]
    months = []
    for month in MONTHS:
        values = np.clip(np.rint(outlook + rng.normal(0, 0.55, outlook.shape)), 1, 5)
        for team in folk["team"].unique():
            one = rng.random(len(ITEMS)) < voice * (rng.random() < 0.5)
            values[np.ix_(folk["team"] == team, one)] = rng.choice([2, 4, 5], size=one.sum())
        values[rng.random(values.shape) < SKIPPED] = np.nan
        there = np.sort(rng.permutation(len(folk))[int(rng.integers(0, min(3, len(folk) - 5))) :])
        rows = pd.concat([folk.drop(columns="respondent"), pd.DataFrame(values, columns=ITEMS)], axis=1)
        rows.insert(0, "respondent", folk["respondent"])
        rows.insert(1, "month", month)
        months.append(rows.iloc[there])
    groups = [name for name in folk if name != "respondent"]
    return World(pd.concat(months, ignore_index=True), groups, ITEMS)


def leaver(world: World, team: str) -> World:
    """The first of a team is gone from July on."""
    answers = world.answers
    gone = answers.loc[answers["team"] == team, "respondent"].min()
    return world._replace(answers=answers[(answers["respondent"] != gone) | (answers["month"] < MONTHS[6])])


def three_teams(rng: np.random.Generator) -> World:
    """24 people in teams of 11, 8 and 5, one of the 5 leaves."""
    return leaver(answer(people({"content": 11, "ads": 8, "crm": 5}, rng), rng), "crm")


def three_teams_and_tenure(rng: np.random.Generator) -> World:
    """The same with two tenure bands."""
    return leaver(answer(people({"content": 11, "ads": 8, "crm": 5}, rng, (0.7, 0.3)), rng), "crm")


def six_teams(rng: np.random.Generator) -> World:
    """60 people in six teams and three tenure bands."""
    sizes = {f"team {place}": size for place, size in enumerate((16, 13, 11, 9, 6, 5))}
    return answer(people(sizes, rng, (0.5, 0.35, 0.15)), rng)


def one_team(rng: np.random.Generator) -> World:
    """Eight people in one team."""
    return answer(people({"ops": 8}, rng), rng)


def everybody_same(rng: np.random.Generator) -> World:
    """24 people who all answer 4."""
    return constant(three_teams(rng), 4.0)


def all_top(rng: np.random.Generator) -> World:
    """24 people at the top of the scale: 5, now and then 4."""
    return answer(people({"content": 11, "ads": 8, "crm": 5}, rng), rng, level=5.6)


def constant(world: World, value: float) -> World:
    """Every answer the same."""
    answers = world.answers.copy()
    answers[world.items] = answers[world.items].where(answers[world.items].isna(), value)
    return world._replace(answers=answers)


def two_fives(rng: np.random.Generator) -> World:
    """Two teams of five."""
    return answer(people({"a": 5, "b": 5}, rng), rng)


def team_is_tenure(rng: np.random.Generator) -> World:
    """Tenure bands that are the teams."""
    folk = people({"old": 12, "new": 7}, rng)
    return answer(folk.assign(tenure=folk["team"].map({"old": "3 years", "new": "1 year"})), rng)


def four_and_twenty(rng: np.random.Generator) -> World:
    """A group of four beside one of twenty."""
    return answer(people({"many": 20, "few": 4}, rng), rng)


def near_unanimous(rng: np.random.Generator) -> World:
    """A team of six that answers 5, but for one of them who answers 4 (or 2)."""
    world = answer(people({"calm": 6, "others": 12}, rng), rng)
    answers = world.answers.copy()
    calm = answers["team"] == "calm"
    answers.loc[calm, world.items] = 5.0
    for number, item in enumerate(world.items):
        one = answers[calm].groupby("month").sample(1, random_state=rng)
        answers.loc[one.index, item] = 2.0 if number % 2 else 4.0
    return world._replace(answers=answers)


def no_team(rng: np.random.Generator) -> World:
    """Three people of 20 who belong to no team (missing value)."""
    world = answer(people({"a": 10, "b": 7, "none": 3}, rng), rng)
    return world._replace(answers=world.answers.replace({"team": {"none": np.nan}}))


def half_skipped(rng: np.random.Generator) -> World:
    """Items that half of 24 people skip, another half each month."""
    world = three_teams(rng)
    answers = world.answers.copy()
    answers[world.items] = answers[world.items].mask(rng.random((len(answers), len(world.items))) < 0.5)
    return world._replace(answers=answers)


def mover(rng: np.random.Generator) -> World:
    """24 people; one changes team every month, and so do the bands of two more."""
    world = three_teams_and_tenure(rng)
    answers = world.answers.copy()
    for place, (column, values) in enumerate({"team": ("content", "crm"), "tenure": ("band 0", "band 1")}.items()):
        mine = answers["respondent"] == f"r{place:02d}"
        answers.loc[mine, column] = [values[number % 2] for number in range(mine.sum())]
    return world._replace(answers=answers)


STRUCTURES: dict[str, Callable[[np.random.Generator], World]] = {
    "24 in 11/8/5, a leaver": three_teams,
    "24 in 11/8/5, two bands": three_teams_and_tenure,
    "60 in six teams, three bands": six_teams,
    "8 in one team": one_team,
}
NASTY: dict[str, Callable[[np.random.Generator], World]] = {
    "everybody the same": everybody_same,
    "all at the top": all_top,
    "two teams of five": two_fives,
    "team is tenure": team_is_tenure,
    "four beside twenty": four_and_twenty,
    "near-unanimous team": near_unanimous,
    "three without a team": no_team,
    "items half skipped": half_skipped,
    "people who move": mover,
}


def choices(world: World, attributes: int = 1) -> Iterator[tuple[str, pd.Series]]:
    """Everybody, each group, and each pair of groups of two attributes, with its rows."""
    answers = world.answers
    yield "all", pd.Series(True, index=answers.index)
    for size in range(1, attributes + 1):
        for names in combinations(world.groups, size):
            for values, rows in answers.groupby(list(names)):
                label = " & ".join(f"{name}={value}" for name, value in zip(names, values, strict=True))
                yield label, pd.Series(answers.index.isin(rows.index), index=answers.index)


def cell(values: pd.Series, decimals: int) -> dict[str, object]:
    """What is published of some answers."""
    mean = round(float(values.mean()) + 1e-9, decimals)
    return {"n": len(values), "mean": mean, "decimals": decimals, "dist": None, "suppressed": False, "reason": ""}


def naive(
    world: World, *, least: int = 5, decimals: int = 2, attributes: int = 1, window: int = 1, to_date: bool = False
) -> pd.DataFrame:
    """Every cell of at least so many answers: of each month, of each `window` months, or of the year to date too."""
    rows = []
    months = sorted(world.answers["month"].unique())
    spans = [(at - window + 1, at) for at in range(window - 1, len(months))]
    spans += [(0, at) for at in range(1, len(months)) if to_date]
    for (begin, end), (group, mask) in ((span, each) for span in spans for each in choices(world, attributes)):
        inside = world.answers[mask & world.answers["month"].isin(months[begin : end + 1])]
        month = months[end] if begin == end else f"{months[begin]}/{months[end]}"
        for item in world.items:
            values = inside[item].dropna()
            if len(values) >= least:
                rows.append({"month": month, "group": group, "item": item} | cell(values, decimals))
    return pd.DataFrame(rows)


def naive_favourable(world: World) -> pd.DataFrame:
    """Everybody and each group of five or more: the favourable share, which is a count."""
    rows = naive(world, decimals=1)
    masks = dict(choices(world))
    for index, row in rows.iterrows():
        values = world.answers.loc[masks[row["group"]] & (world.answers["month"] == row["month"]), row["item"]].dropna()
        favourable = int((values >= 4).sum())
        rows.at[index, "dist"] = {"1-3": len(values) - favourable, "4-5": favourable}
    return rows.assign(mean=np.nan)


NAIVE: dict[str, Callable[[World], pd.DataFrame]] = {
    "everything": lambda world: naive(world, least=1, attributes=2),
    "n >= 5 only, two attributes": lambda world: naive(world, attributes=2),
    "all + groups, 2 decimals": naive,
    "all + groups, favourable %": naive_favourable,
    "rolling three months": lambda world: naive(world, window=3),
    "month + year to date": lambda world: naive(world, to_date=True),
    "all only, 1 decimal": lambda world: naive(world._replace(groups=[]), decimals=1),
}
