"""A whole workspace of hostile text: the sample, with a payload in every free text, id, name and value of a dimension.

The sample's words stay behind the payloads, so that what belongs together still does, and a test can look for both.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd
from conftest import SAMPLE
from ruamel.yaml import YAML

VERY_LONG = "long" * 1250
PAYLOADS = {
    "script": "<script>window.pwned=1</script>",
    "formula": '=HYPERLINK("http://127.0.0.1:9/x","x")',
    "image": '"><img src=x onerror=window.pwned=1>',
    "command": "+1+cmd|' /C calc'!A0",
    "jinja": "{{ 7*7 }}",
    "maths": "$x^2$",
    "script end": "</script>",
    "sum": "@SUM(1)",
    "style end": "</style><style>*{display:none}</style>",
    "jinja block": "{% for x in y %}",
    "broken maths": r"$\frac{1}{",
    "yaml tag": '!!python/object/apply:os.system ["touch PWNED"]',
    "cdata": "]]>",
    "minus": "-2+3",
    "typst": '#import "x.typ"',
    "tex": r"\input{/etc/passwd}",
    "alias": "&anchor *alias",
    "shell": "$(touch PWNED)",
    "backticks": "`touch PWNED`",
    "semicolon": "; touch PWNED",
    "path": "../../../../tmp/PWNED",
    "absolute path": "/etc/passwd",
    "backslashes": r"..\\..\\x",
    "percent": "%n%s",
    "braces": "{x}{0.__class__}",
    "controls": "a\x01\x07\x1b[31m\x1b]0;PWNED\x07b",
    "bidi": "\u202edetrevni\u2066",
    "separators": "one\u2028two\u2029three",
    "very long": VERY_LONG,
    "line end": 'first\nsecond"quoted"',
    "address": "javascript:window.pwned=1",
    "data address": "data:text/html,<script>window.pwned=1</script>",
    "markdown": "[x](javascript:window.pwned=1) ![y](http://127.0.0.1:9/y)",
    "svg": "<svg onload=window.pwned=1>",
    "comment": "<!--",
    "handler": "' onmouseover='window.pwned=1' x='",
    "tab": "\t=1+1",
}
STATED = {"kind", "basis", "control", "month", "due", "start", "created_in", "controllable", "direction", "check_on"}
STATED |= {"status", "outcome", "expires", "held", "session", "now", "stage", "source", "section", "since", "parked"}
STATED |= {"period", "as_of", "verdict", "reason", "end"}
"""Fields of YAML and JSON whose words are codes and dates; all other text in them is free."""
FREE = {
    "goals": ("name", "statement", "source"),
    "events": ("kind", "title"),
    "activities": ("name",),
    "cost_ledger": ("item",),
}
IDS = {
    "goals": ("goal_id", "kpi", "owner", "numerator", "denominator"),
    "metrics": ("kpi", "channel", "city_tier", "device", "user_type"),
    "events": ("channel", "city_tier", "device", "user_type"),
    "activities": ("activity_id", "type", "owner", "target_segment"),
    "daily_metrics": ("segment",),
    "cost_ledger": ("activity_id",),
    "funnel": ("activity_id",),
    "users": ("activity_id", "user_id"),
    "orders": ("order_id", "user_id"),
    "workload": ("group",),
    "assessments": (),
}
DIMENSIONS = {"channel", "city_tier", "device", "user_type"}
GOALS = ("gmv", "conversion", "new_buyer_orders", "refund_rate", "followers")
ACTIVITIES = ("recall_spring", "recall_coupon", "live_trial")
ACTIONS = ("A-2026-06-1", "A-2026-08-2", "A-2026-08-3", "A-2026-09-1", "A-2026-10-1")
MONTHS = ("2026-08", "2026-09", "2026-10")
"""What is kept of the sample, so that a month of it is published sooner."""


class Disguise:
    """Gives every word its payload, the kinds in turn: an id the same one wherever it stands, a free text the next."""

    def __init__(self) -> None:
        self.ids: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self._kinds = cycle(PAYLOADS.values())
        self.skipped: tuple[str, ...] = ()
        self._id_kinds = cycle(payload for name, payload in PAYLOADS.items() if name not in NO_ID)

    def id(self, word: str) -> str:
        """An id, or nothing where nothing stands."""
        if word and word not in self.ids:
            self.ids[word] = f"{next(self._id_kinds)} {word}"
        return self.ids.get(word, "")

    def text(self, words: str) -> str:
        """A free text, or nothing where nothing stands."""
        kind = next(kind for kind in self._kinds if kind not in self.skipped)
        told = f"{kind} {words}" if words.strip() else ""
        self.texts[words] = told
        return told

    def tree(self, value: Any, field: str = "") -> Any:
        """Everything in a YAML or JSON file: known ids as ids, codes as they are, the rest as free text."""
        if isinstance(value, Mapping):
            return {self.ids.get(str(key), key): self.tree(item, str(key)) for key, item in value.items()}
        if isinstance(value, list):
            return [self.tree(item, field) for item in value]
        if not isinstance(value, str) or field in STATED:
            return value
        return self.ids.get(value) or self.text(value)


NO_ID = {"line end", "separators", "controls", "bidi", "alias", "very long", "tab", "sum"}
"""Kinds no id gets: YAML cannot repeat them letter by letter, `&` would part a slice, or it would mention a person."""


def hostile_workspace(folder: Path) -> Disguise:
    """Write the workspace.

    Args:
        folder: Made.

    Returns:
        Which payload every id and text of the sample got.
    """
    folder.mkdir(parents=True)
    made = Disguise()
    _tables(folder, made)
    _survey(folder / "survey", made)
    _yaml(folder, made)
    _meeting(folder / "meetings", made)
    _readings(folder, made)
    _settings(folder, made)
    return made


def _cells(name: str) -> pd.DataFrame:
    return pd.read_csv(SAMPLE / name, dtype=str, keep_default_na=False)


def _tables(folder: Path, made: Disguise) -> None:
    for name, columns in IDS.items():
        cells = _kept(name, _cells(f"{name}.csv"))
        for column in columns:
            cells[column] = cells[column].map({word: made.id(word) for word in cells[column].unique()})
        for column in FREE.get(name, ()):
            cells[column] = cells[column].map(made.text)
        if name == "goals":
            slices = [part.partition("=") for part in cells["dimension"]]
            cells["dimension"] = [f"{made.id(key)}={made.id(value)}" if key else "" for key, _, value in slices]
        cells = cells.rename(columns={column: made.id(column) for column in cells if column in DIMENSIONS})
        cells.to_csv(folder / f"{name}.csv", index=False)


def _kept(name: str, cells: pd.DataFrame) -> pd.DataFrame:
    """The part of a table that is enough."""
    if name == "goals":
        return cells[cells["goal_id"].isin(GOALS)].copy()
    if name == "metrics":
        return cells[(cells["date"] >= "2025-08") & (cells["city_tier"] != "t1") & (cells["device"] != "pc")].copy()
    return cells[cells["activity_id"].isin(ACTIVITIES)].copy() if "activity_id" in cells else cells


def _survey(folder: Path, made: Disguise) -> None:
    folder.mkdir()
    items, teams, box = (_cells(f"survey/{name}.csv") for name in ("items", "teams", "suggestions"))
    asked = {question: made.text(question) for question in items["question"]}
    for column in ("item", "dimension"):
        items[column] = items[column].map(made.id)
    items.assign(question=items["question"].map(asked)).to_csv(folder / "items.csv", index=False)
    teams["group"] = teams["group"].map(made.id)
    teams[teams["month"].isin(MONTHS)].to_csv(folder / "teams.csv", index=False)
    box[["suggestion", "answer"]] = box[["suggestion", "answer"]].map(made.text)
    box.to_csv(folder / "suggestions.csv", index=False)
    for month in MONTHS:
        answers = _cells(f"survey/{month}.csv")
        number = {column: column.partition("、") for column in answers}
        answers["1、团队"] = answers["1、团队"].map(made.id)
        said = next(column for column in answers if "建议" in column)
        answers[said] = [text if text == "(跳过)" else made.text(text) for text in answers[said]]
        answers = answers.rename(columns={column: f"{n}、{asked.get(name, name)}" for column, (n, mark, name)
                                          in number.items() if mark})  # fmt: skip
        answers.to_csv(folder / f"{month}.csv", index=False)


def _yaml(folder: Path, made: Disguise) -> None:
    """The ledger, the lessons and the trees. JSON is YAML, too, and can hold every sign."""
    read = YAML(typ="safe")
    for name in ("actions", "lessons", "causes"):
        tree = read.load((SAMPLE / f"{name}.yaml").read_text(encoding="utf-8"))
        if name == "actions":
            tree["actions"] = [action for action in tree["actions"] if action["id"] in ACTIONS]
        for item in next(iter(tree.values())):
            made.id(item["id"])
            made.id(item.get("owner", ""))
            for category in item.get("categories", {}):
                made.id(category)
        made.skipped = (PAYLOADS["sum"],) if name == "causes" else ()  # a mention of a person is no cause
        told = json.dumps({key: made.tree(value) for key, value in tree.items()}, indent=1, default=str)
        (folder / f"{name}.yaml").write_text(told, encoding="utf-8")


def _meeting(folder: Path, made: Disguise) -> None:
    folder.mkdir()
    meeting = json.loads((SAMPLE / "meetings" / "2026-10.json").read_bytes())
    for board in meeting["boards"]:
        for part in (board, *board["columns"]):
            made.id(part["key"])
    for part in (*meeting["cards"], *meeting["topics"]):
        made.id(part["id"])
    told = made.tree(meeting)
    for phase, was in zip(told["phases"], meeting["phases"], strict=True):
        phase["key"] = was["key"]  # one of the five there are
    (folder / "2026-10.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")


def _readings(folder: Path, made: Disguise) -> None:
    lines = (SAMPLE / "readings.jsonl").read_text(encoding="utf-8").splitlines()
    old = [
        reading for line in lines if (reading := json.loads(line))["period"] != "2026-10" and reading["id"] in ACTIONS
    ]
    told = [json.dumps(made.tree(reading), ensure_ascii=False) for reading in old]
    (folder / "readings.jsonl").write_text("\n".join([*told, ""]), encoding="utf-8")


def _settings(folder: Path, made: Disguise) -> None:
    """The settings, with a name for every second id; the others are shown as they are."""
    old = tomllib.loads((SAMPLE / "retro.toml").read_text(encoding="utf-8"))
    named = [word for word in made.ids if word in old["names"]][::2]
    names = {made.ids[word]: {lang: made.text(name) for lang, name in old["names"][word].items()} for word in named}
    team = {lang: made.text(name) for lang, name in old["team"].items()}
    chains = {made.ids[kpi]: [made.ids[part] for part in parts] for kpi, parts in old["drivers"].items()}
    lines = [f"team = {_inline(team)}", 'locale = "en"', 'currency = "CNY"', 'timezone = "Asia/Shanghai"']
    lines += ["[thresholds]", "baseline_months = 12"]
    rebases = ({"kpi": made.ids[one["kpi"]], "month": one["month"], "reason": made.id("why")} for one in old["rebase"])
    for rebase in rebases:
        lines += ["[[rebase]]", *(f"{key} = {json.dumps(value)}" for key, value in rebase.items())]
    lines += ["[drivers]", *(f"{json.dumps(kpi)} = {json.dumps(parts)}" for kpi, parts in chains.items())]
    lines += ["[names]", *(f"{json.dumps(word)} = {_inline(told)}" for word, told in names.items())]
    (folder / "retro.toml").write_text("\n".join([*lines, ""]), encoding="utf-8")


def _inline(values: Mapping[str, str]) -> str:
    return "{ " + ", ".join(f"{key} = {json.dumps(value)}" for key, value in values.items()) + " }"
