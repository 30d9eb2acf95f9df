"""Goal review in plain functions on plain values: `from opsretro import goals`."""

from opsretro.analysis.codes import Aggregation, Assurance, Direction, LimitsState, Rule, Status, Variation
from opsretro.analysis.goal_review import GoalReview
from opsretro.analysis.methods.adjusted_limits import AdjustedLimits, adjusted_limits
from opsretro.analysis.methods.aggregate import aggregate
from opsretro.analysis.methods.attainment import attainment
from opsretro.analysis.methods.centre_line import Method
from opsretro.analysis.methods.daily_signals import DailySignals, daily_signals
from opsretro.analysis.methods.limits import ProcessLimits, assurance, new_signals, process_limits
from opsretro.analysis.methods.pace import MonthEnd, month_end
from opsretro.analysis.methods.roll_up import RollUp, roll_up, year_to_date
from opsretro.analysis.methods.smart import Defect, smart_defects

__all__ = [
    "AdjustedLimits",
    "Aggregation",
    "Assurance",
    "DailySignals",
    "Defect",
    "Direction",
    "GoalReview",
    "LimitsState",
    "Method",
    "MonthEnd",
    "ProcessLimits",
    "RollUp",
    "Rule",
    "Status",
    "Variation",
    "adjusted_limits",
    "aggregate",
    "assurance",
    "attainment",
    "daily_signals",
    "month_end",
    "new_signals",
    "process_limits",
    "roll_up",
    "smart_defects",
    "year_to_date",
]
