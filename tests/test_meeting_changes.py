"""What can happen in a meeting: nothing tells who wrote what when, nothing is lost, and undo undoes exactly."""

import json
import re
from collections import Counter
from dataclasses import replace
from functools import partial
from itertools import permutations
from pathlib import Path
from random import Random

import pytest
from scipy.stats import chi2

from opsretro.errors import InputError
from opsretro.meeting import card_changes as cards
from opsretro.meeting import changes
from opsretro.meeting.board_templates import read_agenda
from opsretro.tables.meetings import Card, Fact, Meeting, Stage, as_json, read_meeting

AGENDA = read_agenda(Path("nowhere"))


def begun(month="2026-10", before=None):
    return changes.started(month, AGENDA, held="2026-11-03", before=before)


def with_cards(*texts, board="kpt", column="problem"):
    return cards.written(begun(), board, [(column, text) for text in texts])


def shown(*texts, seed=1, **where):
    """A board that is shown, its cards in the order of their places."""
    held = cards.revealed(with_cards(*texts, **where), where.get("board", "kpt"), draw=Random(seed))
    return held, [card.id for card in held.on(where.get("board", "kpt"))]


def what(held):
    return held.cards, held.topics, held.boards


def refused(message):
    return pytest.raises(InputError, match=rf"^: 1 problem\. {re.escape(message)}\.?$")


# -- writing in silence


def test_a_card_that_is_written_has_no_place():
    held = with_cards("慢", " two ", "  ", "")
    assert {(card.text, card.place) for card in held.cards} == {("慢", 0), ("two", 0)}


def test_nothing_in_the_file_tells_in_which_order_cards_came():
    held = begun()
    for text in "abcdefgh":
        held = cards.written(held, "kpt", [("keep", text)])
    data = json.loads(as_json(held))
    ids = [card["id"] for card in data["cards"]]
    assert ids == sorted(ids)
    assert len(data["undo"]) == 1
    assert {card["place"] for card in data["cards"]} == {0}
    assert [name for name, value in data.items() if "a" <= str(value) <= "h" and len(str(value)) == 1] == []


@pytest.mark.parametrize("way", ["remove", "park", "edit", "voters", "undo"])
def test_while_a_board_is_written_on_only_the_last_change_can_be_taken_back(way):
    held = with_cards("first")
    one = held.cards[0].id
    ways = {
        "remove": partial(cards.removed, cards=[one]),
        "park": partial(cards.parked, cards=[one]),
        "edit": partial(cards.edited, card=one, new={"text": "other"}),
        "voters": partial(cards.voters, board="kpt", people=3, budget=5),
        "undo": changes.undone,
    }
    assert len(ways[way](held).undo) <= 1
    assert len(cards.written(ways[way](held), "kpt", [("keep", "second")]).undo) == 1


def test_writing_on_one_board_forgets_how_another_one_was_written():
    held = cards.written(with_cards("a"), "fishbone", [("data", "b")])
    assert len(held.undo) == 1


# -- the reveal


def test_all_cards_are_shown_at_once_each_at_a_place_of_its_own():
    held, _ = shown(*"abcde")
    assert sorted(card.place for card in held.cards) == [1, 2, 3, 4, 5]
    assert held.board("kpt").stage == Stage.OPEN


def test_every_order_is_as_likely_as_another():
    written, draw = with_cards(*"abcd"), Random(20261101)
    seen = Counter(
        tuple(card.text for card in cards.revealed(written, "kpt", draw=draw).on("kpt")) for _ in range(4800)
    )
    expected = 4800 / 24
    statistic = sum((seen[order] - expected) ** 2 / expected for order in permutations("abcd"))
    assert statistic < chi2.ppf(0.999, df=23)  # 49.7


def test_the_place_says_nothing_of_the_order_of_writing():
    draw, first = Random(7), Counter()
    for _ in range(400):
        held = cards.written(with_cards("first"), "kpt", [("keep", text) for text in "bcd"])
        first[next(card.place for card in cards.revealed(held, "kpt", draw=draw).cards if card.text == "first")] += 1
    assert all(60 <= first[place] <= 140 for place in (1, 2, 3, 4))  # 100 expected, 4.6 standard deviations


def test_cards_are_shown_once():
    held, _ = shown(*"abcdefgh")
    assert cards.revealed(held, "kpt", draw=Random(2)) is held


def test_after_the_reveal_nothing_of_before_can_be_taken_back():
    held, _ = shown("a", "b")
    assert held.undo == ()
    assert changes.undone(held) is held


def test_no_change_leads_back_to_writing():
    held, _ = shown("a", "b")
    assert cards.to_stage(held, "kpt", Stage.WRITE) is held
    hidden = with_cards("a")
    assert cards.to_stage(hidden, "kpt", Stage.OPEN) is hidden


def test_a_card_that_comes_late_stands_last():
    held, ids = shown("a", "b")
    late = cards.written(held, "kpt", [("keep", "c"), ("keep", "d")])
    assert [card.text for card in late.on("kpt")][2:] == ["c", "d"]
    assert [card.id for card in late.on("kpt")][:2] == ids


# -- groups


def test_cards_become_one_topic():
    held, (a, b, _) = shown("a", "b", "c")
    held = cards.grouped(held, [a, b], title=" 退款慢 ")
    assert next((heap.text, len(heap.cards)) for heap in cards.heaps(held, "kpt")) == ("退款慢", 2)
    assert len(held.topics) == 1


def test_topics_merge_with_all_their_cards():
    held, (a, b, c, d) = shown(*"abcd")
    held = cards.grouped(cards.grouped(held, [a, b], title="one"), [c, d], title="two")
    held = cards.grouped(held, [b, c])
    assert [(heap.title, {card.id for card in heap.cards}) for heap in cards.heaps(held, "kpt")] == [
        ("one", {a, b, c, d})
    ]
    assert len(held.topics) == 1


def test_a_topic_with_one_card_left_is_no_topic():
    held, (a, b, c) = shown(*"abc")
    held = cards.ungrouped(cards.grouped(held, [a, b]), [b])
    assert (held.topics, [card.topic for card in held.cards]) == ((), ["", "", ""])
    assert cards.ungrouped(held, [c]) is held


def test_grouping_drops_the_tallies_of_what_it_joins_and_no_other():
    held, (a, b, c) = shown(*"abc")
    held = cards.voters(held, "kpt", people=3, budget=5)
    for heap in (a, b, c):
        held = cards.voted(held, "kpt", heap, 2)
    assert cards.grouped(held, [a, b]).board("kpt").votes == {c: 2}


GROUP = "Pick two or more cards of one board that is shown, then group"


@pytest.mark.parametrize("way", ["one", "same twice", "hidden", "two boards", "parked"])
def test_what_cannot_be_grouped_is_refused(way):
    held, (a, b) = shown("a", "b")
    held = cards.written(held, "fishbone", [("data", "x"), ("data", "y")])
    x, y = (card.id for card in held.cards if card.board == "fishbone")
    told = {"one": [a], "same twice": [a, a], "hidden": [x, y], "two boards": [a, x], "parked": [a, b]}[way]
    with refused(GROUP):
        cards.grouped(cards.parked(held, [b]) if way == "parked" else held, told)


def test_a_card_that_is_not_there_is_a_key_error():
    with pytest.raises(KeyError, match="nope"):
        cards.grouped(begun(), ["nope", "nor"])


# -- what is said of a card


def test_a_blank_text_leaves_a_card_as_it_is():
    held, (a, _) = shown("a", "b")
    assert cards.edited(held, a, {"text": "  "}) is held


def test_a_cause_is_judged():
    held, (a,) = shown("审批慢", board="fishbone", column="process")
    held = cards.edited(held, a, {"basis": "guess", "verify": " 看日志 ", "control": "influence"})
    assert (held.cards[0].basis, held.cards[0].verify, held.cards[0].control) == ("guess", "看日志", "influence")


def test_half_a_character_becomes_a_question_mark():
    assert with_cards("ok \ud83d").cards[0].text == "ok ?"


# -- votes


def voting(people=3, budget=5):
    held, ids = shown(*"abcdef")
    return cards.voters(held, "kpt", people=people, budget=budget), ids


def test_votes_need_people():
    held, _ = shown("a", "b")
    with refused("Say how many people vote and how many votes each has"):
        cards.to_stage(held, "kpt", Stage.VOTE)


def test_one_topic_takes_at_most_three_votes_of_each():
    held, (a, *_) = voting(people=3, budget=5)
    assert cards.voted(held, "kpt", a, 9).board("kpt").votes == {a: 9}
    with refused("10 is not possible: at most 9 for one topic, 15 votes are left"):
        cards.voted(held, "kpt", a, 10)


def test_a_budget_below_three_is_the_most_for_one_topic():
    held, (a, *_) = voting(people=4, budget=1)
    with refused("5 is not possible: at most 4 for one topic, 4 votes are left"):
        cards.voted(held, "kpt", a, 5)


def test_the_room_cannot_give_more_than_it_has():
    held, (a, b, *_) = voting(people=3, budget=5)
    held = cards.voted(cards.voted(held, "kpt", a, 9), "kpt", b, 4)
    assert sum(held.board("kpt").votes.values()) == held.board("kpt").people * held.board("kpt").budget - 2
    with refused("7 is not possible: at most 9 for one topic, 6 votes are left"):
        cards.voted(held, "kpt", b, 7)
    with refused("-1 is not possible: at most 9 for one topic, 6 votes are left"):
        cards.voted(held, "kpt", b, -1)


def test_no_vote_takes_a_tally_away():
    held, (a, *_) = voting()
    assert cards.voted(cards.voted(held, "kpt", a, 2), "kpt", a, 0).board("kpt").votes == {}


@pytest.mark.parametrize("way", ["grouped", "parked", "removed", "never there"])
def test_what_does_not_stand_on_the_board_gets_no_vote(way):
    held, (a, b, *_) = voting()
    ways = {"grouped": partial(cards.grouped, cards=[a, b]), "parked": partial(cards.parked, cards=[a])}
    ways |= {"removed": partial(cards.removed, cards=[a]), "never there": lambda meeting: meeting}
    name = "nope" if way == "never there" else a
    with pytest.raises(KeyError, match=name):
        cards.voted(ways[way](held), "kpt", name, 1)


@pytest.mark.parametrize(("people", "budget"), [(0, 5), (3, 0), (3, 21), (2, 2), (1, 20)])
def test_fewer_votes_than_were_entered_are_refused(people, budget):
    held, (a, b, *_) = voting(people=3, budget=5)
    held = cards.voted(cards.voted(held, "kpt", a, 4), "kpt", b, 3)  # (1, 20): 20 for the room, 3 for one topic
    with refused("Write how many people vote and 1 to 20 votes each; 7 votes are entered already"):
        cards.voters(held, "kpt", people=people, budget=budget)


def test_the_most_wanted_comes_first_only_once_counted():
    held, ids = voting()
    held = cards.voted(cards.to_stage(held, "kpt", Stage.VOTE), "kpt", ids[4], 5)
    assert [heap.id for heap in cards.heaps(held, "kpt")] == ids
    held = cards.to_stage(held, "kpt", Stage.COUNTED)
    assert [heap.id for heap in cards.heaps(held, "kpt")] == [ids[4], *ids[:4], ids[5]]


def test_going_back_to_talk_keeps_the_votes():
    held, (a, *_) = voting()
    voted = cards.voted(cards.to_stage(held, "kpt", Stage.VOTE), "kpt", a, 2)
    there = cards.to_stage(cards.to_stage(voted, "kpt", Stage.COUNTED), "kpt", Stage.OPEN)
    assert there.board("kpt").votes == {a: 2}


# -- the parking lot


def test_a_parked_card_returns_every_month_with_the_month_it_was_first_parked():
    september = changes.started("2026-09", AGENDA, held="2026-10-09")
    september = cards.written(september, "kpt", [("try", "年货节排班"), ("try", "其他")])
    card = next(card.id for card in september.cards if card.text == "年货节排班")
    october = begun(before=cards.parked(september, [card]))
    november = begun("2026-11", before=october)
    told = [(held.parked[0].text, held.parked[0].parked, held.parked[0].source) for held in (october, november)]
    assert told == [("年货节排班", "2026-09", "carried")] * 2
    assert len(november.cards) == 1
    assert november.cards[0].id != october.cards[0].id != card


def test_what_was_taken_out_of_the_parking_lot_does_not_return():
    held, (a, b) = shown("a", "b")
    held = cards.parked(held, [a, b])
    out = cards.parked(held, [a], park=False, board="fishbone", column="data")
    assert [card.text for card in begun("2026-11", before=out).parked] == [
        card.text for card in held.cards if card.id == b
    ]


def test_cards_from_the_parking_lot_stand_last_each_at_a_place_of_its_own():
    held, (a, b, c, d) = shown(*"abcd")
    held = cards.parked(cards.parked(held, [a, b]), [a, b], park=False)
    assert [card.id for card in held.on("kpt")] == [c, d, a, b]
    assert len({card.place for card in held.cards}) == 4


def test_a_card_from_the_parking_lot_is_hidden_on_a_board_that_is_written_on():
    held, (a, _) = shown("a", "b")
    held = cards.parked(cards.parked(held, [a]), [a], park=False, board="fishbone", column="data")
    assert next(card for card in held.cards if card.id == a).place == 0


def test_parking_takes_a_card_out_of_its_topic_with_its_tally():
    held, (a, b, *_) = voting()
    held = cards.grouped(held, [a, b])
    held = cards.parked(cards.voted(held, "kpt", held.topics[0].id, 3), [a])
    assert (held.topics, held.board("kpt").votes) == ((), {})


# -- phases and their clocks


def test_the_phases_are_grai_with_an_opening():
    assert [phase.key for phase in begun().phases] == ["actions", "goal", "result", "analysis", "insight"]


def test_a_phase_can_be_skipped_and_gone_back_to():
    held = changes.go(begun(), "analysis", at=0)
    assert changes.step(held, -1, at=0).now == "result"
    assert changes.go(held, "actions", at=0).now == "actions"


def test_the_ends_are_ends():
    assert changes.step(begun(), -1, at=0).now == "actions"
    assert changes.step(changes.go(begun(), "insight", at=0), 1, at=0).now == "insight"


def test_an_unknown_phase_is_a_key_error():
    with pytest.raises(KeyError, match="later"):
        changes.go(begun(), "later", at=0)


@pytest.mark.parametrize(
    ("key", "by", "expected"),
    [
        ("goal", -1, ["goal", "actions", "result", "analysis", "insight"]),
        ("goal", 1, ["actions", "result", "goal", "analysis", "insight"]),
        ("actions", -1, ["actions", "goal", "result", "analysis", "insight"]),
        ("insight", 1, ["actions", "goal", "result", "analysis", "insight"]),
    ],
)
def test_phases_change_places(key, by, expected):
    assert [phase.key for phase in changes.reordered(begun(), key, by).phases] == expected


def test_the_next_phase_is_that_of_the_room_s_order():
    assert changes.step(changes.reordered(begun(), "actions", 1), 1, at=0).now == "result"


def test_a_clock_runs_on_while_the_kernel_is_gone(tmp_path):
    held = changes.clock(begun(), at=1000.0, run=True)  # ten minutes
    (path := tmp_path / "2026-10.json").write_bytes(as_json(held))
    assert changes.left(read_meeting(path).phase(), 1090.0) == 600 - 90


def test_a_clock_that_stands_stands():
    held = changes.clock(changes.clock(begun(), at=1000.0, run=True), at=1060.0, run=False)
    assert changes.left(held.phase(), 99_999.0) == 540
    again = changes.clock(held, at=100_000.0, run=True)
    assert changes.left(again.phase(), 100_030.0) == 510


def test_a_clock_runs_over_and_takes_more_time():
    held = changes.clock(begun(), at=0.5, run=True)
    assert changes.left(held.phase(), 700.5) == -100
    more = changes.clock(held, at=700.5, more=60)
    assert (changes.left(more.phase(), 700.5), bool(more.phase().since)) == (-40, True)


def test_starting_a_clock_twice_changes_nothing():
    once = changes.clock(begun(), at=1000.0, run=True)
    assert changes.left(changes.clock(once, at=1030.0, run=True).phase(), 1060.0) == 540


def test_only_the_clock_of_the_present_phase_runs():
    draw, held, at = Random(3), begun(), 1000.0
    for _ in range(200):
        at += draw.random() * 100
        key = draw.choice([phase.key for phase in held.phases])
        act = draw.choice([partial(changes.clock, run=True), partial(changes.go, key=key), partial(changes.step, by=1)])
        held = act(held, at=at)
        running = [phase.key for phase in held.phases if phase.since]
        assert running in ([], [held.now])


def test_time_is_spent_once_whatever_the_room_does():
    held, at, draw = changes.clock(begun(), at=5000.0, run=True), 5000.0, Random(4)
    for _ in range(50):
        at += draw.randint(1, 30)
        held = changes.go(held, draw.choice(["goal", "result", "insight"]), at=at)
    planned = sum(phase.seconds for phase in held.phases)
    assert planned - sum(changes.left(phase, at) for phase in held.phases) == at - 5000


def test_closing_stops_the_clock_and_can_be_taken_back():
    held = changes.closed(changes.clock(begun(), at=1.0, run=True), at=11.0)
    assert (held.closed, held.phase().since, held.phase().left) == (True, 0, 590)
    assert not changes.closed(held, at=12.0, is_closed=False).closed


# -- boards


def test_another_board_and_back_keeps_cards_groups_and_votes():
    held, (a, b, _) = shown(*"abc")
    held = changes.go(cards.grouped(held, [a, b]), "result", at=0)
    other = changes.with_board(held, AGENDA.boards["kiss"])
    other = cards.written(other, "kiss", [("stop", "x")])
    back = changes.with_board(other, held.board("kpt"))
    assert (back.on("kpt"), back.topics, back.phase().board) == (held.on("kpt"), held.topics, "kpt")
    assert len(back.on("kiss")) == 1


def test_a_phase_can_go_without_a_board():
    held = changes.with_board(changes.go(begun(), "result", at=0), None)
    assert held.phase().board == ""
    assert held.boards == begun().boards


def test_an_undo_reaches_a_board_that_is_not_shown_any_more():
    held, (a, b) = shown("a", "b")
    away = changes.with_board(changes.go(cards.grouped(held, [a, b]), "result", at=0), AGENDA.boards["4ls"])
    assert changes.undone(away).topics == ()


# -- decisions and drafts


def test_a_decision_about_to_be_made_is_there_once():
    held = changes.deciding(changes.deciding(begun(), {"title": "a"}), {"title": "b"})
    assert [one.fields["title"] for one in held.decisions] == ["b"]
    made = changes.decided(held, "A-1", {"title": "b"})
    assert [(one.id, one.fields) for one in made.decisions] == [("A-1", {"title": "b"})]
    assert changes.settled(held).decisions == ()


def test_a_decision_that_is_changed_keeps_its_place():
    held = changes.decided(changes.decided(begun(), "A-1", {"title": "a"}), "A-2", {"title": "b"})
    assert [one.fields["title"] for one in changes.decided(held, "A-1", {"title": "c"}).decisions] == ["c", "b"]


def test_a_draft_is_kept_until_it_is_empty():
    held = changes.drafted(changes.drafted(begun(), "card", "退"), "edit", "x")
    assert changes.drafted(held, "card", "").drafts == {"edit": "x"}
    assert changes.without_drafts(held, ["card", "edit"]).drafts == {}


def test_facts_are_kept_as_they_were_told():
    fact = Fact(section="goals", anchor="goal-gmv", text={"en": "Sales reached 93%"})
    assert changes.started("2026-10", AGENDA, held="2026-11-03", facts=[fact]).facts == (fact,)


# -- undo


def test_no_more_than_fifty_changes_can_be_taken_back():
    held, (a, *_) = shown("a", "b")
    states = [held]
    for n in range(60):
        states.append(cards.edited(states[-1], a, {"text": f"text {n}"}))
    back = states[-1]
    for _ in range(70):
        back = changes.undone(back)
    assert what(back) == what(states[10])


BOARDS = ("kpt", "fishbone")


def any_step(held, draw):
    """A change somebody could ask for, sensible or not; may be refused."""
    board = draw.choice(BOARDS)
    own = [card.id for card in held.cards if card.board == board] or [""]
    some = draw.sample(own, k=min(len(own), draw.randint(1, 4)))
    topics = [topic.id for topic in held.topics] or [""]
    heap = draw.choice([heap.id for heap in cards.heaps(held, board)] or [""])
    column = held.board(board).columns[0].key
    ways = [
        partial(cards.written, board=board, cards=[(column, f"text {draw.random()}")]),
        partial(cards.written, board=board, cards=[(column, "one"), (column, "two")], source="form"),
        partial(cards.revealed, board=board, draw=draw) if draw.random() < 0.2 else changes.undone,
        partial(cards.grouped, cards=some, title=draw.choice(["", "慢"])),
        partial(cards.grouped, cards=some),
        partial(cards.ungrouped, cards=some),
        partial(cards.titled, topic=draw.choice(topics), title="named"),
        partial(cards.removed, cards=some[:1]),
        partial(cards.parked, cards=some),
        partial(cards.parked, cards=[card.id for card in held.parked][:2], park=False, board=board, column=column),
        partial(cards.edited, card=some[0], new={"text": "new", "basis": draw.choice(["fact", "guess", ""])}),
        partial(cards.to_stage, board=board, stage=draw.choice(list(Stage))),
        partial(cards.voters, board=board, people=draw.randint(0, 5), budget=draw.randint(1, 6)),
        partial(cards.voted, board=board, heap=heap, votes=draw.randint(-1, 12)),
        partial(cards.voted, board=board, heap=heap, votes=draw.randint(0, 4)),
        partial(changes.step, by=draw.choice([1, -1]), at=draw.random()),
        partial(changes.drafted, field="card", text=draw.choice(["", "半句话"])),
    ]
    return draw.choice(ways)


def is_sound(held):
    """What has to hold after every change."""
    sizes = Counter(card.topic for card in held.cards if card.topic)
    assert set(sizes) == {topic.id for topic in held.topics}
    assert min(sizes.values(), default=2) >= 2
    assert [card.id for card in held.cards] == sorted({card.id for card in held.cards})
    for board in held.boards:
        own = held.on(board.key)
        known = {heap.id for heap in cards.heaps(held, board.key)}
        assert set(board.votes) <= known
        assert sum(board.votes.values()) <= board.people * board.budget
        assert max(board.votes.values(), default=0) <= board.people * min(cards.PER_TOPIC, board.budget)
        places = [card.place for card in own]
        assert len(set(places)) == len(places) if board.stage != Stage.WRITE else set(places) <= {0}


@pytest.mark.parametrize("seed", range(8))
def test_whatever_a_room_does_the_meeting_stays_sound_and_the_file_whole(tmp_path, seed):
    draw, held, path = Random(seed), begun(), tmp_path / "2026-10.json"
    done: Counter[str] = Counter()
    for _ in range(200):
        step = any_step(held, draw)
        try:
            now = step(held)
        except (InputError, KeyError, StopIteration):
            continue
        path.write_bytes(as_json(now))
        assert read_meeting(path) == now
        is_sound(now)
        name = step.func.__name__ if isinstance(step, partial) else "undone"
        if now.undo != held.undo and name not in ("revealed", "undone"):
            assert what(changes.undone(read_meeting(path))) == what(held)
        done[name] += 1
        held = now
    assert len(done) >= 10, done


@pytest.mark.parametrize("seed", range(6))
def test_undo_after_undo_leads_back_to_the_reveal(seed):
    draw, (held, _) = Random(100 + seed), shown(*"abcdefghij", seed=seed)
    held = replace(held, boards=tuple(board for board in held.boards if board.key == "kpt"))
    start = what(held)
    for _ in range(40):
        own = [card.id for card in held.on("kpt")]
        some = draw.sample(own, k=2)
        way = draw.choice([cards.grouped, cards.ungrouped, cards.parked, cards.removed])
        held = way(held, some) if len(own) > 4 else held
    while held.undo:
        held = changes.undone(held)
    assert what(held) == start


def test_no_card_is_lost_by_grouping_and_talking():
    draw, (held, ids) = Random(9), shown(*"abcdefghij")
    for _ in range(100):
        some = draw.sample(ids, k=draw.randint(2, 4))
        held = draw.choice([cards.grouped, cards.ungrouped])(held, some)
        seen = [card.id for heap in cards.heaps(held, "kpt") for card in heap.cards]
        assert sorted(seen) == sorted(ids)


def test_a_meeting_without_cards_has_nothing_to_take_back():
    empty = Meeting(month="2026-10", cards=(Card(id="a"),))
    assert changes.undone(empty) is empty
