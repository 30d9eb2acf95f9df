"""The team health review of a period: published cells, what changed in them, and the workload beside them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.result import Result
from opsretro.tables.health_register import COLUMNS

_F, _S, _B, _I = "float64", "str", "bool", "int64"


class HealthState(StrEnum):
    """What there is to say about the month."""

    SHOWN = "shown"
    WITHHELD = "withheld"
    RUNNING = "running"
    NO_ANSWERS = "no_answers"


class HealthFinding(StrEnum):
    """What the review says of a month."""

    DOWN = "down"
    UP = "up"
    STEADY = "steady"
    CANNOT_TELL = "cannot_tell"
    WITHHELD = "withheld"
    RUNNING = "running"
    NO_ANSWERS = "no_answers"
    PARTICIPATION = "participation"
    OVERTIME = "overtime"
    LATE = "late"
    OPEN_SUGGESTIONS = "open_suggestions"


@dataclass(frozen=True, kw_only=True, eq=False)
class HealthReview(Result):
    """How the team is, from what may be published of its survey.

    Everything here is made from published cells, so nobody's answer can be worked out from any of it. Means run from 1
    to 5, reversed items are turned, higher is better. Groups: `all` is everybody, `team=growth` one team.

    Attributes:
        month: Month that is judged: the newest month of the period that is over and has answers; empty = there is none.
        state: shown, withheld (no cell may be shown), running (the month is not over), no_answers.
        cells: One row a month, group and item, up to 13 months. dimension; n (people who answered), mean (one decimal,
            NaN = withheld), low, middle, high (people who answered 1 or 2, 3, 4 or 5; all NaN = not shown; only low
            NaN: middle counts 1 to 3), suppressed, reason (few, complement, audit; empty = shown).
        dimensions: One row a month, group and dimension with at least one shown item. n (least of its shown items),
            n_items (shown), mean (of the shown means of its items), lower, upper (95 %: how far it moves by
            itself, from its own earlier months where there are six, else from n and the published distribution).
        changes: One row a group and dimension of the month. verdict (up, down, steady, cannot_tell), mean, expected,
            lower, upper (where a month like those before would lie; NaN = unknown), n, n_months (earlier months there
            are), method (prediction, none).
        participation: One row a month and group (all, team=…). headcount (NaN = unknown), n (people who answered
            its most answered item; NaN = fewer than five), share (of the headcount).
        workload: One row a month and group. headcount; overtime (share of the contracted hours, 0.08 = 8 % more),
            training_hours, leave_days (a head), NaN = unknown; suppressed (bool: as in the survey).
        themes: One row a theme of the month's comments: theme, n (comments), most first. Empty where fewer than ten
            people answered.
        comments: One row a comment of the month: text (redacted), in an order that has nothing to do with the answers.
        suggestions: One row a suggestion: month, suggestion, answer (redacted; empty = none yet), answered_in, carried
            (months it has waited).
        log: One row a month and thing that was dropped, repaired or refused while reading: month, kind, column, n.
        n_comments: Comments of the month, shown or not.
    """

    section: ClassVar[str] = "health"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "cells": {
            **dict.fromkeys(("month", "group", "item", "dimension"), _S),
            "n": _I,
            **dict.fromkeys(("mean", "low", "middle", "high"), _F),
            "suppressed": _B,
            "reason": _S,
        },
        "dimensions": {
            **dict.fromkeys(("month", "group", "dimension"), _S),
            **dict.fromkeys(("n", "n_items"), _I),
            **dict.fromkeys(("mean", "lower", "upper"), _F),
        },
        "changes": {
            **dict.fromkeys(("group", "dimension", "verdict"), _S),
            **dict.fromkeys(("mean", "expected", "lower", "upper"), _F),
            **dict.fromkeys(("n", "n_months"), _I),
            "method": _S,
        },
        "participation": {"month": _S, "group": _S, "headcount": _F, "n": _F, "share": _F},
        "workload": {
            **dict.fromkeys(("month", "group"), _S),
            **dict.fromkeys(("headcount", "overtime", "training_hours", "leave_days"), _F),
            "suppressed": _B,
        },
        "themes": {"theme": _S, "n": _I},
        "comments": {"text": _S},
        "suggestions": {
            **dict.fromkeys(("month", "suggestion", "answer", "answered_in"), _S),
            "carried": _I,
        },
        "log": {"month": _S, "kind": _S, "column": _S, "n": _I},
    }
    month: str
    state: str
    cells: pd.DataFrame
    dimensions: pd.DataFrame
    changes: pd.DataFrame
    participation: pd.DataFrame
    workload: pd.DataFrame
    themes: pd.DataFrame
    comments: pd.DataFrame
    suggestions: pd.DataFrame
    log: pd.DataFrame
    n_comments: int

    def register_rows(self) -> pd.DataFrame:
        """The cells as the register of publications keeps them."""
        rows = self.cells
        bands = [_dist(*shown) for shown in rows[["low", "middle", "high"]].itertuples(index=False)]
        return rows.assign(decimals=1, dist=pd.Series(bands, dtype="object"))[list(COLUMNS)]

    @property
    def groups(self) -> list[str]:
        """Groups with something to show in the month, everybody first."""
        rows = self.dimensions
        return list(rows.loc[rows["month"] == self.month, "group"].unique())

    def course(self, dimension: str | None = None, group: str = "all") -> Any:
        """The months of a dimension beside what they would be by ordinary variation.

        Args:
            dimension: One of the dimensions; None = all of them as small pictures.
            group: `all`, or a group such as `team=growth`.

        Returns:
            A matplotlib Figure.
        """
        return self._view().course(dimension, group)

    def beside(self) -> Any:
        """Overtime, training and leave of the groups that may be shown.

        Returns:
            A matplotlib Figure.
        """
        return self._view().beside()

    def voices(self) -> Any:
        """Themes, comments and suggestions of the month, in words.

        Returns:
            HTML for a notebook.
        """
        return self._view().voices()

    def questions(self) -> list[str]:
        """Three questions for the room, from what changed and what cannot be told."""
        return list(self._view().questions())


def _dist(low: float, middle: float, high: float) -> dict[str, int] | None:
    """People by band, from the figures of a cell; None = no distribution is shown."""
    if math.isnan(high):
        return None
    known = {"1-3": middle, "4-5": high} if math.isnan(low) else {"1-2": low, "3": middle, "4-5": high}
    return {band: int(n) for band, n in known.items()}
