"""The controls around the board: the phases and their clock, what is typed, and what can be done next."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets as widgets
from traitlets import TraitError

from opsretro.meeting import card_changes
from opsretro.tables.meetings import Stage, text_in
from opsretro.words import say

if TYPE_CHECKING:
    from opsretro.meeting.conductor import Conductor
    from opsretro.meeting.guard import Guard

MINUTE = 60.0
LATE_SECONDS = 2.0
"""How long after its entry a text may arrive once more; ipywidgets holds a value back while the kernel is busy."""
Control = TypeVar("Control", bound=widgets.DOMWidget)


class Controls:
    """Buttons of one meeting, made once, so that nothing is taken from under the fingers of whoever is typing.

    Args:
        held: The meeting.
        guard: Its clock and banner, and what tells the browser what is on disk.
        acts: What other parts of the screen do: ``close`` the meeting or open it again (`is_closed`), ``change`` the
            action whose picture is shown, ``check`` a text that joins a board.

    Attributes:
        column: The column that is written into.
        entry: Where cards are typed.
    """

    def __init__(self, held: Conductor, guard: Guard, acts: Mapping[str, Callable[..., None]]) -> None:
        self.held, self.guard, self.acts, self.lang = held, guard, acts, held.lang
        self._made: dict[str, widgets.Button] = {}
        self._acts: dict[str, Callable[[], Any]] = {}
        self._offers = False
        self._late: tuple[float, Mapping[str, str]] = (0.0, {})
        self.column = widgets.ToggleButtons(options=[])
        self.column.observe(lambda change: self._choose_column(change["new"]), "value")
        self.text = self.field("card", widgets.Textarea(placeholder=say("meeting.card_here", self.lang), rows=2))
        self.text.add_class("om-clears-card")
        add = self.button("add", primary=True)
        add.add_class("om-send-card")
        self.entry = widgets.HBox([self.column, self.text, add])
        for name in ("om-entry", "om-enters-card"):
            self.entry.add_class(name)

    def button(
        self, name: str, action: Callable[[], Any] | None = None, *, primary: bool = False, word: str = ""
    ) -> widgets.Button:
        """A button: made once, it does what it was last asked to.

        Args:
            name: Its name; its words are ``meeting.do.<name>``.
            action: What it does; None = the browser knows.
            primary: Whether it is the next thing to do.
            word: Another key of its words.
        """
        if name not in self._made:
            self._made[name] = made = widgets.Button(description=say(f"meeting.{word or f'do.{name}'}", self.lang))
            made.add_class(f"om-do-{name.replace('.', '-')}")
            made.on_click(lambda _: self.held.attempt(self._acts[name]) if name in self._acts else None)
        if action is not None:
            self._acts[name] = action
        mark(self._made[name], "om-primary", is_on=primary)
        return self._made[name]

    def field(self, name: str, control: Control) -> Control:
        """A control whose value is on disk while it is being filled in.

        Args:
            name: Of its draft; letters, digits and dashes.
            control: It.
        """
        control.add_class(f"om-field-{name}")
        if (kept := self.held.meeting.drafts.get(name)) is not None:
            fill(control, kept)
        control.observe(lambda change: self._changed(name, control, change["new"]), "value")
        return control

    def pass_by(self, entered: Mapping[str, str]) -> None:
        """What was entered a moment ago may arrive once more, as the value of its field: it is no new text."""
        self._late = time.monotonic() + LATE_SECONDS, {name: text for name, text in entered.items() if text}

    def _changed(self, name: str, control: widgets.DOMWidget, value: object) -> None:
        until, entered = self._late
        if entered.get(name) == value and time.monotonic() < until:
            self._late = until, {field: text for field, text in entered.items() if field != name}
            fill(control, "")
        else:
            self.typed(name, value)

    def close(self, gone: Iterable[widgets.Widget]) -> None:
        """Let go of widgets that were taken off the screen; buttons come again."""
        for widget in gone:
            self.close(getattr(widget, "children", ()))
            if widget not in self._made.values():
                for part in (widget, widget.layout, getattr(widget, "style", widget)):
                    part.close()

    def typed(self, name: str, value: object) -> None:
        """Keep what is typed in a field at once, and tell the browser when it is on disk."""
        text = value.isoformat() if isinstance(value, date) else str(value or "")
        with self.held.store.lock:
            if self.held.typed(name, text):
                self.guard.saved = {**self.guard.saved, name: text}
            else:
                self.held.redraw()

    def bar(self) -> list[widgets.Widget]:
        """The phases in the order of the room, and the clock of the present one."""
        meeting = self.held.meeting
        buttons = []
        for phase in meeting.phases:
            button = self.button(f"phase.{phase.key}", partial(self.held.go, phase.key), word=f"phase.{phase.key}")
            mark(button, "om-now", is_on=phase.key == meeting.now)
            buttons.append(button)
        runs = bool(meeting.phase().since)
        clock = self.button("stop" if runs else "start", partial(self.held.clock, run=not runs))
        return [*buttons, self.guard, clock, self.button("more_time", partial(self.held.clock, more=MINUTE))]

    def tools(self) -> list[widgets.Widget]:
        """What can be done now, the next step first."""
        held = self.held
        if not held.store.writes:
            return [self.button("take_over", held.store.take_over, primary=True)]
        now = self._tools_of_board() if held.face == "board" else []
        if held.open_fact and held.open_fact.anchor.startswith("open-action-"):
            now.append(self.button("change", self.acts["change"]))
        if held.face == "parking" and held.picked and held.board:
            now.append(self.button("unpark", self._unpark))
        if held.face == "decide":
            word = "reopen" if held.meeting.closed else "close"
            now.append(self.button(word, partial(self.acts["close"], is_closed=not held.meeting.closed)))
        if held.can_undo:
            now.append(self.button("undo", self.undo))
        is_next = held.face != "decide" and not any("om-primary" in button._dom_classes for button in now)
        ahead = self.button("next", partial(held.step, 1), primary=is_next)
        back = self.button("back", partial(held.step, -1))
        return [ahead, back, self._face("decide"), self._face("parking"), self._opens("more"), *now]

    def undo(self) -> None:
        """Take the last change back; a card that nobody has seen goes back into the field where it was typed."""
        before = {card.id: card for card in self.held.meeting.on(self.held.board)} if self.held.board else {}
        self.held.undo()
        gone = before.keys() - {card.id for card in self.held.meeting.cards}
        if self.held.stage == Stage.WRITE and len(gone) == 1 and before[card := gone.pop()].source == "room":
            self.guard.send({"put": {"card": before[card].text}})

    def _tools_of_board(self) -> list[widgets.Widget]:
        """What leads on on the board, the likeliest in colour."""
        board = self.held.board
        at, has_cards = self.held.stage, bool(self.held.meeting.on(board))
        if at == Stage.WRITE:
            reveal = self.button("reveal", self.act(card_changes.revealed, board), primary=has_cards)
            return [reveal, self._opens("import")]
        if at == Stage.OPEN:
            return [self._opens("voters"), self._opens("write")]
        other = Stage.COUNTED if at == Stage.VOTE else Stage.VOTE
        count = self.button(f"to_{other}", self.act(card_changes.to_stage, board, other), primary=at == Stage.VOTE)
        return [count, self.button("to_open", self.act(card_changes.to_stage, board, Stage.OPEN))]

    def offer_columns(self) -> None:
        """The columns of the present board, to write into."""
        if self.held.board:
            columns = self.held.meeting.board(self.held.board).columns
            options = tuple((text_in(column.name, self.lang), column.key) for column in columns)
            if tuple(self.column.options) != options:
                self._offers = True
                self.column.options = options
                kept = self.held.meeting.drafts.get(f"column-{self.held.board}")
                self.column.value = kept if kept in [key for _, key in options] else options[0][1]
                self._offers = False

    def _choose_column(self, column: str) -> None:
        """Somebody chose where to write; it is chosen again after a restart."""
        if column and not self._offers:
            self.typed(f"column-{self.held.board}", column)

    def refill(self) -> None:
        """Show what the state has; somebody else may have written it."""
        fill(self.text, self.held.meeting.drafts.get("card", ""))
        self._offers = True  # `offer_columns` follows
        self.column.options = []
        self._offers = False

    def act(self, change: Callable[..., Any], *given: Any) -> Callable[[], None]:
        """A change of the meeting, for a button."""
        return lambda: self.held.do(lambda meeting: change(meeting, *given))

    def _unpark(self) -> None:
        self.acts["check"](" ".join(card.text for card in self.held.chosen))
        board, cards = self.held.meeting.board(self.held.board), list(self.held.picked)
        back = partial(card_changes.parked, cards=cards, park=False, board=board.key, column=board.columns[0].key)
        self.held.do(back)
        self.held.show("board")

    def _face(self, face: str) -> widgets.Button:
        """A button to a face of the stage, and from it back."""
        is_on = self.held.face == face
        target = self.held.first_face() if is_on else face
        button = self.button(f"face.{face}", partial(self.held.show, target), word=f"do.{face}")
        mark(button, "om-now", is_on=is_on)
        return button

    def _opens(self, panel: str) -> widgets.Button:
        """A button that opens a panel, and closes it."""
        button = self.button(f"panel.{panel}", partial(self._toggle, panel), word=f"do.{panel}")
        mark(button, "om-now", is_on=self.held.panel == panel)
        return button

    def _toggle(self, panel: str) -> None:
        self.held.panel = "" if self.held.panel == panel else panel


def fill(control: widgets.DOMWidget, text: str) -> None:
    """Show a text in a control; a choice that is there no more, or what is no day, leaves it as it is."""
    is_text = isinstance(control, widgets.Text | widgets.Textarea | widgets.Dropdown)
    with suppress(ValueError, TraitError):
        if isinstance(control, widgets.DatePicker) and text:
            control.value = date.fromisoformat(text)
        else:
            control.value = text if text or is_text else None


def mark(widget: widgets.DOMWidget, name: str, *, is_on: bool) -> None:
    """Give a widget a class, or take it away."""
    (widget.add_class if is_on else widget.remove_class)(name)
