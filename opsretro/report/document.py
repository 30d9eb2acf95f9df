"""The month as a document to print: what it says in one language, as plain data, out of what the page says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from opsretro import __version__
from opsretro.report.document_blocks import paper
from opsretro.report.drawing import shorten
from opsretro.report.look import FONT, LIGHT
from opsretro.report.page import MonthPage, Shown, page_parts
from opsretro.words import say, without_unseen

FOOT = 60
"""Letters of the team in the footer; a Chinese one counts as two."""
MOST_CHANGES = 8
"""Changes against the period before that the first page lists."""
_LACKING = str.maketrans({"▽": "▼"})
"""Signs of ours that the bundled font lacks."""


def document(page: MonthPage, lang: str, drawn: Mapping[str, Shown]) -> dict[str, Any]:
    """What the document says in one language.

    Args:
        page: What the page shows.
        lang: ``zh-CN`` or ``en``.
        drawn: Sections by key, drawn in this language.

    Returns:
        Texts, pictures and tables, ready for JSON; no text is markup.
    """
    said = page_parts(page, lang, drawn)
    known = {
        "lang": lang,
        "font": FONT,
        "colours": LIGHT,
        "day": _day(page.context.as_of),
        "foot": f"{shorten(said['team'], FOOT)} · {said['title']}",
        "contents": say("document.contents", lang),
        "none_of_it": say("page.none_of_it", lang),
        "method_title": say("page.method", lang),
        "method": [*said["method"][:-1], _made_by(said["team"], lang)],
        "conclusions": [text for text, _ in said["conclusions"]],
        "tiles": [tile | {"picture": paper(tile["picture"])} for tile in said["tiles"]],
        "changes": said["changes"][:MOST_CHANGES],
        "sections": [
            {
                "title": section["title"],
                "short": shorten(section["title"], FOOT),
                "text": section["text"],
                "blocks": _blocks(drawn, section["key"]),
            }
            for section in said["sections"]
        ],
    }
    taken = ("title", "team", "as_of", "conclusions_title", "changes_title", "changed", "changed_title")
    plain: dict[str, Any] = _plain({name: said[name] for name in taken} | known)
    return plain


def _made_by(team: str, lang: str) -> str:
    return say("document.made_by", lang, version=__version__, team=team)


def _blocks(drawn: Mapping[str, Shown], key: str) -> list[Mapping[str, Any]]:
    return list(drawn[key].printed) if key in drawn else []


def _day(as_of: str) -> list[int]:
    """Year, month and day of the data; empty where it is not known."""
    try:
        day = date.fromisoformat(as_of[:10])
    except ValueError:
        return []
    return [day.year, day.month, day.day]


def _plain(value: Any) -> Any:
    """Texts without signs nobody sees, each in one line; pictures as they are."""
    if isinstance(value, Mapping):
        return {name: part if name in ("svg", "picture") else _plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return one_line(without_unseen(value)) if isinstance(value, str) else value


def one_line(text: str) -> str:
    r"""A text in one paragraph, as a browser shows it, with signs the bundled font has.

    Example:
        >>> one_line("met\n  ▽")
        'met ▼'
    """
    return " ".join(text.split()).translate(_LACKING)
