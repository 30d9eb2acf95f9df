"""Small published months for the tests of the archive: files as a run leaves them, without running anything."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsretro.analysis.months_join import MonthRead, months_of, span
from opsretro.analysis.months_read import taken
from opsretro.monthly.archive_write import write_archive
from opsretro.monthly.progress import Progress
from opsretro.words import LANGUAGES

CONTEXT = {"team": {"zh-CN": "增长运营组", "en": "Growth"}, "currency": "CNY", "timezone": "Asia/Shanghai"}
CONTEXT |= {"as_of": "2026-11-02", "holidays_until": "", "names": {"sales": {"zh-CN": "成交额", "en": "Sales"}}}
MARKS = "<!--beside--><!--/beside-->"
GOAL = {"goal_id": "sales", "kpi": "sales", "dimension": "", "name": "Sales", "unit": "count", "direction": "higher"}
GOAL |= {"aggregation": "sum", "actual": 310.0, "target": 300.0, "low": None, "high": None, "status": "met"}
GOAL |= {"attainment": 1.03, "reason": "", "variation": "noise", "side": "up", "better": "better"}
GOAL |= {"mean": 300.0, "lower": 280.0, "upper": 320.0}
ACTIVITY = {"activity_id": "gift", "name": "Gift", "type": "recall", "start": "2026-10-01", "end": "2026-10-09"}
ACTIVITY |= {"joint_id": "", "incremental": 900.0, "cost": 100.0, "attributed_roi": 3.0, "verdict": "profit"}
ACTIVITY |= {"profit": 80.0, "profit_lower": 10.0, "profit_upper": 150.0, "grade": "B", "refused": ""}
ACTIVITY |= {"roi": 0.8, "roi_lower": 0.1, "roi_upper": 1.5, "running": False}
ACTION = {"id": "A-1", "title_zh": "尺码说明", "title_en": "Size guide", "due": "2026-10-05", "status": "check"}
ACTION |= {"created_in": "2026-09", "metric": "sales", "unit": "count", "verdict": "moved", "reason": ""}
ACTION |= {"effect": 0.1, "lower": 0.05, "upper": 0.15, "overdue_days": 0, "carry_count": 0, "is_next": False}
CAUSE = {"subject": "sales", "rank": 1, "effect": "rate", "change": -12.0, "lower": -15.0, "upper": -9.0}
CAUSE |= {"share": 0.8, "share_lower": 0.7, "share_upper": 0.9}
KPI = {"subject": "sales", "kpi": "sales", "unit": "count"}
ELEMENT = {"subject": "sales", "rank": 1, "dimension": "device", "value": "android", "is_missing": False}
CHANGE = {"group": "all", "dimension": "workload", "verdict": "down", "mean": 2.1, "n": 12}


def section(key: str, month: str, **tables: Any) -> dict[str, Any]:
    """The JSON of a section, with the tables of `tables`."""
    data = {"schema": 1, "section": key, "period": month, "context": CONTEXT, "findings": [], "lessons": []}
    return data | ({"month": month, "state": "shown"} if key == "health" else {}) | tables


def sections(month: str, **goal: Any) -> dict[str, dict[str, Any]]:
    """The five sections of a month; its goal as `GOAL`, but for what is named."""
    return {
        "goals": section("goals", month, goals=[{**GOAL, **goal}]),
        "roi": section("roi", month, activities=[ACTIVITY], joint=[], types=[]),
        "rootcause": section("rootcause", month, kpis=[KPI], causes=[CAUSE], elements=[ELEMENT]),
        "health": section("health", month, changes=[CHANGE], cells=[], participation=[], workload=[]),
        "followup": section("followup", month, actions=[ACTION]),
    }


def months(*labels: str, first: str = "", last: str = "", changed: Mapping[str, Any] | None = None, **goal: Any) -> Any:
    """The look back over months whose goal is as `GOAL`; of those in `changed` (goals by month) otherwise."""
    read = [read_of(label, **{**goal, **(changed or {}).get(label, {})}) for label in labels]
    axis = span(first or min(labels), last or max(labels))
    return months_of(read, period=f"{axis[0]}..{axis[-1]}", months=axis)


def read_of(label: str, **goal: Any) -> MonthRead:
    """A month as it is read."""
    return read_from(label, sections(label, **goal).values())


def read_from(label: str, data: Any) -> MonthRead:
    """A month as it is read from the JSON of sections."""
    rows: dict[str, list[dict[str, Any]]] = {}
    for one in data:
        for name, found in taken(label, one).items():
            rows.setdefault(name, []).extend(found)
    return MonthRead(month=label, rows=rows, context=CONTEXT)


def page(lang: str, label: str) -> str:
    """A page with the marks of the line of links."""
    told = f"<title>{label}</title><header>{MARKS}</header>"
    return f'<!doctype html>\n<html lang="{lang}">{told}<main id="goals">{label}</main></html>\n'


def put(out: Path, label: str, *, says: bool = True, **goal: Any) -> Path:
    """A published month in a reports folder; its goal as `GOAL`, but for what is named."""
    folder = out / label
    folder.mkdir(parents=True)
    for key, data in sections(label, **goal).items():
        (folder / f"{key}.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
    (folder / "index.html").write_text(page("zh-CN", label), encoding="utf-8")
    (folder / "index.en.html").write_text(page("en", label), encoding="utf-8")
    told = {"zh-CN": f"{label} 的结论", "en": f"What {label} came to"}
    said = {
        lang: {"title": label, "conclusions": [text], "sections": {"goals": f"{text}, goals"}}
        for lang, text in told.items()
    }
    names = sorted(path.name for path in folder.iterdir())
    manifest = {
        "schema": 2,
        "period": label,
        "sections": {key: {"status": "done"} for key in sections(label)},
        "files": names,
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in names},
    } | ({"says": said} if says else {})
    (folder / "run.json").write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return folder


def write(out: Path, lang: str = "en", *, langs: Any = LANGUAGES) -> list[str]:
    """Write the archive; the lines it told."""
    import io

    told = io.StringIO()
    write_archive(out, langs, Progress(lang, told))
    return [line.partition("] ")[2] for line in told.getvalue().splitlines()]
