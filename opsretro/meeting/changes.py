"""What can happen in a meeting, as plain functions from one state to the next; nothing here knows screen or file."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from opsretro.tables.meetings import Board, Card, Decision, Fact, Meeting, Phase, Stage, Topic

if TYPE_CHECKING:
    from opsretro.meeting.board_templates import Agenda

MOST_UNDO = 50
PARKING = "/parking"
"""The parking lot among the boards; no board is called so."""
UNDONE = ("stage", "people", "budget", "votes")
"""What an undo gives back of a board; its template never changes."""


def started(
    month: str, agenda: Agenda, *, held: str, facts: Sequence[Fact] = (), before: Meeting | None = None
) -> Meeting:
    """A meeting at its beginning.

    Args:
        month: The month it looks back on, ``2026-10``.
        agenda: Its phases and the boards they show.
        held: Day it is opened, ISO.
        facts: What the month's review flagged.
        before: The meeting before it; what was left in its parking lot returns.

    Example:
        >>> from pathlib import Path
        >>> from opsretro.meeting.board_templates import read_agenda
        >>> started("2026-10", read_agenda(Path("nowhere")), held="2026-11-03").now
        'actions'
    """
    used = dict.fromkeys(phase.board for phase in agenda.phases if phase.board)
    boards = tuple(agenda.boards[key] for key in used)
    carried = (
        [replace(card, id=new_id(), topic="", place=0, source="carried") for card in before.parked] if before else []
    )
    return Meeting(
        month=month,
        held=held,
        now=agenda.phases[0].key,
        phases=agenda.phases,
        boards=boards,
        facts=tuple(facts),
        cards=_in_order(carried),
    )


def new_id() -> str:
    """A random id: it says nothing of the order in which things came up."""
    return secrets.token_hex(4)


def left(phase: Phase, at: float) -> float:
    """Seconds a phase has left; negative when it has run over.

    Args:
        phase: Its clock may be running.
        at: Now, in seconds since 1970.
    """
    return phase.left - (at - phase.since if phase.since else 0.0)


def clock(meeting: Meeting, *, at: float, run: bool | None = None, more: float = 0.0) -> Meeting:
    """Start or stop the clock of the present phase, or give it more time.

    Args:
        meeting: Before.
        at: Now, in seconds since 1970.
        run: Start or stop; None = leave it as it is.
        more: Seconds to add; may be negative.
    """
    phase = meeting.phase()
    runs = bool(phase.since) if run is None else run
    return _phase(meeting, replace(phase, left=left(phase, at) + more, since=at if runs else 0.0))


def go(meeting: Meeting, key: str, *, at: float) -> Meeting:
    """Go to a phase, forwards or back; a clock that runs stops, and that of the new phase takes over.

    Args:
        meeting: Before.
        key: The phase.
        at: Now, in seconds since 1970.

    Raises:
        KeyError: There is no such phase.
    """
    if key == meeting.now:
        return meeting
    ran = bool(meeting.phase().since)
    moved = replace(clock(meeting, at=at, run=False), now=meeting.phase(key).key)
    return clock(moved, at=at, run=ran)


def step(meeting: Meeting, by: int, *, at: float) -> Meeting:
    """Go to the next phase, or with -1 to the one before; at the ends it stays."""
    keys = [phase.key for phase in meeting.phases]
    place = min(max(keys.index(meeting.now) + by, 0), len(keys) - 1)
    return go(meeting, keys[place], at=at)


def reordered(meeting: Meeting, key: str, by: int) -> Meeting:
    """Take a phase earlier (-1) or later (1) in the order of the room."""
    phases = [phase for phase in meeting.phases if phase.key != key]
    place = [phase.key for phase in meeting.phases].index(key) + by
    phases.insert(min(max(place, 0), len(phases)), meeting.phase(key))
    return replace(meeting, phases=tuple(phases))


def with_board(meeting: Meeting, board: Board | None) -> Meeting:
    """Show another board in the present phase, or none; cards on the one before stay on it, and come back with it."""
    known = [known.key for known in meeting.boards]
    boards = meeting.boards if board is None or board.key in known else (*meeting.boards, board)
    key = board.key if board else ""
    return _phase(replace(meeting, boards=boards), replace(meeting.phase(), board=key))


def drafted(meeting: Meeting, field: str, text: str) -> Meeting:
    """Keep what is typed in a field and not entered yet; empty lets go of it."""
    kept = {name: told for name, told in meeting.drafts.items() if name != field}
    return replace(meeting, drafts={**kept, field: text} if text else kept)


def without_drafts(meeting: Meeting, fields: Collection[str]) -> Meeting:
    """Let go of what was typed in some fields."""
    return replace(meeting, drafts={name: told for name, told in meeting.drafts.items() if name not in fields})


def deciding(meeting: Meeting, fields: Mapping[str, Any]) -> Meeting:
    """Keep a decision that is about to be written to the ledger: whatever stops it, it is not lost, nor made twice."""
    return replace(meeting, decisions=(*settled(meeting).decisions, Decision(fields=dict(fields))))


def decided(meeting: Meeting, action: str, fields: Mapping[str, Any]) -> Meeting:
    """Keep a decision as it stands in the ledger: a new one in place of the one that was about to be, or changed."""
    new = Decision(id=action, fields=dict(fields))
    known = [decision for decision in meeting.decisions if decision.id]
    if action in [decision.id for decision in known]:
        return replace(meeting, decisions=tuple(new if old.id == action else old for old in known))
    return replace(meeting, decisions=(*known, new))


def settled(meeting: Meeting) -> Meeting:
    """Without the decision that was about to be written."""
    return replace(meeting, decisions=tuple(decision for decision in meeting.decisions if decision.id))


def closed(meeting: Meeting, *, at: float, is_closed: bool = True) -> Meeting:
    """Close the meeting, its clocks stopped; or open it again."""
    return replace(clock(meeting, at=at, run=False), closed=is_closed)


def changed(
    meeting: Meeting,
    *,
    cards: Mapping[str, Card | None] | None = None,
    topics: Mapping[str, Topic | None] | None = None,
    board: Board | None = None,
) -> Meeting:
    """A meeting with some cards, topics and a board in place of those it had, and what takes that back.

    Args:
        meeting: Before.
        cards: New card by id; None = it goes.
        topics: New topic by id; None = it goes.
        board: New state of a board.

    Returns:
        After. While a board is being written on, only the last change can be taken back: a longer list would tell the
        order in which its cards came.
    """
    back: dict[str, Any] = {}
    new: dict[str, Any] = {}
    for name, wanted in {"cards": cards or {}, "topics": topics or {}}.items():
        had = {item.id: item for item in getattr(meeting, name)}
        if wanted:
            back[name] = {key: asdict(had[key]) if key in had else None for key in wanted}
            new[name] = _in_order([item for item in {**had, **wanted}.values() if item is not None])
    if board is not None:
        back["board"] = {"key": board.key, **_state(meeting.board(board.key))}
        new["boards"] = tuple(board if had.key == board.key else had for had in meeting.boards)
    about = {card.board for card in (*meeting.cards, *(cards or {}).values()) if card and card.id in (cards or {})}
    about |= {board.key} if board else set()
    writing = any(known.stage == Stage.WRITE for known in meeting.boards if known.key in about)
    undo = (*(() if writing else meeting.undo), back)
    return replace(meeting, **new, undo=undo[-MOST_UNDO:])


def undo_places(meeting: Meeting) -> set[str]:
    """Keys of the boards on which the next undo can be seen, and `PARKING`."""
    if not meeting.undo:
        return set()
    last, now = meeting.undo[-1], {card.id: asdict(card) for card in meeting.cards}
    cards = [each for key, old in last.get("cards", {}).items() for each in (old, now.get(key)) if each]
    topics = [
        old or next((asdict(new) for new in meeting.topics if new.id == key), {})
        for key, old in last.get("topics", {}).items()
    ]
    places = {PARKING if card.get("parked") else card.get("board", "") for card in cards}
    return {*places, *(topic.get("board", "") for topic in topics), last.get("board", {}).get("key", "")}


def undone(meeting: Meeting) -> Meeting:
    """Take the last change back."""
    if not meeting.undo:
        return meeting
    back = meeting.undo[-1]
    cards = {key: Card(**told) if told else None for key, told in back.get("cards", {}).items()}
    topics = {key: Topic(**told) if told else None for key, told in back.get("topics", {}).items()}
    board = None
    if "board" in back:
        told = {name: back["board"][name] for name in UNDONE if name in back["board"]}
        board = replace(meeting.board(back["board"]["key"]), **told)
    return replace(changed(meeting, cards=cards, topics=topics, board=board), undo=meeting.undo[:-1])


def _state(board: Board) -> dict[str, Any]:
    return {name: getattr(board, name) for name in UNDONE}


def _phase(meeting: Meeting, new: Phase) -> Meeting:
    return replace(meeting, phases=tuple(new if old.key == new.key else old for old in meeting.phases))


def _in_order(items: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(sorted(items, key=lambda item: item.id))
