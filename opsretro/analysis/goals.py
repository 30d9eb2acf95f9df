"""Goal review in plain functions on plain values: `from opsretro import goals`."""

from opsretro.analysis.aggregate import aggregate
from opsretro.analysis.attainment import attainment
from opsretro.analysis.codes import Aggregation, Assurance, Direction, LimitsState, Rule, Status, Variation
from opsretro.analysis.goal_review import GoalReview
from opsretro.analysis.limits import ProcessLimits, assurance, new_signals, process_limits

__all__ = [
    "Aggregation",
    "Assurance",
    "Direction",
    "GoalReview",
    "LimitsState",
    "ProcessLimits",
    "Rule",
    "Status",
    "Variation",
    "aggregate",
    "assurance",
    "attainment",
    "new_signals",
    "process_limits",
]
