"""The one widget of ours that is more than ipywidgets: it notices a kernel that is gone, and knows keys and clocks.

Plain ipywidgets cannot tell the browser that their kernel is gone (they go on taking clicks and letters, and nothing
arrives), know no keys, and cannot tick; the reasons stand one by one at the top of ``live.js``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import anywidget
import traitlets

from opsretro.report.look import DARK, LIGHT
from opsretro.words import say


def _css() -> str:
    tokens = {"": LIGHT, ".om-dark": DARK}
    told = [
        f".opsretro-meeting{where}{{{';'.join(f'--{name}:{colour}' for name, colour in colours.items())}}}"
        for where, colours in tokens.items()
    ]
    return "\n".join([*told, files(__package__).joinpath("live.css").read_text(encoding="utf-8")])


class Guard(anywidget.AnyWidget):
    """The clock and the banner of a meeting, its keys, and what is typed and not on disk yet.

    Args:
        meeting: What tells this meeting from others in one browser.
        lang: Language of the banner.
        told: Called with each message: what to ``do``, and what belongs to it; says whether it was done.
    """

    _esm = files(__package__).joinpath("live.js").read_text(encoding="utf-8")
    _css = _css()
    words = traitlets.Dict().tag(sync=True)
    meeting = traitlets.Unicode().tag(sync=True)
    clock = traitlets.Dict().tag(sync=True)
    """left (seconds when last started or stopped), since (second since 1970, 0 = it stands), run_over (words)."""
    saved = traitlets.Dict().tag(sync=True)
    """What of each field is on disk."""

    def __init__(self, meeting: str, lang: str, told: Callable[[Mapping[str, Any]], bool]) -> None:
        words = {"lost": say("meeting.lost", lang), "lost_by_hand": say("meeting.lost_by_hand", lang)}
        super().__init__(meeting=meeting, words=words)
        self._told = told
        self.on_msg(self._on_message)

    def _on_message(self, _: Any, message: Any, __: Any) -> None:
        if isinstance(message, dict) and isinstance(message.get("do"), str):
            taken = False
            try:
                taken = self._told(message)
            finally:  # whatever went wrong, the browser waits for an answer
                self.send({"answer": message.get("id", True), "taken": taken})
