"""Tell people what the run is doing: a moving bar on a terminal, one line per event otherwise, JSON for machines."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, TextIO

from opsretro.monthly.hiding import hide
from opsretro.report.plain_text import one_line
from opsretro.words import say

WORDS, JSON = "words", "json"
BEGUN = ("running", "team_running")
DONE = ("ran", "failed", "reused", "team_ran", "team_partly", "team_not")
"""Events that end a step of the bar."""
NUMBERS = ("n", "tables", "seconds")
WIDTH = 24


class Progress:
    """Writes one line per event, with the seconds since the start in front.

    Args:
        lang: ``zh-CN`` or ``en``.
        stream: Where to; None = the error stream.
        form: ``words``, or ``json`` for a JSON object a line: at (seconds since the start), event, its values, text.
    """

    def __init__(self, lang: str, stream: TextIO | None = None, *, form: str = WORDS) -> None:
        self.lang, self.form = lang, form
        self._stream = stream or sys.stderr
        self._started = time.perf_counter()
        self._turn = threading.Lock()
        self._steps, self._done = 0, 0
        self._now: list[str] = []

    @property
    def bars(self) -> bool:
        """Whether a moving bar makes sense: somebody is watching a terminal."""
        return self.form == WORDS and self._stream.isatty()

    def expect(self, steps: Sequence[str]) -> None:
        """Say what there is to do, so that a bar knows its length."""
        self._steps, self._done = len(steps), 0

    def say(self, event: str, **values: object) -> None:
        """Tell one event.

        Args:
            event: Key below ``cli`` in the catalogue.
            **values: What its words are filled with.
        """
        told = {name: _plain(name, value) for name, value in values.items()}
        self._tell(event, told, hide(say(f"cli.{event}", self.lang, **values)))

    def relay(self, team: str, event: Mapping[str, Any]) -> None:
        """Tell an event of a team's own run.

        Args:
            team: Its folder's name.
            event: As another `Progress` wrote it with JSON lines.
        """
        told = {name: value for name, value in event.items() if name not in ("at", "event", "text")}
        self._tell(event["event"], {"team": team, **told}, f"{team} · {event['text']}", step="")

    def _tell(self, event: str, told: Mapping[str, Any], text: str, *, step: str | None = None) -> None:
        seconds, text = time.perf_counter() - self._started, one_line(text)
        with self._turn:
            if self.form == JSON:
                line = json.dumps({"at": round(seconds, 3), "event": event, **told, "text": text}, ensure_ascii=False)
            else:
                line = f"[{seconds:5.1f} s] {text}"
            self._follow(event, str(told.get("team", told.get("section", ""))) if step is None else step)
            rubbed = "\r\033[K" if self.bars else ""
            with contextlib.suppress(OSError):  # a log nobody reads any more is no reason to stop
                print(f"{rubbed}{line}", file=self._stream)
                if self.bars:
                    self._stream.write(self._bar())
                self._stream.flush()

    def _follow(self, event: str, name: str) -> None:
        if event in BEGUN and name:
            self._now.append(name)
        if event in DONE and name in self._now:
            self._now.remove(name)
            self._done += 1

    def _bar(self) -> str:
        """The bar below the last line; empty before the first section and after the last."""
        if not self._steps or self._done >= self._steps:
            return ""
        full = round(WIDTH * self._done / self._steps)
        return f"{'━' * full}{'─' * (WIDTH - full)} {self._done}/{self._steps} {' · '.join(self._now)}"


def _plain(name: str, value: object) -> object:
    """A value as JSON knows it: counts and seconds are numbers, however they are written for people."""
    text = hide(str(value))
    digits = text.replace(",", "")
    return json.loads(digits) if name in NUMBERS and digits.replace(".", "", 1).isdigit() else text
