"""What people wrote, for places that would read it as something else: a terminal, a chat, a spreadsheet."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterable, Sequence

JOINER = "\u200d"
"""The one sign nobody sees that stays: it holds parts of a picture sign together."""
_FORMULA = re.compile(r"[\s\x00-\x1f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]|[\t\r\n]")
"""What a spreadsheet takes for a formula, signs nobody sees before it included."""
_MARKUP = str.maketrans({sign: chr(ord(sign) + 0xFEE0) for sign in "*`<>[]@|~\\&#"})
"""Signs that chats read as markup or mentions, and their wide forms, which look alike and do nothing."""
_EDGE = re.compile(r"(?<!\w)_+|_+(?!\w)")
_DOT = re.compile(r"(?<=\w)\.(?=[^\W\d_]{2})")
_TURNED = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])
"""Signs that turn the direction of reading, so that a text is not what it looks like."""


def one_line(text: str) -> str:
    r"""A text without line ends and signs nobody sees, so that it can steer neither a terminal nor a list.

    Example:
        >>> one_line("two\nlines\x1b[31m")
        'two lines [31m'
    """
    return " ".join("".join(sign if sign.isprintable() or sign == JOINER else " " for sign in text).split())


def tame(text: str) -> str:
    """A value as plain text of a chat: no markup, no mention, no address that turns into a link.

    Example:
        >>> tame("**now** @all")
        '＊＊now＊＊ ＠all'
    """
    text = one_line(text).translate(_MARKUP).replace("://", "：//")
    return _DOT.sub("\u2024", _EDGE.sub(lambda found: "＿" * len(found[0]), text))


def spreadsheet(columns: Sequence[str], rows: Iterable[Sequence[str | float]]) -> bytes:
    r"""A table as CSV that a spreadsheet opens and that holds no formula.

    Args:
        columns: Header.
        rows: Texts and numbers; NaN = an empty cell.

    Returns:
        UTF-8 with its mark, lines ending as spreadsheets want them, every cell in quotation marks. A text that a
        spreadsheet would take for a formula begins with ``'``, and none turns the direction of reading. Numbers are
        plain.

    Example:
        >>> spreadsheet(["what", "votes"], [["=cmd()", 3]]).decode("utf-8-sig")
        '"what","votes"\r\n"\'=cmd()","3"\r\n'
    """
    file = io.StringIO()
    writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return file.getvalue().encode("utf-8-sig")


def _cell(value: str | float) -> str:
    if not isinstance(value, str):
        return "" if math.isnan(value) else f"{value:.12g}"
    text = value.translate(_TURNED)
    return f"'{text}" if _FORMULA.match(text) else text
