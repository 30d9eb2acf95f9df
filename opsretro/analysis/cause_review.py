"""The root-cause review of a period: which slices, which drivers, since when, and what the team makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.result import Result

_F, _S, _B, _I, _O = "float64", "str", "bool", "int64", "object"


class Against(StrEnum):
    """What a period is compared with, unless another period is named."""

    EXPECTED = "expected"
    PREVIOUS = "previous"
    SAME_LAST_YEAR = "same_last_year"


class Why(StrEnum):
    """Why a KPI is looked at."""

    SIGNAL = "signal"
    MISSED = "missed"
    ASKED = "asked"


class State(StrEnum):
    """How a search ended."""

    FOUND = "found"
    NOTHING = "nothing"
    NO_DIMS = "no_dims"
    NO_BASE = "no_base"
    NO_DATA = "no_data"


@dataclass(frozen=True, kw_only=True, eq=False)
class CauseReview(Result):
    """Why KPIs moved in one period.

    Attributes:
        kpis: One row a KPI looked at, the signals first. subject (goal_id, or the KPI itself), kpi, dimension (the
            slice the goal watches), unit, aggregation, is_ratio; why (signal, missed, asked), state (found, nothing,
            no_dims, no_base, no_data); against (expected, previous, same_last_year, or a period), base_start, base_end,
            start, end (ISO: days compared with, days under review with data). In the KPI's own unit, rates as
            fractions, NaN = unknown: actual, reference (what it is compared with), change; calendar (what other
            weekdays and holidays make of the reference), common (what all slices share), rest (unexplained): change =
            calendar + common + changes of the causes + rest. moved: change without the calendar's part; explained
            (share of the change in the causes); growth (of what all slices share, 0.02 = +2 %); n_leaves, tested
            (elements searched), dims (list); since, earliest, latest, until (ISO): where no cause was found, since when
            the KPI as a whole stands off its level of half a year (empty = cannot be dated; until empty = it goes on).
        causes: One row a cause, the largest change of a KPI first. subject, rank (from 1), effect (volume, rate, mix),
            change with lower, upper (95 %), share (of the KPI's change) with its interval; multiplier (of the slice
            itself, given what all share) with its interval; actual, expected (of the slice: sum, rate, or share of the
            denominator); confidence (that it is exactly this slice), n (leaves), size (of the forecast, or the
            denominator); since, earliest, latest, until (ISO; empty = cannot be dated, goes on); driver (factor that
            moved most), driver_share (of the slice's change).
        elements: One row a cause, dimension and value: subject, rank (0 = the slice that was looked inside), dimension,
            value, is_missing.
        drill: One row a KPI, dimension and value; as `drill`.
        drivers: One row a KPI, slice (rank; 0 = the whole) and factor; as `driver_table`.
        days: One row a KPI, cause and day: subject, rank, date (ISO), actual, expected (in step with the rest).
        leads: One row a KPI, cause (rank; 0 = the KPI as a whole) and lead; as `leads`.
        trees: What the team thinks: nodes of fishbones and 5-whys, as `read_cause_trees`; subject, rank (of the cause
            a node's slice matches, 0 = none).
    """

    section: ClassVar[str] = "rootcause"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "kpis": {
            **dict.fromkeys(("subject", "kpi", "dimension", "unit", "aggregation"), _S),
            "is_ratio": _B,
            **dict.fromkeys(("why", "state", "against", "base_start", "base_end", "start", "end"), _S),
            **dict.fromkeys(("actual", "reference", "change", "calendar", "common", "rest"), _F),
            **dict.fromkeys(("moved", "explained", "growth"), _F),
            **dict.fromkeys(("n_leaves", "tested"), _I),
            "dims": _O,
            **dict.fromkeys(("since", "earliest", "latest", "until"), _S),
        },
        "causes": {
            "subject": _S,
            "rank": _I,
            "effect": _S,
            **dict.fromkeys(("change", "lower", "upper", "share", "share_lower", "share_upper"), _F),
            **dict.fromkeys(("multiplier", "multiplier_lower", "multiplier_upper", "actual", "expected"), _F),
            "confidence": _F,
            "n": _I,
            "size": _F,
            **dict.fromkeys(("since", "earliest", "latest", "until", "driver"), _S),
            "driver_share": _F,
        },
        "elements": {"subject": _S, "rank": _I, "dimension": _S, "value": _S, "is_missing": _B},
        "drill": {
            **dict.fromkeys(("subject", "dimension", "value"), _S),
            "is_missing": _B,
            **dict.fromkeys(("actual", "forecast", "weight_before", "weight_after", "rate", "mix", "cross"), _F),
            **dict.fromkeys(("change", "share", "part", "total", "own", "left", "error"), _F),
            "state": _S,
        },
        "drivers": {
            "subject": _S,
            "rank": _I,
            "factor": _S,
            **dict.fromkeys(("before", "after", "effect"), _F),
            "method": _S,
        },
        "days": {"subject": _S, "rank": _I, "date": _S, "actual": _F, "expected": _F},
        "leads": {
            "subject": _S,
            "rank": _I,
            **dict.fromkeys(("kind", "id", "title", "start", "end"), _S),
            "days": _I,
            "scope": _S,
        },
        "trees": {
            "subject": _S,
            "rank": _I,
            **dict.fromkeys(("tree", "kind", "month", "kpi", "node", "parent"), _S),
            "depth": _I,
            **dict.fromkeys(("category", "category_zh", "category_en", "text_zh", "text_en", "basis"), _S),
            **dict.fromkeys(("verify_zh", "verify_en", "control", "slice"), _S),
            "is_root": _B,
        },
    }
    kpis: pd.DataFrame
    causes: pd.DataFrame
    elements: pd.DataFrame
    drill: pd.DataFrame
    drivers: pd.DataFrame
    days: pd.DataFrame
    leads: pd.DataFrame
    trees: pd.DataFrame

    def kpi(self, subject: str) -> pd.Series:
        """Row of one KPI.

        Raises:
            KeyError: It was not looked at.
        """
        rows = self.kpis[self.kpis["subject"] == subject]
        if rows.empty:
            raise KeyError(f"{subject!r} was not looked at in {self.period}; {', '.join(self.kpis['subject'])} were")
        return rows.iloc[0]

    def of(self, frame: str, subject: str, rank: int | None = None) -> pd.DataFrame:
        """Rows of one KPI, or of one cause of it, in any of the frames.

        Args:
            frame: Name of the frame.
            subject: goal_id or KPI.
            rank: Of the cause, 0 = the whole; None = all of them.
        """
        rows: pd.DataFrame = getattr(self, frame)
        rows = rows[rows["subject"] == subject]
        return (rows if rank is None else rows[rows["rank"] == rank]).reset_index(drop=True)

    def element(self, subject: str, rank: int) -> dict[str, Any]:
        """The slice of a cause: list of values by dimension; None stands for a missing value."""
        return {dim: list(values) for dim, values in self._elements.get((subject, rank), {}).items()}

    @cached_property
    def _elements(self) -> dict[tuple[str, int], dict[str, list[str | None]]]:
        """The slices of all causes by KPI and rank."""
        found: dict[tuple[str, int], dict[str, list[str | None]]] = {}
        for row in self.elements.to_dict("records"):
            values = found.setdefault((row["subject"], row["rank"]), {}).setdefault(row["dimension"], [])
            values.append(None if row["is_missing"] else row["value"])
        return found

    def course(self, subject: str | None = None, rank: int = 1) -> Any:
        """The days of a slice beside what they would be in step with everything else.

        Args:
            subject: goal_id or KPI; None = the most important one.
            rank: Of the cause.

        Returns:
            A matplotlib Figure.
        """
        return self._view().course(subject, rank)

    def pareto(self, subject: str | None = None, dimension: str | None = None) -> Any:
        """The values of a dimension by what they bring to the change, the largest first, and how that adds up.

        Args:
            subject: goal_id or KPI; None = the most important one.
            dimension: One of its dimensions; None = the one in which the fewest values bring the most.

        Returns:
            A matplotlib Figure.
        """
        return self._view().pareto(subject, dimension)

    def drawn_trees(self) -> Any:
        """What the team thinks: its fishbones and 5-whys of the period, drawn.

        Returns:
            HTML for a notebook; one sentence where there is none.
        """
        return self._view().drawn_trees()

    def ruled_out(self) -> Any:
        """What moved too, and of what nothing is left once the causes are set aside, in words.

        Returns:
            A DataFrame of text.
        """
        return self._view().ruled_out()
