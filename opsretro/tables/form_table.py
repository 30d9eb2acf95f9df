"""A survey export as a table of text, whatever file it came in: delimited text in several encodings, or a workbook."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import pandas as pd
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum

from opsretro.errors import InputError, Problem
from opsretro.tables.form_workbook import is_too_large
from opsretro.tables.reader import MAX_FIELD

TITLE_ROWS = 20
"""How far down the header may stand, below titles and notes."""
_BYTE_ORDER = {b"\xef\xbb\xbf": "utf-8-sig", b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
"""Name of the one stream inside a workbook with a password."""
_OTHERS = {b"%PDF": "pdf", b"PAR1": "parquet", b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg"}
_MARKUP = ("<!doctype", "<html", "<?xml", "<head", "<script", "<table", "<meta", "<style", "<body")

Lines = list[list[str]]


@dataclass(frozen=True, kw_only=True)
class FormTable:
    """The answers of one sheet as they stand in the file.

    Attributes:
        header: The header of each column.
        cells: One row an answer, fresh index; columns numbered, since headers may repeat; all text, "" where empty.
        repaired: Rows that were filled up at their end, or repeated the header and were left out.
    """

    header: list[str]
    cells: pd.DataFrame
    repaired: int

    @classmethod
    def joined(cls, tables: Sequence[FormTable]) -> FormTable:
        """Tables with the same header as one."""
        cells = pd.concat([table.cells for table in tables], ignore_index=True)
        return cls(header=tables[0].header, cells=cells, repaired=sum(table.repaired for table in tables))


def read_table(path: Path, known: Callable[[str], str]) -> FormTable:
    """The sheet, the separator and the header row that hold the most items.

    Args:
        path: Delimited text (UTF-8, GB18030, UTF-16; comma, semicolon, tab) or a workbook, told by its content.
        known: The item a header asks for, "" when none.

    Returns:
        The table below that header.

    Raises:
        InputError: The file is no table, is locked, cut short, or has rows longer than its header.
    """
    data, problem = _bytes(path)
    sheets: list[Lines] = []
    if problem is None:
        sheets, wrong = _workbook(data) if data.startswith((_ZIP, _OLE)) else _separated(data)
        lines, row, items = _header_place(sheets, known)
        problem = replace(wrong, source=path.name) if wrong and not items else None
    if problem is not None:
        raise InputError([problem])
    table, long = _below(lines, row)
    if long:
        width = {"width": str(len(table.header))}
        raise InputError([Problem(code="long_row", source=path.name, rows=tuple(long), values=width)])
    if len(lines[-1]) < len(table.header) and not data.startswith((_ZIP, _OLE)) and not _ends_a_line(data):
        raise InputError([Problem(code="cut_file", source=path.name, rows=(len(lines),))])
    return table


def _ends_a_line(data: bytes) -> bool:
    return data.rstrip(b"\x00").endswith((b"\n", b"\r"))


def _header_place(sheets: list[Lines], known: Callable[[str], str]) -> tuple[Lines, int, int]:
    """The sheet and the row of the header, and how many items it has."""
    places = [(lines, row) for lines in sheets for row in range(min(len(lines), TITLE_ROWS))]
    claims = [_fitness(lines[row], known) for lines, row in places]
    best = max(range(len(places)), key=claims.__getitem__, default=None)
    return ([], 0, 0) if best is None else (*places[best], claims[best][0])


def _bytes(path: Path) -> tuple[bytes, Problem | None]:
    try:
        data = path.read_bytes()
    except OSError as error:
        return b"", Problem(code="unreadable", source=path.name, values={"why": error.strerror or "?"})
    if not data.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        return b"", Problem(code="empty_file", source=path.name)
    kind = next((kind for signature, kind in _OTHERS.items() if data.startswith(signature)), "")
    return data, Problem(code="other_format", source=path.name, values={"kind": kind}) if kind else None


def _workbook(data: bytes) -> tuple[list[Lines], Problem | None]:
    """The sheets of a workbook, or what is wrong with it."""
    if data.startswith(_OLE) and _LOCKED in data:
        return [], Problem(code="survey_locked", source="")
    try:
        if data.startswith(_ZIP) and is_too_large(data):
            return [], Problem(code="survey_large", source="")
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        plain = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
        sheets = [[list(map(_text, row)) for row in book.get_sheet_by_name(name).to_python()] for name in plain]
    except PasswordError:
        return [], Problem(code="survey_locked", source="")
    except (CalamineError, ValueError):
        return [], Problem(code="survey_workbook", source="")
    except BaseException as error:  # the reader's own panic on a damaged .xls is no Exception
        if type(error).__name__ != "PanicException":
            raise
        return [], Problem(code="survey_workbook", source="")
    filled = [lines for lines in sheets if lines]
    return filled, None if filled else Problem(code="empty_file", source="")


def _text(cell: object) -> str:
    """A cell as the text a delimited file would hold: 4.0 is 4."""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat(sep=" ") if isinstance(cell, datetime) else str(cell)


def _separated(data: bytes) -> tuple[list[Lines], Problem | None]:
    """The text read once a separator, and what is wrong with it unless one of them shows items all the same."""
    text, wrong = _decode(data)
    if not wrong and text.lstrip().lower().startswith(_MARKUP):
        wrong = Problem(code="web_page", source="")
    if wrong:
        return [], wrong
    readings = [_split(text, separator) for separator in ",;\t"]
    cut = None if all(readings) else Problem(code="cut_file", source="")
    return [lines for lines in readings if lines], cut


def _decode(data: bytes) -> tuple[str, Problem | None]:
    """The text, or what is wrong with it."""
    marked = [encoding for mark, encoding in _BYTE_ORDER.items() if data.startswith(mark)]
    for encoding in marked or ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            if error.reason == "unexpected end of data":
                return "", Problem(code="cut_file", source="")
            continue
        return text, Problem(code="not_text", source="") if "\x00" in text else None
    return "", Problem(code="not_text", source="")


def _split(text: str, separator: str) -> Lines:
    """The lines; none when the text ends inside quotation marks, which would swallow rows."""
    csv.field_size_limit(MAX_FIELD)
    for strict in (True, False):
        try:
            return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict))
        except csv.Error as error:
            if "end of data" in str(error):
                break
    return []


def _fitness(line: list[str], known: Callable[[str], str]) -> tuple[int, int]:
    """A line's claim to be the header: items first, then filled cells. The first of equals wins."""
    filled = [cell for cell in line if cell.strip()]
    return len({item for cell in filled if (item := known(cell))}), len(filled)


def _below(lines: Lines, row: int) -> tuple[FormTable, list[int]]:
    """The table below a header row, and the numbers of rows that are longer than it."""
    header = [cell.strip() for cell in lines[row]]
    while header and not header[-1]:
        header.pop()
    width = len(header)
    numbered = [(number, line) for number, line in enumerate(lines[row + 1 :], row + 2) if "".join(line).strip()]
    long = [number for number, line in numbered if "".join(line[width:]).strip()]
    rows = [line[:width] + [""] * (width - len(line)) for _, line in numbered]
    answers = [line for line in rows if [cell.strip() for cell in line] != header]
    repaired = len(rows) - len(answers) + sum(len(line) < width for _, line in numbered)
    cells = pd.DataFrame(answers, columns=range(width), dtype="str")
    return FormTable(header=header, cells=cells, repaired=repaired), long
