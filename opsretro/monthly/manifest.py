"""The manifest of a month, `run.json`: what was read, what was run, what could stay, and what is different now."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.analysis.changed import Changes, compare
from opsretro.analysis.result import Context
from opsretro.monthly.reuse import digest, sum_of, versions
from opsretro.monthly.section import Outcome
from opsretro.report.changed_view import changed_lines
from opsretro.tables.inputs import Source
from opsretro.words import LANGUAGES

if TYPE_CHECKING:
    from opsretro.workspace import Workspace


def manifest(
    ops: Workspace,
    period: str,
    outcomes: Mapping[str, Outcome],
    sources: Mapping[str, Source],
    after: Mapping[str, str],
    *,
    changed: Mapping[str, Any],
    before: Mapping[str, Any],
) -> dict[str, Any]:
    """What `run.json` says, but for its time and its files.

    Args:
        ops: The workspace.
        period: What was reviewed.
        outcomes: Outcome by section.
        sources: Files that were read.
        after: Fingerprint by input, taken when the run had written what it adds to the workspace itself.
        changed: See `changed_figures`.
        before: The manifest of the earlier publication; empty = there is none.
    """
    return {
        "schema": 2,
        "period": period,
        "as_of": ops.as_of,
        "versions": versions(),
        "inputs": {
            table: {"file": source.file, "rows": source.rows, "sha256": source.sha256}
            for table, source in sources.items()
        },
        "sections": {key: _section(key, outcome, after, before) for key, outcome in outcomes.items()},
        "changed": dict(changed),
    }


def _section(key: str, outcome: Outcome, after: Mapping[str, str], before: Mapping[str, Any]) -> dict[str, Any]:
    task = outcome.task
    if task is not None and task.kept:
        return {**before["sections"][key], "reused": True}
    depends_on = dict(task.depends_on) if task else {}
    later = depends_on | {name: value for name, value in after.items() if name in depends_on}
    return {
        "status": outcome.status,
        "seconds": round(outcome.seconds, 3),
        "reused": outcome.reused,
        "because": list(task.again) if task else [],
        "notebook_sha256": hashlib.sha256(task.source.read_bytes()).hexdigest() if task else "",
        "own": task.titles["en"] if task and task.is_own else None,
        "why": dict(outcome.why) if outcome.why else None,
        "figures_of": _figures_of(before, key) if outcome.status == "failed" else None,
        "depends_on": ([depends_on] if later == depends_on else [depends_on, later]) if depends_on else [],
    }


def _figures_of(before: Mapping[str, Any], key: str) -> str | None:
    """When the figures of a section were published that an earlier run left, or kept when it failed."""
    found = before.get("sections", {}).get(key)
    old = found if isinstance(found, dict) else {}
    when = before.get("published_at") if old.get("status") == "done" else old.get("figures_of")
    return str(when) if when else None


def finished(said: dict[str, Any], staged: Path, names: Sequence[str], *, seconds: float) -> dict[str, Any]:
    """The manifest with its time, its files and their sums."""
    return said | {
        "published_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seconds": round(seconds, 3),
        "files": sorted(names),
        "sha256": {name: sum_of(staged / name) for name in sorted(names)},
    }


def changed_figures(
    before: Mapping[str, Any], final: Path, staged: Path, keys: Sequence[str], context: Context
) -> dict[str, Any]:
    """What a month that is published again says otherwise; without a change, what it said last time.

    Args:
        before: The manifest of the earlier publication; empty = there is none.
        final: Where that lies.
        staged: Where the new one lies.
        keys: Sections.
        context: Names, currency.

    Returns:
        ``since`` (day of the earlier publication), ``lines`` by language, ``figures``; or nothing.
    """
    if not before:
        return {}
    found = {key: _compared(_last(final, key), staged / f"{key}.json") for key in keys}
    told = {key: one for key, one in found.items() if one and one.section in (key, "own")}  # not one of ours again
    changes = {key: one for key, one in told.items() if one.rows or not one.comparable}
    if not changes:
        old = before.get("changed")
        return dict(old) if isinstance(old, dict) else {}
    return {
        "since": min(_figures_of(before, key) or "" for key in changes)[:10],
        "lines": {lang: changed_lines(list(changes.values()), context, lang) for lang in LANGUAGES},
        "figures": [
            {name: value for name, value in asdict(row).items() if name not in ("title", "also", "unit")}
            for one in changes.values()
            for row in one.rows
        ],
    }


def _last(final: Path, key: str) -> Path:
    """The figures of a section that are published, or those of before it failed."""
    published = final / f"{key}.json"
    return published if published.exists() else final / f".{key}.last.json"


def keep_figures(final: Path, staged: Path, failed: Sequence[str]) -> list[str]:
    """Keep the last figures of sections that failed beside the page, unseen: the next good ones are compared with them.

    Args:
        final: The month as it is published.
        staged: Where the new one lies.
        failed: Sections.

    Returns:
        Names of the files.
    """
    names = {f".{key}.last.json": _last(final, key) for key in failed}
    kept = {name: path for name, path in names.items() if path.exists()}
    for name, path in kept.items():
        shutil.copyfile(path, staged / name)
    return list(kept)


def _compared(old: Path, new: Path) -> Changes | None:
    if not (old.exists() and new.exists()) or sum_of(old) == sum_of(new):
        return None
    try:
        return compare(json.loads(old.read_text(encoding="utf-8")), json.loads(new.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def page_digest(page: Any, files: Mapping[str, Path], langs: Sequence[str], code: str) -> str:
    """A fingerprint of everything the pages are made of."""
    plain = {name: value for name, value in vars(page).items() if name not in ("results", "own")}
    own = [(part.key, part.title, part.record, part.failure) for part in page.own]
    sums = {key: sum_of(path) for key, path in files.items()}
    return digest({"page": repr(plain), "own": repr(own), "files": sums, "langs": list(langs), "code": code})
