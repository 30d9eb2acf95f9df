"""A month of many teams: find them, have each published by itself, side by side, then the page over all of them."""

from __future__ import annotations

import glob
import hashlib
import os
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from opsretro.analysis.teams import TeamMonth, TeamsReview
from opsretro.errors import InputError, Problem
from opsretro.monthly.audience import check_folder
from opsretro.monthly.options import ALL, TEAMS, Options
from opsretro.monthly.progress import JSON, Progress
from opsretro.monthly.team_job import OVER, Job, Spread
from opsretro.tables.period import Period
from opsretro.tables.settings import FILE, Settings, read_settings
from opsretro.tables.survey_files import exports, survey_folder
from opsretro.words import LANGUAGES, pick, say

TOLD = ("failed", "kept", "not_read", "no_fork", "waiting")
"""Events of a team's own run that are told beside those of the others; with JSON lines, all are."""


@dataclass(frozen=True, kw_only=True)
class Team:
    """A team that can be run.

    Attributes:
        name: Its folder's name.
        folder: Its workspace.
        settings: Its `retro.toml`.
    """

    name: str
    folder: Path
    settings: Settings


@dataclass(frozen=True, kw_only=True)
class Teams:
    """What lies where teams are looked for.

    Attributes:
        ready: Those that can be run, by folder.
        refused: Problems by folder of those that cannot.
        warned: What people should know of those that can.
    """

    ready: Sequence[Team]
    refused: Mapping[Path, Sequence[Problem]]
    warned: Sequence[Problem]


def find_teams(patterns: Sequence[str]) -> Teams:
    """The folders that patterns name, and what is wrong with some of them.

    Args:
        patterns: ``teams/*``, or folders.

    Raises:
        InputError: No folder matches.
    """
    found = {pattern: _matching(pattern) for pattern in patterns}
    folders = sorted({path for paths in found.values() for path in paths})
    if not folders:
        values = {"value": " ".join(patterns)}
        raise InputError([Problem(code="no_teams", source="--teams", values=values)])
    names = Counter(_same(path.name) for path in folders)
    ready, refused = list[Team](), dict[Path, Sequence[Problem]]()
    for pattern in (pattern for pattern, paths in found.items() if not paths):
        refused[Path(pattern)] = [Problem(code="no_teams", source="--teams", values={"value": pattern})]
    for path in folders:
        why = _why_not(path, names)
        settings, wrong = read_settings(path)
        if why or wrong:
            refused[path] = [Problem(code=f"team_{why}", source=str(path))] if why else wrong
        else:
            ready.append(Team(name=path.name, folder=path, settings=settings))
    return Teams(ready=ready, refused=refused, warned=list(_of_one_name(ready)))


def _of_one_name(teams: Sequence[Team]) -> Iterator[Problem]:
    """Teams that call themselves the same; both are published, and the page tells them apart by their folders."""
    called: dict[tuple[str, ...], list[Team]] = {}
    for team in teams:
        called.setdefault(_title(team), []).append(team)
    for same in called.values():
        if len(same) > 1:
            values = {"name": pick(same[0].settings.team, "zh-CN"), "folders": ", ".join(team.name for team in same)}
            yield Problem(code="team_same_name", source="--teams", values=values)


def _matching(pattern: str) -> list[Path]:
    """Folders that a pattern names, or the one folder that is called so; by the names they go by, links included."""
    names = [pattern] if os.path.lexists(pattern) else glob.glob(pattern)  # noqa: PTH207 - it may be absolute
    paths = [Path(os.path.abspath(name)) for name in names]  # noqa: PTH100 - a link keeps its name
    return [path for path in paths if path.is_dir()]


def _same(name: str) -> str:
    """Names that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()


def _title(team: Team) -> tuple[str, ...]:
    return tuple(sorted(team.settings.team.values())) or (team.name,)


def _why_not(path: Path, names: Mapping[str, int]) -> str:
    if not (path / FILE).is_file():
        return "no_settings"
    if names[_same(path.name)] > 1:
        return "same_folder"
    return "name_taken" if path.name == TEAMS else ""


def sharing_answers(teams: Sequence[Team]) -> set[str]:
    """Teams that have a survey file in common: what is told of one would tell of the other's remainder."""
    owners: dict[bytes, set[str]] = {}
    unread = set[str]()
    for team in teams:
        try:
            for path in exports(survey_folder(team.folder, team.settings)):
                owners.setdefault(hashlib.sha256(path.read_bytes()).digest(), set()).add(team.name)
        except OSError:  # the team's own run says so; nobody knows what it shares
            unread.add(team.name)
    return unread.union(*(names for names in owners.values() if len(names) > 1))


def run_teams(
    month: str, *, teams: Teams, out: Path, progress: Progress, options: Options, spread: Spread
) -> TeamsReview:
    """Publish the month of every team, each in a folder of its own.

    Args:
        month: What is reviewed.
        teams: See `find_teams`.
        out: Reports folder; a team's month goes into ``<out>/<team>/<month>``.
        progress: Told what happens.
        options: How each is run.
        spread: Who carries the jobs out.

    Returns:
        What each team has published.

    Raises:
        InputError: The period is none, or the folder holds pages for other readers.
    """
    label, lang, inside = Period.parse(month).label, progress.lang, options.audience == ALL
    check_folder(out / TEAMS, options.audience)
    for problem in [*teams.warned, *(one for found in teams.refused.values() for one in found)]:
        progress.say("team_problem", team=problem.source, why=problem.text(lang))
    shared = sharing_answers(teams.ready) if inside else set()
    jobs = [
        Job(
            team=team.name,
            workspace=team.folder,
            out=out / team.name,
            month=label,
            lang=lang,
            options=options,
            health=team.name not in shared,
        )
        for team in teams.ready
    ]
    left = [_refused(folder, problems) for folder, problems in teams.refused.items()]
    months = [*left, *_Heard(teams.ready, progress).of(jobs, spread)]
    ordered = sorted(months if inside else map(_outside, months), key=lambda one: one.name)
    return TeamsReview(period=label, teams=ordered, audience=options.audience)


def _outside(month: TeamMonth) -> TeamMonth:
    """A team as readers outside hear of it: a problem may be one of a table about its people."""
    why = {lang: [say("teams.why_outside", lang)] for lang in LANGUAGES} if month.why else {}
    return replace(month, why=why)


class _Heard:
    """What jobs tell, passed on to people, and what came of each."""

    def __init__(self, teams: Sequence[Team], progress: Progress) -> None:
        self.titles = {team.name: team.settings.team for team in teams}
        self.progress = progress
        self._begun: dict[str, float] = {}
        self._found: list[TeamMonth] = []

    def of(self, jobs: Sequence[Job], spread: Spread) -> list[TeamMonth]:
        """Have jobs carried out."""
        self.progress.expect([job.team for job in jobs])
        spread(jobs, self.told)
        return self._found

    def told(self, name: str, event: Mapping[str, Any]) -> None:
        """Hear an event of a team."""
        if name not in self._begun:
            self._begun[name] = time.perf_counter()
            self.progress.say("team_running", team=name)
        if event["event"] != OVER:
            if event["event"] in TOLD or self.progress.form == JSON:
                self.progress.relay(name, event)
            return
        month = self._became(name, event, time.perf_counter() - self._begun[name])
        self._found.append(month)
        told = month.state in ("partly", "kept")  # by the events of its sections
        for line in () if told else month.why.get(self.progress.lang, ()):
            self.progress.say("team_problem", team=name, why=line)
        values = {"team": name, "seconds": f"{month.seconds:.1f}"}
        if month.state == "published":
            self.progress.say("team_ran", **values)
        elif month.state == "partly":
            self.progress.say("team_partly", **values)
        else:
            self.progress.say("team_not", **values)

    def _became(self, name: str, event: Mapping[str, Any], seconds: float) -> TeamMonth:
        read, why = event["summary"], event["why"]
        state = {0: "published", 1: "kept" if event.get("kept") else "partly", 2: "refused"}.get(
            event["code"], "failed"
        )
        return _month(name, self.titles[name], read, state=state, why=why, seconds=seconds)


def _month(
    name: str,
    title: Mapping[str, str],
    read: Mapping[str, Any],
    *,
    state: str,
    why: Mapping[str, Sequence[str]],
    seconds: float = 0.0,
) -> TeamMonth:
    return TeamMonth(name=name, title=title, state=state, why=why, seconds=seconds, **read)


def _refused(folder: Path, problems: Sequence[Problem]) -> TeamMonth:
    why = {lang: [problem.text(lang) for problem in problems] for lang in LANGUAGES}
    return _month(folder.name, {}, {}, state="refused", why=why)
