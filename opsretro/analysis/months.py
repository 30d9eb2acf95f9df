"""A look back over published months: goals, activities, actions, causes and verdicts side by side, gaps left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import pandas as pd

from opsretro.analysis.months_columns import TAKEN
from opsretro.analysis.result import Result

_F, _S, _B, _I = "float64", "str", "bool", "int64"
_MONTH = {"month": _S}


def _columns(table: str, **more: str) -> dict[str, str]:
    taken = TAKEN[table]
    return {**_MONTH, **dict.fromkeys(taken.texts, _S), **dict.fromkeys(taken.figures, _F), **more}


@dataclass(frozen=True, kw_only=True, eq=False)
class Months(Result):
    """What the months of a span said when they were published. Nothing is computed from tables; a gap stays a gap.

    Attributes:
        cells: One row a month and section: month, section, status (done, failed, absent; of a month that is damaged
            lost, broken, other_schema, unreadable, link); code, subject, value, lower, upper, n: its headline finding.
        counts: One row a month, section and thing counted on its page: month, section, what, n. goals: met, missed,
            all, signal; roi: profit, loss, unclear; rootcause: found; health: judged, changed, steady; followup: open,
            overdue, carried, moved, not_moved, cannot_tell.
        goals: One row a month and goal. goal_id, kpi, dimension, name, unit, direction, aggregation, status, reason,
            variation (signal, noise, unknown), side, better; in the KPI's own unit, NaN = none: actual, target, low,
            high, attainment, mean, lower, upper (usual range in that month's own page); joined (unit, KPI and slice are
            those of the newest month of the goal: only then do its months make one line).
        kpis: One row a goal, those of the newest month first: goal_id, month (its newest), n (months), n_judged, n_met,
            n_signal (months with a signal), differs (what is not the same in all its months: unit, kpi, dimension,
            name, direction, aggregation, target; joined by +), apart (months whose figures are not joined).
        activities: One row an activity, the newest first, as its newest month judged it. activity_id, name, type,
            start, end (ISO), running, verdict (profit, loss, unclear), grade, refused; cost, attributed_roi (as the
            platform counts), profit and roi with their 95 % intervals; n (months that show it), was (its verdict in the
            month before, where that was another).
        types: One row a type of activity over the 12 months up to the newest month that has them, as published there:
            month, type, n, cost, roi with its interval, verdict.
        actions: One row an action, the newest first, as its newest month knew it. id, title_zh, title_en, due,
            status, created_in, metric, unit, verdict, reason, effect with lower, upper, overdue_days, carry_count,
            is_next, done (check or act; done is not worked), first (month it was seen first).
        follow: One row a month: n_due (actions whose day was in it), n_done of them by the newest month, and what
            those that were done did: n_moved, n_not_moved, n_cannot_tell; n_dropped, n_decided (created in it),
            n_decided_done.
        causes: One row a month and cause: subject, kpi, unit, slice (``device=android&city=t3``), effect, rank, change
            and share, each with its interval; times (months of the span in which this slice came up for this KPI).
        health: One row a month, group and dimension: verdict, as that month's page shows it (everybody's, and changes
            of groups); named (its id is no group's, so [names] may name it). Nothing else is kept and nothing is
            computed over months: what may be shown was decided for each page.
        gaps: One row a thing that is not there or cannot be read: month, section (empty = the month), code.
    """

    section: ClassVar[str] = "months"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "cells": {
            **_MONTH,
            **dict.fromkeys(("section", "status", "code", "subject"), _S),
            **dict.fromkeys(("value", "lower", "upper", "n"), _F),
        },
        "counts": {**_MONTH, "section": _S, "what": _S, "n": _I},
        "goals": _columns("goals", better=_B, joined=_B),
        "kpis": {
            "goal_id": _S,
            **_MONTH,
            **dict.fromkeys(("n", "n_judged", "n_met", "n_signal"), _I),
            "differs": _S,
            "apart": _I,
        },
        "activities": _columns("activities", running=_B, n=_I, was=_S),
        "types": _columns("types"),
        "actions": _columns("actions", is_next=_B, done=_B, first=_S),
        "follow": {
            **_MONTH,
            **dict.fromkeys(("n_due", "n_done", "n_moved", "n_not_moved", "n_cannot_tell", "n_dropped"), _I),
            **dict.fromkeys(("n_decided", "n_decided_done"), _I),
        },
        "causes": _columns("causes", kpi=_S, unit=_S, slice=_S, times=_I),
        "health": _columns("health", named=_B),
        "gaps": {**_MONTH, "section": _S, "code": _S},
    }
    cells: pd.DataFrame
    counts: pd.DataFrame
    goals: pd.DataFrame
    kpis: pd.DataFrame
    activities: pd.DataFrame
    types: pd.DataFrame
    actions: pd.DataFrame
    follow: pd.DataFrame
    causes: pd.DataFrame
    health: pd.DataFrame
    gaps: pd.DataFrame

    @property
    def published(self) -> list[str]:
        """The months that are published, oldest first."""
        return sorted(set(self.cells["month"]))

    def count(self, month: str, section: str) -> dict[str, int]:
        """What the page of a month counts in a section; empty where it counts nothing.

        Args:
            month: Its label.
            section: ``goals``, ``roi``, ``rootcause``, ``health`` or ``followup``.
        """
        return self._counted.get((month, section), {})

    @property
    def _counted(self) -> dict[tuple[str, str], dict[str, int]]:
        known: dict[tuple[str, str], dict[str, int]] = self.__dict__.setdefault("_counted_once", {})
        if not known:
            for row in self.counts.to_dict("records"):
                known.setdefault((row["month"], row["section"]), {})[row["what"]] = row["n"]
        return known

    def verdicts(self) -> dict[str, int]:
        """How many activities paid, lost or are open, each counted once, by what its newest month says."""
        told = list(self.activities["verdict"])
        return {code: told.count(code) for code in ("profit", "loss", "unclear")}

    def deeds(self) -> dict[str, int]:
        """What the actions that were done came to, each counted once: moved, not_moved, cannot_tell; and all."""
        done = self.actions[self.actions["done"] & ~self.actions["is_next"]]
        told = list(done["verdict"])
        return {code: told.count(code) for code in ("moved", "not_moved", "cannot_tell")} | {"all": len(told)}
