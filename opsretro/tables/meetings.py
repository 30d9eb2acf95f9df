"""The file of a retro meeting: what the room wrote, grouped, voted on and decided, as data.

One JSON file a meeting, ``meetings/2026-10.json``. It holds no author, no time and no order of writing: a card has a
random id, the cards stand in the order of their ids, and where a card stands on the board is drawn when all are shown.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from opsretro.errors import InputError, Problem
from opsretro.tables.judgements import BASES, CONTROLS
from opsretro.words import LANGUAGES

FOLDER = "meetings"
SCHEMA = 1
MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")
JUDGED = {"basis": ("", *BASES), "control": ("", *CONTROLS)}
"""What may be said of a card: fact or guess, and who can change it; empty = nothing yet."""
NUMBERS = ("expected_effect", "baseline", "carry_count")
"""Fields of a decision that are numbers."""
MOST = 1e12
"""Beyond any number a meeting has."""

Texts = Mapping[str, str]
"""A text by language."""
Made = TypeVar("Made")


class Stage(StrEnum):
    """How far a board is."""

    WRITE = "write"
    """People write; nobody sees a card."""
    OPEN = "open"
    """All cards are shown, and are grouped and talked about."""
    VOTE = "vote"
    """Votes are entered; no tally is shown."""
    COUNTED = "counted"
    """The tallies are shown, the most wanted topic first."""


PHASES = ("actions", "goal", "result", "analysis", "insight")
"""The phases there are: last time's actions, then goals, results, causes and lessons (GRAI)."""
CHOSEN: Mapping[str, Sequence[str]] = {**JUDGED, "stage": tuple(Stage)}


@dataclass(frozen=True, kw_only=True)
class Card:
    """One thing somebody in the room wrote; who, when and after whom is nowhere.

    Attributes:
        id: Random; says nothing of the order of writing.
        board: Key of the board it is on.
        column: Key of the column it is in.
        text: What it says.
        place: Where it stands among the cards of its board, from 1; 0 = not shown yet.
        topic: Id of the topic it is grouped under; empty = it stands alone.
        basis: ``fact``, ``guess`` or empty.
        verify: How a guess can be checked.
        control: ``controllable``, ``influence``, ``escalate`` or empty.
        parked: Month in which it was first put into the parking lot; empty = it is not there.
        source: ``room``, ``form`` (an import) or ``carried`` (from last month's parking lot).
    """

    id: str = ""
    board: str = ""
    column: str = ""
    text: str = ""
    place: int = 0
    topic: str = ""
    basis: str = ""
    verify: str = ""
    control: str = ""
    parked: str = ""
    source: str = "room"

    @property
    def heap(self) -> str:
        """Id of what it is voted on with: its topic, or itself."""
        return self.topic or self.id


@dataclass(frozen=True, kw_only=True)
class Topic:
    """Cards that say alike, under one title."""

    id: str = ""
    board: str = ""
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of a board: a category of a fishbone, a step of 5-whys.

    Attributes:
        key: Its name in data.
        name: Heading by language.
        ask: Question to the room by language.
    """

    key: str = ""
    name: Texts = field(default_factory=dict)
    ask: Texts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Board:
    """A board as it was used: a copy of its template, so that the file can be read without it.

    Attributes:
        key: Of the template.
        name: By language.
        columns: From left to right.
        judged: Whether its cards are causes: fact or guess, how to verify, who can change it.
        chain: Whether each column asks why of the one before (5-whys).
        stage: How far it is.
        people: How many vote; 0 = nobody said.
        budget: Votes each has.
        votes: Tally by id of a topic, or of a card that stands alone.
    """

    key: str = ""
    name: Texts = field(default_factory=dict)
    columns: tuple[Column, ...] = ()
    judged: bool = False
    chain: bool = False
    stage: str = Stage.WRITE
    people: int = 0
    budget: int = 5
    votes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Phase:
    """One phase of the meeting.

    Attributes:
        key: ``actions``, ``goal``, ``result``, ``analysis`` or ``insight``.
        board: Key of the board it shows; empty = none.
        seconds: What is planned for it.
        left: What was left when its clock was last started or stopped; may be negative.
        since: Second since 1970 at which its clock was started; 0 = it stands.
    """

    key: str = ""
    board: str = ""
    seconds: int = 0
    left: float = 0.0
    since: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What the month's review flagged, in its own words, before anyone's opinion.

    Attributes:
        section: ``followup``, ``goals``, ``roi``, ``rootcause`` or ``health``.
        anchor: Place of its evidence on the month's page.
        text: By language.
    """

    section: str = ""
    anchor: str = ""
    text: Texts = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Decision:
    """An action the room decided on, as it went into the ledger.

    Attributes:
        id: Its id in the ledger; empty = it was about to be written when something stopped.
        fields: Value by field of the ledger: title, owner, due, metric, direction, expected_effect, trigger …
    """

    id: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Meeting:
    """Everything of one meeting.

    Attributes:
        schema: Version of the form of the file.
        month: The month it looks back on, ``2026-10``.
        held: Day it was opened, ISO.
        closed: Whether the facilitator has closed it.
        session: Which kernel writes it at present; random.
        revision: How often it was written.
        now: Key of the phase it is in.
        phases: In the order of the room.
        boards: Those that were used.
        cards: In the order of their ids.
        topics: In the order of their ids.
        decisions: In the order they were made.
        facts: What stood on the board before anyone's opinion.
        drafts: What is typed and not entered yet, by field.
        undo: What takes the last changes back, the last one last.
    """

    schema: int = SCHEMA
    month: str = ""
    held: str = ""
    closed: bool = False
    session: str = ""
    revision: int = 0
    now: str = ""
    phases: tuple[Phase, ...] = ()
    boards: tuple[Board, ...] = ()
    cards: tuple[Card, ...] = ()
    topics: tuple[Topic, ...] = ()
    decisions: tuple[Decision, ...] = ()
    facts: tuple[Fact, ...] = ()
    drafts: Mapping[str, str] = field(default_factory=dict)
    undo: tuple[Mapping[str, Any], ...] = ()

    def board(self, key: str) -> Board:
        """A board that is in use.

        Args:
            key: Its key.

        Raises:
            KeyError: It is not.
        """
        return next((board for board in self.boards if board.key == key), None) or _none(key)

    def phase(self, key: str = "") -> Phase:
        """A phase.

        Args:
            key: Its key; empty = the one the meeting is in.

        Raises:
            KeyError: There is none.
        """
        wanted = key or self.now
        return next((phase for phase in self.phases if phase.key == wanted), None) or _none(wanted)

    def on(self, board: str) -> tuple[Card, ...]:
        """The cards of a board in the order of their places, those in the parking lot left out."""
        own = (card for card in self.cards if card.board == board and not card.parked)
        return tuple(sorted(own, key=lambda card: (card.place, card.id)))

    @property
    def parked(self) -> tuple[Card, ...]:
        """The parking lot, the oldest first."""
        return tuple(sorted((card for card in self.cards if card.parked), key=lambda card: (card.parked, card.id)))


def _none(key: str) -> Any:
    raise KeyError(key)


_PARTS = {"phases": Phase, "boards": Board, "columns": Column, "cards": Card, "topics": Topic}
_PARTS |= {"decisions": Decision, "facts": Fact}


def as_json(meeting: Meeting) -> bytes:
    """The file of a meeting: same meeting, same bytes.

    Args:
        meeting: Its cards are written in the order of their ids.
    """
    rest = asdict(replace(meeting, cards=(), topics=()))
    flat = {
        name: sorted(map(vars, getattr(meeting, name)), key=lambda item: item["id"]) for name in ("cards", "topics")
    }
    told = [f"{json.dumps(name)}: {_lines(value)}" for name, value in (rest | flat).items()]
    return ("{\n" + ",\n".join(told) + "\n}\n").encode(errors="replace")


def _lines(value: Any) -> str:
    """A value as JSON, a list with a line for each of its items: quick to write, and small changes stay small."""
    if not isinstance(value, list | tuple) or not value:
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"


def said(text: str) -> str:
    """What somebody typed, without the half of a character that no file can hold."""
    return text.encode(errors="replace").decode()


def read_meeting(path: Path) -> Meeting:
    """A meeting's file.

    Args:
        path: ``meetings/2026-10.json``; it exists.

    Raises:
        InputError: It is no such file; says where it breaks off, or what is wrong in it.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "2026-10.json"
        >>> _ = path.write_bytes(as_json(Meeting(month="2026-10", cards=(Card(id="b7", text="退款慢"),))))
        >>> read_meeting(path).cards[0].text
        '退款慢'
    """
    name = f"{path.parent.name}/{path.name}"
    try:
        data = json.loads(path.read_bytes())
        json.dumps(data, ensure_ascii=False).encode()
    except OSError as error:
        why = {"why": error.strerror or str(error)}
        raise InputError([Problem(code="unreadable", source=name, values=why)]) from None
    except (ValueError, RecursionError) as error:
        place = (int(getattr(error, "lineno", 0)),) if getattr(error, "lineno", 0) else ()
        raise InputError([Problem(code="meeting_broken", source=name, rows=place)]) from None
    problems: list[Problem] = []
    if isinstance(data, dict) and isinstance(data.get("schema"), int) and data["schema"] > SCHEMA:
        problems.append(Problem(code="meeting_newer", source=name))
    meeting = _made(Meeting, data, name, problems, "")
    if not problems:
        problems += [_wrong(name, where, value) for where, value in _loose(meeting)]
    if not problems and meeting.month != path.stem:
        problems.append(Problem(code="meeting_month", source=name, values={"value": meeting.month, "fix": path.stem}))
    if problems:
        raise InputError(problems)
    return meeting


def read_meetings(folder: Path, months: Sequence[str]) -> list[Meeting]:
    """The meetings that looked back on some months, in their order; a month without one is left out.

    Args:
        folder: ``meetings`` of a workspace; need not exist.
        months: ``2026-10``.

    Raises:
        InputError: A file cannot be used; tells all problems of all of them.
    """
    problems: list[Problem] = []
    found: list[Meeting] = []
    for path in (folder / f"{month}.json" for month in months):
        if path.exists():
            try:
                found.append(read_meeting(path))
            except InputError as refused:
                problems += refused.problems
    if problems:
        raise InputError(problems)
    return found


def meetings_folder(workspace: Path, sources: Mapping[str, str]) -> Path:
    """Where a workspace keeps its meetings."""
    return workspace / sources.get("meetings", FOLDER)


def months_met(folder: Path) -> list[str]:
    """The months that have a meeting, in order."""
    return sorted(path.stem for path in folder.glob("*.json") if MONTH.fullmatch(path.stem))


def _made(kind: type[Made], data: Any, name: str, problems: list[Problem], where: str) -> Made:
    """A part of a meeting out of plain data; a value of another kind than its default is refused."""
    values: dict[str, Any] = {}
    if not isinstance(data, dict):
        problems.append(_wrong(name, where, data))
        return kind()
    for item in fields(kind):  # type: ignore[arg-type]
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        value, place = data.get(item.name, default), f"{where}.{item.name}".strip(".")
        if item.name in _PARTS and isinstance(value, list | tuple):
            part: type[Any] = _PARTS[item.name]
            values[item.name] = tuple(_made(part, one, name, problems, f"{place}[{n}]") for n, one in enumerate(value))
        elif _fits(value, default) and _holds(item.name, value):
            values[item.name] = tuple(value) if isinstance(default, tuple) else value
        else:
            problems.append(_wrong(name, place, value))
    return kind(**values)


def _fits(value: Any, default: Any) -> bool:
    if isinstance(default, bool) or isinstance(value, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, float):
        return isinstance(value, int | float) and abs(value) < MOST
    if isinstance(default, int):
        return isinstance(value, int) and abs(value) < MOST
    if isinstance(default, tuple):
        return isinstance(value, list | tuple) and all(isinstance(item, dict) for item in value)
    return isinstance(value, Mapping if isinstance(default, Mapping) else str)


def _holds(name: str, value: Any) -> bool:
    """Whether a value is one of those there are, and a mapping holds what belongs into it."""
    if name in CHOSEN:
        return value in CHOSEN[name]
    if name == "fields":
        return all(_is_field(field, told) for field, told in value.items())
    if name == "undo":
        return all(_takes_back(entry) for entry in value)
    if name == "votes":
        return all(_fits(tally, 0) and tally > 0 for tally in value.values())
    return not isinstance(value, Mapping) or all(isinstance(text, str) for text in value.values())


def _is_field(name: str, told: Any) -> bool:
    """Whether a field of a decision can be shown: a number, a text, or texts by language."""
    if name == "trigger" and isinstance(told, Mapping):
        return all(_is_field("", part) for part in told.values())
    texts = told.values() if isinstance(told, Mapping) else [told or ""]
    return _fits(told or 0, 0.0) if name in NUMBERS else all(isinstance(text, str) for text in texts)


def _takes_back(entry: Mapping[str, Any]) -> bool:
    """Whether an undo holds cards, topics and a board as they were."""
    problems: list[Problem] = []
    for name, kind in {"cards": Card, "topics": Topic}.items():
        known = {item.name for item in fields(kind)}
        if not isinstance(entry.get(name, {}), dict):
            return False
        for told in entry.get(name, {}).values():
            if told is not None and (not isinstance(told, dict) or told.keys() - known):
                return False
            _made(kind, told or {}, "", problems, "")
    _made(Board, entry.get("board", {}), "", problems, "")
    return not problems


def _loose(meeting: Meeting) -> list[tuple[str, Any]]:
    """What points at nothing, and what stands twice."""
    boards, phases = ([part.key for part in parts] for parts in (meeting.boards, meeting.phases))
    undone = [entry["board"].get("key") for entry in meeting.undo if "board" in entry]
    found = [("now", meeting.now)] if (meeting.now or phases) and meeting.now not in phases else []
    found += [("phases.key", key) for key in phases if key not in PHASES]
    found += [("phases.board", phase.board) for phase in meeting.phases if phase.board not in ("", *boards)]
    found += [("undo.board", key) for key in undone if key not in boards]
    ids = {"phases": phases, "boards": boards}
    ids |= {name: [item.id for item in getattr(meeting, name)] for name in ("cards", "topics")}
    return found + [(name, key) for name, keys in ids.items() for key in {key for key in keys if keys.count(key) > 1}]


def _wrong(name: str, where: str, value: Any) -> Problem:
    return Problem(code="meeting_value", source=name, column=where or "{}", values={"value": str(value)[:40]})


def text_in(texts: Texts, lang: str) -> str:
    """The text of one language, or of the other where there is none."""
    return texts.get(lang) or next((texts[other] for other in LANGUAGES if texts.get(other)), "")
