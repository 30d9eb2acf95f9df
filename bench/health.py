"""Disclosure protection of the team-health survey: what an insider recovers from a year of published cells.

Run as ``python bench/health.py [SEED] [REPETITIONS]``. `health_attack` says what is attacked and how (exact, by integer
programming), `health_worlds` which teams and answers. People, states and groups are counted an item and a month: an
answer, a favourable or unfavourable state, or a figure of 1 to 4 people that can have one value only.

Besides: how much is still published, as a share of the cells a careful greedy publisher shows, who adds everybody and
then the groups, largest first, n of 5 or more, 1-decimal means, each only while the same exact attack finds nothing.
Stricter insiders follow, who know how halves are rounded, their own answer, or the method itself.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import health_worlds as worlds
import numpy as np
import pandas as pd
from health_attack import Cell, Leak, attack
from health_worlds import World

SEED, REPETITIONS = 20261201, 2
BAR_SHARE, LEAST, LEAST_DIST = 0.70, 5, 10
REASONS = {"few", "complement", "audit"}
Array = np.ndarray
Publisher = Callable[[World], pd.DataFrame]


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
    for part in () if group == "all" else group.split(" & "):
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


def rounding(world: World, published: pd.DataFrame) -> str:
    """How halves are rounded, as far as the cells show it."""
    for ties in ("even", "up"):
        read_all = ((len(cells), kept) for (_, _, cells), (_, _, kept) in zip(
            read(world, published), read(world, published, ties), strict=True))  # fmt: skip
        if all(n == len(kept) for n, kept in read_all):
            return ties
    return "any"


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
