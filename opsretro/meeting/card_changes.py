"""What can happen to the cards of a board: written in silence, shown once in a drawn order, grouped, judged, voted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random, SystemRandom

from opsretro.errors import InputError, Problem
from opsretro.meeting.changes import changed, new_id
from opsretro.tables.meetings import Card, Meeting, Stage, Topic, said

PER_TOPIC = 3
"""Votes one person may give to one topic."""
MOST_BUDGET = 20
MOST_PEOPLE = 1000


@dataclass(frozen=True, kw_only=True)
class Heap:
    """What is voted on: a topic with its cards, or a card that stands alone.

    Attributes:
        id: Of the topic, or of the card.
        title: Of the topic; empty = nobody gave it one, or it is a card.
        cards: In the order of their places.
        votes: None = none was entered.
    """

    id: str
    title: str
    cards: tuple[Card, ...]
    votes: int | None

    @property
    def text(self) -> str:
        """The title, or what the first card says."""
        return self.title or self.cards[0].text


def heaps(meeting: Meeting, board: str) -> list[Heap]:
    """What stands on a board, in the order of the places; the most wanted first once the votes are counted.

    Args:
        meeting: It.
        board: Key of the board.
    """
    own, votes, titles = meeting.on(board), meeting.board(board).votes, {topic.id: topic for topic in meeting.topics}
    piles: dict[str, list[Card]] = {}
    for card in own:
        piles.setdefault(card.heap, []).append(card)
    found = [
        Heap(id=key, title=titles[key].title if key in titles else "", cards=tuple(pile), votes=votes.get(key))
        for key, pile in piles.items()
    ]
    if meeting.board(board).stage == Stage.COUNTED:
        found.sort(key=lambda heap: -(heap.votes or 0))
    return found


def written(meeting: Meeting, board: str, cards: Iterable[tuple[str, str]], *, source: str = "room") -> Meeting:
    """Add cards; on a board that is shown already they stand last.

    Args:
        meeting: Before.
        board: Key of the board.
        cards: Column and text of each; blank ones are left out.
        source: ``room`` or ``form``.
    """
    is_shown = meeting.board(board).stage != Stage.WRITE
    last = max((card.place for card in meeting.cards if card.board == board), default=0)
    told = [(column, said(text).strip()) for column, text in cards if text.strip()]
    new = [
        Card(id=new_id(), board=board, column=column, text=text, place=last + n if is_shown else 0, source=source)
        for n, (column, text) in enumerate(told, 1)
    ]
    return changed(meeting, cards={card.id: card for card in new}) if new else meeting


def revealed(meeting: Meeting, board: str, *, draw: Random | None = None) -> Meeting:
    """Show all cards of a board at once, in an order that is drawn; once, and nothing before it can be taken back.

    Args:
        meeting: Before.
        board: Key of the board.
        draw: Where chance comes from; None = the system.
    """
    if meeting.board(board).stage != Stage.WRITE:
        return meeting
    cards = list(meeting.on(board))
    (draw or SystemRandom()).shuffle(cards)
    shown = {card.id: replace(card, place=place) for place, card in enumerate(cards, 1)}
    opened = replace(meeting.board(board), stage=Stage.OPEN)
    return replace(changed(meeting, cards=shown, board=opened), undo=())


def edited(meeting: Meeting, card: str, new: Mapping[str, str]) -> Meeting:
    """Change what a card says or what is said of it: text, column, basis, verify, control.

    Args:
        meeting: Before.
        card: Its id.
        new: Value by field; a blank text leaves the card as it is.

    Raises:
        KeyError: There is no such card.
    """
    had = _card(meeting, card)
    if not new.get("text", had.text).strip():
        return meeting
    now = replace(had, **{name: said(value).strip() for name, value in new.items()})  # type: ignore[arg-type]
    return meeting if now == had else changed(meeting, cards={card: now})


def removed(meeting: Meeting, cards: Sequence[str]) -> Meeting:
    """Take cards away; an undo brings them back."""
    return _tidied(meeting, dict.fromkeys(cards))


def grouped(meeting: Meeting, cards: Sequence[str], *, title: str = "") -> Meeting:
    """Put cards under one topic: that of the first of them that has one, or a new one; their tallies go.

    Args:
        meeting: Before.
        cards: Ids of two cards or more, of one board; cards of other topics among them bring their topics along.
        title: Of the topic; empty = the one it has.

    Raises:
        InputError: Fewer than two cards, cards of several boards, parked ones, or cards nobody has seen yet.
    """
    own = [_card(meeting, card) for card in dict.fromkeys(cards)]
    boards = {card.board for card in own}
    if (
        len(own) < 2
        or len(boards) != 1
        or any(card.parked for card in own)
        or meeting.board(own[0].board).stage == Stage.WRITE
    ):
        raise _refused("meeting_group")
    names = {card.topic for card in own} - {""}
    inside = [card for card in meeting.cards if card.topic in names]
    key = next((card.topic for card in sorted(own, key=lambda card: card.place) if card.topic), "") or new_id()
    had = next((topic for topic in meeting.topics if topic.id == key), Topic(id=key, board=own[0].board))
    topics: dict[str, Topic | None] = {
        **dict.fromkeys(names),
        key: replace(had, title=said(title).strip() or had.title),
    }
    together: dict[str, Card | None] = {card.id: replace(card, topic=key) for card in (*inside, *own)}
    gone = {*together, *names, key}
    board = meeting.board(own[0].board)
    kept = {name: votes for name, votes in board.votes.items() if name not in gone}
    return changed(meeting, cards=together, topics=topics, board=replace(board, votes=kept) if board.votes else None)


def ungrouped(meeting: Meeting, cards: Sequence[str]) -> Meeting:
    """Take cards out of their topics; a topic with a single card left is no topic."""
    inside: dict[str, Card | None]
    inside = {card: replace(had, topic="") for card in cards if (had := _card(meeting, card)).topic}
    return _tidied(meeting, inside) if inside else meeting


def titled(meeting: Meeting, topic: str, title: str) -> Meeting:
    """Give a topic a title."""
    had = next(known for known in meeting.topics if known.id == topic)
    return changed(meeting, topics={topic: replace(had, title=said(title).strip())})


def parked(meeting: Meeting, cards: Sequence[str], *, park: bool = True, board: str = "", column: str = "") -> Meeting:
    """Put cards into the parking lot, from where they return next month; or take them out, onto a board.

    Args:
        meeting: Before.
        cards: Their ids.
        park: In or out.
        board: Where they come out, with `column`; empty = where they were.
        column: See `board`.
    """
    wanted: dict[str, Card | None] = {}
    for n, card in enumerate((_card(meeting, card) for card in cards), 1):
        if park:
            wanted[card.id] = replace(card, parked=card.parked or meeting.month, topic="")
        else:
            place = max((other.place for other in meeting.cards if other.board == (board or card.board)), default=0)
            is_shown = meeting.board(board or card.board).stage != Stage.WRITE
            target = {"board": board, "column": column} if board else {}
            wanted[card.id] = replace(card, parked="", place=place + n if is_shown else 0, **target)
    return _tidied(meeting, wanted)


def to_stage(meeting: Meeting, board: str, stage: Stage) -> Meeting:
    """Go to another stage of a board that is shown: talk, vote, count, and back.

    Raises:
        InputError: Votes without anybody to give them: say how many vote first.
    """
    now = meeting.board(board)
    if Stage.WRITE in (stage, now.stage):
        return meeting
    if stage != Stage.OPEN and not now.people:
        raise _refused("meeting_people")
    return changed(meeting, board=replace(now, stage=stage))


def voters(meeting: Meeting, board: str, *, people: int, budget: int) -> Meeting:
    """Say how many people vote and how many votes each has.

    Raises:
        InputError: Fewer than one, or fewer votes than were entered already.
    """
    now = meeting.board(board)
    total, highest = sum(now.votes.values()), max(now.votes.values(), default=0)
    enough = people * budget >= total and people * min(PER_TOPIC, budget) >= highest
    if not 1 <= people <= MOST_PEOPLE or not 1 <= budget <= MOST_BUDGET or not enough:
        raise _refused("meeting_budget", most=str(MOST_BUDGET), total=str(total))
    return changed(meeting, board=replace(now, people=people, budget=budget))


def voted(meeting: Meeting, board: str, heap: str, votes: int) -> Meeting:
    """Enter the room's tally of a topic or a card.

    Args:
        meeting: Before.
        board: Key of the board.
        heap: Id of the topic or the card.
        votes: How many; 0 takes it away.

    Raises:
        InputError: Fewer than none, more than the people there may give to one topic, or more than are left.
        KeyError: Nothing on the board has this id.
    """
    now = meeting.board(board)
    if heap not in [known.id for known in heaps(meeting, board)]:
        raise KeyError(heap)
    others = {name: tally for name, tally in now.votes.items() if name != heap}
    most = now.people * min(PER_TOPIC, now.budget)
    remaining = now.people * now.budget - sum(others.values())
    if not 0 <= votes <= min(most, remaining):
        raise _refused("meeting_votes", value=str(votes), most=str(most), left=str(remaining))
    tallies = {**others, heap: votes} if votes else others
    return changed(meeting, board=replace(now, votes=dict(sorted(tallies.items()))))


def _tidied(meeting: Meeting, cards: dict[str, Card | None]) -> Meeting:
    """Change cards, and let go of topics that have one card left, and of tallies nobody can see any more."""
    after = {**{card.id: card for card in meeting.cards}, **cards}
    sizes: dict[str, list[Card]] = {}
    for card in (card for card in after.values() if card and card.topic):
        sizes.setdefault(card.topic, []).append(card)
    small = {topic.id for topic in meeting.topics if len(sizes.get(topic.id, [])) < 2}
    alone = {card.id: replace(card, topic="") for key in small for card in sizes.get(key, [])}
    lost = {*small, *(key for key, card in cards.items() if card is None or card.parked)}
    touched = {card.board for card in meeting.cards if card.id in cards} & {board.key for board in meeting.boards}
    board = meeting.board(touched.pop()) if len(touched) == 1 else None
    if board is not None and lost & set(board.votes):
        board = replace(board, votes={key: tally for key, tally in board.votes.items() if key not in lost})
    else:
        board = None
    return changed(meeting, cards={**cards, **alone}, topics=dict.fromkeys(small), board=board)


def _card(meeting: Meeting, card: str) -> Card:
    found = next((known for known in meeting.cards if known.id == card), None)
    if found is None:
        raise KeyError(card)
    return found


def _refused(code: str, **values: str) -> InputError:
    return InputError([Problem(code=code, source="", values=values)])
