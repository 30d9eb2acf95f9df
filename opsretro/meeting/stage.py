"""The meeting on the screen: what the room sees, and what a click or a key does. Plain ipywidgets, and one guard."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.meeting import board_html
from opsretro.meeting.conductor import Conductor, is_writing
from opsretro.meeting.controls import Controls
from opsretro.meeting.decide import Decide
from opsretro.meeting.guard import Guard
from opsretro.meeting.records import write_minutes, write_paper
from opsretro.meeting.side import ENTERED, Side
from opsretro.report.templates import anchor
from opsretro.tables.meetings import Card, text_in
from opsretro.tables.meetings import Stage as BoardStage
from opsretro.words import say

PAPER_SECONDS = 10.0
"""Between two pages to go on with, when the room is quiet."""
QUIET_SECONDS = 2.0
"""Without a click or a letter before the room counts as quiet."""
MOST_PAPER_SECONDS = 60.0
"""The same when it never is."""


class Root(widgets.VBox):  # type: ignore[misc]
    """The frame of the meeting; its text form tells nothing, since notebooks keep it beside the picture."""

    def __repr__(self) -> str:
        return "opsretro meeting"


class Stage:
    """One meeting, shown.

    Args:
        held: It.
    """

    def __init__(self, held: Conductor) -> None:
        self.held, self.lang = held, held.lang
        held.redraw = self.render
        ident = hashlib.sha256(str(held.store.path).encode()).hexdigest()[:12]
        self.guard = Guard(ident, self.lang, self.told)
        self.guard.saved = dict(held.meeting.drafts)
        self.reads, self.typing = held.store.reads, True
        self.head, self.main, self.said, self.foot = (widgets.HTML() for _ in range(4))
        self.bar, self.body, self.tools = widgets.HBox(), widgets.HBox(), widgets.HBox()
        acts: dict[str, Callable[..., None]]
        acts = {"close": self._close, "change": self._change, "check": self._check}
        self.controls = Controls(held, self.guard, acts)
        self.decide = Decide(held, self.controls, self.main)
        self.side = Side(held, self.controls, {"decide_this": self._decide_on, "minutes": self._minutes})
        self.root = Root([self.bar, self.head, self.body, self.controls.entry, self.said, self.tools, self.foot])
        self.root.add_class("opsretro-meeting")
        for name in ("bar", "head", "body", "main", "said", "tools", "foot"):
            getattr(self, name).add_class(f"om-{name}")
        self.paper_at, self.paper_of = time.monotonic(), -1
        self.ahead: Thread | None = None
        held.attempt(self.decide.finish)

    def told(self, message: Mapping[str, Any]) -> bool:
        """What the browser says: a card picked, a key pressed, a text entered; ``ping`` asks whether all is well.

        Args:
            message: What to ``do``, and what belongs to it.

        Returns:
            Whether it was done.
        """
        held, card = self.held, str(message.get("card", ""))
        fields = {str(key): str(text) for key, text in dict(message.get("fields") or {}).items()}
        acts: dict[str, Callable[[], Any]] = {
            "send": partial(self._sent, str(message.get("name", "")), fields, str(message.get("id", ""))),
            "pick": partial(held.pick, [card]),
            "pair": partial(held.pick, [str(message.get("one")), str(message.get("two"))], only=True),
            "fact": partial(setattr, held, "fact", card),
            "redecide": partial(self.decide.load, card),
            "next": partial(held.step, 1),
            "back": partial(held.step, -1),
            "undo": self.controls.undo,
            "escape": held.escape,
            "hold": held.store.hold,
        }
        done = False
        if message["do"] == "ping":
            self._rest()
        elif message["do"] in acts:
            done = held.attempt(acts[str(message["do"])])
            if held.stage == BoardStage.VOTE and message["do"] == "pick" and len(held.picked) == 1:
                self.guard.send({"focus": f"votes-{held.chosen[0].heap}"})
        return done

    def render(self) -> None:
        """Bring everything on the screen up to the state; what has not changed is left alone."""
        if self.reads != self.held.store.reads:
            self._replaced()
        held, phase = self.held, self.held.meeting.phase()
        self.guard.clock = {"left": phase.left, "since": phase.since, "run_over": say("meeting.run_over", self.lang)}
        self.bar.children = self.controls.bar()
        self.head.value = str(self._heading())
        self.main.value = str(self._main())
        writes = held.store.writes  # whoever looks on types nothing
        beside = self.side.shown() if writes else []
        if held.face == "decide" and writes and not beside:
            self.body.children = [self.decide.form, self.decide.beside]
        else:
            self.body.children = [*beside, self.main]  # where the facts stood, so that no card moves
        self.controls.offer_columns()
        is_typing = writes and is_writing(held)
        self.controls.entry.layout.display = None if is_typing else "none"
        if is_typing and not self.typing:
            self.guard.send({"focus": "card"})
        self.typing = is_typing
        self.tools.children = self.controls.tools()
        self.said.value = str(self._said())
        is_safe = writes and not held.store.trouble
        state = say("meeting.on_disk" if is_safe else "meeting.not_on_disk", self.lang)
        state = say("meeting.closed", self.lang) if held.meeting.closed and is_safe else state
        parts = [held.month, state, say("meeting.keys", self.lang)]
        foot = say("meeting.gap", self.lang).join(parts)
        self.foot.value = str(Markup('<p class="om-small">{}</p>').format(foot))

    def _replaced(self) -> None:
        """The state is that of the file, perhaps somebody else's: nothing on the screen is left of the one before."""
        self.reads = self.held.store.reads
        self.held.picked = []
        self.guard.saved = dict(self.held.meeting.drafts)
        self.controls.refill()
        self.decide.refill()
        self.side.forget()

    def _main(self) -> Markup:
        held = self.held
        if held.face == "facts":
            if not (fact := held.open_fact):
                return board_html.fact_list(held.facts, self.lang)
            picture = held.evidence.picture(fact.section, fact.anchor)
            return board_html.fact_shown(held.facts, fact.anchor, picture)
        if held.face == "board":
            shown = board_html.board(held.meeting, held.board, held.facts, self.lang, held.picked)
            if held.stage == BoardStage.VOTE:
                return board_html.budget(held.meeting.board(held.board), self.lang) + shown
            return board_html.hints(self.side.alike(), self.lang) + shown
        if held.face == "parking":
            return board_html.parking(held.meeting.parked, self.lang, held.picked)
        return board_html.decisions(held.meeting.decisions, self.decide.names, self.lang)

    def _heading(self) -> Markup:
        """The one question of the moment; over a picture, the fact it belongs to."""
        held = self.held
        if held.face == "facts" and (fact := held.open_fact):
            return Markup('<h1 class="om-big">{}</h1>').format(text_in(fact.text, self.lang))
        if held.face == "decide" and (changing := held.meeting.drafts.get("changing")):
            return Markup('<h1 class="om-ask">{}</h1>').format(say("meeting.ask.change", self.lang, id=changing))
        about = {"facts": held.meeting.now, "board": held.stage}.get(held.face, held.face)
        return Markup('<h1 class="om-ask">{}</h1>').format(say(f"meeting.ask.{about}", self.lang))

    def _said(self) -> Markup:
        """What there is to know just now; trouble with the file before everything else."""
        store, told = self.held.store, []
        if not store.writes:
            kept = say("meeting.kept", self.lang, file=store.kept.name) if store.kept else ""
            told.append(("om-alarm", say("meeting.looks_on", self.lang) + kept))
        if store.trouble:
            told.append(("om-alarm", say("meeting.not_saved", self.lang, why=store.trouble)))
        told += [("om-notice", self.held.notice)] if self.held.notice else []
        shown = Markup("").join(Markup('<p class="{}">{}</p>').format(*line) for line in told)
        return Markup('<div role="status">{}</div>').format(shown)

    def _sent(self, name: str, fields: Mapping[str, str], entry: str) -> None:
        """A text that was entered; where it is refused, it goes back into its fields."""
        try:
            if name == "decide":
                self.decide.save(fields)
            else:
                self.side.enter(name, fields, entry)
        except Exception:
            own = ENTERED.get(name)  # what was entered; other fields are as they were
            back = {key: text for key, text in fields.items() if text and (not own or key.partition("-")[0] in own)}
            self.guard.send({"put": back})
            raise

    def _decide_on(self, card: Card) -> None:
        """Begin a decision about a card, or the topic it stands under."""
        topics = {topic.id: topic.title for topic in self.held.meeting.topics}
        self.decide.begin(topics.get(card.topic) or card.text)

    def _minutes(self) -> None:
        """Write the minutes now, and say where they are."""
        files = write_minutes(self.held)
        self.held.notice = say("meeting.written", self.lang, folder=files[0].parent, file=files[0].name, n=len(files))

    def _change(self) -> None:
        """Change the action whose picture is shown: hand it over, split it, escalate it, drop it."""
        fact = self.held.open_fact
        ids = self.decide.ledger.actions()["id"]
        for action in (name for name in ids if fact and fact.anchor == f"open-{anchor('action', name)}"):
            self.decide.load(action)

    def _check(self, text: str) -> None:
        """Refuse what may not stand on the board."""
        self.side.nobody(text)

    def _close(self, *, is_closed: bool) -> None:
        """Close the meeting and write its minutes, or open it again."""
        self.held.close(is_closed=is_closed)
        if is_closed:
            self._minutes()

    def _rest(self) -> None:
        """What can wait for a quiet moment: a write that failed, and the page to go on with if the screen dies."""
        held, store = self.held, self.held.store
        with store.lock:
            if store.flush():
                self.render()
            now, revision = time.monotonic(), store.meeting.revision
            is_quiet, age = now - held.touched > QUIET_SECONDS, now - self.paper_at
            if not self.ahead and (is_quiet or age > MOST_PAPER_SECONDS):
                # what takes longest of the page is drawn once, and nobody has to wait for it
                self.ahead = Thread(target=held.evidence.section, args=("followup",), daemon=True)
                self.ahead.start()
            is_due = revision != self.paper_of and age > (PAPER_SECONDS if is_quiet else MOST_PAPER_SECONDS)
            if store.holds and is_due and self.ahead and not self.ahead.is_alive():
                self.paper_at, self.paper_of = now, revision
                with suppress(OSError):  # the meeting's own file tells when the disk has no room
                    write_paper(held)
