"""What a printed document is made of: paragraphs, pictures, tables and cards as plain data, without any markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from opsretro.report.drawing import shorten
from opsretro.report.look import LIGHT

Block = dict[str, Any]
_TOKEN = re.compile(r"var\(--(\w+)(?:,(?:[^()]|\([^()]*\))*)?\)")
ROOM = 60.0
"""Letters of a table that stand side by side on a page."""
WIDEST, WIDER, GAP = 17.0, 36.0, 1.3
"""Letters a column asks for at most (what is longer takes a second line), the same in a table of few, and of a gap."""
FEW = 3
"""Columns of a table that has room for wider ones."""
NEARLY = 0.6
"""Share of the page from which on a table takes all of it."""
LATIN, DIGIT = 0.49, 0.56
"""Width of a Latin letter in its size, on average, and of a digit."""
BROAD = re.compile("[\u00b7\u00d7\u2010-\u2bff\u2e80-\uffef]")
"""Signs as wide as a Chinese letter in the bundled font."""
NUMBERS = range(1, 5)
"""Columns of the sections' tables that hold numbers."""
MOST = 300
"""Letters of a cell; the page has all of them."""
WHOLE, WHOLE_ROWS = 1_200, 14
"""Letters, and rows of a table, that are kept together on one page; more would leave a hole before them."""
LOOK = 6
"""Column that stands out in a row to look at."""


def paper(picture: str) -> str:
    """A picture of a page in the colours of paper: what follows light and dark on a screen is light here.

    Example:
        >>> paper('<path fill="var(--accent,#b4470f)"/>')
        '<path fill="#b4470f"/>'
    """
    return _TOKEN.sub(lambda found: LIGHT[found[1]], str(picture)).strip()


def texts(kind: str, *words: str) -> list[Block]:
    """Paragraphs of one kind (``answer``, ``text``, ``small``, ``strong``, ``head``), those that say nothing left out.

    Example:
        >>> texts("text", "It rose.", "")
        [{'kind': 'text', 'text': 'It rose.'}]
    """
    return [{"kind": kind, "text": str(text)} for text in words if text]


def items(*words: str | tuple[str, str], title: str = "") -> list[Block]:
    """A list, each a text or a text with a small line below it; nothing without any."""
    rows = [[str(part) for part in ((item, "") if isinstance(item, str) else item)] for item in words]
    return [*texts("head", title), {"kind": "list", "items": rows}] if rows else []


def figure(
    title: str, pictures: Mapping[str, str] | None, key: str, *, alt: str = "", share: float = 1.0
) -> list[Block]:
    """A picture between its title and the line that says how to read it; nothing without one.

    Args:
        title: What it says.
        pictures: The picture by size.
        key: How to read it.
        alt: What a screen reader says; empty = the title.
        share: Of the width of the page.
    """
    if not pictures:
        return []
    told = {"title": title, "svg": paper(pictures["wide"]), "key": key, "alt": alt or title}
    return [{"kind": "figure", "share": share, **told}]


def table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    numbers: Sequence[int] | range | None = None,
    look: Sequence[bool] = (),
) -> list[Block]:
    """A table as wide as its words ask for; nothing without rows.

    Args:
        columns: Headings.
        rows: Cells in words.
        numbers: Places of the columns that stand at the right; None = all but the first.
        look: By row, whether it is the one to look at.
    """
    if not rows:
        return []
    cells = [[shorten(str(cell), MOST) for cell in row] for row in rows]
    right = range(1, len(columns)) if numbers is None else numbers
    most = WIDER if len(columns) <= FEW else WIDEST
    asked = [min(max(map(_length, column)), most) + GAP for column in zip(columns, *cells, strict=True)]
    share = sum(asked) / ROOM
    return [
        {
            "kind": "table",
            "columns": list(map(str, columns)),
            "rows": cells,
            "right": [place in right for place in range(len(columns))],
            "widths": _fitting(asked),
            "share": min(share, 1.0) if len(columns) <= FEW or share < NEARLY else 1.0,
            "whole_rows": max(map(_letters, cells)) < WHOLE,
            "whole": len(cells) <= WHOLE_ROWS and sum(map(_letters, cells)) < WHOLE,
            "look": [LOOK if flagged else -1 for flagged in look] or [-1] * len(rows),
        }
    ]


def _fitting(asked: Sequence[float]) -> list[float]:
    """Widths that fit the page: the widest columns give way first, so that short words keep to one line.

    Example:
        >>> _fitting([10.0, 40.0, 30.0])
        [10.0, 25.0, 25.0]
    """
    room, most = ROOM, 0.0
    for place, width in enumerate(sorted(asked)):
        most = room / (len(asked) - place)
        if width > most:
            return [min(one, most) for one in asked]
        room -= width
    return list(asked)


def _length(text: str) -> float:
    broad = len(BROAD.findall(text))
    digits = sum(letter.isdigit() for letter in text)
    return broad + digits * DIGIT + (len(text) - broad - digits) * LATIN


def _letters(row: Sequence[str]) -> int:
    return len("".join(row))


def ruled(found: Mapping[str, Any]) -> list[Block]:
    """The table of a section, as the page has it: numbers in the second to the fifth column, the row to look at."""
    rows = [cells for _, _, cells in found["rows"]]
    return table(found["columns"], rows, numbers=NUMBERS, look=[bool(look) for _, look, _ in found["rows"]])


def pairs(found: Sequence[tuple[str, str]]) -> list[Block]:
    """Labels with their values, three side by side."""
    return [{"kind": "pairs", "pairs": [list(map(str, pair)) for pair in found]}] if found else []


def card(title: str, *blocks: Sequence[Block]) -> list[Block]:
    """One subject: its title, which is in the outline, and what there is to say of it."""
    inside = [block for part in blocks for block in part]
    return [{"kind": "card", "title": title}, *inside] if inside else []


def deed(
    line: Mapping[str, Any], *, says: Sequence[str], meta: str, asks: str, picture: str = "", label: str = ""
) -> Block:
    """An action or a decision: what, who, by when, what became of it, and beside it the picture of its metric."""
    said = "".join([str(line["title"]), *says, meta, asks])
    return {
        "kind": "deed",
        "verdict": line.get("verdict", ""),
        "look": line.get("kind") == "not_moved",
        "title": line["title"],
        "meta": meta,
        "says": [text for text in says if text],
        "asks": asks,
        "svg": paper(picture),
        "label": label,
        "whole": len(said) < WHOLE,
    }
