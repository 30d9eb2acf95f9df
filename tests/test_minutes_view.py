"""The minutes on the month's page and in a notebook: the answer, the decisions, what was wanted, and nothing hidden."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from meeting_cases import CARDS, CONTEXT, DECISIONS, HIDDEN, HOSTILE, KPT, LESSONS, card, hostile, meeting, minutes

from opsretro.report.minutes_view import MinutesView
from opsretro.report.page import MonthPage, page_html
from opsretro.tables.meetings import Decision, Fact
from opsretro.words import LANGUAGES


def section(*meetings, **more):
    return str(MinutesView(minutes(*meetings, **more)).section())


def page(results, lang="en", period="2026-10"):
    return page_html(MonthPage(period=period, context=CONTEXT, results=results, failures={}, files={}), lang)


def words(html):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


HEADLINES = {
    "en": "3 actions were decided for the next month. "
    "Still to say: an owner for 1, a due day for 1 and a metric for 1.",
    "zh-CN": "为下月决定了 3 项行动。还缺：1 项的负责人、1 项的期限和 1 项的指标。",
}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_answer_says_how_much_was_decided_and_what_is_missing(lang):
    assert minutes(lang=lang).headline == HEADLINES[lang]


def test_an_answer_with_nothing_missing_says_that():
    whole = meeting(decisions=DECISIONS[:1])
    assert minutes(whole).headline == (
        "1 action was decided for the next month. Each has an owner, a due day and a metric."
    )


def test_nothing_decided_is_said():
    assert minutes(meeting(decisions=())).headline == "No action was decided."


@pytest.mark.parametrize(("period", "told"), [("2026-Q4", "this quarter"), ("2026", "this year")])
def test_a_longer_period_counts_all_its_meetings(period, told):
    both = minutes(meeting(month="2026-10"), meeting(month="2026-11"), period=period)
    assert both.headline.startswith(
        f"5 actions were decided {told}. 1 earlier action was changed. Still to say: an owner for 2,"
    )


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_has_a_sentence(lang):
    sentences = minutes(lang=lang).sentences()
    assert len(sentences) == 8 and all(sentence.endswith((".", "。")) for sentence in sentences)


def test_the_table_has_a_row_a_decision():
    table = minutes().table()
    assert list(table.columns) == ["Action", "Ledger", "Owner", "Due", "Metric", "Still to say"]
    assert table.iloc[0].tolist() == [
        "Small refunds need no second signature", "A-2026-10-1", "service-1", "16 Nov 2026",
        "Metric: Refund rate, hoped for −10%", "–",
    ]  # fmt: skip
    assert table["Ledger"].iloc[2] == "not in the ledger yet"


def test_a_notebook_shows_answer_and_table():
    html = minutes()._repr_html_()
    assert HEADLINES["en"] in html and "A-2026-10-2" in html


def test_how_sure_a_card_is_is_what_the_room_said_of_it():
    assert minutes().certainty().to_numpy().tolist() == [
        ["Refunds wait for a second signature", "fact", "–", "–"],
        ["客服晚班缺两人", "guess", "排班表对照等待", "we can influence"],
        ["审批按金额分级没有落实", "fact", "–", "ours to change"],
    ]


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"metric": "orders", "direction": "higher"}, "Metric: Orders, hoped for a rise"),
        ({"metric": "gmv", "expected_effect": 0.035}, "Metric: gmv, hoped for +3.5%"),
        ({"expected_effect": -0.2}, "Hoped for −20%"),
        ({"direction": "lower"}, "Hoped for a fall"),
        ({"trigger": {"when": "refunds pile up", "then": "call"}}, "When refunds pile up: call"),
        ({"trigger": "each Monday"}, "each Monday"),
        ({"due": "soon"}, "A-1 · due soon"),
        ({"controllable": "escalate"}, "others decide: escalate"),
    ],
)
def test_a_decision_tells_what_is_known_of_it(fields, told):
    assert told in words(section(meeting(decisions=(Decision(id="A-1", fields=fields),))))


def test_a_decision_without_a_title_is_called_by_its_id():
    assert "<h3>A-1</h3>" in section(meeting(decisions=(Decision(id="A-1"),)))


def test_an_action_of_the_follow_up_is_linked_and_another_is_not():
    html = str(MinutesView(minutes().beside(["A-2026-10-1"])).section())
    assert re.findall(r'<a href="([^"]+)">([^<]+)</a>', html) == [("#open-action-A-2026-10-1", "A-2026-10-1")]
    assert "A-2026-10-2" in html


def test_topics_are_listed_with_their_votes_the_most_wanted_first():
    rows = re.findall(r'<th scope="row">([^<]+)</th><td[^>]*>(\d+)</td><td[^>]*>(\d+)</td>', section())
    assert rows == [
        ("退款太慢 Slow refunds", "17", "2"),
        ("The size guide halved the questions about sizes", "12", "1"),
        ("Two people know the coupon rules, and both were away in the busiest week", "4", "1"),
    ]


def test_before_the_count_the_groups_are_listed_without_votes():
    rows = re.findall(
        r'<th scope="row">([^<]+)</th><td[^>]*>([^<]+)</td>', section(meeting(boards=(replace(KPT, stage="vote"),)))
    )
    assert rows == [("退款太慢 Slow refunds", "–")]


def test_of_many_topics_the_first_are_listed_and_the_others_counted():
    many = tuple(card(f"n{n}", "kpt", "keep", f"card {n}", n + 1) for n in range(8))
    tallied = replace(KPT, votes={f"n{n}": 9 - n for n in range(8)})
    assert "3 more topics stand on the board." in section(meeting(cards=many, boards=(tallied,)))


def test_a_meeting_that_is_not_closed_says_so():
    told = "The meeting on Oct 2026 is not closed yet: what stands here may still change."
    assert told in section() and told not in section(meeting(closed=True))


def test_boards_say_why_cards_or_tallies_cannot_be_seen():
    told = words(section())
    assert "Lessons Cards are still being written; they are shown when all are in." in told
    assert "Fishbone: 2 cards Votes are being entered; the tallies are shown when all are in." in told


def test_a_card_says_what_was_said_of_it():
    assert "客服晚班缺两人 guess · to check: 排班表对照等待 · we can influence" in words(section())
    assert "Refunds wait for a second signature under “退款太慢 Slow refunds” · fact" in words(section())


def test_a_card_of_a_column_nobody_knows_is_shown_under_its_key():
    html = section(meeting(cards=(card("x", "kpt", "gone", "still here", 1),)))
    assert "<h4>gone</h4>" in html and "still here" in html


def test_what_waits_longer_says_since_when():
    assert "Who owns the price list? (waiting since Aug 2026)" in section()


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("made", [meeting, hostile])
def test_nothing_nobody_has_seen_is_on_the_page(made, lang):
    assert HIDDEN not in page({"meeting": minutes(made())}, lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_what_people_wrote_is_text_on_the_page(lang):
    html = page({"meeting": minutes(hostile())}, lang)
    assert "<script" not in html and "&lt;script&gt;alert(1)" in html
    assert "{{ 7*7 }} {lang} {0.__class__}" in html and "49" not in words(section(hostile()))
    assert not any(sign in html for sign in "\u202a\u202d\u202e\u2066")


def test_ids_and_links_of_the_page_fit_together():
    html = page({"meeting": minutes(hostile())})
    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids)) and not set(re.findall(r'href="#([^"]+)"', html)) - set(ids)


def test_both_languages_show_the_same_numbers():
    numbers = [re.findall(r"(?<=>)−?[\d.]+(?=<)|[+−][\d.]+%", section(lang=lang)) for lang in LANGUAGES]
    assert numbers[0] == numbers[1] != []


def test_a_quarter_shows_decisions_and_boards_by_month():
    html = words(section(meeting(month="2026-07"), meeting(month="2026-09"), period="2026-Q3"))
    assert html.index("Jul 2026 Small refunds") < html.index("Sep 2026 Small refunds") < html.index("Most wanted")
    assert "Most wanted · KPT · Jul 2026" in html and "KPT · Sep 2026: 5 cards" in html


def test_the_answer_is_a_conclusion_where_something_was_decided():
    assert MinutesView(minutes()).conclusions() == [(HEADLINES["en"], "meeting")]
    assert MinutesView(minutes(meeting(decisions=()))).conclusions() == []


def test_the_section_is_the_last_one_and_has_no_tile():
    html = page({"meeting": minutes()})
    assert re.findall(r'<section id="(\w+)"', html)[-2:] == ["meeting", "method"]
    assert '<span class="number">6</span> Next month' in html and 'class="label">Meeting' not in html


@pytest.mark.parametrize(("period", "month"), [("2026-10", "2026-10"), ("2026-Q3", "2026-09"), ("2026", "2026-12")])
def test_without_a_meeting_the_page_says_how_to_hold_one(period, month):
    assert f"No retro meeting is on record: `opsretro meet --month {month}` holds one." in page({}, period=period)


def test_a_phase_or_a_section_nobody_knows_is_shown_by_its_name():
    odd = meeting(facts=(Fact(section="weather", text={"en": "It rained."}),))
    assert "It rained." in words(section(odd))


def test_a_board_without_a_name_is_shown_by_its_key():
    assert "lessons" in words(section(meeting(boards=(replace(LESSONS, name={}),), cards=CARDS[:0])))


def test_hostile_texts_reach_the_page_whole():
    told = unescape(words(section(hostile())))
    assert [text for text in HOSTILE if text.split()[0] not in told] == []
