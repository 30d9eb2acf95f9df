"""The answers to one item as numbers on its own scale, and why an item is refused."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from opsretro.errors import Problem
from opsretro.tables.form_labels import LONGEST_LABELLED, Answer, finest_set, label_step, read_answer

STRAY = 0.1
"""Up to this share of an item's answers outside its scale are slips, each of them invalid; above it …"""
FEWEST, SHARE, OF_FEW = 3, 0.2, 0.5
"""… another scale is named when three are outside, a fifth of the plain numbers, or two that are half of them."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """An item and the ends of its scale, as typed."""

    item: str
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Reading:
    """One column of an item.

    Attributes:
        values: On the item's own scale; NaN = missing.
        counts: Answers by kind: missing (skipped), unsure, invalid, repaired.
        problems: Why the column cannot be trusted; without their place.
    """

    values: np.ndarray
    counts: Counter[str] = field(default_factory=Counter)
    problems: Sequence[Problem] = ()


def read_item(cells: pd.Series, scale: Scale, form: Collection[Answer]) -> Reading:
    """One column of an item as numbers.

    A label stands for its step of a scale of up to seven steps. A number beside a label must agree with it; where the
    export numbers its options the other way or from 0 throughout, the label is what the person saw and counts.

    Args:
        cells: Text as exported.
        scale: The item's.
        form: Every answer to any item of the form.

    Example:
        >>> scale = Scale(item="tools", low=1, high=5)
        >>> read_item(pd.Series(["非常同意", "４", "2.5", "(跳过)"]), scale, []).values.tolist()
        [5.0, 4.0, nan, nan]
    """
    answers = [read_answer(cell) for cell in cells]
    coded = np.array([np.nan if a.code is None or a.kind != "given" else a.code for a in answers], dtype="float64")
    said = np.array([_said(a, scale, form) for a in answers], dtype="float64")
    against = ~np.isnan(coded) & ~np.isnan(said) & (coded != said)
    turned = _renumbered(coded, said, scale)
    values = np.where(np.isnan(said), coded, said)
    values[against & (not turned)] = np.nan
    values[~((values >= scale.low) & (values <= scale.high) & (values == np.floor(values)))] = np.nan
    bare = coded[np.isnan(said)]
    problems = _problems(answers, values, bare[~np.isnan(bare)], scale, turned=turned)
    counts = Counter({"skip": "missing", "unsure": "unsure"}.get(a.kind, "invalid") for a in _lost(answers, values))
    counts["repaired"] = int(against.sum()) if turned else 0
    return Reading(values=values, counts=+counts, problems=problems)


def _renumbered(coded: np.ndarray, said: np.ndarray, scale: Scale) -> bool:
    """Whether the numbers beside the labels run the other way, or are shifted, in every answer that has both."""
    both = ~np.isnan(coded) & ~np.isnan(said)
    codes, labels = coded[both], said[both]
    shift = codes - labels
    return bool((shift != 0).any() and ((shift == shift[0]).all() or (codes + labels == scale.low + scale.high).all()))


def _lost(answers: Sequence[Answer], values: np.ndarray) -> list[Answer]:
    return [answer for answer, missing in zip(answers, np.isnan(values), strict=True) if missing]


def _said(answer: Answer, scale: Scale, form: Collection[Answer]) -> float:
    """What the label of an answer is on the item's scale; NaN when it has none that fits."""
    step = label_step(answer, int(scale.high - scale.low) + 1, form) if answer.labelled else None
    return np.nan if step is None else scale.low + step


def _problems(
    answers: Sequence[Answer], values: np.ndarray, bare: np.ndarray, scale: Scale, *, turned: bool
) -> list[Problem]:
    """Why the column cannot be trusted: it holds two scales, or words nobody knows; how many, never what."""
    whole = bare[bare == np.floor(bare)]
    outside = int(((whole < scale.low) | (whole > scale.high)).sum())
    steps = int(scale.high - scale.low) + 1
    given = sum(answer.kind in {"given", "unknown"} for answer in answers)
    words = sum(answer.code is None and answer.kind in {"given", "unknown"} for answer in _lost(answers, values))
    values_of = {"item": scale.item, "scale": f"{scale.low:g}-{scale.high:g}"}
    many = outside >= max(FEWEST, SHARE * len(bare)) or outside >= max(2, OF_FEW * len(bare))
    two = (
        (turned and len(whole) > outside, len(whole) - outside),
        (many and outside > STRAY * given, outside),
        (LONGEST_LABELLED >= steps < finest_set(answers), given),
    )
    if n := next((n for is_so, n in two if is_so), 0):
        return [Problem(code="survey_two_scales", source="", values={"n": str(n), **values_of})]
    if words * 2 > given:
        return [Problem(code="survey_unknown_labels", source="", values={"n": str(words), **values_of})]
    return []
