"""What a calendar is made of for a model of days: the week, and the holidays that come back every year."""

from __future__ import annotations

import numpy as np


def week_columns(weekday: np.ndarray, makeup: np.ndarray) -> np.ndarray:
    """Seven columns of the weekday, from their mean; a make-up workday is an average workday.

    Args:
        weekday: 0 = Monday.
        makeup: Whether a day is a make-up workday.
    """
    base = np.eye(7)[weekday] - 1 / 7
    base[makeup] = np.array([1 / 5] * 5 + [0, 0]) - 1 / 7
    return base


def holiday_families(holiday: np.ndarray) -> list[list[tuple[int, int]]]:
    """Stretches of holidays, first position and the one after the last; those of one holiday of several years together.

    They belong together when they are of similar length and at most 31 days apart in the year: a lunar holiday finds
    itself again.

    Args:
        holiday: Whether each day in a row is one.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], holiday.astype(int), [0]])))
    families: list[list[tuple[int, int]]] = []
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        near = [(_apart(family[-1], (start, end)), number) for number, family in enumerate(families)]
        apart, number = min(near, default=(np.inf, 0))
        if apart <= 31:
            families[number].append((start, end))
        else:
            families.append([(start, end)])
    return families


def _apart(earlier: tuple[int, int], later: tuple[int, int]) -> float:
    """Days by which two holidays differ in their place in the year; infinite when they cannot be the same one."""
    days = sum(later) / 2 - sum(earlier) / 2
    short, long = sorted(max(end - start, 3) for start, end in (earlier, later))
    if days < 200 or long > 1.5 * short:
        return np.inf
    return abs((days + 182.6) % 365.25 - 182.6)
