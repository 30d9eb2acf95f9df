"""How far a goal was reached, for every kind of goal."""

from __future__ import annotations

import math

from opsretro.analysis.codes import Direction
from opsretro.analysis.methods.signals import HAIR
from opsretro.errors import InputError, Problem, as_code, collecting


def attainment(
    actual: float | None,
    target: float | None,
    *,
    direction: Direction | str,
    baseline: float | None = None,
    low: float | None = None,
    high: float | None = None,
) -> float | None:
    """Share of the way to the target that was covered; 1.0 = exactly on target, not clamped.

    With a baseline it is (actual − baseline) ÷ (target − baseline), for any direction and sign. Without one it is
    1 + s·(actual − target) ÷ abs(target), s = +1 when more is better and −1 when less is. A range is 1 inside, and
    outside loses by its distance in half-widths, never below 0.

    Args:
        actual: Value at period end, in the KPI's own unit; None or NaN = missing.
        target: Same unit; None for a range.
        direction: HIGHER when more is better (sign-ups), LOWER when less is (refund rate), RANGE for a corridor.
        baseline: Where the goal started, same unit; None = there was none.
        low: Lower end of the range, same unit.
        high: Upper end of the range, same unit.

    Returns:
        Ratio; None where it is not defined (target equals baseline, target 0 without a baseline, a value is missing,
        a range whose ends are exchanged).

    Raises:
        InputError: A value is infinite, or the direction is unknown; names all of it.

    Source:
        Progress from a start value as in objectives-and-key-results practice (J. Doerr, Measure What Matters, 2018);
        the form without a baseline is the Chinese 完成率 with its sign turned for goals where less is better.

    Example:
        >>> attainment(90.0, 100.0, direction=Direction.HIGHER, baseline=50.0)
        0.8
    """
    direction = _checked(direction, actual=actual, target=target, baseline=baseline, low=low, high=high)
    if actual is None or math.isnan(actual):
        return None
    if direction is Direction.RANGE:
        return None if low is None or high is None else _range(actual, low, high)
    if target is None or math.isnan(target):
        return None
    if baseline is not None and not math.isnan(baseline):
        return None if math.isclose(target, baseline, rel_tol=HAIR) else (actual - baseline) / (target - baseline)
    sign = 1 if direction is Direction.HIGHER else -1
    return None if target == 0 else 1 + sign * (actual - target) / abs(target)


def _checked(direction: Direction | str, **values: float | None) -> Direction:
    infinite = [name for name, value in values.items() if value is not None and math.isinf(value)]
    problems = [Problem(code="infinite", source=name) for name in infinite]
    with collecting(problems):
        direction = as_code(Direction, direction, "direction")
    if problems:
        raise InputError(problems)
    return Direction(direction)


def _range(actual: float, low: float, high: float) -> float | None:
    if math.isnan(low) or math.isnan(high) or low > high:
        return None
    distance = max(low - actual, actual - high, 0.0)
    if distance == 0:
        return 1.0
    return max(0.0, 1 - distance / ((high - low) / 2)) if high > low else 0.0
