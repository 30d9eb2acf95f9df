"""A meeting that is killed while people type, and a board of 300 cards under a real finger, beside the usual ways.

Run by ``make bench``; ``python bench/meeting.py SEED [KILLS [CLICKS]]`` for another seed or size. Every kill is a real
SIGKILL of a process of its own, every click one in a real Chromium on a real JupyterLab, and every figure is measured
in this run.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from random import Random
from statistics import median
from typing import Any

import nbformat
import numpy as np

from opsretro import open_workspace
from opsretro.errors import InputError
from opsretro.meeting import card_changes, changes
from opsretro.meeting.board_templates import read_agenda
from opsretro.meeting.conductor import Conductor
from opsretro.meeting.ledger import Ledger
from opsretro.meeting.stage import Stage
from opsretro.tables.meetings import Meeting, as_json, read_meeting
from opsretro.tables.meetings import Stage as BoardStage

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
SEED, KILLS, CLICKS = 20261408, 50, 60
MONTH, CARDS = "2026-10", 24
SIZES = (30, 100, 300)
LETTER_SECONDS = 0.1
"""A fast typist."""
AUTOSAVE_SECONDS, MEETING_SECONDS = 120, 5400
"""JupyterLab writes a notebook every two minutes unless told otherwise; a meeting takes an hour and a half."""
RUN = """
import sys
from pathlib import Path
from opsretro.meeting.meet import meet
notebook, workspace, port = sys.argv[1:]
meet("2026-10", notebook=Path(notebook), workspace=Path(workspace), lang="en", port=int(port), browser=False)
"""
PEER = """
import ipywidgets as widgets
picked, root = set(), widgets.VBox()
root.add_class("opsretro-meeting")
def made(n):
    button = widgets.Button(description=f"{n} refunds wait for a second signature")
    button.add_class(f"card-{n}")
    if n in picked:
        button.add_class("on")
    button.on_click(lambda _: (picked.symmetric_difference_update({n}), render()))
    return button
def render():
    root.children = [made(n) for n in range(SIZE)]
render()
root
"""
TIMED = """async ([click, wanted]) => {
    const done = new Function("return " + wanted), target = document.querySelector(click)
    if (!target) throw new Error(click + " is not there")
    const began = performance.now()
    target.click()
    while (!done()) {
        if (performance.now() - began > 20000) {
            const lost = document.querySelector(".om-lost") ? " (the kernel counts as gone)" : ""
            throw new Error(click + " never led to " + wanted + lost)
        }
        await new Promise(requestAnimationFrame)
    }
    await new Promise(requestAnimationFrame)
    return performance.now() - began
}"""
"""Milliseconds from a click until what it leads to stands in a frame that was drawn."""
LOST = 20_000.0
"""Milliseconds after which a click that led nowhere is given up."""
FULL = ".opsretro-meeting:popover-open"

FIELD_OF = {"card": "card", "decision": "title", "group": "topic", "vote": "votes"}
"""The field of the screen each thing is typed into."""

Process = get_context("fork").Process
Event = tuple[str, str]
"""What somebody did (letter, card, group, vote, decision), and the text it is told by."""


@dataclass
class Figures:
    """One line of the kills.

    Attributes:
        whole: Files that could be read afterwards.
        of: Kills.
        told: Things people did.
        acknowledged: Those the meeting had answered.
        kept: Those of them that were there afterwards.
        twice: Decisions that stood in the ledger more than once.
        lags: Seconds of work that were gone, by kill.
    """

    whole: int = 0
    of: int = 0
    told: int = 0
    acknowledged: int = 0
    kept: int = 0
    twice: int = 0
    lags: list[float] = field(default_factory=list)


def begun(folder: Path, sizes: Iterable[tuple[str, int]] = (("kpt", CARDS),)) -> Meeting:
    """A meeting with boards that are shown, people who may vote, and nothing grouped."""
    held = changes.started(MONTH, read_agenda(folder), held="2026-11-03")
    for board, n in sizes:
        columns = [column.key for column in held.board(board).columns]
        told = [(columns[k % len(columns)], f"{k} 退款到账慢，用户一直来问 refund {k}") for k in range(n)]
        held = card_changes.revealed(card_changes.written(held, board, told), board)
        held = card_changes.voters(held, board, people=9, budget=20)
    return replace(changes.go(held, "result", at=0.0), undo=())


def script(held: Meeting, draw: Random) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What a room does, in an order of its own: kind, text, and what belongs to it."""
    free = [card.id for card in held.on("kpt")]
    draw.shuffle(free)
    for n in range(10_000):
        kinds = ["card", "decision"] + (["group", "vote"] if len(free) > 2 else [])
        kind, text = draw.choice(kinds), f"{n}-{draw.choice(('退款慢', 'refund', '缺货多', 'slow'))}"
        ids = [free.pop() for _ in range({"group": 2, "vote": 1}.get(kind, 0))]
        yield kind, text, {"ids": ids}


class Ours:
    """The meeting of the kit, its screen's messages handed over by hand."""

    name = "opsretro: every letter into a file that is replaced at once"

    def __init__(self, folder: Path) -> None:
        self.stage = Stage(Conductor(open_workspace(folder, lang="en"), MONTH))
        self.held = self.stage.held

    def letters(self, kind: str, text: str) -> None:
        """What stands in a field by now, as the widget's value tells it."""
        boxes = {"card": self.stage.controls.entry.children[1], "decision": self.stage.decide.fields["title"]}
        if kind in boxes:
            boxes[kind].value = text
        else:
            self.stage.controls.typed(FIELD_OF[kind], text)

    def enter(self, kind: str, text: str, ids: list[str]) -> None:
        """Enter what was typed."""
        for card in ids:
            self.stage.told({"do": "pick", "card": card})
        name = "decide" if kind == "decision" else kind
        field = f"votes-{ids[0]}" if kind == "vote" else FIELD_OF[kind]
        self.stage.told({"do": "send", "name": name, "fields": {field: text}})
        self.held.picked = []

    @staticmethod
    def found(folder: Path) -> set[str] | None:
        """Every text that is there after the meeting was opened again; None where that fails."""
        try:
            again = Stage(Conductor(open_workspace(folder, lang="en"), MONTH)).held
        except (InputError, OSError):
            return None
        held = read_meeting(again.store.path)
        again.store.release()
        votes = {f"{card}={n}" for card, n in held.board("kpt").votes.items()}
        titles = set(Ledger(folder / "actions.yaml").actions()["title_en"])
        made = {str(one.fields["title"]) for one in held.decisions if one.id} & titles
        texts = [*(card.text for card in held.cards), *(topic.title for topic in held.topics), *held.drafts.values()]
        return {*texts, *votes, *made}


class Dumped:
    """The same state written by `json.dump` over the file itself."""

    name = "the same state by json.dump, in place"

    def __init__(self, folder: Path) -> None:
        self.path = folder / "meetings" / f"{MONTH}.json"
        self.state = json.loads(self.path.read_bytes())

    def letters(self, kind: str, text: str) -> None:
        """What stands in a field by now."""
        self.state["drafts"] = {**self.state["drafts"], kind: text}
        self._write()

    def enter(self, kind: str, text: str, ids: list[str]) -> None:
        """Enter what was typed."""
        if kind == "vote":
            self.state["boards"][0]["votes"][ids[0]] = int(text)
        else:
            self.state["cards"].append({"id": "", "text": text})
        self.state["drafts"].pop(kind, None)
        self._write()

    def _write(self) -> None:
        with self.path.open("w", encoding="utf-8") as file:
            json.dump(self.state, file, ensure_ascii=False, indent=1)

    @staticmethod
    def found(folder: Path) -> set[str] | None:
        """Every text that is there; None where the file is torn."""
        try:
            state = json.loads((folder / "meetings" / f"{MONTH}.json").read_bytes())
        except ValueError:
            return None
        votes = {f"{card}={n}" for card, n in state["boards"][0]["votes"].items()}
        return {*(card["text"] for card in state["cards"]), *state["drafts"].values(), *votes}


Way = type[Ours] | type[Dumped]


def _holds(way: Way, folder: Path, told: Path, seed: int, pause: float) -> None:
    """Hold a meeting until killed; say of everything when it is done, and that it was answered."""
    side = os.open(told, os.O_WRONLY | os.O_APPEND)

    def say(*line: object) -> None:
        os.write(side, ("\t".join(map(str, line)) + "\n").encode())
        os.fsync(side)

    meeting, draw = way(folder), Random(seed)
    say("ready", 0, "")
    for kind, text, given in script(read_meeting(folder / "meetings" / f"{MONTH}.json"), draw):
        wanted = str(draw.randint(1, 9)) if kind == "vote" else text
        for end in range(1, len(wanted) + 1):
            time.sleep(pause * draw.uniform(0.5, 1.5))
            say("told", time.monotonic(), "" if kind == "vote" else wanted[:end])
            meeting.letters(kind, wanted[:end])
            say("answered", time.monotonic(), "" if kind == "vote" else wanted[:end])
        mark = f"{given['ids'][0]}={wanted}" if kind == "vote" else wanted
        say("told", time.monotonic(), mark)
        meeting.enter(kind, wanted, given["ids"])
        say("answered", time.monotonic(), mark)


def kills(way: Way, folder: Path, draw: Random, rounds: int = KILLS, pause: float = LETTER_SECONDS) -> Figures:
    """A meeting is killed at a random moment, again and again, each time a new one."""
    figures, told = Figures(of=rounds), folder / "told"
    for n in range(rounds):
        place = folder / f"round-{n}"
        (place / "meetings").mkdir(parents=True)
        (place / "meetings" / f"{MONTH}.json").write_bytes(as_json(begun(place)))
        told.write_bytes(b"")
        child = Process(target=_holds, args=(way, place, told, draw.randrange(10**9), pause))
        child.start()
        while not told.stat().st_size and child.is_alive():
            time.sleep(0.002)
        time.sleep(draw.uniform(0.0, 12 * pause + 0.2))
        at = time.monotonic()
        os.kill(int(child.pid or 0), signal.SIGKILL)
        child.join()
        _judge(way, place, told.read_text(encoding="utf-8"), at, figures)
        shutil.rmtree(place)
    return figures


def _judge(way: Way, place: Path, told: str, at: float, figures: Figures) -> None:
    """Compare what is there with what was told, and with what was answered."""
    lines = [line.split("\t") for line in told.splitlines()[1:] if line.count("\t") == 2 and not line.endswith("\t")]
    did = [(float(when), text) for word, when, text in lines if word == "told"]
    answered = [text for word, _, text in lines if word == "answered"]
    found = way.found(place)
    figures.whole += found is not None

    def is_there(text: str) -> bool:
        return any(each == text if "=" in text else each.startswith(text) for each in found or ())

    gone = [when for when, text in did if not is_there(text)]
    figures.told += len(did)
    figures.acknowledged += len(answered)
    figures.kept += sum(map(is_there, answered))
    figures.lags.append(at - min(gone) if gone else 0.0)
    if (place / "actions.yaml").exists():
        titles = list(Ledger(place / "actions.yaml").actions()["title_en"])
        figures.twice += len(titles) - len(set(titles))


def autosaved(folder: Path, draw: Random, rounds: int = KILLS) -> Figures:
    """The usual way, on a clock of its own: text in widgets, a notebook that is written every two minutes.

    The text of a meeting, a letter every 0.1 s, is written into a notebook by nbformat as it was at the last autosave
    before the kill, and read again.
    """
    figures, path = Figures(of=rounds), folder / "meeting.ipynb"
    for _ in range(rounds):
        at = draw.uniform(AUTOSAVE_SECONDS, MEETING_SECONDS)
        saved_at = at // AUTOSAVE_SECONDS * AUTOSAVE_SECONDS
        letters, saved = int(at / LETTER_SECONDS), int(saved_at / LETTER_SECONDS)
        state = {"application/vnd.jupyter.widget-state+json": {"state": {"note": {"state": {"value": "x" * saved}}}}}
        nbformat.write(nbformat.v4.new_notebook(metadata={"widgets": state}), path)
        kept = nbformat.read(path, as_version=4).metadata.widgets
        there = len(kept["application/vnd.jupyter.widget-state+json"]["state"]["note"]["state"]["value"])
        figures.whole += 1
        figures.told += letters
        figures.acknowledged += letters
        figures.kept += there
        figures.lags.append(at - there * LETTER_SECONDS)
    return figures


# -- clicks


@contextmanager
def shown(workspace: Path, folder: Path, notebook: Path | None = None) -> Iterator[Any]:
    """A page with a meeting on it; with a notebook of its own where one is given."""
    import subprocess

    import meeting_lab as lab
    from browsing import chromium, need_chromium
    from test_explore_in_browser import free_port, group

    if notebook is None:
        running = lab.meeting(workspace, folder, free_port(), "en")
    else:
        places = {"TMPDIR": str(folder), "IPYTHONDIR": str(folder / "ipython")}
        command = [sys.executable, "-c", RUN, notebook, workspace, str(free_port())]
        pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
        running = group(command, cwd=folder, env=os.environ | places, **pipes)
    with chromium(need_chromium()) as browser, running as told:
        address = told.stdout.readline().strip() if notebook else told[1]
        page = browser.new_page(viewport=lab.SIZE)
        page.goto(address)
        page.locator(FULL).wait_for(timeout=lab.SLOW)
        if notebook is None:
            lab.ready(page)
        yield page


def timed(page: Any, click: str, wanted: str) -> float:
    """Milliseconds from a click to the frame that shows what it leads to."""
    page.wait_for_function("() => !document.querySelector('.om-lost')")  # a kernel that is gone takes no clicks
    return float(page.evaluate(TIMED, [f"{FULL} {click}", wanted]))


def _there(selector: str, n: int | None = None) -> str:
    """JavaScript: whether so many of these are on the screen, or one at least."""
    return f"document.querySelectorAll('{FULL} {selector}').length {'>= 1' if n is None else f'== {n}'}"


def clicks_on_ours(folder: Path, size: int, clicks: int = CLICKS) -> dict[str, list[float]]:
    """Milliseconds by kind of click on a board: pick, let go, group, undo, enter a tally."""
    workspace = Path(shutil.copytree(Path(__file__).parents[1] / "data", folder / "data"))
    shutil.rmtree(workspace / "meetings", ignore_errors=True)
    held = begun(workspace, [("kpt", size)])
    (workspace / "meetings").mkdir()
    (workspace / "meetings" / f"{MONTH}.json").write_bytes(as_json(held))
    ids = [card.id for card in held.on("kpt")]
    took: dict[str, list[float]] = {kind: [] for kind in ("pick", "let go", "group", "undo", "vote")}
    with shown(workspace, folder) as page:
        for n in range(clicks // 5):
            one, two = (f'.om-card[data-card="{ids[(at + 7 * n) % size]}"]' for at in (0, 3))
            took["pick"].append(timed(page, one, _there(f"{one}.om-on")))
            took["let go"].append(timed(page, one, _there(f"{one}:not(.om-on)")))
            for card in (one, two):
                timed(page, card, _there(f"{card}.om-on"))
            page.locator(f"{FULL} .om-field-topic input").fill(f"topic {n}")
            took["group"].append(timed(page, ".om-send-group", _there(".om-heap", 1)))
            page.locator(f"{FULL} .om-do-undo").wait_for()
            took["undo"].append(timed(page, ".om-do-undo", _there(".om-heap", 0)))
        timed(page, ".om-do-panel-voters", _there(".om-send-voters"))
        page.wait_for_timeout(500)
        timed(page, ".om-send-voters", _there(".om-do-to_counted"))
        for n in range(clicks // 5):
            card = f'.om-card[data-card="{ids[n]}"]'
            timed(page, card, _there(f"{card}.om-on"))
            page.locator(f"{FULL} [class*=om-field-votes-] input").fill("3")
            took["vote"].append(timed(page, ".om-send-vote", _there(".om-card + .om-small", n + 1)))
    state = read_meeting(workspace / "meetings" / f"{MONTH}.json")
    assert len(state.board("kpt").votes) == clicks // 5
    assert state.board("kpt").stage == BoardStage.VOTE
    return took


def clicks_on_buttons(folder: Path, size: int, clicks: int = CLICKS) -> dict[str, list[float]]:
    """Milliseconds by click on plain ipywidgets buttons, made anew after each click; `LOST` where one led nowhere."""
    import playwright.sync_api as playwright

    notebook = folder / "peer.ipynb"
    cells = [nbformat.v4.new_code_cell(PEER.replace("SIZE", str(size)))]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), notebook)
    workspace = Path(shutil.copytree(Path(__file__).parents[1] / "data", folder / "data"))
    took: dict[str, list[float]] = {"pick": [], "let go": []}
    with shown(workspace, folder, notebook) as page:
        page.locator(f"{FULL} .card-{size - 1}").wait_for(state="attached", timeout=60_000)
        for n in range(clicks // 2):
            card = f".card-{7 * n % size}"
            for kind, wanted in {"pick": f"{card}.on", "let go": f"{card}:not(.on)"}.items():
                try:
                    took[kind].append(timed(page, card, _there(wanted)))
                except playwright.Error:  # the button was made anew under the mouse, and the click is lost
                    took[kind].append(LOST)
    return took


def _row(cells: Iterable[object]) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _kill_row(name: str, told: Figures) -> str:
    lost = sum(lag > 0 for lag in told.lags)
    kept = f"{told.kept}/{told.acknowledged}"
    middle, worst = f"{median(told.lags):.2f}", f"{max(told.lags):.2f}"
    return _row((name, f"{told.whole}/{told.of}", kept, f"{lost}/{told.of}", middle, worst, told.twice))


def print_kills(seed: int, rounds: int) -> None:
    """Print what is left of meetings that were killed."""
    print(f"\nSIGKILL at a random moment of a meeting x {rounds}, seed {seed}\n")
    heads = ("", "whole files", "answered and still there", "kills with something gone")
    print(_row((*heads, "seconds gone, median", "at most", "decisions twice")))
    print(_row(["---"] * 7))
    for way in (Ours, Dumped):
        for pace, pause in {"10 letters a second": LETTER_SECONDS, "without a pause": 0.0}.items():
            with tempfile.TemporaryDirectory() as folder:
                told = kills(way, Path(folder), Random(seed), rounds, pause)
            print(_kill_row(f"{way.name}; {pace}", told), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        told = autosaved(Path(folder), Random(seed), rounds)
    print(_kill_row(f"widgets in a notebook, saved every {AUTOSAVE_SECONDS} s (a clock of its own)", told))
    print("\nA file that is not whole takes the meeting with it; the seconds count only what was typed since it began.")


def print_clicks(clicks: int) -> None:
    """Print how long a click takes."""
    print("\nMilliseconds from a click to the board drawn anew in Chromium\n")
    print(_row(("", "cards", "clicks", "p50", "p95", "at most", "slowest kind, p50")))
    print(_row(["---"] * 7))
    ways: dict[str, Callable[..., dict[str, list[float]]]] = {
        "opsretro meet": clicks_on_ours,
        "one ipywidgets Button a card": clicks_on_buttons,
    }
    for name, measure in ways.items():
        for size in SIZES:
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
                took = measure(Path(folder), size, clicks if measure is clicks_on_ours else clicks // 3)
            every = [each for own in took.values() for each in own]
            p50, p95 = (f"{np.percentile(every, q):.0f}" for q in (50, 95))
            slowest = max(took, key=lambda kind: median(took[kind]))
            last = f"{slowest} {median(took[slowest]):.0f}"
            print(_row((name, size, len(every), p50, p95, f"{max(every):.0f}", last)), flush=True)


def main(seed: int = SEED, rounds: int = KILLS, clicks: int = CLICKS) -> None:
    """Print the tables."""
    from browsing import MISSING, find_chromium

    print_kills(seed, rounds)
    if find_chromium():
        print_clicks(clicks)
    else:
        print(f"\nNo clicks were measured: {MISSING}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
