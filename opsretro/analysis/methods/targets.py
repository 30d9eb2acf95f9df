"""What a goal asks for: its target in a month, and the values that meet it."""

from __future__ import annotations

import numpy as np

from opsretro.analysis.codes import Direction
from opsretro.errors import as_code


def growth_target(baseline: float, growth: float) -> float:
    """The target of a goal stated as growth: baseline × (1 + growth).

    Args:
        baseline: Where the goal starts.
        growth: Ratio, 0.2 = +20 %.

    Example:
        >>> growth_target(500.0, 0.2)
        600.0
    """
    return baseline * (1 + growth)


def due_target(target: float, baseline: float | None, milestones: str | None, month: str) -> float:
    """The target that has fallen due by a month, when a goal has milestones.

    Args:
        target: The goal's final target.
        baseline: Where it started; milestones need one.
        milestones: Share of the way due by month, ``2026-03:0.25;2026-06:0.5``; None = the target holds from the start.
        month: ``2026-05``.

    Returns:
        Baseline + share × (target − baseline), the share being that of the last milestone due; the baseline itself
        before the first one.

    Example:
        >>> due_target(120.0, 100.0, "2026-03:0.25;2026-06:0.5", "2026-05")
        105.0
    """
    if not milestones or baseline is None:
        return target
    steps = dict(part.split(":") for part in milestones.replace(" ", "").strip(";").split(";"))
    due = [float(steps[step]) for step in sorted(steps) if step <= month]
    return baseline + (due[-1] if due else 0.0) * (target - baseline)


def wanted_range(
    target: float | None, *, direction: Direction | str, low: float | None = None, high: float | None = None
) -> tuple[float, float]:
    """The values that meet a goal, ends included; NaN ends when the goal has none.

    Example:
        >>> wanted_range(5.0, direction="lower")
        (-inf, 5.0)
    """
    direction = as_code(Direction, direction, "direction")
    nan = float("nan")
    if direction is Direction.RANGE:
        return (nan if low is None else float(low), nan if high is None else float(high))
    if target is None:
        return (nan, nan)
    return (float(target), np.inf) if direction is Direction.HIGHER else (-np.inf, float(target))


def is_floor(target: float, baseline: float, *, direction: Direction | str) -> bool:
    """Whether a target is worse than the start: a line not to cross, no way to go; False where either is missing.

    Example:
        >>> is_floor(5.6, 5.4, direction="lower"), is_floor(4.5, 5.4, direction="lower")
        (True, False)
    """
    gain = target - baseline
    return bool(gain < 0 if direction == Direction.HIGHER else gain > 0)
