"""The minutes of a period's retro meetings: what was decided, what the room wanted most, what it saw and said."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pandas as pd

from opsretro.analysis.result import Context, Finding, Result
from opsretro.tables.meetings import JUDGED, Board, Card, Decision, Meeting, Stage
from opsretro.tables.parse import parse_date

SHOWN = (Stage.OPEN, Stage.VOTE, Stage.COUNTED)
"""Stages in which the room has seen the cards."""
ASKED = ("owner", "due", "metric")
"""What a decision is asked for; the ledger takes it without, too."""
DIRECTIONS = ("higher", "lower")
_F, _S, _B, _I = "float64", "str", "bool", "int64"
_SPOKEN = ("title", "when", "then")
_PLAIN = ("owner", "due", "metric", "direction", "check_on", "controllable", "source_finding")

Row = dict[str, Any]


@dataclass(frozen=True, kw_only=True, eq=False)
class Minutes(Result):
    """What the meetings of a period came to. Of what nobody in the room has seen yet, nothing is here.

    Missing text is empty, a missing number NaN.

    Attributes:
        decisions: One row a decision, in the order they were made: month (of the meeting), id (in the ledger; empty =
            not written to it yet), title_zh, title_en, when_zh, when_en, then_zh, then_en, owner, due (ISO day, or as
            somebody wrote it), metric, direction, check_on, controllable, source_finding, baseline, expected_effect
            (ratio of the metric), is_new (made in this meeting; else an earlier one it changed),
            followed (whether the follow-up of the period lists the action).
        meetings: One row a meeting: month, held (ISO day), closed.
        topics: What was talked and voted about, boards in order, the most wanted first: month, board, id, title,
            n_cards, votes (NaN = not counted yet). A card that stands alone is a topic of its own.
        cards: In the order of their places on the board, which was drawn: month, board, column, topic (id; empty = it
            stands alone), text, place, basis, verify, control, votes (of a card that stands alone).
        boards: One row a board: month, key, name_zh, name_en, stage, people, budget (votes of each).
        columns: One row a column of a board, from the left: month, board, key, name_zh, name_en, ask_zh, ask_en.
        phases: The agenda: month, key, board, seconds, is_open (still ahead, or being talked about).
        facts: What the month's review had flagged before anyone's opinion: month, section, anchor, text_zh, text_en.
        parked: The parking lot, the oldest first: month, text, since (month it was first put there), board.
    """

    section: ClassVar[str] = "meeting"
    frames: ClassVar[Mapping[str, Mapping[str, str]]] = {
        "decisions": {
            **dict.fromkeys(("month", "id"), _S),
            **{f"{name}_{lang}": _S for name in _SPOKEN for lang in ("zh", "en")},
            **dict.fromkeys(_PLAIN, _S),
            **dict.fromkeys(("baseline", "expected_effect"), _F),
            **dict.fromkeys(("is_new", "followed"), _B),
        },
        "meetings": {"month": _S, "held": _S, "closed": _B},
        "topics": {**dict.fromkeys(("month", "board", "id", "title"), _S), "n_cards": _I, "votes": _F},
        "cards": {
            **dict.fromkeys(("month", "board", "column", "topic", "text"), _S),
            "place": _I,
            **dict.fromkeys(("basis", "verify", "control"), _S),
            "votes": _F,
        },
        "boards": {
            **dict.fromkeys(("month", "key", "name_zh", "name_en", "stage"), _S),
            **dict.fromkeys(("people", "budget"), _I),
        },
        "columns": dict.fromkeys(("month", "board", "key", "name_zh", "name_en", "ask_zh", "ask_en"), _S),
        "phases": {**dict.fromkeys(("month", "key", "board"), _S), "seconds": _I, "is_open": _B},
        "facts": dict.fromkeys(("month", "section", "anchor", "text_zh", "text_en"), _S),
        "parked": dict.fromkeys(("month", "text", "since", "board"), _S),
    }

    decisions: pd.DataFrame
    meetings: pd.DataFrame
    topics: pd.DataFrame
    cards: pd.DataFrame
    boards: pd.DataFrame
    columns: pd.DataFrame
    phases: pd.DataFrame
    facts: pd.DataFrame
    parked: pd.DataFrame

    @property
    def returning(self) -> pd.DataFrame:
        """What stands in the parking lot of the last meeting of the period, and returns at the next one."""
        parked, months = self.parked, self.meetings["month"]
        return parked[parked["month"] == months.max()].reset_index(drop=True)

    def beside(self, listed: Collection[str]) -> Minutes:
        """The same minutes beside a follow-up.

        Args:
            listed: Ids of the actions the follow-up of the period lists.
        """
        decisions = self.decisions
        return replace(self, decisions=decisions.assign(followed=decisions["id"].isin(list(listed))))


def minutes_of(meetings: Sequence[Meeting], *, period: str, context: Context) -> Minutes:
    """The minutes of the meetings of a period.

    Args:
        meetings: In the order of their months; one at least.
        period: A month ``2026-10``, a quarter ``2026-Q3`` or a year ``2026``.
        context: Team, currency, names.

    Returns:
        What was decided and what the room has seen. Cards of a board that is not shown yet, tallies that are not
        counted yet, and what is typed and not entered stay in the meeting's file.

    Example:
        >>> from opsretro.tables.meetings import Decision
        >>> met = Meeting(month="2026-10", decisions=(Decision(id="A-2026-10-1", fields={"title": "Size guide"}),))
        >>> [(found.code, found.n) for found in minutes_of([met], period="2026-10", context=Context()).findings]
        [('decided', 1), ('no_owner', 1), ('no_due', 1), ('no_metric', 1), ('still_open', 1)]
    """
    made = {
        "decisions": _decision_rows,
        "meetings": lambda met: [{"held": met.held, "closed": met.closed}],
        "topics": _topic_rows,
        "cards": _card_rows,
        "boards": _board_rows,
        "columns": _column_rows,
        "phases": _phase_rows,
        "facts": lambda met: [
            {"section": fact.section, "anchor": fact.anchor, **_both("text", fact.text)} for fact in met.facts
        ],
        "parked": _parked_rows,
    }
    frames = {
        name: pd.DataFrame(
            [{"month": meeting.month, **row} for meeting in meetings for row in rows(meeting)],
            columns=list(Minutes.frames[name]),
        )
        for name, rows in made.items()
    }
    minutes = Minutes(period=period, context=context, findings=(), **frames)
    return replace(minutes, findings=_findings(minutes))


def _findings(minutes: Minutes) -> tuple[Finding, ...]:
    decisions = minutes.decisions
    counts = {
        "changed": (~decisions["is_new"].astype(bool)).sum(),
        "unwritten": (decisions["id"] == "").sum(),
        **{f"no_{name}": (decisions[name] == "").sum() for name in ASKED},
        "still_open": (~minutes.meetings["closed"]).sum(),
        "topics": len(minutes.topics),
        "parked": len(minutes.returning),
    }
    found = [Finding(code=code, n=int(n)) for code, n in counts.items() if n]
    return (Finding(code="decided", n=int(decisions["is_new"].sum())), *found)


def _decision_rows(meeting: Meeting) -> Iterator[Row]:
    for decision in meeting.decisions:
        fields = decision.fields
        trigger = fields.get("trigger")
        parts = trigger if isinstance(trigger, Mapping) and {"when", "then"} & set(trigger) else {"then": trigger}
        spoken = {"title": fields.get("title"), "when": parts.get("when"), "then": parts.get("then")}
        texts = {name: value for key, told in spoken.items() for name, value in _both(key, told).items()}
        plain = {name: _text(fields.get(name)) for name in _PLAIN}
        days = {name: parse_date(plain[name]) or plain[name] for name in ("due", "check_on")}
        is_new = fields.get("created_in", meeting.month) == meeting.month
        figures = {name: _number(fields.get(name)) for name in ("baseline", "expected_effect")}
        yield {
            "id": _text(decision.id),
            **texts,
            **plain,
            **days,
            **figures,
            **_told(decision),
            "is_new": is_new,
            "followed": False,
        }


def _told(decision: Decision) -> Row:
    """Which way is wanted and who can change it, where the ledger knows the word."""
    known = {"direction": DIRECTIONS, "controllable": JUDGED["control"]}
    told = {name: _text(decision.fields.get(name)) for name in known}
    return {name: value if value in known[name] else "" for name, value in told.items()}


def _seen(meeting: Meeting) -> Iterator[tuple[Board, list[Card]]]:
    """The boards the room has seen, each with its cards; a card without a place is not shown yet."""
    for board in meeting.boards:
        if board.stage in SHOWN:
            yield board, [card for card in meeting.on(board.key) if card.place]


def _tally(board: Board, key: str) -> float:
    return _number(board.votes.get(key, 0)) if board.stage == Stage.COUNTED else math.nan


def _topic_rows(meeting: Meeting) -> Iterator[Row]:
    titles = {topic.id: topic.title for topic in meeting.topics}
    for board, cards in _seen(meeting):
        heaps: dict[str, list[Card]] = {}
        for card in cards:
            heaps.setdefault(card.heap, []).append(card)
        rows: list[Row] = [
            {"id": key, "title": titles.get(key) or heap[0].text, "n_cards": len(heap), "votes": _tally(board, key)}
            for key, heap in heaps.items()
        ]
        wanted = sorted(rows, key=lambda row: 0.0 if math.isnan(row["votes"]) else -row["votes"])
        yield from ({"board": board.key, **row} for row in wanted)


def _card_rows(meeting: Meeting) -> Iterator[Row]:
    told = ("column", "topic", "text", "place", "basis", "verify", "control")
    for board, cards in _seen(meeting):
        for card in cards:
            votes = math.nan if card.topic else _tally(board, card.id)
            yield {"board": board.key, **{name: getattr(card, name) for name in told}, "votes": votes}


def _used(meeting: Meeting) -> list[Board]:
    """Boards somebody wrote on; while the meeting goes on, all of them."""
    return [board for board in meeting.boards if not meeting.closed or meeting.on(board.key)]


def _board_rows(meeting: Meeting) -> Iterator[Row]:
    for board in _used(meeting):
        own = {"key": board.key, "stage": str(board.stage), "people": board.people, "budget": board.budget}
        yield own | _both("name", board.name)


def _column_rows(meeting: Meeting) -> Iterator[Row]:
    for board in _used(meeting):
        for column in board.columns:
            yield {"board": board.key, "key": column.key, **_both("name", column.name), **_both("ask", column.ask)}


def _phase_rows(meeting: Meeting) -> Iterator[Row]:
    keys = [phase.key for phase in meeting.phases]
    now = keys.index(meeting.now) if meeting.now in keys else 0
    for place, phase in enumerate(meeting.phases):
        is_open = not meeting.closed and place >= now
        yield {"key": phase.key, "board": phase.board, "seconds": phase.seconds, "is_open": is_open}


def _parked_rows(meeting: Meeting) -> Iterator[Row]:
    """The parking lot without what was put there before the room had seen it; what an earlier meeting left, it has."""
    hidden = {board.key for board in meeting.boards if board.stage not in SHOWN}
    for card in meeting.parked:
        if card.board not in hidden or card.source == "carried":
            yield {"text": card.text, "since": card.parked, "board": card.board}


def _both(name: str, texts: object) -> Row:
    """A text in both languages; one that is plain serves both."""
    pair = texts if isinstance(texts, Mapping) else dict.fromkeys(("zh-CN", "en"), texts)
    return {f"{name}_zh": _text(pair.get("zh-CN")), f"{name}_en": _text(pair.get("en"))}


def _text(value: object) -> str:
    return str(value).strip() if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def _number(value: object) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else math.nan  # type: ignore[arg-type]
