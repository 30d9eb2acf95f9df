"""How a daily level goes on: draws of the days ahead, from how wrong such forecasts of its own past would have been."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

SAMPLES = 1000
MEMORIES = (0.2, 4.0, 14.0, 56.0)
"""Mean ages in days of the candidate levels: from the last value to an average over a quarter."""
SLOPE = 56
"""Days in each of the two windows that the candidate slope compares."""
RECENT = 56
"""Days whose median says where the level was: neither a campaign nor the first weeks of a change move it."""
DOUBT = 2.5
"""Days this many standard deviations off that median begin to lose weight; at twice as many they have none."""
CLIP = 3.0
"""Standard deviations a single day counts at most when runs are looked for: a spike is no run."""
LONGEST = 28
"""Days after which a run is no question any more: the level has followed it."""
BEFORE = 28
"""Days before a run that it is compared with."""
UNUSUAL = (2.0, 2.5)
"""Standard deviations off these, by the KPI's own history, where a run begins to count and where it counts in full."""
CREDIT, CERTAIN = 5, 20
"""A run of CERTAIN days stays; of a shorter one (its days + CREDIT) / (CERTAIN + CREDIT) of the draws stay."""
SPARSE = 0.5
"""Daily noise (relative) above which single days say nothing about the level."""
WANDER = 0.1
"""Daily wandering of a level, as a share of the daily noise, that is assumed before a KPI has shown its own."""
PRIOR_TRIALS = 3.0
"""How many forecasts of its own past a KPI needs before they count as much as what is assumed of any."""


class _Past(NamedTuple):
    """Adjusted values, gaps filled with the day before.

    What each is worth, how far it is off the median of the weeks before, how large the values are, and the noise; both
    relative to that size.
    """

    a: np.ndarray
    weight: np.ndarray
    off: np.ndarray
    size: np.ndarray
    noise: float


class _Run(NamedTuple):
    """The last days that stand off those before: how many, whether at all, and whether they still do (0 to 1)."""

    length: int
    certainty: float
    still_on: float


def draw_ahead(
    values: np.ndarray, weight: np.ndarray, lead: int, rng: np.random.Generator, *, at_end: bool
) -> np.ndarray:
    """Draw the days after a series of daily values without weekday or calendar effects.

    The level now is a mixture of averages over the last days to months, with and without a slope, each weighed by how
    well it would have forecast the KPI's own past this many days ahead. How wrong the mixture was from every earlier
    day, path by path, is how wrong it may be now, stretched for the few independent trials a short history holds.
    When the last days stand off the level, nobody can know whether they stay. Then some of the draws go on from where
    the level was before them and some from where they are: the longer the run, the more of these.

    Args:
        values: One a day, oldest first; NaN = missing, but not on the first and the last day.
        weight: How much each day counts; 0 where missing.
        lead: Days to draw.
        rng: Of the draws.
        at_end: Whether the last day ahead matters (a stock) rather than the mean of them all.

    Returns:
        One row a sample, one column a day ahead.

    Source:
        Intervals from the forecast's own past errors: R. J. Hyndman and G. Athanasopoulos, Forecasting: Principles and
        Practice, 3rd ed., 5.5 and 5.10; weighing by past errors: J. M. Bates and C. W. J. Granger, The combination of
        forecasts, Operational Research Quarterly 20 (1969); runs by the largest standardised difference of means: D. M.
        Hawkins, Testing a sequence of observations for a shift in location, JASA 72 (1977).

    Example:
        >>> draws = draw_ahead(np.full(60, 5.0), np.ones(60), 2, np.random.default_rng(1), at_end=False)
        >>> draws.shape, draws.mean().round(3).item()
        ((1000, 2), 5.0)
    """
    past, steps = _past(values, weight, at_end=at_end), np.arange(1, lead + 1)
    n = len(past.a)
    start = min(max(28, n // 6), n // 2)
    trials = max((n - start) / (lead + 1), 1.0)
    level, slope = _level(past, start, steps, trials, at_end=at_end)
    paths = _misses(past, level, slope, start, steps)
    squared = float(((paths[:, -1] if at_end else paths.mean(axis=1)) ** 2).mean())
    trials /= 2  # forecasts a few days apart share most of their level
    known = (trials * squared + PRIOR_TRIALS * _assumed(past, lead, at_end=at_end)) / max(squared, 1e-18)
    scale = np.sqrt(known / rng.chisquare(trials + PRIOR_TRIALS, SAMPLES))
    # Forecasts from neighbouring days miss to the same side; they might as well have missed to the other.
    scale *= rng.choice([-1, 1], SAMPLES)
    paths = paths[np.arange(SAMPLES) * len(paths) // SAMPLES] * scale[:, None]
    now, growth = (level[-1], slope[-1]) if at_end or past.noise > SPARSE else _futures(past, level, slope, rng)
    return now + past.size[-1] * (growth * steps + paths)


def _past(a: np.ndarray, weight: np.ndarray, *, at_end: bool) -> _Past:
    values = pd.Series(a)
    filled = values.ffill().to_numpy()
    size = values.abs().ewm(halflife=90).mean().ffill().to_numpy()
    size = np.maximum(size, 0.2 * np.nanmean(np.abs(a)) or 1.0)
    middle = values.rolling(RECENT, min_periods=7).median().ffill().shift().to_numpy()
    off = np.nan_to_num((filled - middle) / size)
    steps = np.diff(filled) / size[1:]
    noise = _spread(steps - np.median(steps)) / np.sqrt(2)
    weight = weight / weight[weight > 0].mean()
    # A level is what the last day says it is, and a KPI of a few events a week has no outliers.
    if not (at_end or noise > SPARSE):
        weight = weight * np.clip(2 - np.abs(off) / _spread(off) / DOUBT, 0, 1)
    return _Past(filled, weight, off, size, noise)


def _spread(deviations: np.ndarray) -> float:
    """Standard deviation by the mean absolute deviation, the largest cut off; never 0."""
    sizes = np.abs(deviations)
    return max(float(np.minimum(sizes, 4 * sizes.mean()).mean()) * np.sqrt(np.pi / 2), 1e-9)


def _assumed(past: _Past, lead: int, *, at_end: bool) -> float:
    """Squared error of a forecast before a KPI has shown its own: noise, error of the level, wandering.

    A level goes on wandering as it did from week to week.
    """
    if at_end:
        week = (past.a[7:] - past.a[:-7])[-RECENT:] / past.size[-1]
        return _spread(week - np.median(week)) ** 2 * lead / 7 * (1 + lead / RECENT)
    return past.noise**2 * (1 / lead + 1 / 15 + WANDER**2 * lead / 3)


def _futures(
    past: _Past, level: np.ndarray, slope: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Level and slope to go on from, one row a sample: those of now, or of before the last days, or of these."""
    run = _run(past)
    begin, size = -1 - run.length, past.size[-1]
    # Half as much again, because the run was chosen for standing off and its days resemble each other.
    error = 1.5 * rng.standard_normal(SAMPLES) * past.noise * size / np.sqrt(run.length)
    stays = past.a[begin + 1 :].mean() + error
    share = run.still_on * min((run.length + CREDIT) / (CERTAIN + CREDIT), 1.0)
    draw = rng.random(SAMPLES)
    now = np.where(draw < run.certainty, level[begin] + slope[begin] * size * run.length, level[-1])
    now = np.where(draw < run.certainty * share, stays, now)
    return now[:, None], np.where(draw < run.certainty, slope[begin], slope[-1])[:, None]


def _run(past: _Past) -> _Run:
    """The run of last days that stands off most, by how far runs of its length have stood off so far."""
    n, most = len(past.a), CLIP * _spread(past.off)
    off = np.clip(past.off, -most, most)
    sums = np.concatenate([[0.0], off.cumsum()])
    best = (0.0, 2, 0.0, 0.0)
    for length in range(2, min(LONGEST, n - 14) + 1):
        end = np.arange(length + 14, n + 1)
        begin = np.maximum(end - length - BEFORE, 0)
        width = end - length - begin
        base = (sums[end - length] - sums[begin]) / width
        gap = (sums[end] - sums[end - length]) / length - base
        usual = _spread(gap[:-LONGEST]) if len(gap) > 2 * LONGEST else 0.0
        usual = max(usual, past.noise * np.sqrt(1 / length + 1 / width[-1]))
        best = max(best, (abs(gap[-1]) / usual, length, base[-1], gap[-1]))
    unusual, length, base_now, gap_now = best
    newest = off[-3:].mean() - base_now
    evidence = (newest**2 - (newest - gap_now) ** 2) / (4 * past.noise**2 / 3)
    return _Run(length, float(np.interp(unusual, UNUSUAL, (0, 1))), 1 / (1 + np.exp(-np.clip(evidence, -50, 50))))


def _level(past: _Past, start: int, steps: np.ndarray, trials: float, *, at_end: bool) -> tuple[np.ndarray, np.ndarray]:
    """Level and slope as known on every day: the candidates, weighed by their past errors."""
    levels, slopes = _candidates(past)
    lead, n = len(steps), len(past.a)
    if n <= start + lead:
        return levels[len(levels) // 2], slopes[0]
    score = _errors(past, levels, slopes, slice(start, n - lead), lead, at_end=at_end)
    mix = (score / score.min()) ** -trials
    mix /= mix.sum()
    return mix @ levels, mix @ slopes


def _errors(
    past: _Past, levels: np.ndarray, slopes: np.ndarray, origins: slice, lead: int, *, at_end: bool
) -> np.ndarray:
    """Mean absolute error of each candidate, `lead` days on or over the days until then; never 0."""
    sums = np.concatenate([[0.0], past.a.cumsum()])
    first, last = origins.start, origins.stop
    mean = (sums[first + lead + 1 : last + lead + 1] - sums[first + 1 : last + 1]) / lead
    ahead = past.a[first + lead : last + lead] if at_end else mean
    size = past.size[origins]
    guess = levels[:, origins] + slopes[:, origins] * size * (lead if at_end else (lead + 1) / 2)
    return np.abs((guess - ahead) / size).mean(axis=1) + 1e-9


def _candidates(past: _Past) -> tuple[np.ndarray, np.ndarray]:
    """Levels over every memory without and with a slope, and these slopes (relative, a day), as known on every day."""
    age = np.arange(len(past.a))
    slopes = [np.zeros(len(age)), _slope(past)]
    levels = []
    for memory in MEMORIES:
        kernel = (memory / (1 + memory)) ** age
        total = np.convolve(past.weight, kernel)[: len(age)]
        level = np.convolve(past.weight * past.a, kernel)[: len(age)] / np.maximum(total, 1e-300)
        lag = (kernel * age).cumsum() / kernel.cumsum()
        levels += [level + slope * lag * past.size for slope in slopes]
    return np.array(levels), np.array(slopes * len(MEMORIES))


def _slope(past: _Past) -> np.ndarray:
    """Difference of the last two windows' means; 0 while they hold less than a fortnight each."""
    total, sums = (np.concatenate([[0.0], part.cumsum()]) for part in (past.weight, past.weight * past.a))
    end = np.arange(1, len(past.a) + 1)
    width = np.minimum(SLOPE, end // 2)
    means = [
        (sums[to] - sums[to - width]) / np.maximum(total[to] - total[to - width], 1e-9) for to in (end, end - width)
    ]
    return np.where(width >= 14, (means[0] - means[1]) / np.maximum(width, 1) / past.size, 0.0)


def _misses(past: _Past, level: np.ndarray, slope: np.ndarray, start: int, steps: np.ndarray) -> np.ndarray:
    """How wrong a forecast from every earlier day was on each day ahead; past the end it goes on from the start."""
    n = len(past.a)
    origin = np.arange(start, n - 1)[:, None]
    place = origin + steps
    beyond = place >= n
    place = np.where(beyond, start + 1 + (place - n) % (n - 1 - start), place)
    origin = np.where(beyond, place - 1, origin)
    return (past.a[place] - level[origin]) / past.size[origin] - slope[origin] * np.where(beyond, 1, steps)
