"""The month of one team as a job: it can be carried out by any process, twice, and ends whole or not at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from traceback import extract_tb
from typing import Any

from opsretro.analysis.teams import team_numbers
from opsretro.errors import InputError, OutputError
from opsretro.monthly.engine import how_it_ended, running
from opsretro.monthly.hiding import hide
from opsretro.monthly.options import ALL, Options
from opsretro.monthly.progress import JSON, Progress
from opsretro.monthly.reuse import read_manifest, read_object
from opsretro.monthly.template import TEMPLATE, can_fork
from opsretro.monthly.warm import WARM, place_to_keep
from opsretro.report.sections import SECTIONS
from opsretro.words import LANGUAGES, say

OVER = "over"
"""The last event of a job: how it ended."""
DIED, GONE = "died", "cluster_gone"
"""Why a job did not end by itself: its process was ended, or there is no worker left."""
_turn = threading.Lock()


@dataclass(frozen=True, kw_only=True)
class Job:
    """A month to be published.

    Attributes:
        team: The team's folder name; names its reports.
        workspace: Folder with its tables.
        out: Its reports folder.
        month: What is reviewed.
        lang: Language of what is told.
        options: How it is run.
        health: Whether the page over all teams may tell what changed in its health.
    """

    team: str
    workspace: Path
    out: Path
    month: str
    lang: str
    options: Options
    health: bool = True

    def order(self) -> dict[str, Any]:
        """The job as plain values, for a process that is asked to do it."""
        plain = asdict(self.options) | {"notebooks": self.options.notebooks and str(self.options.notebooks)}
        told = {"team": self.team, "workspace": str(self.workspace), "out": str(self.out), "month": self.month}
        return {
            **told,
            "health": self.health,
            "lang": self.lang,
            "options": plain,
            "seconds": None,
            "do": f"{__name__}:run_now",
        }


Told = Callable[[str, Mapping[str, Any]], None]
"""Is told an event of a team."""
Spread = Callable[[Sequence[Job], Told], None]
"""Carries out jobs and tells every event with its team; the last of each is how it ended."""


def carried_out(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Carry out a job in a process of its own; every process it starts ends with it.

    Args:
        order: See `Job.order`.

    Yields:
        Events as `Progress` writes them; the last is ``over``.

    Raises:
        ChildProcessError: There can be no process to fork from.
    """
    if not can_fork():
        yield from _in_this_process(order)
        return
    with _turn:
        if not TEMPLATE.is_there:
            TEMPLATE.start(WARM)
    over = False
    with running(TEMPLATE, dict(order)) as job:
        with os.fdopen(os.dup(job.hear), encoding="utf-8", errors="replace") as told:
            for line in told:
                event = json.loads(line)
                over = over or event["event"] == OVER
                yield event
        how_it_ended(job.leash)
    if not over:
        yield lost(DIED)


def run_now(_: int, told: int, order: Mapping[str, Any]) -> None:
    """What the process does: run the month and tell of it."""
    with os.fdopen(told, "w", encoding="utf-8") as stream, place_to_keep():
        progress = Progress(order["lang"], stream, form=JSON)
        print(json.dumps(_done(order, progress), ensure_ascii=False), file=stream)


def _in_this_process(order: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    import io

    heard = io.StringIO()
    over = _done(order, Progress(order["lang"], heard, form=JSON))
    yield from map(json.loads, heard.getvalue().splitlines())
    yield over


def _done(order: Mapping[str, Any], progress: Progress) -> dict[str, Any]:
    from opsretro.monthly.run import run_month

    plain = order["options"]
    notebooks = Path(plain["notebooks"]) if plain["notebooks"] else None
    options = replace(Options(**plain), notebooks=notebooks)
    workspace, out = Path(order["workspace"]), Path(order["out"])
    code, why, kept = 0, dict[str, list[str]](), False
    try:
        published = run_month(order["month"], workspace=workspace, out=out, progress=progress, options=options)
        code, kept = int(bool(published.failed)), published.page is None
        why = {lang: [_failed(key, texts[lang], lang) for key, texts in published.why.items()] for lang in LANGUAGES}
    except InputError as refused:
        code, why = 2, {lang: [problem.line(lang) for problem in refused.problems] for lang in LANGUAGES}
    except (OutputError, OSError) as error:
        path, reason = error.args if isinstance(error, OutputError) else (error.filename or "", error.strerror or error)
        code, why = 3, in_all(f"{path}: {reason}")
    except Exception as error:  # one team's month must not end the others'; its values stay where they are
        code, why = 3, in_all(f"{type(error).__name__} in {extract_tb(error.__traceback__)[-1].name}")
    read = summary(out / order["month"], audience=options.audience, health=order["health"])
    if code > 1 or kept:  # what an earlier run published is not this month's
        read = {name: read[name] for name in ("published_at",) if name in read}
    hidden = {lang: [hide(line) for line in lines] for lang, lines in why.items()}
    return {"event": OVER, "code": code, "why": hidden, "kept": kept, "summary": read}


def _failed(key: str, why: str, lang: str) -> str:
    """Why a section failed; one of the team's own notebooks goes by its name."""
    ours = key in {section.key for section in SECTIONS}
    return say("teams.failed", lang, section=say(f"page.section.{key}", lang) if ours else key, why=why)


def in_all(line: str) -> dict[str, list[str]]:
    """A line that is the same in every language."""
    return {lang: [line] for lang in LANGUAGES}


def lost(why: str) -> dict[str, Any]:
    """The last event of a job that could not be carried out.

    Args:
        why: `DIED`, `GONE`, or a line as it is.
    """
    lines = {lang: [say(f"teams.lost.{why}", lang) if why in (DIED, GONE) else why] for lang in LANGUAGES}
    return {"event": OVER, "code": 3, "why": lines, "kept": False, "summary": {}}


def summary(final: Path, *, audience: str, health: bool) -> dict[str, Any]:
    """What a team has published of a month, read from its files; empty where there is nothing for these readers.

    Args:
        final: The month's folder.
        audience: Who is to read it.
        health: Whether what changed in the team's health may be told.

    Returns:
        ``as_of``, ``published_at``, ``numbers`` (see `team_numbers`), ``reused`` (nothing had to be computed).
    """
    manifest = read_manifest(final)
    if not manifest or manifest.get("audience", ALL) != audience:
        return {}
    states = {key: one for key, one in manifest["sections"].items() if isinstance(one, dict)}
    done = [section.key for section in SECTIONS if states.get(section.key, {}).get("status") == "done"]
    found = {key: data for key in done if (data := read_object(final / f"{key}.json"))}
    return {
        "as_of": manifest.get("as_of") or "",
        "published_at": manifest.get("published_at", ""),
        "numbers": team_numbers(found, health=health),
        "reused": bool(done) and all(states[key].get("reused") for key in done if key != "meeting"),
    }
