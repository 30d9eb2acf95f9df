"""The sections of a month, as data: their order on the page, what fills them, which notebook makes them."""

from __future__ import annotations

from dataclasses import dataclass

from opsretro.tables.contracts import FORMS


@dataclass(frozen=True, kw_only=True)
class Section:
    """One section of the month.

    Attributes:
        key: Its name in data and words: ``goals``.
        tables: Inputs it cannot do without.
        notebook: File name without ending; None = the run reads it itself, without one.
        ignores: Inputs that never change what it says.
    """

    key: str
    tables: tuple[str, ...]
    notebook: str | None = None
    ignores: tuple[str, ...] = ()

    @property
    def files(self) -> tuple[str, ...]:
        """The inputs as files of a workspace."""
        folders = {"survey": "survey/", "meetings": "meetings/"}
        return tuple(folders.get(name, FORMS.get(name, f"{name}.csv")) for name in self.tables)


_TEAM = ("survey", "register", "workload", "meetings")
_ACTIONS = ("actions", "readings", "causes")
SECTIONS = (
    Section(key="followup", tables=("actions",), notebook="05_retro_meeting", ignores=(*_TEAM, "causes")),
    Section(key="goals", tables=("goals", "metrics"), notebook="01_goal_review", ignores=(*_TEAM, *_ACTIONS)),
    Section(key="roi", tables=("activities",), notebook="02_activity_roi", ignores=(*_TEAM, *_ACTIONS)),
    Section(key="rootcause", tables=("metrics",), notebook="03_root_cause", ignores=(*_TEAM, "actions", "readings")),
    Section(key="health", tables=("survey",), notebook="04_team_health", ignores=("readings", "meetings", "causes")),
    Section(key="meeting", tables=("meetings",)),
    Section(key="months", tables=()),
)

TILE_ORDER = ("goals", "roi", "rootcause", "health", "followup")
