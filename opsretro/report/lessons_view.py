"""Lessons of the team, shown beside what they are about: on the page, and in a notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from IPython.display import HTML
from markupsafe import Markup

from opsretro.report import numbers
from opsretro.report.section_words import SectionWords
from opsretro.report.templates import render
from opsretro.tables.parse import parse_slice
from opsretro.words import say

if TYPE_CHECKING:
    import pandas as pd

    from opsretro.analysis.result import Result

MOST = 6
"""Lessons beside one section; the others are in the follow-up."""


class LessonWords(SectionWords):
    """Lessons in one language."""

    def told(self, lessons: pd.DataFrame) -> list[dict[str, str]]:
        """Each lesson once: its rule, what it is about, how often it was seen and until when it is believed."""
        rows = []
        for _, same in lessons.groupby("id", sort=False):
            lesson = same.iloc[0]
            seen = say("lessons.seen", self.lang, n=int(lesson["n_evidence"]))
            day = numbers.day(lesson["expires"], self.lang)
            until = say("lessons.expired" if lesson["expired"] else "lessons.until", self.lang, day=day)
            subjects = self.listed([self.called(name) for name in dict.fromkeys(same["subject"]) if name])
            rule = lesson["rule_zh"] if self.lang == "zh-CN" else lesson["rule_en"]
            about = {"rule": rule, "scope": self.scope(lesson["scope"]), "subjects": subjects}
            rows.append(about | {"id": lesson["id"], "seen": seen, "until": until})
        return rows

    def scope(self, scope: str) -> str:
        """Where a lesson holds, in the team's words."""
        parts = []
        for key, values in parse_slice(scope):
            names = say("list.or", self.lang).join(self.called(value) for value in values.split("|"))
            told = say(f"lessons.key.{key}", self.lang) if key in KEYS else self.called(key)
            parts.append(say("lessons.part", self.lang, key=told, names=names))
        return say("list.comma", self.lang).join(parts)


KEYS = ("kpi", "goal", "activity", "activity_type")
"""Keys of a scope that are no dimension of the tables."""


def beside(review: Result) -> Markup:
    """What the team learnt earlier, for a section of the page; nothing where nothing matches."""
    found = told(review)
    return render("lessons.html.jinja", **found) if found else Markup("")


def told(review: Result) -> dict[str, Any]:
    """The same as title, lessons and how many there are beside them; empty where nothing matches."""
    return {} if review.section == "followup" or review.lessons.empty else _values(review)


def learnt(review: Result) -> HTML:
    """The same for a notebook, or a sentence where there is none."""
    if review.lessons.empty:
        return HTML(str(Markup("<p>{}</p>").format(say("lessons.none", review.lang))))  # type: ignore[no-untyped-call]
    return HTML(str(render("lessons.html.jinja", **_values(review), live=True)))  # type: ignore[no-untyped-call]


def _values(review: Result) -> dict[str, Any]:
    told = LessonWords(review, review.lang).told(review.lessons)
    more = say("lessons.more", review.lang, n=len(told) - MOST) if len(told) > MOST else ""
    return {"title": say("lessons.title", review.lang), "lessons": told[:MOST], "more": more}
