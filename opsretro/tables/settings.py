"""The settings of a workspace, `retro.toml`: read, checked, and every problem of it named."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from opsretro.errors import Problem
from opsretro.tables.calendar import is_country
from opsretro.tables.contracts import CONTRACTS, FORMS
from opsretro.tables.goal_settings import GOAL_READERS, AlertRule, Rebase, is_text
from opsretro.words import LANGUAGES

FILE = "retro.toml"

Names = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What `retro.toml` says.

    Attributes:
        team: The team's name by language.
        locale: Language of messages and of a notebook opened by hand.
        currency: ISO 4217 code of all amounts.
        timezone: IANA name; months begin at its midnight.
        calendar: Working calendar: ``country`` (ISO 3166 code) or ``file``.
        baseline_months: Months the limits are computed from, 8 to 24.
        incomplete_days: Newest days of data that are still filling up, 0 to 7; a forecast leaves them out.
        rebases: New starts of a KPI's limits, each with its reason.
        alerts: Rule by KPI or goal_id for `opsretro alerts`; the empty key is the rule of all others.
        assessment_weights: Weight by assessor (supervisor, peer, self, data).
        sources: File by table, where it is not ``<table>.csv``.
        survey_groups: Group columns the survey is cut by, one at a time; ``team`` has the groups of teams.csv.
        drivers: KPIs a KPI is the product of, the widest first, by KPI: ``gmv`` from visits over orders.
        names: Name by id and language.
    """

    team: Mapping[str, str] = field(default_factory=dict)
    locale: str = "zh-CN"
    currency: str = "CNY"
    timezone: str = "Asia/Shanghai"
    calendar: Mapping[str, str] = field(default_factory=lambda: {"country": "CN"})
    baseline_months: int = 12
    incomplete_days: int = 0
    rebases: tuple[Rebase, ...] = ()
    alerts: Mapping[str, AlertRule] = field(default_factory=lambda: {"": AlertRule()})
    assessment_weights: Mapping[str, float] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict)
    survey_groups: tuple[str, ...] = ("team",)
    drivers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Names = field(default_factory=dict)


def read_settings(folder: Path) -> tuple[Settings, list[Problem]]:
    """Read `retro.toml`; without the file the defaults hold.

    Args:
        folder: The workspace.

    Returns:
        The settings (defaults where something is wrong) and every problem.
    """
    path = folder / FILE
    if not path.exists():
        return Settings(), []
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except UnicodeDecodeError:
        return Settings(), [Problem(code="toml_encoding", source=FILE)]
    except (ValueError, OSError) as error:  # a number of thousands of digits is a ValueError, too
        return Settings(), [Problem(code="toml_syntax", source=FILE, values={"why": str(error)})]
    except RecursionError:
        return Settings(), [Problem(code="yaml_nested", source=FILE)]
    return _checked(tree)


def _checked(tree: Mapping[str, Any]) -> tuple[Settings, list[Problem]]:
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in _READERS:
            problems.append(_unknown(key, list(_READERS)))
        elif (read := _READERS[key](value)) is None:
            problems.append(Problem(code=f"setting_{key}", source=FILE, values={"value": str(value)[:60]}))
        else:
            found |= read
    return Settings(**found), problems


def _unknown(key: str, known: list[str]) -> Problem:
    close = get_close_matches(key, known, n=1)
    values = {"key": key, "known": close[0] if close else ", ".join(known)}
    return Problem(code="setting_misspelt" if close else "setting_unknown", source=FILE, values=values)


def _words(value: object) -> dict[str, str] | None:
    if isinstance(value, str):
        return dict.fromkeys(LANGUAGES, value)
    if isinstance(value, dict) and value and all(isinstance(v, str) and k in LANGUAGES for k, v in value.items()):
        return {lang: value.get(lang) or next(iter(value.values())) for lang in LANGUAGES}
    return None


def _names(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    names = {str(key): _words(words) for key, words in value.items()}
    return None if None in names.values() else {"names": names}


def _team(value: object) -> dict[str, Any] | None:
    words = _words(value)
    return None if words is None else {"team": words}


def _locale(value: object) -> dict[str, Any] | None:
    return {"locale": value} if value in LANGUAGES else None


def _currency(value: object) -> dict[str, Any] | None:
    good = isinstance(value, str) and len(value) == 3 and value.isascii() and value.isupper()
    return {"currency": value} if good else None


def _timezone(value: object) -> dict[str, Any] | None:
    try:
        ZoneInfo(str(value))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return {"timezone": value}


def _calendar(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict) or not set(value) <= {"country", "file"} or not all(map(_is_inside, value.values())):
        return None
    return {"calendar": value} if is_country(value.get("country", "CN")) else None


def _sources(value: object) -> dict[str, Any] | None:
    good = isinstance(value, dict) and set(value) <= {*CONTRACTS, *FORMS} and all(map(_is_inside, value.values()))
    return {"sources": value} if good else None


def _survey(value: object) -> dict[str, Any] | None:
    groups = value.get("groups") if isinstance(value, dict) and set(value) == {"groups"} else None
    good = isinstance(groups, list) and all(map(is_text, groups)) and len(set(groups)) == len(groups)
    return {"survey_groups": tuple(groups or ())} if good else None


def _drivers(value: object) -> dict[str, Any] | None:
    good = isinstance(value, dict) and all(
        isinstance(chain, list) and chain and all(map(is_text, chain)) and len({kpi, *chain}) > len(chain)
        for kpi, chain in value.items()
    )
    return {"drivers": value} if good else None


def _is_inside(value: object) -> bool:
    """A relative path that stays inside the workspace."""
    named = isinstance(value, str) and is_text(value) and value.isprintable()
    return named and not Path(str(value)).is_absolute() and ".." not in Path(str(value)).parts


_READERS = {
    **GOAL_READERS,
    "team": _team,
    "locale": _locale,
    "currency": _currency,
    "timezone": _timezone,
    "calendar": _calendar,
    "sources": _sources,
    "survey": _survey,
    "drivers": _drivers,
    "names": _names,
}
