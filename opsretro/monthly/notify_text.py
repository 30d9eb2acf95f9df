"""What people are told when a run has ended: short, plain text, and only what stands on the page or in the log."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from opsretro.errors import InputError, Problem
from opsretro.monthly.notify import Message
from opsretro.monthly.pages import page_files
from opsretro.monthly.publish import MANIFEST
from opsretro.monthly.reuse import read_object
from opsretro.report import numbers
from opsretro.report.plain_text import one_line, tame
from opsretro.report.sections import SECTIONS
from opsretro.tables.period import LAST, Period
from opsretro.tables.settings import read_settings
from opsretro.words import LANGUAGES, pick, say

if TYPE_CHECKING:
    from opsretro.analysis.alerts import Alerts
    from opsretro.analysis.teams import TeamMonth, TeamsReview
    from opsretro.monthly.run import Published
    from opsretro.report.follow_text import FollowText
    from opsretro.report.teams_page import TeamsWords

PLACE = "OPSRETRO_REPORT_URL"
"""Environment variable: where the folder of the reports can be read, such as ``https://intranet/retro``."""
FINDINGS, ACTIONS, PROBLEMS, SIGNALS, FAILED = 3, 5, 3, 5, 4
DAYS = 14
"""Days before it is due in which an action is told."""
OCTETS = {"title": 180, "finding": 280, "line": 130}
"""Longest texts: WeCom takes 2,048 octets, and a Chinese sign has three."""
_HARMLESS = re.compile(r"[\w ./:,+=()%-]+")
_USER = re.compile(r"(?<=://)[^/@\s]*@")


def of_month(published: Published, label: str, workspace: Path, out: Path, lang: str) -> Message:
    """What to say of a month that was run: findings, actions that are due, what failed, where the page is.

    Args:
        published: What the run made.
        label: The month, quarter or year.
        workspace: Folder of the tables.
        out: The reports folder the addresses of pages are relative to.
        lang: ``zh-CN`` or ``en``.
    """
    page, failed = published.page, len(published.failed)
    if page is None:
        outcome = say("notify.outcome.kept", lang, n=failed)
        place = say("notify.earlier", lang, place=where(_page(out / label, lang), out))
        body = _body(_failures(published.why, lang), [place])
        return Message(title=title(workspace, _retro(label, lang), outcome, lang), body=body, outcome="failure")
    outcome = say("notify.outcome.partly", lang, n=failed) if failed else say("notify.outcome.published", lang)
    said = read_object(page.parent / MANIFEST)
    place = say("notify.page", lang, place=where(_page(page.parent, lang), out))
    found, due = _findings(page.parent, said, lang), _due(page.parent, lang)
    body = _body(_failures(published.why, lang), found, due, [place])
    name = title(workspace, _retro(str(said.get("period", label)), lang), outcome, lang)
    return Message(title=name, body=body, outcome="warning" if failed else "success")


def of_teams(review: TeamsReview, page: Path, out: Path, lang: str) -> Message:
    """What to say of a month of many teams: where they stand, which have not published and why, where the page is.

    Args:
        review: What they published.
        page: The page over all of them.
        out: The reports folder the addresses of pages are relative to.
        lang: ``zh-CN`` or ``en``.
    """
    from opsretro.report.teams_page import TeamsWords

    words = TeamsWords(review, lang)
    bad = [team for team in review.teams if team.state != "published"]
    why = [(_called(team, words), next(iter(team.why.get(lang, ())), "")) for team in bad[:FAILED]]
    outcome = say("notify.outcome.teams", lang, n=len(bad)) if bad else say("notify.outcome.published", lang)
    found = _conclusions(words.sentences(), lang)
    place = say("notify.page", lang, place=where(_page(page.parent, lang), out))
    name = title(say("teams.count", lang, n=len(review.teams)), _retro(review.period, lang), outcome, lang)
    more = [say("notify.more", lang, n=len(bad) - FAILED)] if len(bad) > FAILED else []
    body = _body([*_because(why, lang), *more], found, [place])
    return Message(title=name, body=body, outcome="warning" if bad else "success")


def _called(team: TeamMonth, words: TeamsWords) -> str:
    """A team's name, with its folder where another has the same."""
    known = words.linked(team, {})
    return " ".join(filter(None, [known["name"], known["folder"]]))


def of_refusal(month: str, workspace: Path | str, problems: Sequence[Problem], lang: str) -> Message:
    """What to say when the input was refused: how many problems there are, and the first of them."""
    texts = [problem.line(lang) for problem in problems]
    lines = [say("notify.problems", lang, n=len(texts)), *_list(texts, PROBLEMS, lang)]
    outcome = say("notify.outcome.refused", lang)
    return Message(title=title(workspace, _retro(month, lang), outcome, lang), body=_body(lines), outcome="failure")


def of_failure(month: str, workspace: Path | str, why: str, lang: str) -> Message:
    """What to say when the result could not be written."""
    name = title(workspace, _retro(month, lang), say("notify.outcome.not_written", lang), lang)
    return Message(title=name, body=_short(tame(why), "finding"), outcome="failure")


def of_alerts(found: Alerts, workspace: Path, lang: str) -> Message:
    """What to say of new daily signals: a sentence each."""
    from opsretro.report.alert_text import lines

    day = say("notify.of_day", lang, day=numbers.day(found.day, lang))
    name = title(workspace, day, say("notify.alerts", lang, n=len(found.signals)), lang)
    return Message(title=name, body=_body(_list(lines(found, lang), SIGNALS, lang)), outcome="warning")


def title(workspace: Path | str, what: str, outcome: str, lang: str) -> str:
    """The first line: whose it is (the team of a workspace, or a text), what it is and how it ended."""
    name = workspace if isinstance(workspace, str) else pick(read_settings(workspace)[0].team, lang)
    team = tame(name) or tame(Path(workspace).absolute().name)
    return say("notify.title", lang, team=_short(team, "line"), what=tame(what), outcome=outcome)


def where(page: Path, out: Path, environment: Mapping[str, str] = os.environ) -> str:
    """Where a page is read: below the address people know it by, or the path of its file.

    Args:
        page: The file.
        out: The folder that address stands for.
        environment: May hold `PLACE`; a user and a password in it are left out.
    """
    base = one_line(environment.get(PLACE, "")).rstrip("/")
    if not base or not page.is_relative_to(out):
        return str(page) if _HARMLESS.fullmatch(str(page)) else tame(str(page))
    whole = f"{_USER.sub('', base)}/{quote(page.relative_to(out).as_posix())}"
    return quote(whole, safe="/:%?&=+,;.-")


# -- parts -----------------------------------------------------------------------------------------------------------


def _retro(label: str, lang: str) -> str:
    if label == LAST:
        return say("notify.last", lang)
    try:
        return say("notify.retro", lang, period=numbers.period(Period.parse(label).label, lang))
    except InputError:
        return say("notify.retro", lang, period=_short(label, "line"))


def _page(folder: Path, lang: str) -> Path:
    """The page in this language, where there is one."""
    page = folder / page_files(LANGUAGES)[lang]
    return page if page.exists() else folder / "index.html"


def _failures(why: Mapping[str, Mapping[str, str]], lang: str) -> Iterator[str]:
    names = {section.key: say(f"page.section.{section.key}", lang) for section in SECTIONS}
    return _because([(names.get(key, key), pick(texts, lang)) for key, texts in why.items()], lang)


def _because(why: Sequence[tuple[str, str]], lang: str) -> Iterator[str]:
    """What failed and why, an item each."""
    if why:
        yield say("notify.failed", lang)
    for name, text in why:
        yield _item(say("notify.because", lang, section=name, why=text), lang)


def _findings(folder: Path, said: Mapping[str, Any], lang: str) -> Iterator[str]:
    """The conclusions of the page that come first; what an older version published is put into words again."""
    told = said.get("says", {}).get(lang, {}).get("conclusions")
    return _conclusions(_said_by(folder, lang) if told is None else told, lang)


def _conclusions(sentences: Sequence[str], lang: str) -> Iterator[str]:
    if sentences:
        yield say("notify.findings", lang)
    for place, text in enumerate(sentences[:FINDINGS], start=1):
        yield say("notify.numbered", lang, place=place, text=_short(tame(str(text)), "finding"))


def _said_by(folder: Path, lang: str) -> list[str]:
    """The first conclusion of each section."""
    from opsretro.report.views import load, view

    saved = [data for section in SECTIONS if (data := read_object(folder / f"{section.key}.json"))]
    shown = [view(load(data, lang=lang)).conclusions() for data in saved]
    return [str(sentences[0][0]) for sentences in shown if sentences]


def _due(folder: Path, lang: str) -> Iterator[str]:
    """Open actions that are overdue or will soon be due, those that wait longest first."""
    data = read_object(folder / "followup.json")
    if not data:
        return
    from opsretro.analysis.follow_review import FollowUp
    from opsretro.report.follow_text import FollowText

    review = FollowUp.from_dict(data, lang=lang)
    text = FollowText(review, lang)
    today = review.context.as_of or Period.parse(review.period).end.isoformat()
    last = (date.fromisoformat(today) + timedelta(days=DAYS)).isoformat()
    rows = review.open[review.open["status"].isin(("plan", "do")) & review.open["due"].between("0", last)]
    if len(rows):
        yield say("notify.due", lang, days=DAYS)
    told = [_action(text, row, today) for row in rows.sort_values(["due", "id"]).to_dict("records")]
    yield from _list(told, ACTIONS, lang)


def _action(text: FollowText, row: Mapping[str, Any], today: str) -> str:
    lang = text.lang
    owner = text.called(row["owner"]) if row["owner"] else say("followup.owner.none", lang)
    facts = {"title": _short(text.title(row), "line"), "owner": owner, "day": text.day(row["due"])}
    return say("notify.action_late" if row["due"] < today else "notify.action", lang, **facts)


def _list(texts: Sequence[str], most: int, lang: str) -> Iterator[str]:
    """The first texts, an item each, and how many more there are."""
    for text in texts[:most]:
        yield _item(text, lang)
    if len(texts) > most:
        yield say("notify.more", lang, n=len(texts) - most)


def _item(text: str, lang: str) -> str:
    return say("notify.item", lang, text=_short(tame(text), "finding"))


def _short(text: str, kind: str) -> str:
    """A text within its octets, cut between signs."""
    data = one_line(text).encode(errors="replace")
    most = OCTETS[kind]
    return data.decode() if len(data) <= most else data[: most - 3].decode(errors="ignore").rstrip() + "…"


def _body(*blocks: Iterable[str]) -> str:
    """Blocks of lines with an empty line between them."""
    return "\n\n".join(text for block in blocks if (text := "\n".join(block)))
