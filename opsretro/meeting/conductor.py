"""What happens in a meeting between a click and the file: what is picked, which face is shown, what may be done."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from opsretro.errors import InputError
from opsretro.meeting import changes
from opsretro.meeting.board_templates import read_agenda
from opsretro.meeting.facts import SHOWN_IN, Evidence
from opsretro.meeting.store import LooksOn, Store
from opsretro.tables.meetings import Board, Card, Fact, Meeting, Stage, meetings_folder, months_met, read_meeting, said
from opsretro.words import say

if TYPE_CHECKING:
    from opsretro.workspace import Workspace

Change = Callable[[Meeting], Meeting]


class Conductor:
    """One meeting while it is held, without a screen.

    Args:
        ops: The workspace.
        month: The month the meeting looks back on.

    Attributes:
        store: The file, and in it the state.
        evidence: The month's reviews.
        picked: Ids of the cards that are picked, in the order of the picks.
        face: What the room sees of the phase: ``facts``, ``board``, ``decide`` or ``parking``.
        fact: Anchor of the fact whose picture is shown; empty = the list of facts.
        panel: What a button has opened: ``more``, ``import``, ``voters`` or ``write``; empty = nothing.
        notice: What there is to say about the last thing that was done.
        redraw: Called when something may look different.
        touched: When somebody last did something, by the clock that only runs forward.

    Raises:
        InputError: The meeting's file, or the team's boards, cannot be read.
        OSError: The folder of the meetings cannot be written to.
    """

    def __init__(self, ops: Workspace, month: str) -> None:
        self.ops, self.lang, self.month = ops, ops.lang, month
        self.agenda = read_agenda(ops.inputs.folder)
        self.evidence = Evidence(ops, month)
        self.folder = meetings_folder(ops.inputs.folder, ops.settings.sources)
        self.store = Store(self.folder / f"{month}.json", self._new)
        self.redraw: Callable[[], None] = lambda: None
        self.picked: list[str] = []
        self.panel = self.fact = self.notice = ""
        self.touched = time.monotonic()
        self.face = self.first_face()

    @property
    def meeting(self) -> Meeting:
        """The state."""
        return self.store.meeting

    @property
    def board(self) -> str:
        """Key of the board of the present phase; empty = it has none."""
        return self.meeting.phase().board

    @property
    def stage(self) -> str:
        """How far the board of the phase is; empty without one."""
        return self.meeting.board(self.board).stage if self.board else ""

    @property
    def facts(self) -> list[Fact]:
        """What opens the present phase."""
        sections = SHOWN_IN.get(self.meeting.now, ())
        return [fact for fact in self.meeting.facts if fact.section in sections]

    @property
    def open_fact(self) -> Fact | None:
        """The fact whose picture is shown."""
        return next((fact for fact in self.facts if fact.anchor == self.fact), None)

    @property
    def chosen(self) -> list[Card]:
        """The cards that are picked."""
        known = {card.id: card for card in self.meeting.cards}
        return [known[card] for card in self.picked if card in known]

    def attempt(self, action: Callable[[], object]) -> bool:
        """Do it, or say why it cannot be done; whatever was typed stays where it is.

        Args:
            action: What somebody asked for.

        Returns:
            Whether it was done.
        """
        done, self.touched = False, time.monotonic()
        with self.store.lock:
            try:
                action()
                done = True
            except InputError as refused:
                self.notice = " ".join(problem.line(self.lang) for problem in refused.problems)
            except OSError as error:
                self.notice = say("meeting.not_saved", self.lang, why=error.strerror or error)
            except LooksOn:
                self.notice = ""  # the screen says so as long as it is so
            self.redraw()
        return done

    def do(self, change: Change, *, keep: bool = False) -> None:
        """Change the meeting and write it.

        Args:
            change: From one state to the next.
            keep: Leave what is picked as it is.

        Raises:
            InputError: It is refused; nothing is changed.
            LooksOn: Somebody else writes the meeting.
        """
        self.notice = ""
        if not self.store.save(change(self.meeting)) and not self.store.writes:
            raise LooksOn
        if not keep:
            self.picked = []

    def typed(self, field: str, text: str) -> bool:
        """Keep what is typed in a field, at once.

        Args:
            field: Its name.
            text: All of it.

        Returns:
            Whether it is on disk.
        """
        text, self.touched = said(text), time.monotonic()
        with self.store.lock:
            if self.meeting.drafts.get(field, "") != text or self.store.trouble:
                return self.store.save(changes.drafted(self.meeting, field, text))
        return True

    def faces(self) -> list[str]:
        """What a phase has to show, in order."""
        found = [*(["facts"] if self.facts else []), *(["board"] if self.board else [])]
        return found + (["decide"] if self.meeting.now == "insight" or not found else [])

    def first_face(self) -> str:
        """Facts before anyone's opinion; the board where people have begun to write, the form where a decision is."""
        faces, meeting = self.faces(), self.meeting
        begun = any(card.board == self.board and not card.parked for card in meeting.cards)
        if "title" in meeting.drafts and "decide" in faces:
            return "decide"
        return "board" if "board" in faces and (begun or "card" in meeting.drafts) else faces[0]

    def show(self, face: str) -> None:
        """Show another face of the present phase."""
        self.face, self.picked = face, []
        self.panel = self.fact = self.notice = ""

    def go(self, phase: str) -> None:
        """Go to a phase."""
        before = self.board
        self.do(partial(changes.go, key=phase, at=time.time()))
        self.show(self.first_face())
        self._remind(before)

    def step(self, by: int) -> None:
        """The next thing to talk about (1), or the one before (-1): within the phase, then over its end."""
        faces = self.faces()
        place = (faces.index(self.face) if self.face in faces else 0) + by
        if 0 <= place < len(faces):
            return self.show(faces[place])
        before, board = self.meeting.now, self.board
        self.do(partial(changes.step, by=by, at=time.time()))
        if self.meeting.now != before:
            self.show(self.faces()[0 if by > 0 else -1])
            self._remind(board)
        return None

    def _remind(self, board: str) -> None:
        """Say so when cards were left behind that nobody has seen."""
        waiting = self.meeting.on(board) if board and self.meeting.board(board).stage == Stage.WRITE else []
        if waiting and board != self.board:
            self.notice = say("meeting.left_hidden", self.lang, n=len(waiting))

    @property
    def boards(self) -> dict[str, Board]:
        """Boards there are by key: those of the templates, and those the meeting began with."""
        return {**self.agenda.boards, **{board.key: board for board in self.meeting.boards}}

    def use_board(self, key: str) -> None:
        """Show another board in the present phase; empty = none."""
        if key != self.board:
            self.do(partial(changes.with_board, board=self.boards[key] if key else None))
            self.show("board" if key else self.faces()[0])

    def pick(self, cards: Collection[str], *, only: bool = False) -> None:
        """Pick cards, or let go of those that are picked.

        Args:
            cards: Their ids.
            only: Let go of all others.
        """
        self.notice = ""
        kept = [] if only else [card for card in self.picked if card not in cards]
        self.picked = [*kept, *(card for card in cards if only or card not in self.picked)]

    def escape(self) -> None:
        """One step out: first what is picked or opened, then back to the phase."""
        if self.picked or self.notice or self.fact or self.panel:
            self.show(self.face)
        elif self.face not in self.faces():
            self.show(self.first_face())

    @property
    def can_undo(self) -> bool:
        """Whether the room would see the last change of cards being taken back."""
        seen = {"board": self.board, "parking": changes.PARKING}.get(self.face)
        return bool(seen) and seen in changes.undo_places(self.meeting)

    def undo(self) -> None:
        """Take the last change of cards back, where the room sees it happen."""
        if self.can_undo:
            self.do(changes.undone)

    def clock(self, *, run: bool | None = None, more: float = 0.0) -> None:
        """Start or stop the clock of the phase, or give it more seconds."""
        self.do(partial(changes.clock, at=time.time(), run=run, more=more), keep=True)

    def take_facts(self) -> None:
        """The facts as the tables tell them now, in place of those the meeting was opened with."""
        found = tuple(self.evidence.facts())
        self.do(lambda meeting: replace(meeting, facts=found), keep=True)

    def close(self, *, is_closed: bool = True) -> None:
        """Close the meeting, or open it again."""
        self.do(partial(changes.closed, at=time.time(), is_closed=is_closed))

    def _new(self) -> Meeting:
        """A meeting that begins: the month's facts, and what was parked at the meeting before."""
        earlier = [month for month in months_met(self.folder) if month < self.month]
        before = read_meeting(self.folder / f"{earlier[-1]}.json") if earlier else None
        today = date.today().isoformat()
        return changes.started(self.month, self.agenda, held=today, facts=self.evidence.facts(), before=before)


def is_writing(conductor: Conductor) -> bool:
    """Whether cards are being written: nobody has seen one yet, or somebody adds one, as always to a chain."""
    if conductor.face != "board" or not conductor.board:
        return False
    board = conductor.meeting.board(conductor.board)
    adds = conductor.panel == "write" or (board.chain and not conductor.picked)
    return board.stage == Stage.WRITE or (board.stage == Stage.OPEN and adds)


__all__: Sequence[str] = ("Conductor", "is_writing")
