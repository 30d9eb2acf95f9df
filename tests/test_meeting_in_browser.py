"""A whole retro meeting in front of a room: the real `opsretro meet`, JupyterLab and browser, told in order."""

import re
import shutil
from collections import defaultdict
from functools import partial

import pytest
from browsing import chromium, need_chromium, skip_without_chromium
from conftest import publish
from meeting_lab import (
    FULL,
    SLOW,
    compose,
    joined,
    kernels_of,
    ledger_of,
    look,
    meeting,
    one,
    pick,
    press,
    press_now,
    ready,
    sample,
    screen,
    show_decisions,
    state,
    tab_to,
    until,
    without_drafts,
    write,
)
from playwright.sync_api import expect
from test_explore_in_browser import end, free_port

skip_without_chromium()
pytestmark = [pytest.mark.browser, pytest.mark.slow]

KEEP, PROBLEM, TRY = range(3)
CARDS = (
    (KEEP, "客服响应快了，继续错峰排班"),
    (PROBLEM, "退款到账慢，用户一直来问"),
    (PROBLEM, "退款到账太慢，用户反复来问"),
    (PROBLEM, "Refund takes too long, customers complain"),
    (TRY, "Try a holdout group for every coupon"),
)
DECIDED = "退款审批从三级减到一级"
DRAFT = "还没写完 unfinished"
MORE = "，接着写"
LESSONS = ("发版先放一成", "先放一成再全量", "Only for checkout")
CAUSE = "退款要三级审批"
STRAY = ("x", "d", "d", "b", "a", "m", "Escape", "Delete", "Backspace", "z", "s", "n", "1", "?")


@pytest.fixture(scope="module")
def browser():
    with chromium(need_chromium()) as running:
        yield running


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("meeting")


@pytest.fixture(scope="module")
def workspace(folder):
    return sample(folder)


@pytest.fixture(scope="module")
def port():
    return free_port()


@pytest.fixture(scope="module")
def held(workspace, folder, port):
    with meeting(workspace, folder, port) as running:
        yield running


@pytest.fixture(scope="module")
def page(browser, held):
    return joined(browser, held[1])


@pytest.fixture(scope="module")
def seen():
    """What the room could not read, by kind; the story adds to it as it goes."""
    return defaultdict(dict)


def cards(workspace):
    return sorted(card.text for card in state(workspace).cards)


def board(workspace):
    return state(workspace).board("kpt")


# -- it opens with last month's actions, then facts -------------------------------------------------------------------


def test_the_meeting_opens_with_last_months_actions_and_their_verdicts(page, seen):
    expect(one(page, "h1")).to_have_text("上次的行动起作用了吗？")
    told = one(page, ".om-fact").all_inner_texts()
    assert len(told) == 8  # one sentence about all, and the 7 actions the sample has judged
    assert {line[0] for line in told[1:]} == {"●", "◆", "○"}
    look(page, seen, "facts")


def test_a_fact_shows_the_picture_behind_it_and_escape_leads_back(page, seen):
    one(page, ".om-fact").nth(3).focus()
    page.keyboard.press("Space")
    expect(one(page, ".om-picture svg")).to_be_visible()
    look(page, seen, "picture")
    page.keyboard.press("Escape")
    expect(one(page, ".om-fact")).to_have_count(8)


def test_a_meeting_that_is_projected_is_on_disk_before_anybody_changes_it(page, workspace):
    until(page, (workspace / "meetings" / "2026-10.json").exists)


def test_phases_can_be_skipped_and_gone_back_to(page, workspace):
    press(page, "phase-analysis")
    until(page, lambda: state(workspace).now == "analysis")
    press(page, "phase-result")
    until(page, lambda: state(workspace).now == "result")
    expect(one(page, ".om-bar .om-now")).to_have_text(["评估结果"])


def test_facts_stand_before_opinions(page):
    assert one(page, ".om-fact").count() >= 3
    assert one(page, ".om-card").count() == 0
    page.keyboard.press("Control+Enter")
    expect(one(page, ".om-entry")).to_be_visible()
    assert "om-data" in one(page, ".om-col").first.get_attribute("class")  # the facts are the board's first column


# -- silent writing, in both languages --------------------------------------------------------------------------------


def quickest(page, kept, type_in):
    """Seconds until what is typed is kept, the least of three: a machine with other work stands still at times."""
    took = []
    for mark in ("-", "+", ""):
        type_in(mark)
        took.append(until(page, lambda mark=mark: kept(mark)))
    return min(took)


def test_what_is_typed_is_on_disk_within_a_second(page, workspace):
    box = one(page, ".om-field-card textarea")

    def type_in(mark):
        box.fill("")
        box.press_sequentially(DRAFT + mark)

    assert quickest(page, lambda mark: state(workspace).drafts.get("card") == DRAFT + mark, type_in) < 1
    box.fill("")


def test_cards_are_written_in_chinese_and_english(page, workspace, seen):
    for column, text in CARDS:
        write(page, column, text)
        until(page, lambda text=text: text in cards(workspace))
    expect(one(page, ".om-hidden")).to_have_text(["已写 1 张，先不展示", "已写 3 张，先不展示", "已写 1 张，先不展示"])
    look(page, seen, "write")


def test_after_a_column_is_chosen_the_next_letters_are_the_card(page):
    one(page, ".om-entry .widget-toggle-button").nth(TRY).click()
    page.keyboard.type("typed at once")
    expect(one(page, ".om-field-card textarea")).to_have_value("typed at once")
    one(page, ".om-field-card textarea").fill("")


def test_keys_go_on_after_the_field_they_were_typed_in_has_gone(page, workspace):
    one(page, ".om-field-card textarea").focus()
    page.keyboard.press("Control+Enter")
    until(page, lambda: state(workspace).now == "analysis")
    page.keyboard.press("Control+Shift+Enter")
    until(page, lambda: state(workspace).now == "result")
    expect(one(page, ".om-field-card textarea")).to_be_focused()


def test_nothing_of_a_hidden_card_is_in_the_page(page):
    assert [text for _, text in CARDS if text in page.content()] == []


# -- Chinese input methods --------------------------------------------------------------------------------------------


def test_a_composed_word_arrives_whole_while_pings_come_and_go(page, workspace):
    compose(page, ["t", "tu", "tui", "tui k", "tui kuan"], "退款", pause=600)  # 3 s: two pings
    expect(one(page, ".om-field-card textarea")).to_have_value("退款")
    until(page, lambda: state(workspace).drafts.get("card") == "退款")


def test_a_composed_word_arrives_whole_while_the_board_is_drawn_anew(page, workspace):
    redraw = partial(page.evaluate, "document.querySelector('.opsretro-meeting:popover-open .om-do-more_time').click()")
    compose(page, ["m", "ma", "man"], "慢", pause=300, meanwhile=redraw)
    expect(one(page, ".om-field-card textarea")).to_have_value("退款慢")
    until(page, lambda: state(workspace).drafts.get("card") == "退款慢")


@pytest.mark.parametrize("key", [{"isComposing": True, "keyCode": 13}, {"isComposing": False, "keyCode": 229}])
def test_enter_that_ends_a_composition_enters_no_card(page, workspace, key):
    before = cards(workspace)
    told = {"key": "Enter", "bubbles": True, "cancelable": True, **key}
    box = one(page, ".om-field-card textarea")
    assert box.evaluate("(box, told) => box.dispatchEvent(new KeyboardEvent('keydown', told))", told)  # nobody took it
    page.wait_for_timeout(300)
    assert cards(workspace) == before
    expect(box).to_have_value("退款慢")


def test_enter_after_the_composition_enters_the_card(page, workspace):
    one(page, ".om-field-card textarea").press("Enter")
    until(page, lambda: "退款慢" in cards(workspace))
    expect(one(page, ".om-field-card textarea")).to_have_value("")


# -- reveal, group, undo, vote ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("panel", ["import", "more"])
def test_a_panel_opens_beside_the_board(page, seen, panel):
    press(page, f"panel-{panel}")
    expect(one(page, ".om-side")).to_be_visible()
    look(page, seen, panel)
    press(page, f"panel-{panel}")
    expect(one(page, ".om-side")).to_have_count(0)


def test_dark_and_light_are_switched_with_a_button(page):
    press(page, "panel-more")
    shades = []
    for _ in range(3):
        shades.append(one(page, ".om-head").evaluate("one => getComputedStyle(one).color"))
        one(page, "[data-do=theme]").click()
    assert shades[0] == shades[2] != shades[1]
    one(page, "[data-do=theme]").click()
    press(page, "panel-more")


def test_all_cards_are_shown_at_once(page, workspace, seen):
    press(page, "reveal")
    expect(one(page, ".om-card")).to_have_count(6)
    assert sorted(one(page, ".om-card .om-text").all_inner_texts()) == cards(workspace)
    look(page, seen, "cards")


def test_a_hint_picks_two_cards_that_may_say_alike_and_changes_nothing(page, workspace, seen):
    before = state(workspace).topics
    one(page, ".om-hint").first.click()
    expect(one(page, ".om-card.om-on")).to_have_count(2)
    assert state(workspace).topics == before == ()
    look(page, seen, "several")


def test_picked_cards_are_grouped_and_undone_and_grouped(page, workspace):
    for expected, act in ((1, "group"), (0, "undo"), (1, "group")):
        if act == "undo":
            press(page, "undo")
        else:
            pick(page, "退款到账慢，用户一直来问", "退款到账太慢，用户反复来问")
            one(page, ".om-field-topic input").fill("退款慢")
            one(page, ".om-field-topic input").press("Enter")
        expect(one(page, ".om-heap")).to_have_count(expected)
    assert [topic.title for topic in state(workspace).topics] == ["退款慢"]


def test_after_two_cards_are_picked_the_next_letters_are_their_title(page):
    pick(page, CARDS[0][1], CARDS[4][1])
    expect(one(page, ".om-field-topic input")).to_be_focused()
    page.keyboard.type("Another title")
    expect(one(page, ".om-field-topic input")).to_have_value("Another title")
    one(page, ".om-field-topic input").fill("")
    page.keyboard.press("Escape")


def test_the_cards_stay_where_they_are_when_one_is_picked(page):
    expect(one(page, ".om-side")).to_have_count(0)
    places = f"[...document.querySelectorAll('{FULL} .om-card')].map((card) => card.getBoundingClientRect().toJSON())"
    before = page.evaluate(places)
    pick(page, CARDS[0][1])
    expect(one(page, ".om-side")).to_be_visible()
    assert page.evaluate(places) == before
    page.keyboard.press("Escape")


def test_a_double_click_does_one_thing(page, workspace):
    before = state(workspace)
    one(page, ".om-do-panel-voters").dblclick(delay=60)
    expect(one(page, ".om-field-people input")).to_be_visible()
    press(page, "panel-voters")
    assert without_drafts(state(workspace)) == without_drafts(before)


def test_a_card_can_be_added_after_the_reveal(page, workspace):
    press(page, "panel-write")
    write(page, TRY, "晚到的一张")
    expect(one(page, ".om-card")).to_have_count(7)
    press(page, "panel-write")


def test_votes_are_entered_and_hidden(page, workspace, seen):
    press(page, "panel-voters")
    look(page, seen, "voters")
    one(page, ".om-field-people input").fill("9")
    one(page, ".om-field-budget input").press("Enter")
    expect(one(page, "h1")).to_have_text("哪些最重要？")
    for text, votes in (("退款到账慢，用户一直来问", 19), (CARDS[0][1], 17)):
        pick(page, text)
        one(page, "[class*=om-field-votes-] input").fill(str(votes))
        one(page, "[class*=om-field-votes-] input").press("Enter")
        until(page, lambda votes=votes: votes in board(workspace).votes.values())
    assert "19" not in one(page, ".om-main").inner_text()
    assert one(page, ".om-tally").count() == 0


def test_more_votes_than_the_room_has_are_refused_and_stay_typed(page, workspace, seen):
    before = board(workspace).votes
    pick(page, CARDS[4][1])
    one(page, "[class*=om-field-votes-] input").fill("10")  # 9 people have 45 votes, and 36 are given
    one(page, "[class*=om-field-votes-] input").press("Enter")
    expect(one(page, ".om-said")).to_contain_text("9")
    expect(one(page, "[class*=om-field-votes-] input")).to_have_value("10")
    assert board(workspace).votes == before
    look(page, seen, "votes")
    page.keyboard.press("Escape")


def test_the_count_shows_the_most_wanted_first(page, seen):
    press(page, "to_counted")
    expect(one(page, ".om-rank b")).to_have_text(["19", "17", "0", "0", "0", "0"])
    expect(one(page, ".om-rank .om-text").first).to_have_text("退款慢")
    look(page, seen, "ranking")


# -- the clock --------------------------------------------------------------------------------------------------------


def test_the_clock_ticks_and_is_on_disk(page, workspace):
    press(page, "start")
    expect(one(page, ".om-clock")).to_have_class("om-clock om-running")
    before = one(page, ".om-clock").inner_text()
    until(page, lambda: one(page, ".om-clock").inner_text() != before)
    assert state(workspace).phase().since > 0


# -- keyboard all the way ---------------------------------------------------------------------------------------------


def test_a_board_is_written_and_shown_without_a_mouse(page, workspace):
    page.keyboard.press("Escape")
    tab_to(page, ".om-do-phase-insight")
    page.keyboard.press("Enter")
    until(page, lambda: state(workspace).now == "insight")
    tab_to(page, ".om-field-card textarea")
    for text in LESSONS:
        page.keyboard.insert_text(text)
        page.keyboard.press("Enter")
        until(page, lambda text=text: text in cards(workspace))
    tab_to(page, ".om-do-reveal")
    page.keyboard.press("Space")
    expect(one(page, ".om-card")).to_have_count(len(LESSONS))


def test_cards_are_picked_and_grouped_without_a_mouse(page, workspace):
    tab_to(page, "[data-card]")
    for key in ("Space", "ArrowDown", "Space"):
        page.keyboard.press(key)
        page.wait_for_timeout(300)  # the board is drawn anew
        until(page, lambda: page.evaluate("document.activeElement.matches('.om-card')"))
    expect(one(page, ".om-on")).to_have_count(2)
    tab_to(page, ".om-field-topic input")
    page.keyboard.type("By keys")
    page.keyboard.press("Enter")
    until(page, lambda: "By keys" in [topic.title for topic in state(workspace).topics])


def test_a_group_is_undone_without_a_mouse(page, workspace):
    tab_to(page, "[data-card]")
    page.keyboard.press("Control+z")
    until(page, lambda: "By keys" not in [topic.title for topic in state(workspace).topics])


def test_phases_are_walked_without_a_mouse(page, workspace):
    page.keyboard.press("Control+Shift+Enter")
    until(page, lambda: state(workspace).now == "analysis")
    page.keyboard.press("Control+Enter")
    until(page, lambda: state(workspace).now == "insight")


# -- a decision -------------------------------------------------------------------------------------------------------


def test_a_topic_becomes_a_decision_with_the_chart_of_its_metric_beside_it(page, seen):
    press(page, "phase-result")
    one(page, ".om-rank").first.click()
    press(page, "decide_this")
    expect(one(page, ".om-field-title input")).to_have_value(re.compile("退款"))
    one(page, ".om-field-metric select").select_option(label="退款率")
    expect(one(page, ".om-beside svg")).to_be_visible()
    look(page, seen, "form")


def test_text_in_the_form_of_a_decision_is_on_disk_within_a_second(page, workspace):
    def type_in(mark):
        one(page, ".om-field-title input").fill(DECIDED + mark)
        one(page, ".om-field-owner input").fill("service-1" + mark)

    def kept(mark):
        drafts = state(workspace).drafts
        return (drafts.get("title"), drafts.get("owner")) == (DECIDED + mark, "service-1" + mark)

    assert quickest(page, kept, type_in) < 1


# -- stray keys -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", ["stage", "button", "card", "body"])
def test_no_stray_key_changes_the_meeting_or_the_notebook(page, workspace, where):
    before, cells = state(workspace), page.locator(".jp-Cell").count()
    on = {"stage": FULL, "button": f"{FULL} .om-do-face-decide", "card": f"{FULL} [data-card]", "body": ""}[where]
    for key in STRAY:
        page.evaluate("document.activeElement.blur()")
        if on and page.locator(on).count():
            page.locator(on).first.focus()
        page.keyboard.press(key)
    page.wait_for_timeout(200)
    after = state(workspace)
    assert (after.cards, after.topics, after.boards, after.drafts) == (
        before.cards, before.topics, before.boards, before.drafts,
    )  # fmt: skip
    assert page.locator(".jp-Cell").count() == cells
    assert page.locator(FULL).count() == 1


# -- the kernel dies --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def killed(page, workspace, held):
    """What there was before the kernel was killed, and what the room saw while it was gone."""
    press(page, "phase-analysis")
    expect(one(page, "h1")).to_have_text("背后的原因是什么？")
    page.keyboard.press("Control+Enter")
    write(page, 0, CAUSE)
    expect(one(page, ".om-hidden").first).to_have_text("已写 1 张，先不展示")
    one(page, ".om-field-card textarea").press_sequentially(DRAFT)
    until(page, lambda: state(workspace).drafts.get("card") == DRAFT)
    before = {"screen": screen(page), "state": state(workspace)}
    told = {}

    def dies():
        kernels_of(held[0])[0].kill()
        one(page, ".om-banner").wait_for(timeout=SLOW)
        told["banner"] = one(page, ".om-banner").inner_text()
        told["role"] = one(page, ".om-banner").get_attribute("role")

    compose(page, ["jiezhexie"], MORE, meanwhile=dies)
    press_now(page, "reveal", "phase-goal")
    told["typed"] = screen(page)["typed"]
    # A dialog of JupyterLab about the kernel may hold the focus for a moment; letters typed then still reach the field.
    until(page, lambda: page.evaluate("document.activeElement.tagName") == "TEXTAREA")
    return before, told


def test_a_killed_kernel_is_told_at_once(killed):
    assert killed[1]["role"] == "alert"
    assert "内核" in killed[1]["banner"]


def test_a_word_that_was_being_composed_when_the_kernel_died_is_whole(killed):
    assert killed[1]["typed"]["card"] == DRAFT + MORE


def test_everything_comes_back_after_the_kernel_does(page, killed, workspace):
    ready(page)
    until(page, lambda: state(workspace).drafts.get("card") == DRAFT + MORE)
    assert without_drafts(state(workspace)) == without_drafts(killed[0]["state"])
    before = killed[0]["screen"]
    assert screen(page) == before | {"typed": before["typed"] | {"card": DRAFT + MORE}}


def test_whoever_was_typing_goes_on_typing(page, killed):
    expect(one(page, ".om-field-card textarea")).to_be_focused()
    page.keyboard.type("!")
    expect(one(page, ".om-field-card textarea")).to_have_value(f"{DRAFT}{MORE}!")


@pytest.mark.parametrize("pause", [0, 200])
def test_a_card_entered_into_a_kernel_that_just_died_is_not_lost(page, workspace, held, pause):
    before, text = one(page, ".om-field-card textarea").input_value(), f"entered {pause} ms too late"
    one(page, ".om-field-card textarea").fill(text)
    until(page, lambda: state(workspace).drafts.get("card") == text)
    page.evaluate(f"document.querySelector('{FULL}').dataset.old = true")
    kernels_of(held[0])[0].kill()
    page.wait_for_timeout(pause)
    page.keyboard.press("Enter")
    page.locator(f"{FULL}:not([data-old])").wait_for(timeout=SLOW)
    ready(page)
    expect(one(page, ".om-field-card textarea")).to_have_value(text)
    one(page, ".om-field-card textarea").press("Enter")
    until(page, lambda: text in cards(workspace))
    expect(one(page, ".om-field-card textarea")).to_have_value("")
    one(page, ".om-field-card textarea").fill(before)
    until(page, lambda: state(workspace).drafts.get("card") == before)
    assert cards(workspace).count(text) == 1


@pytest.mark.parametrize("text", ["小王没有测试退款", "+1"])
def test_a_card_entered_into_a_kernel_that_is_only_slow_is_there_once(page, workspace, held, text):
    """The first one names somebody, and is refused: it stays in the field."""
    before, kernel = one(page, ".om-field-card textarea").input_value(), kernels_of(held[0])[0]
    one(page, ".om-field-card textarea").fill(text)
    until(page, lambda: state(workspace).drafts.get("card") == text)
    kernel.suspend()
    page.keyboard.press("Enter")
    one(page, ".om-banner").wait_for(timeout=SLOW)
    expect(one(page, ".om-field-card textarea")).to_have_value(text)
    kernel.resume()
    is_refused = text != "+1"
    told = one(page, ".om-said")
    until(page, lambda: "像是指某个人" in told.inner_text() if is_refused else text in cards(workspace))
    ready(page)
    page.wait_for_timeout(500)  # the refusal gives the text back, in front of what is typed meanwhile
    expect(one(page, ".om-field-card textarea")).to_have_value(text if is_refused else "")
    assert cards(workspace).count(text) == (not is_refused)
    one(page, ".om-field-card textarea").fill(before)
    until(page, lambda: state(workspace).drafts.get("card") == before)


def test_buttons_pressed_without_a_kernel_did_nothing(killed, workspace):
    assert state(workspace).board("fishbone").stage == "write"
    assert state(workspace).now == "analysis"


# -- reload -----------------------------------------------------------------------------------------------------------


def test_everything_comes_back_after_a_reload(page, workspace):
    before, kept = screen(page), state(workspace)
    page.reload()
    ready(page)
    expect(one(page, ".om-field-card textarea")).to_have_value(before["typed"]["card"])
    assert screen(page) == before
    assert without_drafts(state(workspace)) == without_drafts(kept)
    expect(one(page, ".om-clock")).to_have_class("om-clock om-running")


def test_the_form_of_a_decision_comes_back_too(page):
    show_decisions(page)
    expect(one(page, ".om-field-title input")).to_have_value(DECIDED)
    expect(one(page, ".om-field-owner input")).to_have_value("service-1")
    expect(one(page, ".om-field-metric select")).to_have_value(re.compile("退款率"))


# -- into the ledger --------------------------------------------------------------------------------------------------


def test_the_decision_is_in_the_ledger(page, workspace, seen):
    one(page, ".om-send-decide").dblclick(delay=40)
    expect(one(page, ".om-decision")).to_have_count(1)
    assert list(ledger_of(workspace).values()).count(DECIDED) == 1
    decided = state(workspace).decisions[0]
    assert ledger_of(workspace)[decided.id] == DECIDED
    expect(one(page, ".om-said")).to_contain_text(decided.id)
    look(page, seen, "decisions")


# -- the meeting is closed, its minutes are written -------------------------------------------------------------------


@pytest.mark.parametrize("lang", ["zh-CN", "en"])
def test_minutes_name_the_decision_by_its_id_in_the_ledger(closed, workspace, lang):
    texts = [closed / f"2026-10.minutes.{lang}.{kind}" for kind in ("md", "html", "csv")]
    decided = state(workspace).decisions[0].id
    assert [decided in text.read_text(encoding="utf-8-sig") for text in texts] == [True] * 3
    assert [DECIDED in text.read_text(encoding="utf-8-sig") for text in texts] == [True] * 3


def test_closing_tells_where_the_minutes_are(page, closed):
    expect(one(page, ".om-said")).to_contain_text("2026-10.minutes.zh-CN.md")


def test_a_page_to_go_on_with_lies_ready_if_the_screen_dies(page, closed):
    paper = closed / "2026-10.paper.html"
    until(page, lambda: paper.exists() and DECIDED in paper.read_text(encoding="utf-8"), seconds=20)


@pytest.fixture(scope="module")
def closed(page, workspace):
    show_decisions(page)
    press(page, "close")
    until(page, lambda: state(workspace).closed)
    folder = workspace / "meetings"
    files = [folder / f"2026-10.minutes.{lang}.{kind}" for lang in ("zh-CN", "en") for kind in ("md", "html", "csv")]
    until(page, lambda: all(file.exists() for file in files))
    return folder


def test_a_closed_meeting_can_be_opened_again(page, closed, workspace):
    press(page, "reopen")
    until(page, lambda: not state(workspace).closed)


# -- two facilitators -------------------------------------------------------------------------------------------------


def test_of_two_windows_the_first_is_told_and_can_take_over(page, browser, held):
    second = joined(browser, held[1])
    press(second, "more_time")
    expect(one(page, ".om-said")).to_contain_text("这里只能看")
    press(page, "take_over")
    expect(one(second, ".om-do-take_over")).to_be_visible(timeout=10_000)
    expect(one(page, ".om-do-next")).to_be_visible()
    second.close()


def test_a_second_command_only_looks_on_until_it_takes_over(page, browser, workspace, folder):
    with meeting(workspace, folder, free_port()) as (_, address):
        other = joined(browser, address)
        expect(one(other, ".om-said")).to_contain_text("这里只能看")
        before = state(workspace)
        other.keyboard.press("Control+Enter")
        other.wait_for_timeout(300)
        assert state(workspace).now == before.now
        press(other, "take_over")
        expect(one(page, ".om-do-take_over")).to_be_visible(timeout=10_000)
        assert without_drafts(state(workspace)) == without_drafts(before)
        other.close()


# -- the server ends --------------------------------------------------------------------------------------------------


def test_everything_comes_back_when_the_command_is_started_again(page, held, workspace, folder, port):
    press(page, "take_over")
    press(page, "phase-analysis")
    expect(one(page, ".om-field-card textarea")).to_be_visible()
    before, kept = screen(page), state(workspace)
    end(held[0])
    one(page, ".om-banner").wait_for(timeout=SLOW)
    one(page, ".om-field-card textarea").press_sequentially(" offline")
    with meeting(workspace, folder, port) as (_, address):
        page.goto(address)
        ready(page)
        typed = before["typed"]["card"] + " offline"
        expect(one(page, ".om-field-card textarea")).to_have_value(typed)
        until(page, lambda: state(workspace).drafts["card"] == typed)
        assert screen(page) == before | {"typed": before["typed"] | {"card": typed}}
        assert without_drafts(state(workspace)) == without_drafts(kept)


def test_nothing_failed_in_the_browser(page):
    assert page.complaints == []


def test_no_kernel_is_asked_for_what_a_dying_one_fails_to_give(page):
    assert {"kernel_info_request", "execute_request", "comm_msg"} <= page.asked  # four kernels came up meanwhile
    assert "create_subshell_request" not in page.asked


def test_the_page_of_the_month_carries_the_decision(workspace, tmp_path):
    shutil.copytree(workspace / "meetings", tmp_path / "data/meetings")  # no other table: no notebook has to run
    shutil.copy(workspace / "retro.toml", tmp_path / "data")
    month, decided = publish(tmp_path / "data", tmp_path / "reports"), state(workspace).decisions[0].id
    pages = [(month / name).read_text(encoding="utf-8") for name in ("index.html", "index.en.html")]
    assert [DECIDED in page and decided in page for page in pages] == [True, True]


# -- what the back row can read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["texts", "controls", "faint", "sideways", "below"])
def test_everything_can_be_read_and_reached_from_the_back_row(seen, kind):
    assert len(seen["charts"]) > 3  # the story came by
    assert seen[kind] == {}


def test_letters_of_charts_can_be_read_from_the_back_row(seen):
    sizes = {where: found for where, found in seen["charts"].items() if not where.endswith("390")}
    assert {where: found for where, found in sizes.items() if min(most for _, most in found) < 20} == {}
    assert {where: found for where, found in sizes.items() if where.startswith("form") and min(found)[0] < 20} == {}
