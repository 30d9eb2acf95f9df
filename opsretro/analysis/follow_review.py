"""The follow-up of a period: what was decided, what became of it, and whether it moved the number it was meant to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from opsretro.analysis.follow_codes import COLUMNS as CHECKED
from opsretro.analysis.follow_codes import Verdict
from opsretro.analysis.result import Result
from opsretro.tables.actions import COLUMNS as LEDGER
from opsretro.tables.actions import OPEN
from opsretro.tables.readings import COLUMNS as READING

_F, _S, _B, _I, _O = "float64", "str", "bool", "int64", "object"
_CHECK = {
    **dict.fromkeys(CHECKED, _F),
    **dict.fromkeys(("id", "metric", "start", "end", "verdict", "reason"), _S),
    **dict.fromkeys(("warnings", "joint_with"), _O),
    "n_days": _I,
}
CHECK_NAMES = {"start": "compared_from", "end": "compared_to"}
"""The days that were compared stand beside the day the ledger has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class FollowUp(Result):
    """What became of the team's actions.

    Attributes:
        actions: One row an action of the period: those decided last time first, then older open ones, then those
            decided for the next month. The ledger's fields (see `Actions.table`); is_last (decided last time, or since
            and begun; of a quarter or a year: decided in it), is_next (decided in the month and still to come); what
            `followup.check` says of it (start and end as compared_from, compared_to); unit of its metric; overdue_days
            (0 = not), asks (carried over twice or more: split, re-own, escalate or drop), due_check (its day to check
            has come), missing (fields nobody wrote yet), meanwhile (ids of activities in the compared days), was (its
            verdict the month before).
        days: One row an action and day: id, date (ISO), phase (before, window), actual, expected, lower, upper (without
            the action, 95 %, in the unit of the metric); of actions on one metric at once, the same for each.
        readings: What was read in the months so far, one row a month and action, months in order.
        themes: Metrics that more than one action was meant to move in the last 12 months: metric, n_actions, n_months
            (in which they were decided), n_open, n_moved, n_not_moved, n_cannot_tell.
        load: Owners with more open actions than most can carry: owner, n_open. Nothing else is counted by person.
    """

    section: ClassVar[str] = "followup"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "actions": {
            **LEDGER,
            **dict.fromkeys(("is_last", "is_next"), _B),
            **{CHECK_NAMES.get(name, name): kind for name, kind in _CHECK.items() if name not in ("id", "metric")},
            "unit": _S,
            "overdue_days": _I,
            **dict.fromkeys(("asks", "due_check"), _B),
            **dict.fromkeys(("missing", "meanwhile"), _O),
            "was": _S,
        },
        "days": {
            **dict.fromkeys(("id", "date", "phase"), _S),
            **dict.fromkeys(("actual", "expected", "lower", "upper"), _F),
        },
        "readings": READING,
        "themes": {"metric": _S, **dict.fromkeys(("n_actions", "n_months", "n_open"), _I),
                   **{f"n_{verdict}": _I for verdict in Verdict}},
        "load": {"owner": _S, "n_open": _I},
    }  # fmt: skip

    actions: pd.DataFrame
    days: pd.DataFrame
    readings: pd.DataFrame
    themes: pd.DataFrame
    load: pd.DataFrame

    @property
    def judged(self) -> pd.DataFrame:
        """The actions that were at work in the period: all but those decided for the next month."""
        actions = self.actions
        return actions[~actions["is_next"]].reset_index(drop=True)

    @property
    def open(self) -> pd.DataFrame:
        """The actions that are not over: planned, being done, or being checked."""
        actions = self.actions
        return actions[actions["status"].isin(OPEN)].reset_index(drop=True)

    def questions(self) -> list[str]:
        """Three questions for the room that follow from the verdicts."""
        found: list[str] = self._view().questions()
        return found

    def recurring(self) -> pd.DataFrame:
        """Metrics that come up again, in words: how many actions, and what came of them."""
        found: pd.DataFrame = self._view().recurring()
        return found

    def action(self, action_id: str) -> pd.Series:
        """The row of one action.

        Args:
            action_id: Its id.

        Raises:
            KeyError: There is none in this review; names those there are.
        """
        actions = self.actions
        if action_id not in set(actions["id"]):
            raise KeyError(f"no action '{action_id}'; there are {', '.join(actions['id']) or 'none'}")
        return actions[actions["id"] == action_id].iloc[0]

    def reading_rows(self) -> pd.DataFrame:
        """What a run adds to the readings: one row an action that was at work in the month."""
        rows = self.judged.assign(period=self.period, as_of=self.context.as_of)
        rows = rows.drop(columns="start").rename(columns={"compared_from": "start", "compared_to": "end"})
        return rows[list(READING)]
