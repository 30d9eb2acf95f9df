"""The minutes as a chat, a spreadsheet or a page of its own takes them; what people wrote stays text in each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from opsretro.report import numbers
from opsretro.report.look import css_tokens
from opsretro.report.minutes_view import MinutesView
from opsretro.report.plain_text import spreadsheet, tame
from opsretro.report.sections import SECTIONS
from opsretro.report.templates import render, style
from opsretro.words import pick, say

if TYPE_CHECKING:
    from opsretro.analysis.minutes import Minutes

COLUMNS = (
    "kind", "month", "board", "column", "text", "topic", "n_cards", "votes", "basis", "verify", "control", "ledger_id",
    "owner", "due", "metric", "direction", "expected_effect", "when", "then", "section", "since",
)  # fmt: skip
"""Columns of the CSV; of each kind of line (decision, topic, card, fact, parked) some are empty."""
_LEAD = re.compile(r"^(?:[-+]|(\d+)([.)])(?=\s))")
"""Signs that begin a list or a line at the start of a text."""
_NO_PICTURES: Mapping[str, Markup] = {}

Part = Mapping[str, Any]


def markdown(minutes: Minutes, lang: str) -> str:
    """The minutes for a chat, a wiki or a repository: headings and lists, no table.

    Args:
        minutes: Of one meeting or of several.
        lang: ``zh-CN`` or ``en``.

    Returns:
        Markdown. Values cannot become markup, links or mentions.
    """
    shown = MinutesView(minutes.in_language(lang))
    word, parts = shown.text.word, shown.parts()
    about = " · ".join(filter(None, [pick(minutes.context.team, lang), shown.text.held()]))
    blocks = [f"# {tame(_title(minutes, lang))}", tame(about), tame(parts["headline"]), tame(parts["state"])]
    for group in parts["decisions"]:
        blocks += _under(word("heading.decisions"), group["title"], [_decided(line) for line in group["lines"]])
    for group in parts["wanted"]:
        blocks += _under(word("wanted.title", name=group["title"]), "", [_item(text) for text in group["says"]])
    for board in parts["boards"]:
        blocks += _board(board)
    blocks += _under(word("heading.facts"), "", [_item(text) for text in parts["facts"]])
    blocks += _under(word("heading.parked"), "", [_item(text) for text in parts["parked"]])
    return "\n\n".join(block for block in blocks if block) + "\n"


def _under(heading: str, more: str, items: Sequence[str]) -> list[str]:
    """A heading and a list; nothing where the list is empty."""
    title = f"{heading} · {more}" if more else heading
    return [f"## {tame(title)}", "\n".join(items)] if items else []


def _decided(line: Part) -> str:
    told = [*line["says"], line["control"], line["lacking"]]
    about = [" · ".join([line["id"], *line["meta"]]), *(text for text in told if text)]
    return "\n".join([f"- **{tame(line['title'])}**", *(f"  {_item(text)}" for text in about)])


def _board(board: Part) -> list[str]:
    items = [[f"- {tame(column['name'])}", *map(_card, column["cards"])] for column in board["columns"]]
    lines = [line for item in items if len(item) > 1 for line in item]
    return [f"## {tame(board['title'])}", tame(board["note"]), "\n".join(lines)] if lines or board["note"] else []


def _card(card: Part) -> str:
    return f"  {_item(' · '.join([card['text'], *card['remarks']]))}"


def _item(text: str) -> str:
    """A line of a list; a text that looks like the beginning of another list is none."""
    wide = {"-": "－", "+": "＋", ".": "．", ")": "）"}
    told = _LEAD.sub(lambda found: f"{found[1]}{wide[found[2]]}" if found[1] else wide[found[0]], tame(text))
    return f"- {told}"


def csv_bytes(minutes: Minutes, lang: str) -> bytes:
    """The minutes as CSV: one row a decision, a topic, a card, a fact, a card of the parking lot.

    Args:
        minutes: Of one meeting or of several.
        lang: Language of the texts; the header is the same in both.

    Returns:
        As `plain_text.spreadsheet`: UTF-8 with its mark, nothing in it is a formula. Numbers are plain (an effect is a
        ratio), days ISO.
    """
    rows = [dict.fromkeys(COLUMNS, "") | row for row in _rows(MinutesView(minutes.in_language(lang)))]
    return spreadsheet(COLUMNS, [list(row.values()) for row in rows])


def _rows(shown: MinutesView) -> Iterator[dict[str, Any]]:
    review, text = shown.review, shown.text
    names = {(row["month"], row["key"]): text.named(row) for _, row in review.boards.iterrows()}
    headings = {(row["month"], row["board"], row["key"]): text.named(row) for _, row in review.columns.iterrows()}
    titles = {(row["month"], row["id"]): row["title"] for _, row in review.topics.iterrows()}
    for _, row in review.decisions.iterrows():
        told = {name: text.either(row, name) for name in ("when", "then")}
        plain = {name: row[name] for name in ("month", "owner", "due", "metric", "direction", "expected_effect")}
        own = {"text": text.either(row, "title"), "ledger_id": row["id"], "control": row["controllable"]}
        yield {"kind": "decision", **own, **told, **plain}
    for _, row in review.topics.iterrows():
        board = names[row["month"], row["board"]]
        plain = {name: row[name] for name in ("month", "n_cards", "votes")}
        yield {"kind": "topic", "board": board, "text": row["title"], **plain}
    for _, row in review.cards.iterrows():
        place = {"board": names[row["month"], row["board"]], "topic": titles.get((row["month"], row["topic"]), "")}
        place["column"] = headings.get((row["month"], row["board"], row["column"]), row["column"])
        plain = {name: row[name] for name in ("month", "text", "votes", "basis", "verify", "control")}
        yield {"kind": "card", **place, **plain}
    for _, row in review.facts.iterrows():
        yield {"kind": "fact", "month": row["month"], "section": row["section"], "text": text.either(row, "text")}
    for _, row in review.parked.iterrows():
        board = names.get((row["month"], row["board"]), row["board"])
        yield {"kind": "parked", "board": board, **{name: row[name] for name in ("month", "text", "since")}}


def html(minutes: Minutes, lang: str, *, pictures: Mapping[str, Markup] = _NO_PICTURES) -> str:
    """The minutes as one page that needs nothing else: it opens offline, prints, and reads on a phone.

    It is what a room goes on with when the screen dies: besides the minutes it has the questions that are still ahead.

    Args:
        minutes: Of one meeting or of several.
        lang: ``zh-CN`` or ``en``.
        pictures: What else stands on it, such as last month's actions: markup of ours by section of the month
            (``followup``), or by heading.
    """
    linked = minutes if "followup" in pictures else minutes.beside([])
    shown = MinutesView(linked.in_language(lang))
    known = {section.key: say(f"page.section.{section.key}", lang) for section in SECTIONS}
    return str(
        render(
            "minutes_page.html.jinja",
            lang=lang,
            word=shown.text.word,
            title=_title(minutes, lang),
            team=pick(minutes.context.team, lang),
            held=shown.text.held(),
            tokens=Markup(css_tokens()),  # noqa: S704 - constants of ours
            style=style(),
            agenda=shown.agenda(),
            pictures=[(known.get(key, key), markup) for key, markup in pictures.items()],
            **shown.parts(),
        )
    )


def _title(minutes: Minutes, lang: str) -> str:
    return say("minutes.title", lang, period=numbers.period(minutes.period, lang))
