"""Generated operational data with causes planted in it, for `bench/causes.py`.

Every situation has two families of cases, in turn: world 1 is "as assumed" (normal or Poisson noise, the forecast is
the true mean, every leaf of a cause moves alike), world 2 breaks that (log-normal, Student's t with 3 degrees or
negative binomial noise, a forecast that is itself an estimate, leaves of a cause that move by amounts of their own).

`cause_rules` says when a planted cause counts as one that can be seen; where one does not, all are drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
from cause_rules import (
    DISCERNIBLE,
    Cause,
    Change,
    Element,
    Grid,
    Vector,
    covered,
    discernible,
    grouped,
    moved,
    pick,
    sound,
)

Range = tuple[float, float]
NAMES = ("channel", "city", "device", "category", "plan", "source")


@dataclass(frozen=True, kw_only=True)
class Situation:
    """What the cases of a situation are drawn from.

    Attributes:
        kind: "sum" or "ratio".
        causes: Fewest and most.
        shape: How the elements lie: free, nested, crossing, group, leaf, ends (new and vanished values), cancel.
        leaves: Fewest and most, before the empty ones are left out.
        growth: Log change that all leaves share, either way.
        drift: Whether each value of each dimension moves a little by itself.
        sparse: Zipf counts, most leaves empty.
        effects: What the causes are, in turn; "both" = rate and mix of the same slice.
        simpson: Rates rise everywhere and the ratio falls.
    """

    kind: str = "sum"
    causes: tuple[int, int] = (1, 3)
    shape: str = "free"
    leaves: tuple[int, int] = (8_000, 50_000)
    growth: Range = (0.0, 0.0)
    drift: bool = False
    sparse: bool = False
    effects: tuple[str, ...] = ("volume",)
    simpson: bool = False


FEW, GROWS, RATIO, NONE = (15_000, 35_000), (0.05, 0.26), (3_000, 20_000), (0, 0)
SITUATIONS = {
    "one cause": Situation(causes=(1, 1)),
    "two or three causes": Situation(causes=(2, 3)),
    "nested causes": Situation(causes=(2, 2), shape="nested"),
    "crossing causes": Situation(causes=(2, 2), shape="crossing"),
    "groups of values": Situation(causes=(1, 2), shape="group"),
    "sparse counts": Situation(sparse=True, leaves=FEW),
    "common growth": Situation(growth=GROWS),
    "ups and downs cancel": Situation(causes=(2, 2), shape="cancel"),
    "new and vanished values": Situation(causes=(1, 2), shape="ends"),
    "drift and heavy noise": Situation(causes=(1, 2), drift=True),
    "single leaves": Situation(causes=(1, 5), shape="leaf", leaves=(10_000, 50_000)),
    "ratio, rate": Situation(kind="ratio", leaves=RATIO, effects=("rate",)),
    "ratio, mix": Situation(kind="ratio", causes=(1, 2), leaves=RATIO, effects=("mix",)),
    "ratio, rate and mix apart": Situation(kind="ratio", causes=(2, 3), leaves=RATIO, effects=("rate", "mix")),
    "ratio, rate and mix of one": Situation(kind="ratio", causes=(1, 1), leaves=RATIO, effects=("both",)),
    "ratio, Simpson": Situation(kind="ratio", causes=(1, 1), leaves=RATIO, effects=("mix",), simpson=True),
    "nothing, plain": Situation(causes=NONE),
    "nothing, common growth": Situation(causes=NONE, growth=GROWS),
    "nothing, drift and heavy noise": Situation(causes=NONE, drift=True),
    "nothing, sparse counts": Situation(causes=NONE, sparse=True, leaves=FEW),
    "nothing, ratio": Situation(kind="ratio", causes=NONE, leaves=RATIO),
    "nothing, ratio, both grow": Situation(kind="ratio", causes=NONE, leaves=RATIO, growth=(0.03, 0.15)),
}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One case: the data, and the causes planted in it with rows as in the data."""

    leaves: pd.DataFrame
    dims: list[str]
    kind: str
    causes: list[Cause]


@dataclass(frozen=True, kw_only=True)
class Noise:
    """How an observation scatters around its mean; `level` is its mean leaf, `before` = the forecast is as noisy."""

    family: str
    spread: float = 0.0
    size: float = 1.0
    forecast: float = 0.0
    before: bool = False
    level: float = 100.0

    def draw(self, rng: np.random.Generator, mean: Vector) -> Vector:
        """Observations of these means."""
        if self.family == "poisson":
            return rng.poisson(mean).astype(float)
        if self.family == "negative binomial":
            return rng.poisson(mean * rng.gamma(self.size, 1 / self.size, len(mean))).astype(float)
        if self.family == "log-normal":
            return mean * rng.lognormal(-(self.spread**2) / 2, self.spread, len(mean))
        if self.family == "normal":
            return np.maximum(mean + np.sqrt(self.variance(mean)) * rng.normal(size=len(mean)), 0.0)
        freedom = float(self.family[1:])
        unit = rng.standard_t(freedom, len(mean)) * np.sqrt((freedom - 2) / freedom)
        return np.maximum(mean * (1 + self.spread * unit), 0.0)

    def variance(self, mean: Vector) -> Vector:
        """Of an observation of each mean."""
        own = {"poisson": mean, "negative binomial": mean + mean**2 / self.size, "normal": self.size * mean}
        return own.get(self.family, 0.0) + (self.spread * mean) ** 2

    def estimate(self, rng: np.random.Generator, mean: Vector) -> Vector:
        """The forecast: the mean itself, an estimate of it, or what was observed before."""
        if self.before:
            return self.draw(rng, mean)
        return mean * rng.lognormal(0, self.forecast, len(mean)) if self.forecast else mean.copy()

    def doubt(self, mean: Vector) -> Vector:
        """Variance of that forecast."""
        return self.variance(mean) if self.before else (self.forecast * mean) ** 2


def noise(rng: np.random.Generator, world: int, situation: Situation) -> Noise:
    """Noise of one case."""
    between = (50, 2000) if situation.kind == "ratio" else (20, 500)
    level = float(np.exp(rng.uniform(*np.log(between))))
    error = 0.0 if world == 1 else rng.uniform(0.02, 0.1)
    if situation.kind == "ratio" or situation.sparse:
        size = rng.uniform(2, 10) if situation.sparse else rng.uniform(30, 300)
        family = "poisson" if world == 1 else "negative binomial"
        return Noise(family=family, size=size, before=situation.sparse or world == 2, level=level)
    if situation.drift:
        return Noise(family="t5" if world == 1 else "t3", spread=rng.uniform(0.05, 0.2), forecast=error, level=level)
    families = {1: ["normal", "poisson"], 2: ["log-normal", "negative binomial", "t3"]}[world]
    family = str(rng.choice(families[:2] if situation.shape == "leaf" else families))
    size = {"normal": rng.uniform(0, 2), "negative binomial": rng.uniform(10, 200)}.get(family, 1.0)
    spread = rng.uniform(0.02, 0.12) if family in ("normal", "log-normal", "t3") else 0.0
    return Noise(family=family, spread=spread, size=size, forecast=error, level=level)


def grid(rng: np.random.Generator, situation: Situation, level: float) -> Grid:
    """All combinations of three to six dimensions of 3 to 24 values; the mean follows the values' own weights."""
    low, high = situation.leaves
    sizes: tuple[int, ...] = ()
    while not low <= np.prod(sizes, dtype=float) <= high:
        sizes = tuple(np.exp(rng.uniform(np.log(3), np.log(25), rng.integers(3, 7))).astype(int).tolist())
    codes = np.stack(np.unravel_index(np.arange(np.prod(sizes)), sizes), axis=1)
    mean = rng.lognormal(0, 0.3, len(codes))
    for place, size in enumerate(sizes):
        zipf = rng.permutation(np.arange(1, size + 1) ** -rng.uniform(0.8, 1.3))
        mean = mean * (zipf if situation.sparse else rng.lognormal(0, rng.uniform(0.2, 0.6), size))[codes[:, place]]
    scales = np.geomspace(1e-3, 1e3, 400) / mean.mean()
    seen = [1 - np.exp(-2 * scale * mean[::10]).mean() for scale in scales] if situation.sparse else []
    scale = float(np.interp(0.4, seen, scales)) if situation.sparse else level / mean.mean()
    return Grid(codes, sizes, mean * scale)


def elements(rng: np.random.Generator, all_of: Grid, situation: Situation) -> list[Element]:
    """Where the causes are."""
    n, dims = int(rng.integers(situation.causes[0], situation.causes[1] + 1)), len(all_of.sizes)
    depth = rng.choice([1, 2, 3], n, p=[0.35, 0.4, 0.25])
    if situation.shape == "leaf":
        return [pick(rng, all_of, dims) for _ in range(n)]
    if situation.shape == "nested":
        parent = pick(rng, all_of, int(rng.integers(1, 3)))
        return [parent, pick(rng, all_of, 1, parent)]
    if situation.shape == "crossing":
        shared = pick(rng, all_of, 1) if dims > 3 and rng.random() < 0.4 else {}
        first = pick(rng, all_of, 1, shared)
        second = pick(rng, all_of, 2, first)
        return [first, {place: values for place, values in second.items() if place in shared or place not in first}]
    if situation.shape == "ends":
        depth = rng.choice([1, 2], n, p=[0.7, 0.3])
    made = [pick(rng, all_of, min(int(each), dims - 1)) for each in depth]
    return [grouped(rng, all_of, each) for each in made] if situation.shape == "group" else made


def multiplier(rng: np.random.Generator, situation: Situation) -> float:
    """Log of a cause's multiplier."""
    low, high = {"leaf": (0.5, 1.8), "ends": (0.0, 0.0)}.get(situation.shape, (0.12, 0.9))
    if situation.kind == "ratio":
        low, high = (0.4, 1.0) if situation.simpson else (0.1, 0.6)
    return float(rng.uniform(low, high) * (1 if situation.simpson else rng.choice([-1, 1])))


def plant(rng: np.random.Generator, all_of: Grid, situation: Situation, world: int) -> list[Cause]:
    """Causes of one case, whether or not they can be told from noise."""
    found: list[Cause] = []
    for number, element in enumerate(elements(rng, all_of, situation)):
        rows, log, new = covered(all_of.codes, element), multiplier(rng, situation), False
        if situation.shape == "ends":
            new = bool(rng.random() < 0.5)
            log = 0.0 if new else -np.inf
        if situation.shape == "cancel" and found:
            left = 1 - (np.expm1(found[0].log) * all_of.mean[found[0].rows].sum()) / all_of.mean[rows].sum()
            log = float(np.log(left)) if left > 0.1 else 9.0
        kinds = situation.effects
        for effect in ("rate", "mix") if kinds == ("both",) else (kinds[number % len(kinds)],):
            log = multiplier(rng, situation) if kinds == ("both",) else log
            own = rng.normal(0, 0.25 * abs(log), len(rows)) if world == 2 and np.isfinite(log) else np.zeros(len(rows))
            factor = np.where(rows, np.exp(log + own), 1.0)
            found.append(Cause(element=element, effect=effect, log=log, rows=rows, factor=factor, new=new))
    return found


def drifted(rng: np.random.Generator, all_of: Grid, world: int, size: float) -> Vector:
    """Log drift of each leaf: of its values, in world 2 of its pairs of values too; none beyond 2.5 deviations."""
    found = np.zeros(len(all_of.codes))
    for place, n in enumerate(all_of.sizes):
        found += size * np.clip(rng.normal(size=n), -2.5, 2.5)[all_of.codes[:, place]]
    for first, second in combinations(range(len(all_of.sizes)), 2) if world == 2 else ():
        of_pair = np.clip(rng.normal(size=(all_of.sizes[first], all_of.sizes[second])), -2.5, 2.5)
        found += size / 2 * of_pair[all_of.codes[:, first], all_of.codes[:, second]]
    return found


def table(rng: np.random.Generator, all_of: Grid, causes: list[Cause], columns: dict[str, Vector]) -> Case:
    """The case: leaves in no order, the empty ones left out."""
    order = rng.permutation(np.flatnonzero(np.logical_or.reduce([each > 0 for each in columns.values()])))
    dims, leaves = list(NAMES[: len(all_of.sizes)]), pd.DataFrame()
    for place, name in enumerate(dims):
        labels = np.array([f"{name} {value:02}" for value in rng.permutation(all_of.sizes[place])], dtype=object)
        leaves[name] = labels[all_of.codes[order, place]]
    kept = [replace(cause, rows=cause.rows[order], factor=cause.factor[order]) for cause in causes]
    values = {name: column[order] for name, column in columns.items()}
    return Case(leaves=leaves.assign(**values), dims=dims, kind="ratio" if len(columns) == 4 else "sum", causes=kept)


def common(rng: np.random.Generator, situation: Situation) -> float:
    """Log change that all leaves share, up four times of five."""
    return float(rng.uniform(*situation.growth) * (1 if rng.random() < 0.8 else -1))


def sum_case(rng: np.random.Generator, world: int, situation: Situation) -> Case | None:
    """One case of a sum; None where no causes could be seen in it."""
    noisy = noise(rng, world, situation)
    all_of, size = grid(rng, situation, noisy.level), rng.uniform(0.01, 0.025) if situation.drift else 0.0
    base = all_of.mean * np.exp(common(rng, situation) + drifted(rng, all_of, world, size))
    for _ in range(60):
        causes = plant(rng, all_of, situation, world)
        product, without = moved(causes, base, "volume")
        before = all_of.mean * ~np.logical_or.reduce([np.zeros(len(base), bool), *(c.rows for c in causes if c.new)])
        variance = noisy.variance(np.maximum(product, base)) + noisy.doubt(all_of.mean)
        change = Change(base=base, product=product, without=without, variance=variance)
        if sound(all_of, causes, situation.shape, together=situation.effects == ("both",)) and discernible(
            all_of, causes, change, size
        ):
            known = [replace(cause, change=float((product - without[n]).sum())) for n, cause in enumerate(causes)]
            columns = {"actual": noisy.draw(rng, product), "forecast": noisy.estimate(rng, before)}
            return table(rng, all_of, known, columns)
    return None


def drawn(rng: np.random.Generator, volume: Vector, rate: Vector, alike: float) -> Vector:
    """How many of a volume, each with a chance that scatters by leaf where `alike` (within-leaf correlation) is > 0."""
    chance = rng.beta(rate * (1 / alike - 1), (1 - rate) * (1 / alike - 1)) if alike else rate
    return rng.binomial(volume.astype(int), chance).astype(float)


def ratio_seen(all_of: Grid, causes: list[Cause], rate: Vector, volumes: Change, rates: Change) -> bool:
    """Whether each change of mix moves the ratio itself by more than its noise."""
    total = volumes.product.sum()
    error = np.sqrt(rates.variance.sum()) / total
    now = (volumes.product * rate).sum() / total
    shifts = [abs((mean * rate).sum() / mean.sum() - now) for mean in volumes.without.values()]
    return all(shift >= DISCERNIBLE * error for shift in shifts)


def ratio_case(rng: np.random.Generator, world: int, situation: Situation) -> Case | None:
    """One case of a ratio; None where no causes could be seen in it."""
    noisy, alike = noise(rng, world, situation), 0.0 if world == 1 else rng.uniform(0.001, 0.01)
    all_of = grid(rng, situation, noisy.level)
    odds = np.log(rng.uniform(0.03, 0.15)) + sum(
        rng.normal(0, 0.3, size)[all_of.codes[:, place]] for place, size in enumerate(all_of.sizes)
    )
    rate, growth = np.clip(np.exp(odds), 0.003, 0.3), (common(rng, situation), common(rng, situation))
    for _ in range(120):
        causes = plant(rng, all_of, situation, world)
        volume, unmixed = moved(causes, all_of.mean * np.exp(growth[0]), "mix")
        rise = growth[1]
        if situation.simpson:
            now, was = (volume * rate).sum() / volume.sum(), (all_of.mean * rate).sum() / all_of.mean.sum()
            rise = float(rng.uniform(0.005, max(np.log(0.985 * was / now), 0.0051)))
        product, unrated = moved(causes, volume * rate * np.exp(rise), "rate")
        spread = product * (1 - product / volume) * (1 + alike * volume)
        doubt = all_of.mean * rate * (1 + alike * all_of.mean) * (volume / all_of.mean) ** 2 * noisy.before
        rates = Change(base=volume * rate * np.exp(rise), product=product, without=unrated, variance=spread + doubt)
        changed = noisy.variance(np.maximum(volume, all_of.mean)) + noisy.doubt(all_of.mean)
        volumes = Change(base=all_of.mean * np.exp(growth[0]), product=volume, without=unmixed, variance=changed)
        fits = (
            sound(all_of, causes, situation.shape, together=situation.effects == ("both",))
            and (product / volume).max() < 0.9
        )
        fits = fits and (not situation.simpson or product.sum() / volume.sum() < 0.99 * was)
        fits = fits and all(discernible(all_of, causes, each, 0.0) for each in (volumes, rates))
        if fits and ratio_seen(all_of, causes, product / volume, volumes, rates):
            return ratio_table(rng, all_of, causes, (noisy, alike), (volume, product / volume, rate))
    return None


def ratio_table(
    rng: np.random.Generator,
    all_of: Grid,
    causes: list[Cause],
    noisy: tuple[Noise, float],
    means: tuple[Vector, Vector, Vector],
) -> Case:
    """Observations of a ratio, and what each cause did to it."""
    (of_volume, alike), (volume, now, rate) = noisy, means
    den = of_volume.draw(rng, volume)
    of_rates = [float((den * now * (1 - 1 / cause.factor)).sum() / den.sum()) for cause in causes]
    known = [
        replace(cause, change=change if cause.effect == "rate" else np.nan)
        for cause, change in zip(causes, of_rates, strict=True)
    ]
    before = of_volume.estimate(rng, all_of.mean)
    num_before = drawn(rng, before, rate, alike) if of_volume.before else before * rate
    columns = {"num_actual": drawn(rng, den, now, alike), "den_actual": den}
    return table(rng, all_of, known, columns | {"num_forecast": num_before, "den_forecast": before})


def case(rng: np.random.Generator, world: int, situation: Situation) -> Case:
    """One case of a situation, drawn until its causes can be seen."""
    make = ratio_case if situation.kind == "ratio" else sum_case
    while (found := make(rng, world, situation)) is None:
        pass
    return found
