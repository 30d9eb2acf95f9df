"""Reading survey exports: every tool, file format and spelling against the answers they were written from.

Run by ``python bench/forms.py [SEED]``. Every file is written and read in this run; the reader is told nothing.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from opsretro.tables.form import Form, read_form

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import form_files as files

SEED, PEOPLE, MANY = 20261201, 60, 1_000
SKIPPED, WRONG = 0.04, 0.02
"""Shares of answers that are skipped and that are no answer."""
TEAMS = ["增长组", "内容组", "service"]
BAR_CELLS, BAR_SECONDS = 1.0, 1.0


@dataclass
class Tally:
    """One line of the table."""

    found: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def people(rng: np.random.Generator, n: int) -> pd.DataFrame:
    """What n people answered: NaN = skipped, inf = no answer of the scale; their team and comment."""
    typed = pd.DataFrame({item: rng.integers(1, 6, n).astype(float) for item in files.IDS[:3]})
    typed["recommend"] = rng.integers(1, 11, n).astype(float)
    draw = rng.random(typed.shape)
    typed = typed.mask(draw < SKIPPED).mask((draw >= SKIPPED) & (draw < SKIPPED + WRONG), np.inf)
    said = np.where(rng.random(n) < 0.4, np.arange(n).astype(str), "")
    comments = [f"第 {text} 条：排期，\n请提前" if text else "(跳过)" for text in said]
    return typed.assign(team=rng.choice(TEAMS, n), comment=comments)


def spelt(rng: np.random.Generator, typed: pd.DataFrame, spelling: str) -> list[list[str]]:
    """The answers in one spelling; the item of ten steps always in numbers."""
    steps = files.SPELLINGS[spelling]
    ends = {1.0: "1-非常不可能", 10.0: "10-非常可能"} if "label" in spelling else {}

    def cell(item: str, value: float) -> str:
        if np.isnan(value):
            return str(rng.choice(files.SKIPS))
        if np.isinf(value):
            return "3.5" if item == "recommend" else str(rng.choice(files.INVALID))
        return ends.get(value, f"{value:g}") if item == "recommend" else steps[int(value) - 1]

    return [[cell(item, row[item]) for item in files.IDS] for _, row in typed.iterrows()]


def compare(form: Form, truth: pd.DataFrame) -> Counter[str]:
    """Cells exactly right: rows are shuffled, so each row of the truth must be found as often as it was given."""
    group = next(name for name in form.answers if name not in files.IDS)
    expected = truth[[*files.IDS, "team"]].replace(np.inf, np.nan).dropna(how="all", subset=files.IDS)
    given = form.answers[[*files.IDS, group]]
    counts = Counter(map(key, given.itertuples(index=False)))
    counts.subtract(Counter(map(key, expected.itertuples(index=False))))
    wrong = sum(max(n, 0) for n in counts.values()) + sum(max(-n, 0) for n in counts.values())
    text = form.answers.to_csv() + str(form.comments) + repr(form) + form.log.to_csv()
    invalid = form.log.loc[form.log["kind"] == "invalid", "n"].sum()
    said = sorted(text for texts in form.comments.values() for text in texts)
    lost = said != sorted(truth.loc[truth["comment"] != "(跳过)", "comment"])
    figures = {"rows": len(expected), "cells": expected.size, "wrong": wrong * expected.shape[1]}
    figures |= {"invalid": int(invalid), "planted": int(np.isinf(truth[files.IDS]).sum().sum())}
    return Counter(figures | {"left": sum(who in text for who in files.WHO.values()), "lost": int(lost)})


def key(row: tuple[object, ...]) -> tuple[str, ...]:
    """A row that can be counted: NaN is equal to NaN."""
    return tuple(map(str, row))


def cases(rng: np.random.Generator, folder: Path, n: int) -> Iterator[tuple[str, str, Path, pd.DataFrame]]:
    """Tool, format, file and truth: every spelling with every tool, in every format."""
    for tool, export in files.TOOLS.items():
        for spelling in files.SPELLINGS:
            truth = people(rng, n)
            lines = export(spelt(rng, truth, spelling), truth["team"].tolist(), truth["comment"].tolist())
            for kind, path in files.write_formats(folder, "form", lines).items():
                yield tool, kind, path, truth


def read_all(rng: np.random.Generator, folder: Path) -> dict[tuple[str, str], Tally]:
    """Everything read and compared."""
    tallies: dict[tuple[str, str], Tally] = {}
    for tool, kind, path, truth in cases(rng, folder, PEOPLE):
        begin = time.process_time()
        form = read_form(path, items=files.ITEMS)
        tally = tallies.setdefault((tool, kind), Tally())
        tally.seconds += time.process_time() - begin
        tally.found.update(compare(form, truth))
    return tallies


def line(tool: str, kind: str, tally: Tally) -> str:
    """One line of the table."""
    found = tally.found
    right = 1 - found["wrong"] / found["cells"]
    seconds = tally.seconds / found["rows"] * MANY
    return (
        f"{tool:<11}{kind:<15}{found['rows']:>7}{found['cells']:>8}{100 * right:>11.2f}"
        f"{found['invalid']:>7} of {found['planted']:<6}{found['left']:>6}{found['lost']:>9}{seconds:>9.2f}"
    )


def time_many(rng: np.random.Generator, folder: Path) -> float:
    """Processor seconds to read one export of a thousand people."""
    truth = people(rng, MANY)
    lines = files.wenjuanxing(spelt(rng, truth, "同意"), truth["team"].tolist(), truth["comment"].tolist())
    path = files.write_text(folder / "many.csv", lines)
    begin = time.process_time()
    read_form(path, items=files.ITEMS)
    return time.process_time() - begin


def main(seed: int = SEED) -> None:
    """Print the table."""
    rng = np.random.default_rng(seed)
    print(f"{len(files.SPELLINGS)} spellings a tool and format, {PEOPLE} people each; seed {seed}")
    print("tool       format            rows   cells    % right   invalid found   left comments  s/1,000")
    with tempfile.TemporaryDirectory() as name:
        tallies = read_all(rng, Path(name))
        seconds = time_many(rng, Path(name))
    for (tool, kind), tally in tallies.items():
        print(line(tool, kind, tally))
    total = sum((tally.found for tally in tallies.values()), Counter())
    right = 1 - total["wrong"] / total["cells"]
    print("left: identities found in what was read; comments: files whose comments differ")
    print("bars")
    print(f"cells exactly right {100 * right:.3f} % ({'met' if right >= BAR_CELLS else 'MISSED'}, all)")
    print(f"identities left {total['left']} ({'met' if not total['left'] else 'MISSED'}, none)")
    print(f"1,000 rows in {seconds:.2f} s ({'met' if seconds <= BAR_SECONDS else 'MISSED'}, at most {BAR_SECONDS:g})")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
