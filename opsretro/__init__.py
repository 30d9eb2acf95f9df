"""opsretro: a Jupyter notebook kit for the monthly retrospective of an operations team."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version
from typing import Any

_HOMES = {
    "InputError": "opsretro.errors:InputError",
    "TeamResult": "opsretro.analysis.own_result:TeamResult",
    "explore": "opsretro.meeting.explore:explore",
    "explore_actions": "opsretro.meeting.explore_actions:explore_actions",
    "explore_activities": "opsretro.meeting.explore_activities:explore_activities",
    "explore_causes": "opsretro.meeting.explore_causes:explore_causes",
    "explore_health": "opsretro.meeting.explore_health:explore_health",
    "goals": "opsretro.analysis.goals:",
    "health": "opsretro.analysis.health:",
    "roi": "opsretro.analysis.roi:",
    "rootcause": "opsretro.analysis.rootcause:",
    "followup": "opsretro.analysis.followup:",
    "open_workspace": "opsretro.workspace:open_workspace",
    "retro_meeting": "opsretro.meeting.retro:retro_meeting",
}

__version__ = version("opsretro")
__all__ = [
    "InputError",
    "TeamResult",
    "explore",
    "explore_actions",
    "explore_activities",
    "explore_causes",
    "explore_health",
    "followup",
    "goals",
    "health",
    "open_workspace",
    "retro_meeting",
    "roi",
    "rootcause",
]


def __getattr__(name: str) -> Any:
    """Load a public name when it is first asked for: `opsretro --help` needs neither pandas nor charts."""
    if name not in _HOMES:
        raise AttributeError(f"module 'opsretro' has no attribute {name!r}")
    module, _, attribute = _HOMES[name].partition(":")
    home = import_module(module)
    return getattr(home, attribute) if attribute else home


def load_all() -> None:
    """Load every public name: for a process others are forked from."""
    for name in __all__:
        __getattr__(name)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
