"""Periods a review is made for: a month (2026-10), a quarter (2026-Q3), a year (2026); and ranges to look back on."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, timedelta

from opsretro.errors import InputError, Problem

LAST = "last"
RANGE = ".."
LONGEST = 120
"""Months of the longest range."""
_FORMS = re.compile(r"(?P<year>[12]\d{3})(?:-(?:Q(?P<quarter>[1-4])|(?P<month>0[1-9]|1[0-2])))?")


def add_months(month: str, n: int) -> str:
    """The month n months later (earlier when n is negative).

    Example:
        >>> add_months("2026-01", -1)
        '2025-12'
    """
    year, index = divmod(int(month[:4]) * 12 + int(month[5:]) - 1 + n, 12)
    return f"{year:04d}-{index + 1:02d}"


def last_month(day: date) -> str:
    """The newest month that is over on a day.

    Example:
        >>> last_month(date(2026, 1, 31))
        '2025-12'
    """
    return add_months(f"{day:%Y-%m}", -1)


@dataclass(frozen=True)
class Period:
    """A span of whole months.

    Attributes:
        label: As the user writes it: ``2026-10``, ``2026-Q3``, ``2026``; of a range ``2026-01..2026-10``.
        months: Its months, oldest first: ``("2026-10",)``.
    """

    label: str
    months: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, *, source: str = "--month") -> Period:
        """Read a period.

        Args:
            text: ``2026-10``, ``2026-Q3`` or ``2026``.
            source: Where the text stands, for the error.

        Raises:
            InputError: The text is none of the three forms.

        Example:
            >>> Period.parse("2026-Q3").months
            ('2026-07', '2026-08', '2026-09')
        """
        match = _FORMS.fullmatch(str(text).strip())
        if match is None:
            raise InputError([Problem(code="not_a_period", source=source, values={"value": str(text)})])
        year, quarter, month = match["year"], match["quarter"], match["month"]
        first, count = (int(month), 1) if month else (3 * int(quarter) - 2, 3) if quarter else (1, 12)
        start = f"{year}-{first:02d}"
        return cls(match[0], tuple(add_months(start, n) for n in range(count)))

    @classmethod
    def span(cls, text: str, *, source: str = "--month") -> Period:
        """Read a period or a range of months; each end may be a month, a quarter or a year.

        Args:
            text: ``2026-01..2026-10``, or what `parse` reads.
            source: Where the text stands, for the error.

        Raises:
            InputError: The text is none of the forms, its end lies before its start, or it is longer than ten years.

        Example:
            >>> Period.span("2026-Q1..2026-04").label
            '2026-01..2026-04'
        """
        first, _, last = str(text).strip().partition(RANGE)
        if not re.fullmatch(r"[\w.-]*\.\.[\w.-]*", str(text).strip()):
            return cls.parse(text, source=source)
        with suppress(InputError):
            start, end = cls.parse(first).months[0], cls.parse(last).months[-1]
            months = tuple(add_months(start, n) for n in range(LONGEST))
            if end in months:
                return cls(f"{start}{RANGE}{end}", months[: months.index(end) + 1])
        raise InputError([Problem(code="not_a_range", source=source, values={"value": str(text), "n": str(LONGEST)})])

    @property
    def start(self) -> date:
        """First day."""
        return date.fromisoformat(f"{self.months[0]}-01")

    @property
    def end(self) -> date:
        """Last day, inclusive."""
        return date.fromisoformat(f"{add_months(self.months[-1], 1)}-01") - timedelta(days=1)

    @property
    def kind(self) -> str:
        """What it is: ``month``, ``quarter``, ``year`` or ``range``."""
        return "range" if RANGE in self.label else {1: "month", 3: "quarter"}.get(len(self.months), "year")

    def before(self, n: int = 1) -> tuple[str, ...]:
        """The months of the period of the same length n periods earlier."""
        return tuple(add_months(month, -n * len(self.months)) for month in self.months)
