"""Disclosure protection of the team-health survey: what an insider recovers from a year of published cells.

Run as ``python bench/health.py [SEED] [REPETITIONS]``. `health_attack` says what is attacked and how (exact, by integer
programming), `health_worlds` which teams and answers. People, states and groups are counted an item and a month: an
answer, a favourable or unfavourable state, or a figure of 1 to 4 people that can have one value only.

Besides: how much is still published, as a share of the cells a careful greedy publisher shows, who adds everybody and
then the groups, largest first, n of 5 or more, 1-decimal means, each only while the same exact attack finds nothing.
Stricter insiders follow, who know how halves are rounded, their own answer, or the method itself.
"""

from __future__ import annotations

import re
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations_with_replacement, product
from math import factorial

import health_worlds as worlds
import numpy as np
import pandas as pd
from health_attack import SCALE, Cell, Leak, attack, group_targets, named_sets, person_targets
from health_worlds import World

SEED, REPETITIONS, NAIVE_MONTHS, NASTY_MONTHS, SAMPLED = 20261201, 2, 4, 4, ("2026-03", "2026-07", "2026-11")
"""Teams a structure (once the largest); months of the naive publishers and nasty teams; months of stricter insiders."""
TINY = {"5 in one team": (5,), "5 and 1": (5, 1)}
LIKELY = (0.03, 0.10, 0.22, 0.40, 0.25)
"""Teams small enough to list every answer sheet; how likely each answer is when sheets are weighed."""
BAR_SHARE, LEAST, LEAST_DIST = 0.70, 5, 10
REASONS = {"few", "complement", "audit"}
Array = np.ndarray


def ours(world: World) -> pd.DataFrame:
    """What `health.publish` publishes."""
    from opsretro import health

    return health.publish(world.answers, groups=world.groups, items=world.items)


def units_of(world: World, item: str) -> pd.DataFrame:
    """Answers to one item; who belongs to no group is known for that."""
    valid = world.answers[world.answers[item].notna()]
    groups = {name: valid[name].astype(object).where(valid[name].notna(), "none").astype(str) for name in world.groups}
    return pd.DataFrame({"month": valid["month"], "value": valid[item].astype(int)} | groups).reset_index(drop=True)


def members(units: pd.DataFrame, month: str, group: str) -> Array:
    """Units of a group (`all`, `team=a`, `team=a & tenure=b`) in a month or in months `from/to`."""
    begin, _, end = month.partition("/")
    mask = units["month"].between(begin, end or begin).to_numpy()
    for part in () if group == "all" else re.split(" ?& ?", group):
        name, _, value = part.partition("=")
        mask = mask & (units[name] == value).to_numpy()
    return mask


def total_bounds(n: int, mean: float, decimals: int, ties: str) -> tuple[int, int]:
    """Smallest and largest total that the rounded mean allows; `ties` says how exact halves were rounded."""
    scale = 10**decimals
    shown = round(mean * scale)
    if abs(mean * scale - shown) > 1e-6:
        return round(n * mean), round(n * mean)
    low, high = -(-n * (2 * shown - 1) // (2 * scale)), n * (2 * shown + 1) // (2 * scale)
    low_is_half, high_is_half = n * (2 * shown - 1) % (2 * scale) == 0, n * (2 * shown + 1) % (2 * scale) == 0
    keeps_low = ties in {"any", "up"} or shown % 2 == 0
    keeps_high = ties == "any" or (ties == "even" and shown % 2 == 0)
    return low + (low_is_half and not keeps_low), high - (high_is_half and not keeps_high)


def read_cell(units: pd.DataFrame, row: pd.Series, ties: str = "any") -> Cell | None:
    """A published row as the insider reads it; None where nothing is published."""
    dist = row["dist"] if isinstance(row["dist"], dict) else {}
    if pd.isna(row["mean"]) and not dist:
        return None
    mask = members(units, row["month"], row["group"])
    n = int(mask.sum())
    low, high = (n, 5 * n) if pd.isna(row["mean"]) else total_bounds(n, row["mean"], int(row["decimals"]), ties)
    return Cell(mask, low, high, tuple((*ends(band), int(count)) for band, count in dist.items()))


def ends(band: str) -> tuple[int, int]:
    """First and last answer of a band."""
    first, _, last = str(band).partition("-")
    return int(first), int(last or first)


def is_true(units: pd.DataFrame, cell: Cell) -> bool:
    """Whether a cell agrees with the answers."""
    values = units["value"].to_numpy()[cell.members]
    counts = all(((first <= values) & (values <= last)).sum() == n for first, last, n in cell.bands)
    return cell.low <= values.sum() <= cell.high and counts


def read(world: World, published: pd.DataFrame, ties: str = "any") -> Iterator[tuple[str, pd.DataFrame, list[Cell]]]:
    """Each item with its units and true cells (an untrue one breaks a rule and tells the insider nothing)."""
    for item in world.items:
        units = units_of(world, item)
        rows = [row for _, row in published[published["item"] == item].iterrows()]
        cells = [cell for cell in (read_cell(units, row, ties) for row in rows) if cell]
        yield item, units, [cell for cell in cells if is_true(units, cell)]


def agrees(world: World, published: pd.DataFrame, ties: str) -> bool:
    """Whether no cell contradicts that halves are rounded so."""
    pairs = zip(read(world, published), read(world, published, ties), strict=True)
    return all(len(cells) == len(kept) for (_, _, cells), (_, _, kept) in pairs)


def leaks_of(world: World, published: pd.DataFrame, ties: str = "any") -> list[tuple[str, Leak]]:
    """All leaks, with their items."""
    read_all = read(world, published, ties)
    return [(item, leak) for item, units, cells in read_all for leak in attack(units, cells, world.groups)]


def counted(leaks: list[tuple[str, Leak]]) -> dict[str, int]:
    """People with a forced answer, with a forced state, and small groups, each an item and month."""
    people: Counter[str] = Counter()
    groups = {(item, leak.month, leak.what.partition(" of ")[2]) for item, leak in leaks if leak.kind == "group"}
    for _, leak in leaks:
        people[leak.kind] += leak.n
    return {"answers": people["answer"], "states": people["state"], "groups": len(groups)}


def broken(world: World, published: pd.DataFrame) -> Counter[str]:
    """Rules of publishing that rows break, by kind."""
    kinds: Counter[str] = Counter()
    expected = {(month, group, item) for group, mask in worlds.choices(world) for item in world.items
                for month in world.answers.loc[mask, "month"].unique()}  # fmt: skip
    rows = list(zip(published["month"], published["group"], published["item"], strict=True))
    kinds["rows missing"] += len(expected - set(rows))
    kinds["rows twice"] += len(rows) - len(set(rows))
    for item in world.items:
        units = units_of(world, item)
        for _, row in published[published["item"] == item].iterrows():
            kinds.update(row_breaks(units, row))
    return kinds


def row_breaks(units: pd.DataFrame, row: pd.Series) -> Iterator[str]:
    """Rules one row breaks."""
    cell, n = read_cell(units, row), int(members(units, row["month"], row["group"]).sum())
    shown = cell is not None
    if shown == bool(row["suppressed"]) or (row["reason"] in REASONS) != bool(row["suppressed"]):
        yield "suppressed, reason and figures disagree"
    if row["n"] != n:
        yield "n is another"
    if cell is None:
        return
    if not is_true(units, cell):
        yield "untrue cell"
    if n < LEAST or (cell.bands and n < LEAST_DIST):
        yield "shown below its least n"
    if pd.notna(row["mean"]) and (row["decimals"] > 1 or abs(row["mean"] * 10 - round(row["mean"] * 10)) > 1e-6):
        yield "more than one decimal"
    if any(count in (0, n) for *_, count in cell.bands):
        yield "empty or full band"
    if cell.bands and sum(count for *_, count in cell.bands) != n:
        yield "bands do not add up"


def greedy(world: World) -> int:
    """Cells a careful greedy publisher shows."""
    return sum(greedy_month(world, item, month) for item in world.items for month in world.answers["month"].unique())


def greedy_month(world: World, item: str, month: str) -> int:
    """Its cells of an item in a month."""
    units = units_of(world, item)
    units = units[units["month"] == month].reset_index(drop=True)
    groups = {f"{name}={value}" for name in world.groups for value in units[name].unique() if value != "none"}
    masks = {group: members(units, month, group) for group in ["all", *sorted(groups)]}
    cells: list[Cell] = []
    for group, mask in sorted(masks.items(), key=lambda each: (each[0] != "all", -each[1].sum(), each[0])):
        if (n := int(mask.sum())) < LEAST:
            continue
        mean = round(units["value"].to_numpy()[mask].sum() / n + 1e-9, 1)
        more = [*cells, Cell(members(units, month, group), *total_bounds(n, mean, 1, "any"))]
        cells = cells if attack(units, more, world.groups, first=True) else more
    return len(cells)


def row(*cells: object) -> None:
    """One line of a Markdown table."""
    print(f"| {' | '.join(map(str, cells))} |", flush=True)


def head(*cells: str) -> None:
    """First two lines of a Markdown table."""
    row(*cells)
    row(*("---" for _ in cells))


@dataclass(frozen=True)
class Year:
    """A structure, what was published of it, what it leaks and what it took."""

    name: str
    world: World
    published: pd.DataFrame
    seconds: float

    @property
    def shown(self) -> int:
        """Cells with a mean."""
        return int(self.published["mean"].notna().sum())


def months_of(world: World, months: list[str] | tuple[str, ...]) -> World:
    """Some months only."""
    return world._replace(answers=world.answers[world.answers["month"].isin(months)].reset_index(drop=True))


def years(seed: int, repetitions: int) -> Iterator[Year]:
    """Every structure published by the engine."""
    makers = list((worlds.STRUCTURES | worlds.NASTY).items())
    for number, repetition in product(range(len(makers)), range(repetitions)):
        name, make = makers[number]
        nasty = name in worlds.NASTY
        if repetition and (nasty or name.startswith("60")):
            continue
        world = make(np.random.default_rng([seed, number, repetition]))
        world = months_of(world, worlds.MONTHS[:NASTY_MONTHS]) if nasty else world
        begin = time.process_time()
        published = ours(world)
        yield Year(name, world, published, time.process_time() - begin)


def own_answer(year: Year, ties: str, rng: np.random.Generator) -> tuple[int, Counter[str]]:
    """Insiders tried, one of each group and month of the sample, and what they learn of others."""
    world = months_of(year.world, SAMPLED if year.name in worlds.STRUCTURES else SAMPLED[:1])
    published, tried = year.published[year.published["month"].isin(world.answers["month"])], 0
    found: Counter[str] = Counter()
    for item, units, cells in read(world, published, ties):
        for _, rows in (each for name in world.groups for each in units.groupby(["month", name])):
            known = units.index == rng.choice(rows.index)
            inside = units["month"] == rows["month"].iloc[0]
            mine = [
                Cell(cell.members[inside], cell.low, cell.high, cell.bands)
                for cell in cells
                if cell.members[inside].any()
            ]
            found.update(
                counted([(item, leak) for leak in attack(units[inside], mine, world.groups, known=known[inside])])
            )
            tried += 1
    return tried, found


def sheets(sizes: tuple[int, ...]) -> Array:
    """Every answer sheet of teams of these sizes: sheets × teams × counts of 1..5."""
    of_team = [[np.bincount(each, minlength=5) for each in combinations_with_replacement(range(5), n)] for n in sizes]
    return np.array(list(product(*of_team)))


def likelihood(sheet: Array) -> float:
    """How likely a sheet is when people answer independently."""
    ways = [factorial(int(team.sum())) / np.prod([factorial(int(n)) for n in team]) for team in sheet]
    return float(np.prod(ways) * np.prod(np.array(LIKELY) ** sheet))


def outputs(sizes: tuple[int, ...], worlds_of: Array) -> list[Array]:
    """Sheets that are published alike, down to the reasons: each one is an item of one call."""
    team = np.repeat([f"team {place}" for place in range(len(sizes))], sizes)
    columns = np.array([np.concatenate([np.repeat(SCALE, counts) for counts in sheet]) for sheet in worlds_of]).T
    items = [f"q{place}" for place in range(len(worlds_of))]
    frame = pd.DataFrame(columns, columns=items, dtype=float).assign(month="2026-01", team=team)
    frame["respondent"] = [f"r{place}" for place in range(len(team))]
    published = ours(World(frame.copy(), ["team"], items))
    text = published[["group", "mean", "dist", "suppressed", "reason"]].to_dict("split")["data"]
    text = pd.Series(map(str, text), index=published.index)
    signature = text.groupby(published["item"]).agg("; ".join).loc[items]
    return [np.flatnonzero(signature == each) for each in signature.unique()]


def method_known(sizes: tuple[int, ...]) -> tuple[int, int, int, float]:
    """Sheets, different outputs, outputs that force something for who knows the method, and their likelihood."""
    all_sheets = sheets(sizes)
    keys = pd.DataFrame({"team": [f"team {place}" for place in range(len(sizes))]})
    masks = [np.frombuffer(mask, dtype=bool) for mask in named_sets(keys, np.array(sizes), ["team"])]
    alike = outputs(sizes, all_sheets)
    leaking = [some for some in alike if says(all_sheets[some], masks)]
    return len(all_sheets), len(alike), len(leaking), sum(likelihood(all_sheets[i]) for some in leaking for i in some)


def says(some: Array, masks: list[Array]) -> bool:
    """Whether all these sheets agree on something that must not be forced."""
    first, flat = some[0], some.reshape(len(some), -1)
    targets = [target for team in range(len(first)) for target in person_targets(first, team)]
    targets += [target for mask in masks for target in group_targets(first, mask, "")]
    return any((flat @ target.weights == target.truth).all() for target in targets)


def print_naive(seed: int) -> None:
    """What publishers without an audit give away."""
    rng = np.random.default_rng([seed, 99])
    short = months_of(worlds.three_teams_and_tenure(rng), worlds.MONTHS[:NAIVE_MONTHS])
    year = worlds.three_teams(rng)
    form = "answers / states / groups below 5"
    print("## Without an audit: 24 people in 11/8/5, 5 items\n")
    head("published", f"two bands, {NAIVE_MONTHS} months: {form}", "cells", f"a leaver, a year: {form}", "cells")
    for name, publish in worlds.NAIVE.items():
        tables = [(world, publish(world)) for world in (short, year)]
        found = ((" / ".join(map(str, counted(leaks_of(*each)).values())), len(each[1])) for each in tables)
        row(name, *(figure for each in found for figure in each))


def print_ours(done: list[Year]) -> None:
    """The engine on every structure, with the bars."""
    print(f"\n## opsretro: a year (nasty teams: {NASTY_MONTHS} months), 5 items\n")
    head("team", "answers forced", "states forced", "groups below 5 recovered", "rules broken", "cells", "greedy",
         "share", "with distribution", "CPU s")  # fmt: skip
    shown, possible, forced, rules = Counter[bool](), Counter[bool](), 0, 0
    for year in done:
        leaks, breaks, most = (
            counted(leaks_of(year.world, year.published)),
            +broken(year.world, year.published),
            greedy(year.world),
        )
        bands, nasty = year.published["dist"].notna().sum(), year.name in worlds.NASTY
        row(year.name, *leaks.values(), dict(breaks) or 0, year.shown, most, f"{year.shown / max(most, 1):.0%}", bands,
            f"{year.seconds:.1f}")  # fmt: skip
        forced, rules = forced + sum(leaks.values()), rules + sum(breaks.values())
        shown[nasty], possible[nasty] = shown[nasty] + year.shown, possible[nasty] + most
    share, nasty_share = shown[False] / possible[False], shown[True] / possible[True]
    print(f"\nforced or recovered: {forced} ({verdict(not forced)}, bar 0)")
    print(f"rules broken: {rules} ({verdict(not rules)}, bar 0)")
    print(f"share of the greedy publisher's cells {share:.1%} ({verdict(share >= BAR_SHARE)}, bar {BAR_SHARE:.0%}); "
          f"nasty teams {nasty_share:.1%}")  # fmt: skip


def verdict(good: bool) -> str:
    """Whether a bar is reached."""
    return "ok" if good else "MISSED"


def print_stricter(done: list[Year], seed: int) -> None:
    """Insiders who know more; no bars."""
    rules = [ties for ties in ("up", "even", "any") if all(agrees(year.world, year.published, ties) for year in done)]
    print(f"\n## Stricter insiders (no bar), who see that halves are rounded: {rules[0]}\n")
    head("team", "they learn: answers / states / groups", "of them who use their own answer",
         "they learn of others: answers / states / groups")  # fmt: skip
    for year in {year.name: year for year in done}.values():
        sharper = counted(leaks_of(year.world, year.published, rules[0]))
        tried, found = own_answer(year, rules[0], np.random.default_rng(seed))
        row(year.name, " / ".join(map(str, sharper.values())), tried,
            " / ".join(str(found[kind]) for kind in ("answers", "states", "groups")))  # fmt: skip
    print("\nWho knows the method and compares every answer sheet that would be published alike (all sheets listed):\n")
    head("team", "sheets", "outputs", "outputs that force something", "likelihood")
    for name, sizes in TINY.items():
        *counts, likely = method_known(sizes)
        row(name, *counts, f"{likely:.4f}")


def main(seed: int = SEED, repetitions: int = REPETITIONS) -> None:
    """All tables."""
    print(f"seed {seed}, {repetitions} teams a structure of 24 or 8\n")
    print_naive(seed)
    done = list(years(seed, repetitions))
    print_ours(done)
    print_stricter(done, seed)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
