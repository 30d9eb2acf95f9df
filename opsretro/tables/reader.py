"""Read a CSV file as text cells, and say what is wrong with the file itself before any cell is looked at."""

from __future__ import annotations

import csv
import io
import warnings
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem

_MARKUP = ("<!doctype", "<html", "<?xml", "<head", "<script")
_SIGNATURES = {b"PK\x03\x04": "xlsx", b"\xd0\xcf\x11\xe0": "xls", b"PAR1": "parquet", b"%PDF": "pdf"}
MAX_FIELD = 10_000_000


def read_cells(path: Path) -> tuple[pd.DataFrame | None, list[Problem]]:
    """Read every cell of a CSV file as text.

    Args:
        path: A file in UTF-8 (with or without BOM) or GB18030, columns separated by commas.

    Returns:
        The cells (str, empty cells ``""``; index = row number as a spreadsheet shows it, the header being row 1),
        or None when the file cannot be read as a table; and every problem found.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        return None, [Problem(code="unreadable", source=path.name, values={"why": error.strerror or str(error)})]
    text, problems = _decode(data, path.name)
    if problems:
        return None, problems
    frame = _fast(text)
    return (frame, []) if frame is not None else _careful(text, path.name)


def _decode(data: bytes, source: str) -> tuple[str, list[Problem]]:
    if not data.strip(b"\xef\xbb\xbf \t\r\n"):
        return "", [Problem(code="empty_file", source=source)]
    for signature, kind in _SIGNATURES.items():
        if data.startswith(signature):
            return "", [Problem(code="other_format", source=source, values={"kind": kind})]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in data:
        return "", [Problem(code="not_text", source=source)]
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError as error:
            if encoding == "utf-8-sig" and error.reason == "unexpected end of data":
                return "", [Problem(code="cut_file", source=source, rows=(data.count(b"\n") + 1,))]
            continue
        if text.lstrip().lower().startswith(_MARKUP):
            return "", [Problem(code="web_page", source=source)]
        return text, []
    return "", [Problem(code="not_text", source=source)]


def as_text(data: bytes, source: str) -> str:
    """Bytes of a plain text file as text; an empty file is an empty text.

    Raises:
        InputError: They are no text in UTF-8 or GB18030.
    """
    text, problems = _decode(data, source) if data.strip() else ("", [])
    if problems and problems[0].code != "empty_file":
        raise InputError(problems)
    return text


def _fast(text: str) -> pd.DataFrame | None:
    """The whole table in one go, or None when a line may not be as long as the header (then `_careful` names it).

    pandas refuses longer lines but fills shorter ones silently, so the commas are counted: without quotation marks
    every line has as many as the header.
    """
    text = text if text.endswith("\n") else text + "\n"
    header = text[: text.index("\n")].rstrip("\r").split(",")
    lines = text.count("\n")
    if len(header) < 2 or '"' in text or text.count(",") != lines * (len(header) - 1):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False, na_values=[], index_col=False)
    except (pd.errors.ParserError, pd.errors.ParserWarning, ValueError):
        return None
    if len(frame) != lines - 1 or list(frame.columns) != header:
        return None
    frame.columns = [name.strip() for name in header]
    frame.index = pd.RangeIndex(2, len(frame) + 2)
    return frame


def _careful(text: str, source: str) -> tuple[pd.DataFrame | None, list[Problem]]:
    csv.field_size_limit(MAX_FIELD)
    try:
        lines = list(csv.reader(io.StringIO(text, newline="")))
    except csv.Error:
        return None, [Problem(code="not_text", source=source)]
    first = next(number for number, line in enumerate(lines) if any(cell.strip() for cell in line))
    header = [name.strip() for name in lines[first]]
    if len(header) == 1 and (mark := next((mark for mark in ";\t|" if mark in header[0]), "")):
        return None, [Problem(code="wrong_separator", source=source, values={"mark": "Tab" if mark == "\t" else mark})]
    rows = {number: line for number, line in enumerate(lines[first + 1 :], start=first + 2) if line}
    header, rows = _without_empty_columns(header, rows)
    if problems := _header_problems(header, source):
        return None, problems
    problems = _length_problems(rows, len(header), source, cut=not text.endswith(("\n", "\r")))
    good = {number: line for number, line in rows.items() if len(line) == len(header)}
    frame = pd.DataFrame(list(good.values()), columns=header, index=pd.Index(good), dtype=str)
    return frame, problems


def _without_empty_columns(header: list[str], rows: dict[int, list[str]]) -> tuple[list[str], dict[int, list[str]]]:
    """Spreadsheets leave columns at the end that have neither a name nor a cell; they are none."""
    width = len(header)
    while width > 1 and not header[width - 1] and not any("".join(line[width - 1 :]).strip() for line in rows.values()):
        width -= 1
    kept = {number: line[:width] if len(line) <= len(header) else line for number, line in rows.items()}
    return header[:width], kept


def _header_problems(header: list[str], source: str) -> list[Problem]:
    twice = sorted({name for name in header if header.count(name) > 1 and name})
    problems = [Problem(code="column_twice", source=source, column=name) for name in twice]
    if any(not name for name in header):
        problems.append(Problem(code="column_unnamed", source=source, rows=(1,)))
    return problems


def _length_problems(rows: dict[int, list[str]], width: int, source: str, *, cut: bool) -> list[Problem]:
    short = tuple(number for number, line in rows.items() if len(line) < width)
    long = tuple(number for number, line in rows.items() if len(line) > width)
    problems = []
    last = max(rows, default=0)
    if cut and short and short[-1] == last:
        problems.append(Problem(code="cut_file", source=source, rows=(last,)))
        short = short[:-1]
    for code, numbers in (("short_row", short), ("long_row", long)):
        if numbers:
            problems.append(Problem(code=code, source=source, rows=numbers, values={"width": str(width)}))
    return problems
