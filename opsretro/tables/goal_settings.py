"""What `retro.toml` says about goals: thresholds, new starts of limits, rules of alerts, weights of assessments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

THRESHOLDS = {"baseline_months": (8, 24), "incomplete_days": (0, 7)}
"""Least and largest of each."""

_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")


@dataclass(frozen=True, kw_only=True)
class Rebase:
    """A KPI works in a new way from a month on, as somebody decided and can say why.

    Attributes:
        kpi: KPI or goal_id.
        month: First month of the new process, ``2026-03``.
        reason: Why; stands on the page, in the words of [names] where they have it.
    """

    kpi: str
    month: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class AlertRule:
    """When a daily signal is worth somebody's attention.

    Attributes:
        size: Least relative change, 0.05 = 5 % unless told otherwise.
        count: Least change in the KPI's own unit.
        direction: ``both``, or ``worse`` for changes to the bad side only.
    """

    size: float = 0.05
    count: float = 0.0
    direction: str = "both"


def _thresholds(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    for key, number in value.items():
        least, most = THRESHOLDS.get(key, (1, 0))
        if type(number) is not int or not least <= number <= most:
            return None
    return {str(key): number for key, number in value.items()}


def _rebase(value: object) -> dict[str, Any] | None:
    entries: list[Any] = value if isinstance(value, list) else [value]
    return {"rebases": tuple(Rebase(**entry) for entry in entries)} if all(map(_is_rebase, entries)) else None


def _is_rebase(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != {"kpi", "month", "reason"}:
        return False
    return all(map(is_text, entry.values())) and bool(_MONTH.fullmatch(entry["month"]))


def _alerts(value: object) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    common = {key: v for key, v in value.items() if not isinstance(v, dict)}
    own = {key: common | v for key, v in value.items() if isinstance(v, dict)}
    good = all(map(_is_alert_rule, [common, *own.values()]))
    return {"alerts": {key: AlertRule(**rule) for key, rule in {**own, "": common}.items()}} if good else None


def _is_alert_rule(rule: Mapping[str, Any]) -> bool:
    sizes = [rule.get("size", 0), rule.get("count", 0)]
    good = all(type(v) in (int, float) and 0 <= v < float("inf") for v in sizes)
    return good and set(rule) <= {"size", "count", "direction"} and rule.get("direction", "both") in {"both", "worse"}


def _assessment_weights(value: object) -> dict[str, Any] | None:
    known = {"supervisor", "peer", "self", "data"}
    if not isinstance(value, dict) or not set(value) <= known:
        return None
    good = all(type(v) in (int, float) and 0 <= v < float("inf") for v in value.values()) and sum(value.values()) > 0
    return {"assessment_weights": {key: float(v) for key, v in value.items()}} if good else None


def is_text(value: object) -> bool:
    """Whether a value is a text with something in it."""
    return isinstance(value, str) and bool(value.strip())


GOAL_READERS = {
    "thresholds": _thresholds,
    "rebase": _rebase,
    "alerts": _alerts,
    "assessment_weights": _assessment_weights,
}
"""What reads each table of the settings: keyword arguments, or None where it is wrong."""
