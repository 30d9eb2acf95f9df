"""actions.yaml: what was decided, who does it, and which number it is meant to move; read and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml.nodes import MappingNode, Node, SequenceNode

from opsretro.errors import Problem
from opsretro.tables.cells import MOST_NUMBER
from opsretro.tables.parse import parse_date
from opsretro.tables.yaml_nodes import Nodes, is_empty, line_of, parsed, text_of

FILE = "actions.yaml"
FIELDS = (
    "id", "title", "trigger", "owner", "due", "start", "created_in", "source_finding", "controllable", "metric",
    "direction", "baseline", "expected_effect", "check_on", "status", "evidence", "carry_count", "outcome",
)  # fmt: skip
"""The fields of an action, in the order a new one is written."""
NOT_DONE = ("plan", "do")
OPEN = (*NOT_DONE, "check")
CHOICES = {
    "status": (*OPEN, "act", "dropped"),
    "direction": ("higher", "lower"),
    "controllable": ("controllable", "influence", "escalate"),
    "outcome": ("moved", "not moved", "cannot tell"),
}
ASKED = ("owner", "metric", "direction", "due")
"""What an open action is asked for and may go without."""
MOST_CARRIED = 999
LARGE = 1.0
"""An effect beyond this was probably meant in per cent."""
COLUMNS = {
    **dict.fromkeys(("id", "title_zh", "title_en", "when_zh", "when_en", "then_zh", "then_en"), "str"),
    **dict.fromkeys(("owner", "due", "start", "created_in", "source_finding", "controllable"), "str"),
    **dict.fromkeys(("metric", "direction", "check_on", "status", "evidence_zh", "evidence_en", "outcome"), "str"),
    **dict.fromkeys(("baseline", "expected_effect"), "float64"),
    **dict.fromkeys(("carry_count", "line"), "int64"),
}

_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
_SEVERAL = re.compile(r"[,，、;；]|\band\b")
_EXAMPLES = {"id": "A-2026-10-1", "title": "…"}


@dataclass(frozen=True, kw_only=True, eq=False)
class Actions:
    """A ledger that was read.

    Attributes:
        table: One row an action, in the order of the file. id; title_zh, title_en; when_zh, when_en, then_zh, then_en
            (the trigger; one that is a plain text stands in then); owner; due, start, check_on (ISO day); created_in
            (``2026-09``); source_finding; controllable; metric (KPI or goal_id); direction; baseline (the goal's own
            unit); expected_effect (ratio of the metric, 0.05 = +5 %); status; evidence_zh, evidence_en; carry_count;
            outcome (what people said: ``not moved``); line (where it stands in the file). Missing text is empty, a
            missing number NaN.
        notes: What open actions still lack, and what was probably meant in another way; nothing to refuse.
    """

    table: pd.DataFrame
    notes: tuple[Problem, ...] = ()


def read_actions(path: str | Path) -> Actions:
    """The ledger of a workspace.

    Args:
        path: The file; it exists.

    Returns:
        The actions, and what is gently asked about them.

    Raises:
        InputError: The file cannot be read, or something in it is wrong; tells everything at once, with lines.

    Example:
        >>> from opsretro.tables import sample
        >>> path = Path(sample.__file__).parent / "static" / "actions.yaml"
        >>> read_actions(path).table["id"].tolist()[:2]
        ['A-2026-06-1', 'A-2026-07-1']
    """
    return actions_of(text_of(Path(path), FILE))


def actions_of(text: str) -> Actions:
    """The ledger a text holds.

    Args:
        text: What `actions.yaml` would hold.

    Raises:
        InputError: As `read_actions`.
    """
    ledger = _Ledger(FILE, _EXAMPLES)
    if (top := parsed(text, FILE)) is not None and not is_empty(top):
        for node in ledger.top(top):
            ledger.read(node)
    ledger.done()
    return Actions(table=pd.DataFrame(ledger.rows, columns=list(COLUMNS)).astype(COLUMNS), notes=tuple(ledger.notes))


class _Ledger(Nodes):
    """Grows by the row of each action, by what is wrong and by what is gently asked."""

    def __init__(self, source: str, examples: Mapping[str, str]) -> None:
        super().__init__(source, examples)
        self.rows: list[dict[str, Any]] = []
        self.notes: list[Problem] = []
        self._ids: set[str] = set()
        self._inside = False

    def top(self, node: Node) -> list[Node]:
        """The actions of the file; a list of another name is no empty ledger."""
        fields = super().fields(node, (), ("actions",))
        self._inside = True
        return self.items(fields, "actions")

    def read(self, node: Node) -> None:
        """One action."""
        fields = self.fields(node, ("id", "title"), FIELDS)
        row: dict[str, Any] = {"line": line_of(node)}
        for name in ("id", "source_finding", "metric"):
            row[name] = self.plain(fields, name)
        if row["id"] in self._ids:
            self.refuse("not_unique", fields["id"], "id", value=row["id"])
        self._ids |= {row["id"]} - {""}
        for name in ("title", "evidence"):
            row[f"{name}_zh"], row[f"{name}_en"] = self.texts(fields, name)
        for name in ("due", "start", "check_on"):
            row[name] = self._day(fields, name)
        for name in ("baseline", "expected_effect", "carry_count"):
            row[name] = self._number(fields, name)
        row |= {name: self.choice(fields, name, choices) for name, choices in CHOICES.items() if name != "outcome"}
        row |= self._trigger(fields) | {"owner": self._owner(fields), "created_in": self._month(fields)}
        row["outcome"] = self.choice({**fields, **self._spaced(fields)}, "outcome", CHOICES["outcome"])
        row["status"] = row["status"] or OPEN[0]
        row["carry_count"] = self._count(fields, row["carry_count"])
        self.rows.append(row)
        if row["status"] in OPEN:
            self._ask(node, fields, row)

    def stranger(self, key: Node, name: str, known: Sequence[str]) -> list[str]:
        """A field of the team's own is kept; one that looks like ours is asked about."""
        close = super().stranger(key, name, known)
        if self._inside or not close:
            found = self.problems.pop()
            self.notes += [found] if close else []
        return []

    def _ask(self, node: Node, fields: Mapping[str, Node], row: Mapping[str, Any]) -> None:
        """What an open action lacks, and what was probably meant in another way."""
        for name in ASKED:
            told = name == "direction" and "expected_effect" in fields  # its sign says so
            if not row[name] and name not in fields and not told:
                self.notes.append(self.problem("action_asks", node, name))
        if _SEVERAL.search(row["owner"]):
            self.notes.append(self.problem("action_owners", fields["owner"], "owner", value=row["owner"]))
        if row["status"] == "plan" and row["start"]:
            self.notes.append(self.problem("action_planned", fields["start"], "start", value=row["start"]))
        effect = row["expected_effect"]
        if abs(effect) > LARGE:
            values = {"value": f"{effect:g}", "percent": f"{100 * effect:+g}", "fix": f"{effect / 100:g}"}
            self.notes.append(self.problem("action_large", fields["expected_effect"], "expected_effect", **values))
        if row["direction"] and effect * (1 if row["direction"] == "higher" else -1) < 0:
            values = {"value": f"{effect:g}", "direction": row["direction"]}
            self.notes.append(self.problem("action_sign", fields["expected_effect"], "expected_effect", **values))

    def _day(self, fields: Mapping[str, Node], field: str) -> str:
        text = self.plain(fields, field)
        day = parse_date(text) if text else ""
        if day is None:
            self.refuse("not_a_date", fields[field], field, value=text)
        return (day or "")[:10]

    def _month(self, fields: Mapping[str, Node]) -> str:
        text = self.plain(fields, "created_in")
        if text and not _MONTH.fullmatch(text):
            self.refuse("not_a_month", fields["created_in"], "created_in", value=text)
        return text

    def _number(self, fields: Mapping[str, Node], field: str) -> float:
        text = self.plain(fields, field)
        try:
            number = float(text or "nan")
        except ValueError:
            number = math.inf
        if abs(number) > MOST_NUMBER or (math.isnan(number) and text):
            self.refuse("action_number", fields[field], field, value=text, fix=_fix(text))
        return number

    def _count(self, fields: Mapping[str, Node], number: float) -> int:
        if math.isnan(number) or math.isinf(number):
            return 0
        if not 0 <= number <= MOST_CARRIED or number != int(number):
            self.refuse("action_count", fields["carry_count"], "carry_count", value=f"{number:g}")
        return int(min(max(number, 0), MOST_CARRIED))

    def _owner(self, fields: Mapping[str, Node]) -> str:
        if isinstance(fields.get("owner"), SequenceNode):
            names = [item.value for item in fields["owner"].value if isinstance(item.value, str)]
            self.refuse("action_owners", fields["owner"], "owner", value=", ".join(names))
            return ""
        return self.plain(fields, "owner")

    def _trigger(self, fields: Mapping[str, Node]) -> dict[str, str]:
        """When and then; a plain text stands in then."""
        own, names = dict(fields), ("when", "then")
        node = fields.get("trigger")
        if isinstance(node, MappingNode) and {str(key.value) for key, _ in node.value} & set(names):
            own = self.fields(node, (), names)
            texts = [self.texts(own, name) for name in names]
        else:
            texts = [("", ""), self.texts(own, "trigger")]
        return {f"{name}_{lang}": text for name, pair in zip(names, texts, strict=True)
                for lang, text in zip(("zh", "en"), pair, strict=True)}  # fmt: skip

    def _spaced(self, fields: Mapping[str, Node]) -> dict[str, Node]:
        """An outcome written as a code (`not_moved`) is read as the words it stands for."""
        node = fields.get("outcome")
        if node is not None and isinstance(node.value, str):
            node.value = node.value.replace("_", " ")
            return {"outcome": node}
        return {}


def _fix(text: str) -> str:
    """What to write instead of a number: a per cent as its ratio."""
    try:
        return f"{float(text.rstrip('%％ ')) / 100:g}" if text.endswith(("%", "％")) else "0.05"
    except ValueError:
        return "0.05"
