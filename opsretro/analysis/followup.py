"""Follow-up of actions in plain functions on plain frames: `from opsretro import followup`."""

from opsretro.analysis.follow_check import check
from opsretro.analysis.follow_codes import Reason, Verdict
from opsretro.tables.actions import Actions, read_actions
from opsretro.tables.lessons import read_lessons

__all__ = ["Actions", "Reason", "Verdict", "check", "read_actions", "read_lessons"]
