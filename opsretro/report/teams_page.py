"""The page over all teams of a month: what each has published, side by side, in one language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from opsretro import __version__
from opsretro.analysis.roi_published import KINDS
from opsretro.analysis.teams import CHANGES, MONEY, SIGNALS, VERDICTS, TeamMonth, TeamsReview
from opsretro.report import numbers
from opsretro.report.look import css_tokens
from opsretro.report.templates import render, style
from opsretro.tables.period import Period
from opsretro.words import pick, say

MOST_ACTIVITIES = 12
"""Activities in the table of those that earned or lost."""
COLUMNS = ("team", "goals", "moved", "roi", "actions", "followed", "health")
DONE = ("published", "partly")
TILES = ("published", "goals", "roi", "actions", "followed")
HOMES = {"moved": "goals", "actions": "followup", "followed": "followup"}
"""The section a column or tile is about, where it is called otherwise."""


def teams_html(
    review: TeamsReview, lang: str, *, pages: Mapping[str, str], other: tuple[str, str] | None = None
) -> str:
    """The page over all teams.

    Args:
        review: What they published.
        lang: ``zh-CN`` or ``en``.
        pages: Address of a team's own page, by its folder; a team without one has none.
        other: Language and file name of the same page in the other language, when there is one.

    Returns:
        HTML that loads nothing from outside.
    """
    words = TeamsWords(review, lang)
    return str(
        render(
            "teams.html.jinja",
            lang=lang,
            word=words.word,
            title=words.title(),
            count=words.word("count", n=len(review.teams)),
            other={"lang": other[0], "file": other[1], "name": say("page.other_language", lang)} if other else None,
            tokens=Markup(css_tokens()),  # noqa: S704 - constants of ours
            style=style(),
            sentences=words.sentences(),
            tiles=words.tiles(),
            columns=[words.word(f"column.{name}") for name in words.columns],
            rows=[
                {"cells": words.cells(team), "instead": words.instead(team), **words.linked(team, pages)}
                for team in review.teams
            ],
            activities=[words.activity(team, row, pages) for team, row in review.told_activities()[:MOST_ACTIVITIES]],
            no_activities=words.no_activities(),
            more=len(review.told_activities()) - MOST_ACTIVITIES,
            problems=[
                {**words.linked(team, pages), "state": words.state(team), "why": team.why.get(lang, ())}
                for team in review.with_state("partly", "refused", "failed", "kept")
            ],
            method=words.method(),
        )
    )


class TeamsWords:
    """The words of a month of many teams.

    Args:
        review: What they published.
        lang: ``zh-CN`` or ``en``.
    """

    def __init__(self, review: TeamsReview, lang: str) -> None:
        self.review, self.lang = review, lang
        self.kind = Period.parse(review.period).kind
        self.columns = [name for name in COLUMNS if name != "health" or review.audience == "all"]
        self._names = [self.name(team) for team in review.teams]

    def word(self, key: str, /, **values: object) -> str:
        """A text of the page."""
        return say(f"teams.{key}", self.lang, **values)

    def title(self) -> str:
        """What the page is called."""
        return self.word(f"title.{self.kind}", period=numbers.period(self.review.period, self.lang))

    def name(self, team: TeamMonth) -> str:
        """What a team is called."""
        return pick(team.title, self.lang) or team.name

    def sentences(self) -> list[str]:
        """Where the teams stand: what is published, goals, activities, actions; of what nobody has, nothing."""
        review, n, done = self.review, len(self.review.teams), len(self.review.with_state("published"))
        what = self.word(f"what.{self.kind}")
        key = "all_published" if done == n else "published"
        found = [self.word(key, n=n, done=done, what=what)]
        if review.having("goals"):
            found.append(self._goals())
        if total := sum(review.count("roi", name) for name in MONEY):
            found.append(self.word("roi", n=total, **{name: review.count("roi", name) for name in MONEY}))
        if review.having("followup"):
            found.append(self._actions())
        return found if review.with_state(*DONE) else [*found, self.word("nothing")]

    def _goals(self) -> str:
        count = self.review.count
        met, missed = count("goals", "met"), count("goals", "missed")
        ways = {name: count("goals", name) for name in SIGNALS.values()}
        texts = [self.word("goals", met=met, n=met + missed), self.word("moved", **ways)]
        return say("sentence.gap", self.lang).join(
            [*texts, *([self.word("moved_other", **ways)] if ways["sideless"] else [])]
        )

    def _actions(self) -> str:
        counts = {name: self.review.count("followup", name) for name in (*VERDICTS, "open", "overdue")}
        n = sum(counts[name] for name in VERDICTS)
        followed = [self.word("followed", n=n, **counts)] if n else []
        return say("sentence.gap", self.lang).join([self.word("actions", **counts), *followed])

    def tiles(self) -> list[dict[str, Any]]:
        """Five small pictures: a bar of parts each."""
        return [
            {"title": self.word(f"tile_title.{name}"), "line": line if self._has(name) else self.none(), "parts": parts}
            for name, (line, parts) in zip(TILES, self._tiles(), strict=True)
        ]

    def _has(self, name: str) -> bool:
        """Whether any team has what a column or tile is about."""
        return name == "published" or bool(self.review.having(HOMES.get(name, name)))

    def none(self) -> str:
        """What stands where nobody has any data."""
        return self.word("cell.none")

    def no_activities(self) -> str:
        """Why no activity is in the table of those that earned or lost."""
        return self.word("no_told") if self._has("roi") else self.none()

    def _tiles(self) -> list[tuple[str, Sequence[int]]]:
        review, count = self.review, self.review.count
        n, done = len(review.teams), len(review.with_state("published"))
        goals = [count("goals", name) for name in ("met", "missed", "no_data")]
        money, verdicts = (
            [count(key, name) for name in names] for key, names in (("roi", MONEY), ("followup", VERDICTS))
        )
        is_open, late = count("followup", "open"), count("followup", "overdue")
        return [
            (self.word("tile.published", n=n, done=done), [done, n - done, 0]),
            (self.word("tile.goals", met=goals[0], n=goals[0] + goals[1]), goals),
            (self.word("tile.roi", profit=money[0], loss=money[1]), money),
            (self.word("tile.actions", open=is_open, overdue=late), [is_open - late, late, 0]),
            (
                self.word("tile.followed" if any(verdicts) else "cell.zero", moved=verdicts[0], n=sum(verdicts)),
                verdicts,
            ),
        ]

    def linked(self, team: TeamMonth, pages: Mapping[str, str]) -> dict[str, str]:
        """A team's name, its folder where the name is not its alone, and the address of its page."""
        name = self.name(team)
        folder = team.name if self._names.count(name) > 1 else ""
        return {"name": name, "folder": folder, "page": pages.get(team.name, "")}

    def state(self, team: TeamMonth) -> str:
        """What became of a team that is not whole."""
        return self.word(f"state.{team.state}")

    def cells(self, team: TeamMonth) -> list[list[str]]:
        """A team's row, but for its name: parts of each cell that stay together; nothing = see `instead`."""
        if team.state not in DONE:
            return []
        found = team.numbers
        shown = {"goals": self._goal_cell, "moved": self._moved_cell, "roi": self._roi_cell}
        shown |= {"actions": self._action_cell, "followed": self._followed_cell, "health": self._health_cell}
        return [
            shown[name](found[HOMES.get(name, name)]) if HOMES.get(name, name) in found else [self.none()]
            for name in self.columns[1:]
        ]

    def instead(self, team: TeamMonth) -> str:
        """What stands in the row of a team this run published nothing of."""
        if not team.published_at:
            return self.word("cell.unpublished")
        return self.word("cell.earlier", day=numbers.day(team.published_at[:10], self.lang))

    def _goal_cell(self, goals: Mapping[str, int]) -> list[str]:
        return [self.word("cell.goals", met=goals["met"], n=goals["met"] + goals["missed"])]

    def _moved_cell(self, goals: Mapping[str, int]) -> list[str]:
        return self._counts(goals, tuple(SIGNALS.values()))

    def _roi_cell(self, money: Mapping[str, int]) -> list[str]:
        return self._counts(money, KINDS)

    def _action_cell(self, actions: Mapping[str, int]) -> list[str]:
        return self._counts({"open": actions["open"], "late": actions["overdue"]}, ("open", "late"))

    def _followed_cell(self, actions: Mapping[str, int]) -> list[str]:
        return self._counts(actions, VERDICTS)

    def _health_cell(self, changes: Mapping[str, int]) -> list[str]:
        return self._counts(changes, CHANGES) if changes else [self.word("cell.left_out")]

    def _counts(self, counts: Mapping[str, int], names: Sequence[str]) -> list[str]:
        """Counts in words but for those of nothing."""
        return [self.word(f"cell.{name}", n=counts[name]) for name in names if counts.get(name)] or [
            self.word("cell.zero")
        ]

    def method(self) -> list[str]:
        """How to read the page."""
        health = [self.word("method_health")] if "health" in self.columns else []
        return [self.word("method"), *health, self.word("made_by", version=__version__)]

    def activity(self, team: TeamMonth, row: Mapping[str, Any], pages: Mapping[str, str]) -> dict[str, Any]:
        """An activity that earned or lost, its interval, and where the interval lies among all in its currency."""
        values = [row["profit"], row["profit_lower"], row["profit_upper"]]
        profit, low, high = numbers.distinct(values, "currency", self.lang, currency=row["currency"])
        signed = [f"+{text}" if value > 0 else text for value, text in zip(values, (profit, low, high), strict=True)]
        said = say("roi.range", self.lang, low=signed[1], high=signed[2])
        places = self._places(values, row["currency"])
        named = {**self.linked(team, pages), "activity": pick(row["name"], self.lang)}
        value, below, above = (self._rate(row[name]) for name in ("roi", "roi_lower", "roi_upper"))
        named["roi"] = self.word("cell.return", value=value, low=below, high=above)
        return {**named, "profit": signed[0], "interval": said, **places}

    def _rate(self, value: float | None) -> str:
        """A fraction as a signed per cent."""
        text = numbers.rate(value, self.lang, digits=2 if value is None or abs(value) < 1 else 3)
        return f"+{text}" if value is not None and value > 0 else text

    def _places(self, values: Sequence[float], currency: str) -> dict[str, float]:
        """Places on a line from the lowest to the highest interval of a currency, in hundredths of it."""
        rows = [row for _, row in self.review.told_activities()[:MOST_ACTIVITIES] if row["currency"] == currency]
        low = min(0.0, *(row["profit_lower"] for row in rows))
        high = max(0.0, *(row["profit_upper"] for row in rows))
        names = ("at", "from", "to", "zero")
        return {
            name: round(100 * (value - low) / (high - low or 1), 1)
            for name, value in zip(names, [*values, 0.0], strict=True)
        }
