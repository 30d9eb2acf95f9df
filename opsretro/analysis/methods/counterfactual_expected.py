"""What a target would have been without a change: controls, calendar, growth and noise, all their doubts averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from opsretro.analysis.methods.counterfactual_columns import day_columns, together
from opsretro.analysis.methods.counterfactual_controls import (
    HOLIDAY_SPREADS,
    Touched,
    beyond_ordinary,
    holiday_parts,
    touched,
)
from opsretro.analysis.methods.counterfactual_fit import (
    AUTOCORRELATIONS,
    DRAWS,
    Columns,
    Fit,
    Past,
    bend_of,
    fits,
    grid,
)
from opsretro.analysis.methods.counterfactual_history import drift_score, past_of
from opsretro.analysis.methods.counterfactual_paths import paths
from opsretro.analysis.methods.counterfactual_task import Scale, Task, scales

SEED = 20260501
SLOPES = ((0.02, 0.5), (1.0, 0.4), (4.0, 0.1))
"""Growth of its own: none, some, much; and the chance of each."""
DRIFTS = ((0.02, 0.35), (0.2, 0.35), (0.5, 0.3))
"""Wandering of the level in a week, in parts of the noise."""
CONTROL_SPREADS = ((0.15, 0.5), (0.6, 0.5))
"""How far a control's weight may be from an equal share."""
SHIFTS = ((0.004, 0.5), (1.0, 0.5))
"""Whether a shift of level that was found is one."""
BEYOND_SPREAD = 0.25
"""How far the share of an extraordinary common movement that the target follows may be from all of it."""
FOLLOWED = 0.01
"""A setting with at most this chance is not followed up."""
UNSEEN = 2.0
"""Without controls a holiday may be this many times as far from what is expected."""
STEEP, TREND_SCORE, TREND_CHANCE = 0.5, 3.0, 0.65
"""A pre-trend: a slope this many standard errors from 0, where growth of its own has at least this chance."""
CONTAMINATED = 0.45
"""Chance that a control was touched from which it is said."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Expected:
    """A target without the change.

    Attributes:
        draws: One row a draw, one column a day from the window on; the unit of the target.
        fitted: Best value, lower and upper end of 95 % of the days, by position; the unit of the target.
        pre_trend: Whether the target drifted away from its controls before the window.
        contaminated: Whether a control was probably touched itself.
    """

    draws: np.ndarray
    fitted: np.ndarray
    pre_trend: bool
    contaminated: bool


@dataclass(frozen=True, kw_only=True, eq=False)
class _Model:
    """The task on the scale of the model.

    Attributes:
        task: It.
        scale: Of the target.
        y: Target.
        x: Controls, from their mean before the window.
        common: Their response to holidays, by control; 0 on other days, and where it says nothing of the target.
        spreads: How differently series respond to holidays, and the chance of each.
        columns: Of the days.
        past: Of the target.
        beyond: How far all controls together moved beyond what is ordinary, by position.
    """

    task: Task
    scale: Scale
    y: np.ndarray
    x: np.ndarray
    common: np.ndarray
    spreads: Sequence[tuple[float, float]]
    columns: Columns
    past: Past
    beyond: np.ndarray


def expected(task: Task) -> Expected:
    """Draw what the target would have been from the window on.

    Args:
        task: With at least one day to learn from.
    """
    scale, of_controls = scales(task)
    x = np.column_stack([np.zeros((len(task.days), 0)), *[one.to(task.x[:, k]) for k, one in enumerate(of_controls)]])
    x -= x[task.before].mean(axis=0)
    columns = day_columns(task.days, task.start, task.kinds)
    common = np.zeros_like(x)
    spreads: Sequence[tuple[float, float]] = [(size * UNSEEN, chance) for size, chance in HOLIDAY_SPREADS]
    if task.names:
        common, spreads = holiday_parts(x, columns, task)
    common = common * scale.alike
    maybe = touched(x - common, columns, task)
    beyond = beyond_ordinary(x - common, columns, task) * scale.alike
    past, score = _past(scale.to(task.y), x, common, columns, task, alike=scale.alike)
    model = _Model(
        task=task,
        scale=scale,
        y=scale.to(task.y),
        x=x,
        common=common,
        spreads=spreads,
        columns=columns,
        past=past,
        beyond=beyond,
    )
    draws, fitted, steep = _averaged(model, maybe)
    return Expected(
        draws=draws,
        fitted=fitted,
        pre_trend=bool(task.names) and abs(score) > TREND_SCORE and steep > TREND_CHANCE,
        contaminated=maybe.chance > CONTAMINATED,
    )


def _past(
    y: np.ndarray, x: np.ndarray, common: np.ndarray, columns: Columns, task: Task, *, alike: bool
) -> tuple[Past, float]:
    """The target's past, and how clearly it drifts away from its controls."""
    shared = common.mean(axis=1) if task.names else np.zeros(len(y))
    rest = x - shared[:, None]
    equal = rest.mean(axis=1) if task.names and alike else np.zeros(len(y))
    calendar = columns.only("level", "weekday", "makeup_workday", "holiday").x
    slope = columns.only("slope").x / 100.0
    difference = (y - shared - equal)[task.before]
    past = past_of(difference, np.column_stack([calendar, rest, slope])[task.before], task.before)
    known = calendar if alike else np.column_stack([calendar, rest])
    score = drift_score(difference, known[task.before], task.before, past.shifts)
    return replace(past, values=past.values + equal[task.before]), score


def _averaged(model: _Model, maybe: Touched) -> tuple[np.ndarray, np.ndarray, float]:
    """Draws over all groups of controls that may be touched; the fit; the chance of growth of its own."""
    task = model.task
    places = np.round(np.concatenate([[0.0], maybe.weight.cumsum()]) * DRAWS).astype(int)
    settings, rhos, steep = _settings(model)
    columns, shared = _design(model, ())
    found = _fits(model, columns, settings, rhos)
    fitted = _fitted(model, columns, shared, found)
    drawn = []
    for number, (group, count) in enumerate(zip(maybe.groups, np.diff(places).tolist(), strict=True)):
        if group:
            columns, shared = _design(model, group)
            found = _fits(model, columns, settings, rhos)
        seed, last = (SEED, number), int(task.before[-1])
        one = paths(found, count, x=columns.x, last=last, ahead=task.ahead, past=model.past, seed=seed)
        drawn.append(model.scale.back(one + shared[task.ahead]))
    return np.vstack(drawn), fitted, steep


def _settings(model: _Model) -> tuple[list[dict[str, float]], list[float], float]:
    """Settings and autocorrelations worth following up, and the chance that the target grows by itself."""
    noise = model.past.noise
    choices = {"slope": SLOPES, "drift": [(size * noise, chance) for size, chance in DRIFTS]}
    choices |= {"control": CONTROL_SPREADS} if model.task.names else {}
    choices |= {"shift": SHIFTS} if model.past.shifts else {}
    sizes = model.spreads if "holiday" in model.columns.kind else [(1.0, 1.0)]
    middle = float(np.sqrt(sum(chance * size**2 for size, chance in sizes)))
    first = [{**one, "bend": bend_of(one["slope"])} for one in grid(**choices, holiday=[(middle, 1.0)])]
    found = _fits(model, _design(model, ())[0], first, AUTOCORRELATIONS)
    weight = [fit.weight for fit in found]
    share = np.bincount([fit.setting for fit in found], weight, len(first))
    of_rho = np.bincount([AUTOCORRELATIONS.index(fit.autocorrelation) for fit in found], weight, len(AUTOCORRELATIONS))
    rhos = [rho for rho, chance in zip(AUTOCORRELATIONS, of_rho, strict=True) if chance > FOLLOWED]
    kept = [one for one, chance in zip(first, share, strict=True) if chance > FOLLOWED]
    settings = [{**one, "holiday": size, "weight": one["weight"] * chance} for one in kept for size, chance in sizes]
    return settings, rhos, float(share[[one["slope"] > STEEP for one in first]].sum())


def _fits(model: _Model, columns: Columns, settings: Sequence[dict[str, float]], rhos: Sequence[float]) -> list[Fit]:
    before = model.task.before
    return fits(
        model.past.values,
        columns.rows(before),
        day=before,
        weight=model.task.weight,
        noise=model.past.noise,
        settings=settings,
        autocorrelations=rhos,
    )


def _design(model: _Model, group: tuple[int, ...]) -> tuple[Columns, np.ndarray]:
    """Columns with the controls that are not touched, and the response to holidays that is taken from these."""
    position, n = np.arange(len(model.y)), model.x.shape[1]
    good = [k for k in range(n) if k not in group]
    shared = np.zeros(len(model.y))
    if n:
        shared = np.where(position < model.task.start, model.common.mean(axis=1), model.common[:, good].mean(axis=1))
    shifts = [("shift", (position >= first)[:, None] - 1.0, 0.5) for first in model.past.shifts]
    columns = model.columns.beside(together(shifts)) if shifts else model.columns
    if not n:
        return columns, shared
    one_to_one = model.beyond[:, None]
    inside = model.x[:, good] - shared[:, None] - one_to_one
    columns = columns.beside(together([("control", inside, 1.0)], 1.0 / len(good) * model.scale.alike))
    return columns.beside(together([("beyond", one_to_one, BEYOND_SPREAD)], 1.0)), shared


def _fitted(model: _Model, columns: Columns, shared: np.ndarray, found: Sequence[Fit]) -> np.ndarray:
    """Best value of every day, and the ends of 95 %."""
    line = columns.x @ sum(fit.weight * fit.beta for fit in found) + shared
    error = np.sqrt(sum(fit.weight * fit.variance for fit in found) * model.past.swell)
    return np.array([model.scale.back(line + z * error) for z in (0.0, -1.96, 1.96)])
