"""Team health in plain functions on plain frames: `from opsretro import health`."""

from opsretro.analysis.health_publish import publish
from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.methods.likert_scores import Scores, score
from opsretro.analysis.methods.month_changes import changes
from opsretro.analysis.methods.reliability import Alpha, cronbach_alpha
from opsretro.analysis.methods.themes import themes
from opsretro.tables.form import Form, read_form
from opsretro.tables.redact import redact

__all__ = [
    "Alpha",
    "Form",
    "HealthReview",
    "Scores",
    "changes",
    "cronbach_alpha",
    "publish",
    "read_form",
    "redact",
    "score",
    "themes",
]
