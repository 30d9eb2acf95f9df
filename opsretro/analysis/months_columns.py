"""The columns a look back takes over from the sections of a month."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Columns(NamedTuple):
    """Columns of one table: those that hold texts, and those that hold figures."""

    texts: tuple[str, ...]
    figures: tuple[str, ...] = ()


_ROI = ("roi", "roi_lower", "roi_upper")
TAKEN: Mapping[str, Columns] = {
    "goals": Columns(
        (
            *("goal_id", "kpi", "dimension", "name", "unit", "direction"),
            *("aggregation", "status", "reason", "variation", "side"),
        ),
        ("actual", "target", "low", "high", "attainment", "mean", "lower", "upper"),
    ),
    "activities": Columns(
        ("activity_id", "name", "type", "start", "end", "verdict", "grade", "refused"),
        ("cost", "attributed_roi", "profit", "profit_lower", "profit_upper", *_ROI),
    ),
    "types": Columns(("type", "verdict"), ("n", "cost", *_ROI)),
    "actions": Columns(
        ("id", "title_zh", "title_en", "due", "status", "created_in", "metric", "unit", "verdict", "reason"),
        ("effect", "lower", "upper", "overdue_days", "carry_count"),
    ),
    "causes": Columns(
        ("subject", "effect"), ("rank", "change", "lower", "upper", "share", "share_lower", "share_upper")
    ),
    "health": Columns(("group", "dimension", "verdict")),
}
"""By the name of the table, as a section's JSON has it (team health: ``changes``) and as the look back calls it."""
