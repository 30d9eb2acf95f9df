"""Two writers on one ledger, and writers that are killed: what is there afterwards, beside two usual ways to do it.

Run by ``make bench``; ``python bench/ledger.py SEED [WRITES [KILLS]]`` for another seed or size. Every writer is a
process of its own, every kill is a real SIGKILL, and every figure is measured in this run.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML

from opsretro.errors import InputError
from opsretro.meeting.ledger import Ledger
from opsretro.tables import sample
from opsretro.tables.actions import actions_of

SEED, WRITES, KILLS = 20261402, 100, 50
BASE = Path(sample.__file__).parent / "static" / "actions.yaml"
LONGEST = 0.25
"""Seconds after its first write within which a writer is killed."""
FIELDS = {"first": "evidence", "second": "source_finding"}
"""The field each writer changes; nobody else changes it."""
COLUMN_OF = {"evidence": "evidence_en", "source_finding": "source_finding"}

Change = Callable[[list[Any]], None]
Process = get_context("fork").Process


@dataclass
class Figures:
    """One line of the tables."""

    kept: int = 0
    of: int = 0
    in_order: bool = False
    comments: bool = False
    crashed: int = 0
    seconds: float = 0.0
    whole: int = 0
    acknowledged: int = 0
    present: int = 0
    files: set[str] = field(default_factory=set)


class Ours:
    """The ledger of the kit."""

    name = "opsretro: lock, re-read, check, atomic replace"

    def __init__(self, path: Path) -> None:
        self.ledger = Ledger(path)

    def add(self, title: str) -> None:
        """One more action."""
        self.ledger.add({"title": title, "created_in": "2026-10"})

    def edit(self, at: int, name: str, text: str) -> None:
        """Another value in one action, as somebody does who looked at it first."""
        action = f"B-{at}"
        self.ledger.edit(action, {name: text}, seen=self.ledger.entry(action))


class Rewritten:
    """The whole file loaded by ruamel.yaml, changed and dumped, without a lock."""

    name = "whole file rewritten in place"

    def __init__(self, path: Path) -> None:
        self.path, self.yaml = path, YAML()

    def add(self, title: str) -> None:
        """One more action."""
        self._change(lambda actions: actions.append({"id": title, "title": title}))

    def edit(self, at: int, name: str, text: str) -> None:
        """Another value in one action."""

        def change(actions: list[Any]) -> None:
            next(action for action in actions if action["id"] == f"B-{at}")[name] = text

        self._change(change)

    def _change(self, change: Change) -> None:
        tree = self.yaml.load(self.path.read_text(encoding="utf-8"))
        change(tree["actions"])
        self._write(tree)

    def _write(self, tree: Any) -> None:
        with self.path.open("w", encoding="utf-8") as file:
            self.yaml.dump(tree, file)


class Replaced(Rewritten):
    """The same, written to a draft that takes the file's place at once."""

    name = "draft and atomic replace, no lock"

    def _write(self, tree: Any) -> None:
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            self.yaml.dump(tree, file)
        draft.replace(self.path)


WAYS: tuple[type[Ours] | type[Rewritten], ...] = (Ours, Replaced, Rewritten)


def two_writers(target: Callable[..., None], way: Any, path: Path, writes: int) -> tuple[int, float]:
    """Writers that crashed, and seconds until both were done."""
    started = time.perf_counter()
    writers = [Process(target=target, args=(way, path, name, writes)) for name in FIELDS]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    return sum(writer.exitcode != 0 for writer in writers), time.perf_counter() - started


def _quietly(work: Callable[[], None]) -> None:
    """A writer that crashes says why in one line."""
    try:
        work()
    except Exception as error:
        print(f"a writer crashed: {error!r}", file=sys.stderr, flush=True)
        os._exit(1)


def _adds(way: Any, path: Path, name: str, writes: int) -> None:
    def work() -> None:
        writer = way(path)
        for n in range(writes):
            writer.add(f"{name} {n}")

    _quietly(work)


def _edits(way: Any, path: Path, name: str, writes: int) -> None:
    def work() -> None:
        writer = way(path)
        for n in range(writes):
            writer.edit(n, FIELDS[name], f"{name} {n}")

    _quietly(work)


def adds(way: Any, folder: Path, writes: int = WRITES) -> Figures:
    """Two writers add actions to the sample's ledger at once."""
    path = folder / "actions.yaml"
    path.write_bytes(BASE.read_bytes())
    crashed, seconds = two_writers(_adds, way, path, writes)
    titles, text = titles_of(path), path.read_text(encoding="utf-8")
    before = titles_of(BASE)
    order = [[title for title in titles if title.startswith(name)] for name in FIELDS]
    wanted = [[f"{name} {n}" for n in range(writes)] for name in FIELDS]
    return Figures(
        kept=sum(len(set(found)) for found in order),
        of=2 * writes,
        in_order=titles[: len(before)] == before and all(map(is_ordered, order, wanted)),
        comments=comments_of(BASE.read_text(encoding="utf-8")) <= comments_of(text),
        crashed=crashed,
        seconds=seconds,
    )


def edits(way: Any, folder: Path, writes: int = WRITES) -> Figures:
    """Two writers change two fields of the same actions at once."""
    path = folder / "actions.yaml"
    lines = [f"  # about {n}\n  - id: B-{n}\n    title: what {n}   # for {n}\n" for n in range(writes)]
    path.write_text("actions:\n" + "".join(lines), encoding="utf-8")
    before = comments_of(path.read_text(encoding="utf-8"))
    crashed, seconds = two_writers(_edits, way, path, writes)
    found = read(path)
    wanted = [(f"B-{n}", name, f"{who} {n}") for n in range(writes) for who, name in FIELDS.items()]
    values = {(row["id"], name, row[column]) for row in found for name, column in COLUMN_OF.items()}
    return Figures(
        kept=sum(each in values for each in wanted),
        of=2 * writes,
        in_order=[row["id"] for row in found] == [f"B-{n}" for n in range(writes)],
        comments=before <= comments_of(path.read_text(encoding="utf-8")),
        crashed=crashed,
        seconds=seconds,
    )


def kills(way: Any, folder: Path, rng: np.random.Generator, rounds: int = KILLS) -> Figures:
    """A writer is killed at a random moment, again and again, in one folder."""
    path, told, figures = folder / "actions.yaml", folder / "acknowledged", Figures(of=rounds)
    before = titles_of(BASE)
    for _ in range(rounds):
        path.write_bytes(BASE.read_bytes())
        told.write_bytes(b"")
        writer = Process(target=_acknowledging, args=(way, path, told))
        writer.start()
        while not told.stat().st_size and writer.is_alive():
            time.sleep(0.002)
        time.sleep(rng.uniform(0, LONGEST))
        os.kill(int(writer.pid or 0), signal.SIGKILL)
        writer.join()
        acknowledged, titles = told.read_text(encoding="utf-8").splitlines(), titles_of(path)
        figures.whole += titles[: len(before)] == before
        figures.acknowledged += len(acknowledged)
        figures.present += len(set(acknowledged) & set(titles))
        figures.files |= {each.name for each in folder.iterdir()}
    return figures


def _acknowledging(way: Any, path: Path, told: Path) -> None:
    """Write until killed; tell each title once it was written."""
    writer, file = way(path), os.open(told, os.O_WRONLY | os.O_APPEND)
    for n in range(10_000):
        writer.add(f"killed {n}")
        os.write(file, f"killed {n}\n".encode())


def read(path: Path) -> list[Any]:
    """The actions of a file; none where it is broken."""
    try:
        return actions_of(path.read_text(encoding="utf-8")).table.to_dict("records")
    except (InputError, UnicodeDecodeError):
        return []


def titles_of(path: Path) -> list[str]:
    """The titles of a file; none where it is broken."""
    return [row["title_en"] for row in read(path)]


def comments_of(text: str) -> set[str]:
    """Every comment of a file."""
    return {line[line.index("#") :] for line in text.splitlines() if "#" in line}


def is_ordered(found: list[str], wanted: list[str]) -> bool:
    """Whether what is there stands in the order it was written in."""
    return [title for title in wanted if title in set(found)] == found


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _yes(what: bool) -> str:
    return "yes" if what else "**no**"


def main(seed: int = SEED, writes: int = WRITES, rounds: int = KILLS) -> None:
    """Print the tables."""
    for title, measure in {
        "add actions": adds,
        "change two fields of the same actions": edits,
    }.items():
        print(f"\nTwo writers x {writes} {title}\n")
        print(_row(("", "kept", "in order", "comments kept", "writers crashed", "seconds")))
        print(_row(["---"] * 6))
        for way in WAYS:
            with tempfile.TemporaryDirectory() as folder:
                told = measure(way, Path(folder), writes)
            kept = f"{told.kept}/{told.of}"
            cells = (way.name, kept, _yes(told.in_order), _yes(told.comments), told.crashed, f"{told.seconds:.1f}")
            print(_row(cells), flush=True)
    print(f"\nSIGKILL at a random moment of writing x {rounds}, seed {seed}\n")
    print(_row(("", "whole files", "acknowledged actions still there", "different drafts left")))
    print(_row(["---"] * 4))
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            told = kills(way, Path(folder), np.random.default_rng(seed), rounds)
        left = len(told.files - {"actions.yaml", "acknowledged"})
        print(_row((way.name, f"{told.whole}/{rounds}", f"{told.present}/{told.acknowledged}", left)), flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
