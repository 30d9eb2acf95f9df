"""An activity as the JSON of a month has it, judged by the figures that its own page shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsretro.analysis.methods.returns import horizon

KINDS = ("profit", "loss", "unclear", "running", "untold")
ENDS = ("", "_lower", "_upper")


def standing(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the figures its verdict rests on: those after the window where a profit did not last.

    Args:
        row: An activity or a joint effect, as JSON has it; what is missing in it is missing in what is returned.
    """
    warnings = row.get("warnings")
    known = {name: row.get(name) or "" for name in ("verdict", "verdict_after")}
    later = horizon({**known, "warnings": warnings if isinstance(warnings, list) else ()})
    after = {f"{name}{end}": row.get(f"{name}_after{end}") for name in ("profit", "roi") for end in ENDS}
    return {**row, **(after | {"verdict": known["verdict_after"]} if later else {})}


def kind_of(row: Mapping[str, Any]) -> str:
    """What its page says of an activity: profit, loss, unclear, running, or untold (it has no figure)."""
    if row.get("running") is True:
        return "running"
    return str(row.get("verdict") or "untold") if isinstance(row.get("profit"), int | float) else "untold"
