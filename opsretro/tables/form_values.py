"""What the cells of a survey column say about it when its header does not: identities, groups, free text."""

from __future__ import annotations

import re

import pandas as pd

from opsretro.tables.form_headers import Column, Role
from opsretro.tables.form_labels import HAN, folded, read_answer

_DATE = r"\d{4}\s*[-/.年]\s*\d{1,2}\s*(?:[-/.月]\s*\d{1,2}\s*日?|月?)|\d{1,2}[-/.]\d{1,2}[-/.](?:\d{4}|\d{2})"
_TIME = r"(?:[上下]午|[ap]m)?\s*\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?\s*(?:[ap]m)?\s*(?:z|gmt\S*|utc\S*|[+-]\d{2}:?\d{2})?"
_TELLS_WHO = re.compile(
    r"[^\s@]+@[^\s@]+\.[^\s@]+"
    r"|(?:\+?86[- ]?)?1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}[- ]?\d{7,8}|\+\d[\d ()-]{6,18}"
    r"|\(?\d{3}\)?[- ]\d{3}[- ]\d{4}"
    r"|\d{1,3}(?:\.\d{1,3}){3}\s*(?:\(.*\))?|(?:[0-9a-f]{0,4}:){2,7}[0-9a-f]{0,4}"
    rf"|(?:{_DATE})[\s,t]*(?:{_TIME})?|{_TIME}|\d{{5}}\.\d+"
    r"|(?:\d+(?:\.\d+)?\s*(?:秒|分钟|分|小时|seconds?|minutes?|min|s)\s*)+"
    r"|\d{6,}|\d{14,17}[\dx]|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{16,}|wxid_\w+|@\S+|o[\w-]{24,}"
)
"""Mail, phone, IP, dates and times, durations, long numbers, id cards, keys of devices and accounts."""
_CODE = re.compile(r"(?=.*\d)[\w.#-]{1,32}", re.ASCII)
_MONTH = re.compile(r"(\d{4})\s*[-/.年]?\s*(0?[1-9]|1[0-2])\s*月?(?:[-/.]?0?1日?(?: 00:00:00)?)?")
_NOTHING = re.compile(r"无|没有|暂无|没|nothing|nope|n/?a|\W+")
MOST_GROUPS, LONGEST_GROUP, SHORTEST_TEXT = 12, 30, 5


def tells_who(cell: str) -> bool:
    """Whether a cell is nothing but a contact, an address, a time or a long number.

    Example:
        >>> [tells_who(cell) for cell in ("138 0013 8000", "2026/10/25 12:31:36", "1-3年", "运营一组")]
        [True, True, False, False]
    """
    return bool(_TELLS_WHO.fullmatch(folded(cell)))


def is_given(cell: str) -> bool:
    """Whether a cell of a group or a comment holds anything."""
    answer = read_answer(cell)
    return answer.kind != "skip" and not _NOTHING.fullmatch(folded(cell))


def as_month(cell: str) -> str | None:
    """A month as `2026-10`; None when it is none.

    Example:
        >>> as_month("2026年10月"), as_month("2026-10-01 00:00:00"), as_month("October")
        ('2026-10', '2026-10', None)
    """
    found = _MONTH.fullmatch(folded(cell))
    return f"{found[1]}-{int(found[2]):02d}" if found else None


def role_by_values(column: Column, cells: pd.Series) -> Role:
    """What a column is, its cells considered.

    Args:
        column: As its header tells.
        cells: Its text.

    Returns:
        `IDENTIFIER` when the values tell who answered, whatever the header says; `UNKNOWN` for what is neither a
        comment nor asks for a group in its header: a question that is no item is left out.
    """
    given = cells[cells.map(is_given).astype("bool")]
    if column.role in {Role.IDENTIFIER, Role.ITEM, Role.TOTAL, Role.MONTH} or not len(given):
        return column.role
    if given.map(tells_who).mean() >= 0.5 or _marks_each(given):
        return Role.IDENTIFIER
    if column.role is Role.COMMENT:
        return Role.COMMENT
    if column.role is Role.GROUP and _are_groups(given):
        return Role.GROUP
    return Role.COMMENT if given.map(_words).mean() >= SHORTEST_TEXT else Role.UNKNOWN


def _words(cell: str) -> int:
    """How much a cell says: each Chinese character and each Latin word is one; names have up to four."""
    return len(re.findall(rf"[{HAN}]|[^\W{HAN}]+", cell))


def _marks_each(given: pd.Series) -> bool:
    """Whether short codes differ from row to row."""
    codes = given.str.strip().map(lambda cell: bool(_CODE.fullmatch(cell)))
    return len(given) >= 3 and bool(codes.all()) and given.nunique() >= 0.9 * len(given)


def _are_groups(given: pd.Series) -> bool:
    """Few short values that are no answers to a question."""
    answers = [read_answer(cell) for cell in given.unique()]
    if given.str.len().max() > LONGEST_GROUP or sum(answer.labelled for answer in answers) * 2 >= len(answers):
        return False
    unlike = len(given) >= 4 and len(answers) == len(given)
    return not unlike and len(answers) <= max(MOST_GROUPS, len(given) // 2)
