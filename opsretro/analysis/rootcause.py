"""Root causes in plain functions on plain frames: `from opsretro import rootcause`."""

from opsretro.analysis.cause_review import Against, CauseReview, State
from opsretro.analysis.methods.cause import Cause, Located, Movement
from opsretro.analysis.methods.drivers import Drivers, drivers
from opsretro.analysis.methods.locate import locate
from opsretro.analysis.methods.mix_rate import MixRate, mix_rate
from opsretro.analysis.methods.onset import Onset, onset

__all__ = [
    "Against",
    "Cause",
    "CauseReview",
    "Drivers",
    "Located",
    "MixRate",
    "Movement",
    "Onset",
    "State",
    "drivers",
    "locate",
    "mix_rate",
    "onset",
]
