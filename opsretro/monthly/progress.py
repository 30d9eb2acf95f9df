"""Tell people what the run is doing: one line per event on the error stream, in their language."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from opsretro.words import say


class Progress:
    """Writes one line per event, with the seconds since the start in front.

    Args:
        lang: ``zh-CN`` or ``en``.
        stream: Where to; None = the error stream.
    """

    def __init__(self, lang: str, stream: TextIO | None = None) -> None:
        self.lang = lang
        self._stream = stream or sys.stderr
        self._started = time.perf_counter()

    @property
    def bars(self) -> bool:
        """Whether a moving bar makes sense: somebody is watching a terminal."""
        return self._stream.isatty()

    def say(self, event: str, **values: object) -> None:
        """Write one event.

        Args:
            event: Key below ``cli`` in the catalogue.
            **values: What its words are filled with.
        """
        seconds = time.perf_counter() - self._started
        print(f"[{seconds:5.1f} s] {say(f'cli.{event}', self.lang, **values)}", file=self._stream, flush=True)
