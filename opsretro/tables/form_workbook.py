"""How large a workbook is, found out before it is read: a few kilobytes can hold a table of billions of cells."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from xml.parsers.expat import ExpatError, ParserCreate

MOST_BYTES = 200_000_000
"""Of all parts of the workbook, unpacked."""
MOST_CELLS = 5_000_000
"""Of one sheet, from its first cell to its last, empty ones included."""
_PLACE = re.compile(r"([A-Z]{1,3})(\d{1,7})")


def is_too_large(data: bytes) -> bool:
    """Whether reading a workbook would take more memory than any survey needs.

    Args:
        data: An .xlsx file.

    Raises:
        ValueError: It is none, or is damaged.
    """
    try:
        with zipfile.ZipFile(BytesIO(data)) as book:
            if "xl/workbook.xml" not in book.namelist():
                raise ValueError("no .xlsx")
            if sum(part.file_size for part in book.infolist()) > MOST_BYTES:
                return True
            return any(_is_wide(book, part) for part in book.infolist() if part.filename.lower().endswith(".xml"))
    except (zipfile.BadZipFile, ExpatError, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(str(error)) from None


def _is_wide(book: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Whether a sheet reaches further than its cells could be held; other parts have no cells."""
    reach, parser = _Reach(), ParserCreate()
    parser.StartElementHandler = reach.start
    with book.open(part) as file:
        while not reach.is_too_far and (piece := file.read(1 << 20)):
            parser.Parse(piece)
    return reach.is_too_far


class _Reach:
    """The rows and columns between the cells of a sheet that hold something."""

    def __init__(self) -> None:
        self._row = self._column = 0
        self._rows: tuple[int, int] | None = None
        self._columns = (0, 0)

    @property
    def is_too_far(self) -> bool:
        """Whether more cells than can be held lie between the first and the last."""
        if self._rows is None:
            return False
        (top, bottom), (left, right) = self._rows, self._columns
        return (bottom - top + 1) * (right - left + 1) > MOST_CELLS

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins: a row, a cell, or what a cell holds."""
        kind, place = name.rpartition(":")[2], attributes.get("r", "")
        if kind == "row":
            self._row, self._column = int(place) if place.isdecimal() else self._row + 1, 0
        elif kind == "c":
            self._column += 1
            if found := _PLACE.fullmatch(place):
                self._row, self._column = int(found[2]), _number(found[1])
        elif kind in {"v", "t", "f"} and self._column:
            top, bottom = self._rows or (self._row, self._row)
            left, right = self._columns if self._rows else (self._column, self._column)
            self._rows = min(top, self._row), max(bottom, self._row)
            self._columns = min(left, self._column), max(right, self._column)


def _number(letters: str) -> int:
    """A column as its number: A is 1, AA is 27."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number
