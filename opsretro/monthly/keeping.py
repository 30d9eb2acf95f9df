"""What a run adds to the workspace itself: the register of published health figures, readings of the actions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from opsretro.analysis.follow_review import FollowUp
from opsretro.analysis.health_review import HealthReview
from opsretro.analysis.result import Result
from opsretro.errors import InputError
from opsretro.monthly.progress import Progress
from opsretro.tables.contracts import FORMS
from opsretro.tables.health_register import record
from opsretro.tables.readings import add_readings
from opsretro.tables.survey_files import REGISTER, survey_folder
from opsretro.words import LANGUAGES, say

if TYPE_CHECKING:
    from opsretro.workspace import Workspace


def keep_in_register(ops: Workspace, result: Result | None) -> dict[str, str] | None:
    """Record what is about to be published of the team's health.

    Returns:
        Why that was not possible, by language; None = it was, or there is nothing to record.
    """
    if not isinstance(result, HealthReview):
        return None
    try:
        record(survey_folder(ops.inputs.folder, ops.settings) / REGISTER, result.register_rows())
    except InputError as error:
        return {lang: error.text(lang) for lang in LANGUAGES}
    except OSError as error:
        path, why = error.filename or REGISTER, error.strerror or error
        return {lang: say("cli.not_written", lang, path=path, why=why) for lang in LANGUAGES}
    return None


def keep_readings(ops: Workspace, result: Result | None, progress: Progress) -> None:
    """Add what the month read about the actions to the file of readings; where it cannot be written, that is said."""
    if not isinstance(result, FollowUp):
        return
    path = ops.inputs.folder / ops.settings.sources.get("readings", FORMS["readings"])
    try:
        if n := add_readings(path, result.reading_rows()):
            progress.say("read", n=n, path=path)
    except (InputError, OSError) as error:
        why = error.text(progress.lang) if isinstance(error, InputError) else error.strerror or error
        progress.say("not_read", path=path, why=why)
