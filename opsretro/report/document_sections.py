"""What the printed document says of each section: the answer, one overview, the table, how sure, what stands out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from opsretro.report.document_blocks import Block, card, deed, figure, items, pairs, ruled, table, texts
from opsretro.words import say

MOST_CARDS, MOST_DEEDS, MOST_ROWS = 6, 12, 40
"""Subjects, actions and rows that are printed; the page has all of them."""
SHARE = 0.8
"""Width of the picture of one subject: smaller than an overview, its letters as large as those of a table."""
Parts = Mapping[str, Any]
Printed = tuple[list[Block], int]
"""Blocks, and how many subjects are on the page only."""


def printed(section: str, parts: Parts, lessons: Parts, lang: str) -> list[Block]:
    """The blocks of a section.

    Args:
        section: Its key.
        parts: What its view made for the page.
        lessons: What the team learnt earlier; empty = nothing.
        lang: ``zh-CN`` or ``en``.
    """
    blocks, left = _KINDS[section](parts, lang)
    learnt = [(lesson["rule"], _seen(lesson)) for lesson in lessons.get("lessons", ())]
    return [
        *texts("answer", parts["headline"]),
        *blocks,
        *texts("small", say("document.more", lang, n=left) if left else ""),
        *items(*learnt, title=lessons.get("title", "")),
    ]


def _seen(lesson: Mapping[str, str]) -> str:
    return " · ".join(filter(None, (lesson["subjects"], lesson["seen"], lesson["until"])))


def _goals(parts: Parts, _: str) -> Printed:
    flagged = [one for one in parts["cards"] if one["open"]]
    found = [
        *figure(parts["overview_title"], parts["overview"], parts["overview_key"]),
        *ruled(parts["table"]),
        *texts("small", parts["worse"], parts["certainty"], parts["score"]["title"]),
    ]
    for one in flagged[:MOST_CARDS]:
        days = one["days"] or {"title": "", "pictures": None, "key": ""}
        found += card(
            one["title"],
            texts("text", one["explanation"]),
            figure("", one["pictures"], one["compare"] or one["caption"], alt=one["title"], share=SHARE),
            figure(days["title"], days["pictures"], days["key"], share=SHARE),
            texts("small", one["turn"], one["rebased"]),
        )
    return found, len(flagged[MOST_CARDS:])


def _roi(parts: Parts, _: str) -> Printed:
    if "recaps" not in parts:
        return [], 0
    flagged = [one for one in parts["recaps"] if one["open"]]
    found = [
        *figure(parts["portfolio_title"], parts["portfolio"], parts["portfolio_key"]),
        *ruled(parts["table"]),
        *texts("small", parts["certainty"]),
    ]
    for one in flagged[:MOST_CARDS]:
        found += card(
            one["title"],
            texts("text", one["say"]),
            figure(one["course_title"], one["course"], one["course_key"], share=SHARE),
            texts("small", one["turn"]),
            pairs(one["results"]),
            items(*one["warnings"]),
            figure(one["split_title"], one["split"], one["split_key"], share=SHARE),
        )
    return found, len(flagged[MOST_CARDS:])


def _causes(parts: Parts, lang: str) -> Printed:
    flagged = [one for one in parts["cards"] if any(one["courses"]) or one["trees"]]
    found = [
        *figure(parts["title"], parts["bars"], parts["key"]),
        *ruled(parts["table"]),
        *texts("small", parts["certainty"]),
    ]
    for one in flagged[:MOST_CARDS]:
        courses = [course for course in one["courses"][:1] if course]
        found += card(
            one["title"],
            texts("text", one["say"]),
            *(figure(course["title"], course["pictures"], course["key"], share=SHARE) for course in courses),
            items(*one["leads"], title=say("cause.heading.leads", lang)),
            texts("small", one["ruled"]),
            _trees(one["trees"], lang),
        )
    return [*found, *_trees(parts["trees"], lang)], len(flagged[MOST_CARDS:])


def _trees(trees: list[Parts], lang: str) -> list[Block]:
    last = len(trees) - 1
    key = say("document.tree_key", lang)
    return [
        block
        for place, tree in enumerate(trees)
        for block in figure(tree["title"], tree["pictures"], key if place == last else "")
    ]


def _health(parts: Parts, lang: str) -> Printed:
    beside = " ".join(filter(None, (say("health.beside.key", lang), parts["few"])))
    return [
        *figure(parts["title"], parts["overview"], say("health.overview.key", lang)),
        *ruled(parts["table"]),
        *texts("small", parts["certainty"]),
        *items(*parts["changed"], title=say("health.heading.changed", lang)),
        *items(*parts["cannot"], title=say("health.heading.cannot", lang)),
        *figure(parts["beside_title"], parts["beside"], beside),
        *items(*parts["questions"], title=say("health.heading.questions", lang)),
    ], 0


def _followup(parts: Parts, lang: str) -> Printed:
    found, left = [], 0
    if overview := parts["grid"] or parts["forest"]:
        key = say("followup.grid.key" if parts["grid"] else "followup.forest.key", lang)
        found += figure(overview["title"], overview["pictures"], key)
    for group in parts["groups"]:
        found += texts("head", group["title"])
        found += [_line(line) for line in group["lines"][:MOST_DEEDS]]
        left += len(group["lines"][MOST_DEEDS:])
    lessons = [(one["rule"], " · ".join((one["seen"], one["until"]))) for one in parts["lessons"]["held"][:MOST_CARDS]]
    return [
        *found,
        *texts("small", parts["certainty"]),
        *items(*parts["load"], title=say("followup.heading.load", lang) if parts["load"] else ""),
        *items(*lessons, title=say("followup.heading.lessons", lang)),
    ], left


def _line(line: Parts) -> Block:
    meta = " · ".join(filter(None, (*line["meta"], line["late"])))
    return deed(
        line, says=[line["say"]], meta=meta, asks=line["asks"], picture=line["chart"] or "", label=line["metric"]
    )


def _meeting(parts: Parts, lang: str) -> Printed:
    found = texts("small", parts["state"])
    for group in parts["decisions"]:
        found += texts("head", group["title"])
        for line in group["lines"]:
            meta = " · ".join([line["id"], *line["meta"]])
            found.append(deed(line, says=[*line["says"], line["control"]], meta=meta, asks=line["lacking"]))
    columns = [say(f"minutes.column.{name}", lang) for name in ("topic", "votes", "cards")]
    for group in parts["wanted"]:
        found += texts("head", say("minutes.wanted.title", lang, name=group["title"]))
        found += table(columns, group["rows"]) + texts("small", group["more"])
    return [*found, *items(*parts["parked"], title=say("minutes.heading.parked", lang))], 0


def _months(parts: Parts, lang: str) -> Printed:
    earned = [[one["activity"], one["verdict"], one["roi"], one["attributed"]] for one in parts["activities"]]
    did = [(f"{one['name']}: {one['verdict']}", f"{one['metric']} {one['effect']}") for one in parts["actions"]]
    columns = [say(f"months.column.{name}", lang) for name in ("activity", "verdict", "roi", "attributed")]
    return [
        *items(*parts["sentences"]),
        *ruled(parts["table"]),
        *texts("head", say("months.heading.activities", lang) if earned else ""),
        *table(columns, earned[:MOST_ROWS]),
        *items(*did[:MOST_DEEDS], title=say("months.heading.actions", lang)),
        *texts("small", *parts["gaps"]),
    ], len(did[MOST_DEEDS:])


def _own(parts: Parts, _: str) -> Printed:
    names = [name for name, _ in parts["columns"]]
    numbers = [place for place, (_, is_number) in enumerate(parts["columns"]) if is_number]
    title = [] if parts["pictures"] else texts("head", parts["title"])
    return [
        *figure(parts["title"], parts["pictures"], parts["caption"], alt=parts["title"] or parts["headline"]),
        *title,
        *table(names, parts["rows"][:MOST_ROWS], numbers=numbers),
        *texts("small", *parts["left_out"], parts["sure"]),
    ], len(parts["rows"][MOST_ROWS:])


_KINDS: Mapping[str, Callable[[Parts, str], Printed]] = {
    "followup": _followup,
    "goals": _goals,
    "roi": _roi,
    "rootcause": _causes,
    "health": _health,
    "meeting": _meeting,
    "months": _months,
    "own": _own,
}
