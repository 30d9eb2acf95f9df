"""Activity ROI in plain functions on plain frames: `from opsretro import roi`."""

from opsretro.analysis.methods.effect import Basis, Caution, Effect, Estimate
from opsretro.analysis.methods.funnel import explain_miss
from opsretro.analysis.methods.returns import Verdict
from opsretro.analysis.methods.shapley import shapley
from opsretro.analysis.roi_effects import Effects, effects, holdout_effect
from opsretro.analysis.roi_money import accrued_cost

__all__ = [
    "Basis",
    "Caution",
    "Effect",
    "Effects",
    "Estimate",
    "Verdict",
    "accrued_cost",
    "effects",
    "explain_miss",
    "holdout_effect",
    "shapley",
]
