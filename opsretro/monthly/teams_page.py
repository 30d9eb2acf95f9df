"""Put the page over all teams where people read it: `<out>/teams/<month>/`, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from opsretro.analysis.teams import TeamsReview
from opsretro.monthly.archive_beside import link_neighbours, link_pages
from opsretro.monthly.hiding import hide_in
from opsretro.monthly.options import TEAMS
from opsretro.monthly.pages import page_files
from opsretro.monthly.progress import Progress
from opsretro.monthly.publish import MANIFEST, one_run, publish, staging
from opsretro.monthly.reuse import sum_of, versions
from opsretro.report.teams_page import teams_html

DATA = "teams.json"


def write_teams(review: TeamsReview, out: Path, *, langs: Sequence[str], progress: Progress) -> Path:
    """Publish the page over all teams.

    Args:
        review: What they published.
        out: Reports folder.
        langs: Languages of the page.
        progress: Told what happens.

    Returns:
        The page to open.

    Raises:
        OutputError: It could not be written.
    """
    label, folder, files = review.period, out / TEAMS, page_files(langs)
    with one_run(folder, label, lambda: progress.say("waiting", month=label)), staging(folder, label) as staged:
        for lang, name in files.items():
            other = next(((code, file) for code, file in files.items() if code != lang), None)
            html = teams_html(review, lang, pages=_pages(review, out, lang), other=other)
            (staged / name).write_text(html, encoding="utf-8")
        whole = json.dumps(review.to_dict(), ensure_ascii=False, allow_nan=False, indent=1)
        (staged / DATA).write_text(whole + "\n", encoding="utf-8")
        hide_in(staged)
        link_pages(staged, list(files.values()), folder / label)
        names = [*files.values(), DATA]
        said = json.dumps(_manifest(review, staged, names), ensure_ascii=False, indent=1)
        (staged / MANIFEST).write_text(said + "\n", encoding="utf-8")
        publish(staged, folder / label, [*names, MANIFEST])
    link_neighbours(folder, label)
    page = folder / label / "index.html"
    done = len(review.with_state("published"))
    progress.say("teams_published", path=page, done=done, n=len(review.teams))
    return page


def _pages(review: TeamsReview, out: Path, lang: str) -> dict[str, str]:
    """The address of each team's page, from the page over all, in this language where there is one."""
    found = {}
    for team in review.teams:
        folder = out / team.name / review.period
        names = ["index.en.html", "index.html"] if lang == "en" else ["index.html"]
        name = next((name for name in names if (folder / name).is_file()), None)
        if name and team.published_at:
            found[team.name] = f"../../{quote(team.name)}/{quote(review.period)}/{name}"
    return found


def _manifest(review: TeamsReview, staged: Path, names: Sequence[str]) -> dict[str, Any]:
    teams = {
        team.name: {
            "status": team.state,
            "seconds": round(team.seconds, 3),
            "reused": team.reused,
            "why": dict(team.why),
        }
        for team in review.teams
    }
    return {
        "schema": 1,
        "period": review.period,
        "versions": versions(),
        "audience": review.audience,
        "teams": teams,
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": sorted(names),
        "sha256": {name: sum_of(staged / name) for name in sorted(names)},
    }
