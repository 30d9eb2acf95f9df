"""The command `opsretro run`: its options, and the run they ask for."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from opsretro.errors import InputError, Problem
from opsretro.monthly.options import ALL, AUDIENCES, ENGINES, FORK, THREADS, Options
from opsretro.words import LANGUAGES

if TYPE_CHECKING:
    from opsretro.monthly.notify import Message, Tell


def add_run_options(run: argparse.ArgumentParser) -> None:
    """Give the command its options.

    Args:
        run: The parser of `opsretro run`.
    """
    run.add_argument("--month", required=True, metavar="M", help="what to review: last, 2026-10, 2026-Q3 or 2026")
    run.add_argument(
        "--teams", default=None, nargs="+", metavar="DIR", help="a workspace a team: 'teams/*'; reports in OUT/<team>"
    )
    run.add_argument(
        "--cluster", default=None, metavar="URL", help="dask scheduler that spreads teams: tcp://host:8786"
    )
    run.add_argument("--out", default="reports", metavar="R", type=Path, help="folder for the reports (./reports)")
    run.add_argument("--only", default=None, metavar="S", help="sections to run; the others stay as they are published")
    run.add_argument("--audience", default=ALL, metavar="A", help="all, or outside: without team health and meeting")
    run.add_argument("--lang", default=None, metavar="L", help="languages of the pages (zh-CN,en)")
    run.add_argument("--jobs", default=None, metavar="N", help="sections that run side by side (one a processor)")
    run.add_argument("--timeout", default=None, metavar="SECONDS", help="time for each notebook (any)")
    run.add_argument("--force", action="store_true", help="compute again what has not changed")
    run.add_argument("--engine", default=FORK, metavar="E", help="fork, or kernel: papermill's own, slower")
    run.add_argument(
        "--notebooks", default=None, metavar="DIR", type=Path, help="the team's own notebooks, beside ours"
    )
    run.add_argument(
        "-p", dest="given", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the notebooks"
    )
    run.add_argument(
        "--log-format", default="words", choices=("words", "json"), help="what is told: words, or a JSON line an event"
    )


def languages(text: str | None) -> tuple[str, ...]:
    """The languages that are asked for.

    Args:
        text: What stands after `--lang`; None = both.

    Raises:
        InputError: One of them is not ours.
    """
    asked = [part.strip() for part in (text or ",".join(LANGUAGES)).split(",") if part.strip()]
    unknown = [part for part in asked if part not in LANGUAGES]
    if unknown or not asked:
        raise InputError(
            Problem(code="not_a_language", source="--lang", values={"value": part}) for part in unknown or [str(text)]
        )
    return tuple(dict.fromkeys(asked))


def run_command(options: argparse.Namespace, lang: str) -> int:
    """Run what the options ask for; the exit code."""
    for name in THREADS:
        os.environ.setdefault(name, "1")
    langs, how = languages(options.lang), _how(options)
    month = _month(options)
    if options.teams:
        return _run_teams(options, lang, month, {"langs": langs, **how})
    from opsretro.monthly.warm import begun, place_to_keep

    with place_to_keep(), begun(month, out=options.out, force=options.force):
        from opsretro.monthly.progress import Progress
        from opsretro.monthly.run import run_month

        progress = Progress(lang, form=options.log_format)
        published = run_month(
            month,
            workspace=options.workspace,
            out=options.out,
            progress=progress,
            options=Options(langs=langs, **how),
        )
    if published.page is not None:
        _say(str(published.page))
    out = options.out.resolve()

    def message() -> Message:
        from opsretro.monthly.notify_text import of_month

        return of_month(published, month, options.workspace, out, lang)

    _tell_people(message, lang, progress.say)
    return 1 if published.failed else 0


def _tell_people(message: Callable[[], Message], lang: str, tell: Tell) -> None:
    from opsretro.monthly.notify import notify

    notify(message, lang, tell)


def _run_teams(options: argparse.Namespace, lang: str, month: str, how: dict[str, Any]) -> int:
    """Run a month of every team, then write the page over all of them."""
    from opsretro.monthly.warm import place_to_keep

    with place_to_keep():
        from opsretro.monthly.progress import Progress
        from opsretro.monthly.spread import check_cluster, local, on_cluster
        from opsretro.monthly.teams import find_teams, run_teams
        from opsretro.monthly.teams_page import write_teams

        teams, progress, out = find_teams(options.teams), Progress(lang, form=options.log_format), options.out.resolve()
        at_once = min(how["jobs"], max(len(teams.ready), 1))
        each = Options(**how | {"jobs": max(how["jobs"] // at_once, 1), "run": uuid4().hex})
        if options.cluster:
            check_cluster(options.cluster)
        spread = on_cluster(options.cluster) if options.cluster else local(at_once)
        found = run_teams(month, teams=teams, out=out, progress=progress, options=each, spread=spread)
        page = write_teams(found, out, langs=each.langs, progress=progress)
    _say(str(page))

    def message() -> Message:
        from opsretro.monthly.notify_text import of_teams

        return of_teams(found, page, out, lang)

    _tell_people(message, lang, progress.say)
    return 0 if all(team.state == "published" for team in found.teams) else 1


def _say(text: str) -> None:
    """Print a line; that nobody reads any more does not undo what is published."""
    try:
        print(text, flush=True)
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what is left in the buffer goes nowhere


def _how(options: argparse.Namespace) -> dict[str, Any]:
    """How a month is run, or every problem with what the options say of it."""
    problems = []
    if options.engine not in ENGINES:
        values = {"value": options.engine, "fix": ", ".join(ENGINES)}
        problems.append(Problem(code="not_an_engine", source="--engine", values=values))
    numbers: dict[str, float | None] = {}
    for name, kind in (("jobs", int), ("timeout", float)):
        text = getattr(options, name)
        try:
            numbers[name] = None if text is None else kind(text)
            is_bad = text is not None and not 0 < kind(text) < float("inf")
        except ValueError:
            is_bad = True
        if is_bad:
            problems.append(Problem(code="not_positive", source=f"--{name}", values={"value": text}))
    if options.audience not in AUDIENCES:
        problems.append(Problem(code="not_an_audience", source="--audience", values={"value": options.audience}))
    if options.teams and ".." in options.month:
        problems.append(Problem(code="range_of_teams", source="--month", values={"value": options.month}))
    if options.cluster and not options.teams:
        problems.append(Problem(code="cluster_alone", source="--cluster"))
    if options.cluster and options.jobs:
        problems.append(Problem(code="jobs_and_cluster", source="--jobs"))
    if problems:
        raise InputError(problems)
    return {
        "as_of": options.as_of,
        "engine": options.engine,
        "jobs": numbers["jobs"] or _processors(),
        "seconds": numbers["timeout"],
        "force": options.force,
        "notebooks": options.notebooks,
        "given": options.given,
        "only": tuple(part.strip() for part in (options.only or "").split(",") if part.strip()),
        "audience": options.audience,
    }


def _month(options: argparse.Namespace) -> str:
    """What is to be reviewed; `last` is the newest month that was over on the day the data is of."""
    from opsretro.tables.period import LAST, last_month

    if options.month != LAST:
        return str(options.month)
    try:
        day = date.fromisoformat((options.as_of or "")[:10])
    except ValueError:  # told with the other problems of the options, or not given
        day = date.today()
    return last_month(day)


def _processors() -> int:
    """Processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
