"""Read cards from an export of a form: what was written for each column of a board, without a trace of who wrote it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import SystemRandom

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.form_headers import Column, Role, asked_item, column_of, is_shared, wording_key
from opsretro.tables.form_labels import HAN, folded, read_answer
from opsretro.tables.form_table import FormTable, read_table
from opsretro.tables.form_values import is_given, role_by_values, tells_who
from opsretro.tables.people import SURNAMES
from opsretro.tables.redact import MARKS, redact

LONGEST_CHOICE = 30
"""Letters of an option in a question of choice."""
_MARKER = re.compile(
    r"^\s*(?:[(（]?(?:\d{1,2}|[一二三四五六七八九十]{1,3})[)）、]|\d{1,2}[.．](?!\d)|[①-⑳]|[A-Za-z][.)](?=\s)"
    r"|\[[ xX]?\]|[-–—*+](?=[\s\u3400-\u9fffA-Za-z])|[•·●○▪◦‣])\s*"
)
"""What stands in front of an entry of a list; ``-5 %`` and ``1.5`` are none."""
_NOTHING = re.compile(r"(?:暂时)?(?:没有?|无)了?|同上|no|see above")
_HIDDEN = re.compile("|".join(re.escape(f"[{mark}]") for marks in MARKS.values() for mark in marks))
_NAME = re.compile(rf"[{SURNAMES}][{HAN}]{{1,2}}|[A-Z][a-z]+(?: [A-Z][a-z]+)+")
_NICKNAME = re.compile(rf"(?=.*[{HAN}]|.*[A-Z\d_]|.* )[\w{HAN} ·.\-]{{4,20}}")
"""What is odd and long enough to be hidden wherever it stands, although it is no name."""
_CALLED = re.compile(r"名|称呼|作者|name|author|alias|handle")
"""Headers below which people call themselves something."""
_OPEN = re.compile(r"什么|哪|怎么|如何|地方|方面|\b(?:what|which|how|where)\b")
_ASKS = re.compile(
    r"[?？吗呢]\s*$|请|最|做[得好到了]|好的|不好|想|亮点|不足|优点|缺点|收获|困难|难点|痛点|问题|计划|行动|经验|教训|成绩|进展|风险|感谢|表扬"
    r"|开心|难过|生气|继续|停止|开始|坚持|\b(?:want|should|could|did|do|does|have|is|are|well|badly|good|bad|better|worse"
    r"|wins?|blockers?|highlights?|lowlights?|actions?|next|glad|sad|mad|risks?|learn\w*|lack\w*|long\w*|liked?|stop\w*"
    r"|start\w*|continue|keep|problems?|issues?|challenges?|plans?|kudos|thanks)\b"
)
"""What a header of a retro form says that asks for what people have to tell."""
_ASKS_WHO = re.compile(r"叫|谁|称|名|\bwho|\bname|\bcall")
_OPTIONS = re.compile(r"\s*[┋;,，；、|\n]\s*")

_NO_CARDS = {Role.IDENTIFIER: "identifier", Role.TOTAL: "choice", Role.MONTH: "choice"}

Log = Counter[tuple[str, str]]
"""How many of each kind and header."""


@dataclass(frozen=True, kw_only=True, eq=False)
class CardForm:
    """The cards of one export, without a trace of who wrote them, when, or in which order.

    Attributes:
        cards: One row a card, in no order, fresh index: column (key of the board's column; "" = nobody can tell which)
            and text (redacted).
        left_out: What was left out: kind, column (header), n. Kinds: ``identifier`` (who, when or from where; n =
            filled cells), ``choice`` (options, groups and scores), ``short`` (answers of a word or two to a question
            the board does not ask: they could be names), ``no_question`` (a header that asks nothing, and nothing the
            board asks: names of another kind, or of places), ``empty`` (blank, 无, n/a …), ``duplicate`` (the same
            twice by one person; header "" = whole rows).
        skipped: Headers of columns of which nothing was read.
        unmatched: Headers of questions that no column of the board surely asks; their cards stand in the column that
            comes closest, or in "".
    """

    cards: pd.DataFrame = field(repr=False)
    left_out: pd.DataFrame
    skipped: tuple[str, ...]
    unmatched: tuple[str, ...]


def read_cards(path: Path, *, columns: Mapping[str, Sequence[str]], roster: Collection[str] = ()) -> CardForm:
    r"""Read the cards in one export of a form, whichever tool wrote it.

    问卷星, Tencent, Feishu, Google and Microsoft Forms as delimited text or workbook. Columns that tell who answered,
    when or from where go first, by their header and by their values. Each line of an answer is a card.

    Args:
        path: The file.
        columns: Names and questions of each column of the board, in both languages, by its key. A header asks for a
            column when it is one of them, or contains one of this column only.
        roster: Names to hide, as `redact`; names of those who answered are hidden too.

    Returns:
        The cards, what was left out, and the headers that need a look. The order is random on every call, on purpose.

    Raises:
        InputError: The file is no table, is locked or cut short, its first rows are no header, or it has no card.
            Names headers and counts, never an answer.

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, "form.csv")
        ...     _ = path.write_text("提交时间,1、保持\n2026/10/25 12:31:36,周会很短\n", encoding="gb18030")
        ...     read_cards(path, columns={"keep": ["保持", "Keep"]}).cards.to_dict("records")
        [{'column': 'keep', 'text': '周会很短'}]
    """
    wordings = {wording_key(name): key for key, names in columns.items() for name in (key, *names)}
    table = read_table(path, lambda header: _landmark(header, wordings))
    asked = [column_of(place, header, wordings) for place, header in enumerate(table.header)]
    if not any(column.item for column in asked) and any(tells_who(cell) or _is_score(cell) for cell in table.header):
        raise InputError([Problem(code="survey_no_header", source=path.name)])
    log: Log = Counter()
    cells = _once(table, asked, log)
    judged = [_judged(column, cells[column.place], columns) for column in asked]
    log.update({(kind, column.label): _filled(cells[column.place]) for column, kind in judged if kind != "card"})
    questions = [column for column, kind in judged if kind == "card"]
    people = {*roster, *_names(cells, [column for column, kind in judged if kind == "identifier"])}
    found = [
        (column.item or _closest(column.label, columns), text)
        for column in questions
        for text in _texts(cells[column.place], people, column.label, log)
    ]
    if not found:
        values = {"rows": str(len(table.cells)), "columns": str(len(table.header))}
        raise InputError([Problem(code="cards_none", source=path.name, values=values)])
    skipped = [column.label for column, kind in judged if kind != "card"]
    return _form(found, log, skipped, [column.label for column in questions if not column.item])


def _form(cards: list[tuple[str, str]], log: Log, skipped: Sequence[str], unmatched: Sequence[str]) -> CardForm:
    """The form, its cards in no order."""
    SystemRandom().shuffle(cards)
    lines = [(kind, label, n) for (kind, label), n in log.items() if n or kind == "choice"]
    return CardForm(
        cards=pd.DataFrame(cards, columns=["column", "text"], dtype="str"),
        left_out=pd.DataFrame(lines, columns=["kind", "column", "n"]).astype({"n": "int64"}),
        skipped=tuple(skipped),
        unmatched=tuple(unmatched),
    )


def _landmark(header: str, wordings: Mapping[str, str]) -> str:
    """What makes a row the header: questions of the board, and what tools write above their own columns."""
    is_own = column_of(0, header, {}).role is Role.IDENTIFIER
    return asked_item(header, wordings) or (wording_key(header) if is_own else "")


def _is_score(cell: str) -> bool:
    """Whether a cell is a number or a label of a scale, and no numbered text."""
    answer = read_answer(cell)
    return answer.labelled or (answer.code is not None and not re.search(r"[^\W\d_]{2}", cell))


def _once(table: FormTable, asked: list[Column], log: Log) -> pd.DataFrame:
    """Rows repeated in every column once, provided that some column tells one person from another."""
    marks = [table.cells[c.place] for c in asked if c.role is Role.IDENTIFIER and not is_shared(c.label)]
    if not any(mark.nunique() > 1 and 3 * mark.nunique() >= len(mark) for mark in marks):
        return table.cells
    cells = table.cells.drop_duplicates()
    log["duplicate", ""] = len(table.cells) - len(cells)
    return cells


def _judged(column: Column, cells: pd.Series, columns: Mapping[str, Sequence[str]]) -> tuple[Column, str]:
    """A column with the board's column it asks for, and what it holds, its cells considered."""
    if column.role in _NO_CARDS:
        return column, _NO_CARDS[column.role]
    wanted = replace(column, item=column.item or _asks(column.label, columns))
    role = role_by_values(replace(column, role=Role.COMMENT) if wanted.item else column, cells)
    if role is Role.IDENTIFIER:
        return column, "identifier"
    if role is Role.GROUP or _are_choices(cells, asked=column.role is Role.ITEM):
        return column, "choice"
    if role is not Role.COMMENT and not _is_open(column.label, cells):
        return wanted, "short"
    is_asked = wanted.item or _named(column.label, columns) or _closest(column.label, columns) or _is_question(column)
    return wanted, "card" if is_asked else "no_question"


def _is_question(column: Column) -> bool:
    """Whether a header that no column of the board answers to asks for something people write, and not after people.

    ``花名`` or ``所在门店`` does not, whatever stands below: only its owner can say that it is for everybody to read.
    """
    text = folded(column.label)
    return column.role is Role.COMMENT or (
        bool(_OPEN.search(text) or _ASKS.search(text)) and not _ASKS_WHO.search(text)
    )


def _is_open(label: str, cells: pd.Series) -> bool:
    """Whether short answers are some to an open question: asked as one, not after people, and mostly no names."""
    given = [cell.strip() for cell in cells if is_given(cell)]
    text, names = folded(label), sum(bool(_NAME.fullmatch(cell)) for cell in given)
    return bool(_OPEN.search(text)) and not _ASKS_WHO.search(text) and 2 * names < len(given)


def _are_choices(cells: pd.Series, *, asked: bool) -> bool:
    """Whether cells are scores, labels of a scale, or few short options again and again.

    People who answer a question of the board may well be of one mind: only scores are no cards there.
    """
    given = [cell for cell in cells if is_given(cell)]
    if 2 * sum(map(_is_score, given)) > len(given):
        return True
    options = [option for cell in given for option in _OPTIONS.split(cell.strip()) if option]
    few = len(given) >= 4 and 2 * len(set(options)) <= len(options)
    return not asked and few and max(map(len, options)) <= LONGEST_CHOICE


def _asks(label: str, columns: Mapping[str, Sequence[str]]) -> str:
    """The one column whose name or question stands in a header; "" when none or several do."""
    keys = _named(label, columns)
    return keys.pop() if len(keys) == 1 else ""


def _named(label: str, columns: Mapping[str, Sequence[str]]) -> set[str]:
    """The columns whose name or question stands in a header."""
    text = folded(label)
    return {key for key, names in columns.items() if any(_stands_in(folded(name), text) for name in names)}


def _stands_in(name: str, text: str) -> bool:
    """Whether a name of two letters or more stands in a text and nothing denies it."""
    if re.search(f"[{HAN}]", name):
        return len(name) >= 2 and bool(re.search(rf"(?<![不没无未]){re.escape(name)}", text))
    return len(name) >= 2 and bool(re.search(rf"(?<!not )\b{re.escape(name)}(?:s|ed|ing)?(?!\w)", text))


def _closest(label: str, columns: Mapping[str, Sequence[str]]) -> str:
    """The column with which a header has most words in common that no other column has; "" when none leads."""
    pieces = {key: set().union(*(_pieces(name) for name in names)) for key, names in columns.items()}
    shared = Counter(piece for own in pieces.values() for piece in own)
    score = {key: sum(shared[piece] == 1 for piece in own & _pieces(label)) for key, own in pieces.items()}
    best = max(score.values(), default=0)
    leading = [key for key, n in score.items() if n == best]
    return leading[0] if best and len(leading) == 1 else ""


def _pieces(text: str) -> set[str]:
    """Pairs of Chinese characters, and other words of three letters or more."""
    plain = folded(text)
    pairs = re.findall(rf"(?=([{HAN}]{{2}}))", plain)
    return {*pairs, *re.findall(rf"[^\W\d_{HAN}]{{3,}}", plain)}


def _names(cells: pd.DataFrame, columns: list[Column]) -> Iterator[str]:
    """Names of those who answered, so that a card of another one does not tell them."""
    for column in columns:
        if not is_shared(column.label):
            told = {cell.strip() for cell in cells[column.place].unique()}
            is_called = bool(_CALLED.search(folded(column.label)))
            yield from (cell for cell in told if _NAME.fullmatch(cell) or (is_called and _NICKNAME.fullmatch(cell)))


def _texts(cells: pd.Series, people: Collection[str], label: str, log: Log) -> Iterator[str]:
    """What is said in the cells of one question, redacted; the rest goes into the log."""
    lines = [(place, _MARKER.sub("", line, count=1)) for place, cell in cells.items() for line in cell.splitlines()]
    given = [(place, line) for place, line in lines if _says(line)]
    said = [(place, line) for place, line in given if not tells_who(line)]
    redacted = redact([line for _, line in said], people)
    told = [(place, text.strip()) for (place, _), text in zip(said, redacted, strict=True)]
    told = [(place, text) for place, text in told if _says(_HIDDEN.sub("", text))]
    once = dict.fromkeys(told)
    log["empty", label] += len(cells) - len({place for place, _ in given})
    log["identifier", label] += len(given) - len(told)
    log["duplicate", label] += len(told) - len(once)
    yield from (text for _, text in once)


def _says(text: str) -> bool:
    plain = folded(text).strip(" 。.!！~～")
    return is_given(plain) and read_answer(plain).kind != "unsure" and not _NOTHING.fullmatch(plain)


def _filled(cells: pd.Series) -> int:
    return sum(map(is_given, cells))
