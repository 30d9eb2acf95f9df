"""What the room looks at, as HTML: facts, boards, the ranking, the parking lot, decisions. Every text is escaped."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache

from markupsafe import Markup

from opsretro.meeting.card_changes import PER_TOPIC, Heap, heaps
from opsretro.tables.meetings import Board, Card, Decision, Fact, Meeting, Stage, text_in
from opsretro.words import pick, say

_JOIN = Markup("").join


def fact_list(facts: Sequence[Fact], lang: str) -> Markup:
    """Facts one below the other, each to be picked for the picture behind it.

    Args:
        facts: Of the phase.
        lang: Language of display.
    """
    if not facts:
        return Markup('<p class="om-hidden">{}</p>').format(say("meeting.no_facts", lang))
    lines = _JOIN(
        Markup('<li class="om-fact" role="option" tabindex="0" data-do="fact" data-card="{}">{}</li>').format(
            fact.anchor, text_in(fact.text, lang)
        )
        for fact in facts
    )
    return Markup('<ul class="om-facts" role="listbox">{}</ul>').format(lines)


def fact_shown(facts: Sequence[Fact], picked: str, picture: Markup) -> Markup:
    """The picture of one fact as wide as the screen, and the others as numbers to go to.

    Args:
        facts: Of the phase.
        picked: Anchor of the fact.
        picture: Of it.
    """
    numbers = _JOIN(
        Markup(
            '<button type="button" class="om-plain{}" data-do="fact" data-card="{}" aria-current="{}">{}</button>'
        ).format(" om-here" if here else "", fact.anchor, str(here).lower(), number)
        for number, fact in enumerate(facts, 1)
        for here in (fact.anchor == picked,)
    )
    return Markup('<p class="om-numbers">{}</p><figure class="om-picture">{}</figure>').format(numbers, picture)


def board(meeting: Meeting, key: str, facts: Sequence[Fact], lang: str, picked: Collection[str]) -> Markup:
    """A board: the facts in a column of their own look, then its columns; hidden while people write, at last ranked.

    Args:
        meeting: It.
        key: Of the board.
        facts: That stand on it before anyone's opinion.
        lang: Language of display.
        picked: Ids of the cards that are picked.
    """
    shown = meeting.board(key)
    piles = heaps(meeting, key)
    if shown.stage == Stage.COUNTED:
        return _ranking(shown, piles, lang, picked)
    columns = []
    for column in shown.columns:
        own = [heap for heap in piles if heap.cards[0].column == column.key]
        body = (
            _hidden(len(own), lang)
            if shown.stage == Stage.WRITE
            else _JOIN(_heap(shown, heap, lang, picked) for heap in own)
        )
        columns.append(
            Markup('<section class="om-col"><h2>{}</h2><p class="om-small">{}</p>{}</section>').format(
                text_in(column.name, lang), text_in(column.ask, lang), body
            )
        )
    look = " om-chain" if shown.chain else ""
    told = _facts_column(facts, lang) if facts else ""
    return Markup(
        '<div class="om-boarding">{}<div class="om-board{}" role="listbox" aria-multiselectable="true">{}</div></div>'
    ).format(told, look, _JOIN(columns))


def _facts_column(facts: Sequence[Fact], lang: str) -> Markup:
    told = _JOIN(
        Markup('<p class="om-fact"><span class="om-short">{}</span></p>').format(text_in(fact.text, lang))
        for fact in facts
    )
    return Markup('<section class="om-col om-data"><h2>{}</h2><p class="om-small">{}</p>{}</section>').format(
        say("meeting.facts", lang), say("meeting.facts_ask", lang), told
    )


def _hidden(n: int, lang: str) -> Markup:
    return Markup('<p class="om-hidden">{}</p>').format(say("meeting.hidden", lang, n=n))


def _heap(shown: Board, heap: Heap, lang: str, picked: Collection[str]) -> Markup:
    """Cards that stand together under a title, or a card alone; a tally that is entered is only ticked off."""
    cards = _JOIN(_card(card, lang, card.id in picked) for card in heap.cards)
    voted = Markup('<p class="om-small">{}</p>').format(say("meeting.entered", lang)) if _is_voted(shown, heap) else ""
    if len(heap.cards) == 1:
        return cards + voted
    title = Markup("<h3>{}</h3>").format(heap.title) if heap.title else ""
    return Markup('<div class="om-heap">{}{}{}</div>').format(title, cards, voted)


def _is_voted(shown: Board, heap: Heap) -> bool:
    return shown.stage == Stage.VOTE and heap.votes is not None


@lru_cache(maxsize=4096)
def _card(card: Card, lang: str, is_picked: bool) -> Markup:
    """A card; a board that is drawn anew makes only those again that changed."""
    marks = [say(f"meeting.basis.{card.basis}", lang)] if card.basis else []
    marks += [say("meeting.verify_by", lang, text=card.verify)] if card.verify else []
    marks += [say(f"meeting.control.{card.control}", lang)] if card.control else []
    below = Markup('<span class="om-marks">{}</span>').format(say("meeting.gap", lang).join(marks)) if marks else ""
    return Markup(
        '<div class="om-card{}" role="option" tabindex="0" aria-selected="{}" data-do="pick" data-card="{}">'
        '<span class="om-number">{}</span><span class="om-text">{}</span>{}</div>'
    ).format(" om-on" if is_picked else "", str(is_picked).lower(), card.id, card.place or "", card.text, below)


def _ranking(shown: Board, piles: Sequence[Heap], lang: str, picked: Collection[str]) -> Markup:
    """The most wanted first, with a bar each; what got no vote stands below without one."""
    most = max((heap.votes or 0 for heap in piles), default=0) or 1
    names = {column.key: text_in(column.name, lang) for column in shown.columns}
    lines = []
    for heap in piles:
        first, share = heap.cards[0], f"{100 * (heap.votes or 0) / most:.0f}%"
        n = say("meeting.cards", lang, n=len(heap.cards)) if len(heap.cards) > 1 else ""
        on = first.id in picked
        lines.append(
            Markup(
                '<li class="om-rank{}" role="option" tabindex="0" aria-selected="{}" data-do="pick" data-card="{}">'
                '<b>{}</b><span class="om-tally" style="width:{}"></span>'
                '<span class="om-text">{}</span><span class="om-marks">{}</span></li>'
            ).format(
                " om-on" if on else "", str(on).lower(), first.id, heap.votes or 0, share, heap.text,
                say("meeting.gap", lang).join(part for part in (names.get(first.column, ""), n) if part),
            )
        )  # fmt: skip
    return Markup('<ol class="om-ranking" role="listbox">{}</ol>').format(_JOIN(lines))


def budget(shown: Board, lang: str) -> Markup:
    """Who votes and how often; never what is left, which would tell a tally."""
    most = shown.people * min(PER_TOPIC, shown.budget)
    told = say("meeting.voting", lang, people=shown.people, budget=shown.budget, most=most)
    return Markup('<p class="om-small">{}</p>').format(told)


def parking(cards: Sequence[Card], lang: str, picked: Collection[str]) -> Markup:
    """The parking lot: what is not for today, and returns next month."""
    if not cards:
        return Markup('<p class="om-hidden">{}</p>').format(say("meeting.parking_empty", lang))
    return Markup(
        '<div class="om-board" role="listbox" aria-multiselectable="true"><section class="om-col">{}</section></div>'
    ).format(
        _JOIN(
            _card(card, lang, card.id in picked)
            + Markup('<p class="om-small">{}</p>').format(say("meeting.parked_since", lang, month=card.parked))
            for card in cards
        )
    )


def decisions(found: Iterable[Decision], names: Mapping[str, str], lang: str) -> Markup:
    """The decisions so far, each with its id in the ledger, to be picked for a change.

    Args:
        found: They.
        names: Name of a metric in the language of display.
        lang: It.
    """
    lines = []
    for one in found:
        told = one.fields
        metric = str(told.get("metric") or "")
        parts = [told.get("owner") or "", told.get("due") or "", names.get(metric, metric)]
        lines.append(
            Markup(
                '<li class="om-decision" role="option" tabindex="0" data-do="redecide" data-card="{}"><b>{}</b>'
                '<span class="om-text">{}</span><span class="om-marks">{}</span></li>'
            ).format(
                one.id,
                one.id,
                pick(told.get("title") or "", lang),
                say("meeting.gap", lang).join(filter(None, map(str, parts))),
            )
        )
    return Markup('<ul class="om-decisions" role="listbox">{}</ul>').format(_JOIN(lines)) if lines else Markup("")


def hints(pairs: Sequence[tuple[Card, Card]], lang: str) -> Markup:
    """Cards that may say alike, quietly: a pick picks both, and the room decides."""
    if not pairs:
        return Markup("")
    told = _JOIN(
        Markup('<button type="button" class="om-hint" data-do="pair" data-one="{}" data-two="{}">{}</button>').format(
            one.id, two.id, say("meeting.pair", lang, one=one.place, two=two.place)
        )
        for one, two in pairs
    )
    return Markup('<p class="om-hints"><span>{}</span> {}</p>').format(say("meeting.alike", lang), told)
