"""Team health in words: sentences agree with the verdicts, and say no more than may be said, in both languages."""

import csv
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLE
from health_results import (
    COMMENTS,
    DOWN,
    EVIL,
    LEVELS,
    MONTH,
    SHOWN,
    UNTOLD,
    around,
    empty,
    review,
)

from opsretro.analysis.health_review import HealthFinding, HealthReview, HealthState
from opsretro.analysis.result import Finding
from opsretro.report.health_text import HealthText
from opsretro.report.health_view import HealthView
from opsretro.report.views import load, view
from opsretro.words import LANGUAGES, say

ENDS = {"en": ".", "zh-CN": "。"}
GROUP_DOWN = {("team=growth", "workload"): "down"}
FEW = {(MONTH, "all", "tools"): "audit"}
QUIET = [state for state in HealthState if state is not HealthState.SHOWN]


def text_of(*args, lang="en", **options):
    """Words of a review."""
    return HealthText(review(*args, lang=lang, **options), lang)


def section(found):
    """The section of the page as HTML."""
    return str(HealthView(found).section())


def words(html):
    """What can be read of HTML, without pictures."""
    return re.sub(
        r"\s+", " ", unescape(re.sub(r"<style>.*?</style>|<svg.*?</svg>|<[^>]+>", " ", html, flags=re.DOTALL))
    )


def cells_of(row, frame):
    """One line of a table by its columns."""
    return dict(zip(frame.columns, row, strict=True))


@pytest.fixture(scope="module")
def page():
    """The section of a month in which everybody and a group changed."""
    return section(review(DOWN | GROUP_DOWN))


# --- the answer


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        (
            "en",
            "Manageable workload: down to 3.0 of 5, where earlier months would put it at 3.2 to 4.0 (22 people). "
            "7 other dimensions of everybody stayed within their ordinary variation.",
        ),
        (
            "zh-CN",
            "工作量合理：得分降到 3.0，按前几个月的情况应在 3.2 至 4.0（22 人作答）。"
            "全体的另外 7 个维度都在平时的波动之内。",
        ),
    ],
)
def test_one_change_is_told_with_its_numbers_and_what_stayed(lang, told):
    assert review(DOWN, lang=lang).headline == told


def test_several_changes_are_the_first_with_its_numbers_and_the_names_of_the_others():
    told = review(DOWN | GROUP_DOWN | {("all", "tools"): "up"}).headline
    assert told.startswith("Manageable workload: down to 3.0 of 5,")
    assert told.endswith(
        "Beyond ordinary variation, too: Tools and data (up) and Growth group · Manageable workload (down)."
    )


def test_everybodys_change_comes_before_a_groups():
    assert list(text_of(GROUP_DOWN | {("all", "tools"): "up"}).moved()["group"]) == ["all", "team=growth"]


@pytest.mark.parametrize(
    ("lang", "told"),
    [
        ("en", "No change: all 8 dimensions stayed within their ordinary variation."),
        ("zh-CN", "没有变化：8 个维度都在平时的波动之内。"),
    ],
)
def test_no_change_is_said_only_where_all_could_be_told(lang, told):
    assert review(lang=lang).headline == told


def test_what_cannot_be_told_is_never_called_no_change():
    told = review({("all", "tools"): "cannot_tell"}).headline
    assert told == (
        "No change seen: 7 of 8 dimensions stayed within their ordinary variation. "
        "Of one dimension even half a point up or down would go unnoticed."
    )


@pytest.mark.parametrize("options", [{"n_months": 6}, {"verdicts": UNTOLD}])
def test_where_nothing_can_be_told_the_answer_says_so(options):
    told = "The scores of Oct 2026 are known, but whether anything changed cannot be told yet."
    assert review(**options).headline == told


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("state", QUIET)
def test_a_month_without_scores_is_one_calm_sentence(state, lang):
    view_of = HealthView(review(state=state, lang=lang))
    assert view_of.headline().count(ENDS[lang]) == 1 and view_of.headline().endswith(ENDS[lang])
    assert (len(view_of.table()), view_of.conclusions(), view_of.changes()) == (0, [], [])


@pytest.mark.parametrize("state", QUIET)
def test_what_may_still_be_shown_stays_without_scores(state):
    html = section(review(state=state))
    assert 'id="health-suggestions"' in html and "Growth group stands off by its overtime" in html
    assert 'id="health-months"' not in html and "Three questions" not in html


@pytest.mark.parametrize("state", QUIET)
def test_a_period_nothing_is_known_of_is_one_sentence(state):
    found = empty(state)
    assert words(section(found)).strip() == found.headline


# --- verdicts, numbers and words never disagree


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_finding_is_a_whole_sentence(lang):
    others = [Finding(code=HealthFinding.LATE, n=2), *(Finding(code=state) for state in QUIET)]
    told = review(DOWN | {("all", "tools"): "up"} | GROUP_DOWN, lang=lang, findings=others).sentences()
    assert len(told) == 3 + 4 + len(others)
    assert all(sentence.endswith(ENDS[lang]) and not re.search(r"nan|\{", sentence) for sentence in told)


def test_no_change_is_not_said_beside_a_change():
    told = review(DOWN).sentences()
    assert told[1] == "7 of 8 dimensions of everybody stayed within their ordinary variation."
    assert not any("No change" in sentence for sentence in told)


@pytest.mark.parametrize(("mean", "shown"), [(3.24, "3.24"), (3.14, "3.1"), (3.3, "3.3")])
def test_a_mean_never_seems_to_lie_on_the_other_side_of_its_band(mean, shown):
    near, lower, _ = text_of().scores(mean, 3.25 if mean < 3.25 else 3.2, 4.0)
    assert near == shown and (float(near) < float(lower)) == (mean < 3.25)


def test_a_dimension_whose_name_holds_a_stroke_is_found():
    found = review(DOWN)
    changes, dimensions, cells = found.changes, found.dimensions, found.cells
    for frame in (changes, dimensions, cells):
        frame["dimension"] = frame["dimension"].replace("workload", "life/work")
    named = review(DOWN, changes=changes, dimensions=dimensions, cells=cells)
    finding = Finding(code="down", subject="all/life/work", value=3.0)
    assert HealthText(named, "en").sentence(finding).startswith("life/work: down to 3.0")


@pytest.mark.parametrize(
    ("share", "n", "told"),
    [
        (22 / 24, 22, "22 people answered, 92% of the team."),
        (None, 22, "22 people answered; how many were asked is not known."),
        (None, None, "Fewer than five people answered."),
    ],
)
def test_participation_is_told_as_far_as_it_is_known(share, n, told):
    assert text_of().sentence(Finding(code="participation", value=share, n=n)) == told


def test_overtime_stands_beside_everybodys():
    finding = Finding(code="overtime", subject="team=growth", value=0.17)
    assert text_of().sentence(finding) == "Growth group: 17% overtime, 10% for everybody together."
    alone = text_of(workload=around()["workload"].iloc[1:])
    assert alone.sentence(finding) == "Growth group: 17% overtime."


def test_hours_below_the_contracted_ones_have_a_minus():
    assert text_of().amount("overtime", -0.031) == "−3%"


# --- names


@pytest.mark.parametrize(
    ("lang", "group", "dimension"), [("en", "Growth group", "Learning"), ("zh-CN", "增长组", "成长")]
)
def test_a_group_and_a_dimension_of_the_same_id_have_their_own_names(lang, group, dimension):
    text = text_of(lang=lang)
    assert (text.group("team=growth"), text.dimension("growth")) == (group, dimension)


@pytest.mark.parametrize(("lang", "name"), [("en", "Everybody"), ("zh-CN", "全体")])
def test_everybody_is_not_named_after_a_segment_of_buyers(lang, name):
    assert text_of(lang=lang).group("all") == name


def test_the_teams_own_names_win():
    text = text_of(names={"workload": {"en": "Load"}, "tools_work": {"en": "Our tools"}})
    assert (text.dimension("workload"), text.item("tools_work")) == ("Load", "Our tools")


def test_ids_nobody_named_are_shown_as_they_are():
    text = text_of()
    assert (text.dimension("snacks"), text.item("snacks_1"), text.group("team=night")) == (
        "snacks",
        "snacks_1",
        "night",
    )


def test_another_attribute_is_named_with_its_values():
    assert text_of().group("tenure=<1y") == "Tenure <1y"
    assert text_of().group("team=growth&tenure=<1y") == "Growth group · Tenure <1y"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_item_and_dimension_of_the_sample_has_words(lang):
    with (SAMPLE / "survey" / "items.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    text = text_of(lang=lang)
    assert [row["item"] for row in rows if text.item(row["item"]) == row["item"]] == []
    assert [row["dimension"] for row in rows if text.dimension(row["dimension"]) == row["dimension"]] == []


# --- how sure, and what cannot be told


def test_the_certainty_is_one_line_of_who_answered_and_how_often_chance_speaks():
    told = text_of(findings=[Finding(code=HealthFinding.LATE, n=1)]).certainty()
    assert told.startswith("22 people answered, 92% of the team. One form came after the month was published")
    assert "about one month in twenty" in told and "about one month" not in text_of(n_months=6).certainty()


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        ("steady", "A change smaller than 0.4 would go unseen; rests on 12 earlier months."),
        ("down", "A difference of more than 0.4 would be rare if nothing had changed; rests on 12 earlier months."),
    ],
)
def test_every_line_says_how_large_a_change_it_shows(verdict, told):
    frame = review({("all", "workload"): verdict}).certainty()
    assert frame.iloc[0].tolist()[2] == told  # half of 3.95 − 3.25 is 0.35


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"verdicts": UNTOLD}, "Its months differ so much by themselves (2.9 to 4.3) that a change of half a point"),
        ({"n_months": 6}, "Whether it changed cannot be told: that takes 6 earlier months, and there are 5 months."),
        ({"verdicts": UNTOLD, "hidden": {}}, "would not stand out."),
    ],
)
def test_what_cannot_be_told_says_why(options, told):
    assert told in review(**options).certainty().iloc[0].tolist()[2]


def part_hidden():
    """A review in which one of the two items of workload is withheld in the month."""
    found = review({("all", "workload"): "cannot_tell"})
    cells = found.cells
    hidden = (cells["month"] == MONTH) & (cells["group"] == "all") & (cells["item"] == "workload_late")
    cells.loc[hidden, ["mean", "suppressed", "reason"]] = [np.nan, True, "audit"]
    changes = found.changes
    first = (changes["group"] == "all") & (changes["dimension"] == "workload")
    changes.loc[first, ["expected", "lower", "upper"]] = np.nan
    changes.loc[first, "n_months"] = 0
    return review({("all", "workload"): "cannot_tell"}, cells=cells, changes=changes)


def test_a_dimension_of_which_an_item_is_withheld_is_not_told_as_a_short_past():
    found = part_hidden()
    assert "Not all of its questions may be shown" in found.certainty().iloc[0].tolist()[2]
    assert cells_of(found.table().iloc[0], found.table())["Compared with"] == "–"
    assert "Everybody: Manageable workload; not all of their questions may be shown" in " ".join(
        HealthText(found, "en").cannot()
    )


def test_groups_of_which_the_same_cannot_be_told_stand_together():
    told = text_of(n_months=6).cannot()
    assert told[0].startswith("Everybody and Growth group: whether anything changed. That takes 6 earlier months")


def test_a_group_too_small_to_show_is_named_and_has_no_number():
    told = text_of().cannot()
    assert (
        "Content group and Service group: nothing may be shown, or the answers of a few people could be worked out."
        in told
    )
    assert "How the 2 people are who did not answer." in told  # 24 − 22


@pytest.mark.parametrize("lang", LANGUAGES)
def test_that_scores_give_no_reason_is_always_said(lang):
    assert text_of(lang=lang).cannot()[-1] == say("health.cannot.why", lang)


@pytest.mark.parametrize("state", QUIET)
def test_without_scores_there_is_nothing_to_be_unsure_of(state):
    assert text_of(state=state).cannot() == []


def test_what_changed_lists_changes_alone():
    assert text_of().changed() == []
    assert len(text_of(DOWN | GROUP_DOWN).changed()) == 2


# --- questions for the room


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("verdicts", [{}, DOWN, DOWN | GROUP_DOWN, UNTOLD])
def test_there_are_three_different_questions(verdicts, lang):
    asked = review(verdicts, lang=lang).questions()
    assert len(set(asked)) == 3 and all(question.endswith(("?", "？")) for question in asked)


def test_questions_begin_with_what_changed_and_ask_once_a_dimension():
    asked = review(DOWN | GROUP_DOWN).questions()
    assert asked[0].startswith("Manageable workload is lower") and asked[1].startswith(
        "Growth group worked well beyond"
    )
    assert asked[2] == "2 suggestions still wait: which do we answer today, and who does?"


# --- what is withheld, and what was dropped


def test_what_is_withheld_is_told_in_counts_and_reasons():
    assert text_of(hidden=FEW).withheld() == [
        "Content group: 10 scores withheld, showing it would let people work out a group below five.",
        "Service group: 10 scores withheld, fewer than five answered.",
        "Everybody: 1 score withheld, showing it would let people work out somebody's answer.",
    ]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_months_nothing_is_shown_of_are_named_with_their_reason(lang):
    text = text_of(lang=lang, hidden={("2026-03", "all"): "few", ("2026-05", "all", "tools"): "complement"})
    assert list(text.hidden_months("all")) == ["2026-03"]
    assert list(text.hidden_months("all", "tools").values()) == ["few", "complement"]
    assert say("health.why.complement", lang) in text.gaps("all", "tools") and text_of(lang=lang).gaps("all") == ""


def test_what_was_dropped_is_told_in_counts_and_headers():
    assert text_of().dropped() == [
        "Not used, because it could tell who somebody is: 来自IP and 提交答卷时间.",
        "Sums that the form adds by itself, left out: 总分.",
        "1 row was there twice and counts once.",
        "4 answers were skipped: Tools and data work smoothly and Knows the goal that matters most.",
    ]


def test_a_kind_of_log_nobody_wrote_words_for_is_shown_as_it_is():
    log = pd.DataFrame([{"month": MONTH, "kind": "odd", "column": "x", "n": 2}])
    assert text_of(log=log).dropped() == ["odd: 2 (x)."]


def test_many_columns_are_cut_to_a_few():
    log = [{"month": MONTH, "kind": "dropped", "column": f"c{n}", "n": 1} for n in range(9)]
    assert text_of(log=pd.DataFrame(log)).dropped()[0].endswith("c5 and 3 more.")


@pytest.mark.parametrize(
    ("group", "told"), [("team=growth", "Growth group: 11 of 11 answered"), ("team=night", "night")]
)
def test_a_group_says_how_many_answered_where_that_is_known(group, told):
    assert text_of().took_part(group) == told


# --- the table, the tile, the page


def test_the_table_is_everybody_then_the_groups_that_may_be_shown():
    table = review(DOWN).table()
    assert len(table) == len(SHOWN) * len(LEVELS)
    first = cells_of(table.iloc[0], table)
    assert first == {
        "Dimension": "Manageable workload",
        "Score": "3.0",
        "95% interval": "2.5 to 3.5",
        "People": "22",
        "Ordinary variation": "3.2 to 4.0",
        "Compared with": "12 months",
        "What it says": "down",
    }
    assert table["Dimension"].iloc[len(LEVELS)] == "Growth group · Manageable workload"


def test_what_is_not_known_is_a_dash_in_the_table():
    assert set(review(n_months=6).table()["Ordinary variation"]) == {"–"}


@pytest.mark.parametrize(
    ("verdicts", "line"),
    [
        ({}, "no change"),
        (DOWN, "1 change: Manageable workload"),
        (DOWN | GROUP_DOWN, "2 changes"),
        (UNTOLD, "cannot tell yet"),
    ],
)
def test_the_tile_counts_the_changes(verdicts, line):
    assert HealthView(review(verdicts)).tile()[0] == line


def test_the_tile_shows_a_change_as_a_diamond_and_what_cannot_be_told_hollow():
    picture = HealthView(review(DOWN | {("all", "tools"): "cannot_tell"})).tile()[1]
    assert (picture.count("var(--accent)"), picture.count('fill="none"')) == (1, 1)


@pytest.mark.parametrize("state", QUIET)
def test_the_tile_of_a_month_without_scores_says_so(state):
    assert HealthView(empty(state)).tile()[0] == "nothing to show"


def test_conclusions_lead_to_their_evidence(page):
    places = [where for _, where in HealthView(review(DOWN | GROUP_DOWN)).conclusions()]
    assert places == ["open-health-workload", "open-health-groups"]
    assert all(f'id="{where}"' in page for where in places)


def test_every_link_of_the_table_has_its_place(page):
    linked = set(re.findall(r'href="#(open[^"]+)"', page))
    assert len(linked) == 9 and linked <= set(re.findall(r'id="([^"]+)"', page))


@pytest.mark.parametrize(("verdicts", "n"), [({}, 1), (UNTOLD, 0), (DOWN, 1)])
def test_that_nothing_changed_is_a_conclusion_that_it_cannot_be_told_is_none(verdicts, n):
    assert len(HealthView(review(verdicts)).conclusions()) == n


def test_the_parts_of_the_page_stand_in_their_order_and_comments_come_last(page):
    names = ("months", "groups", "spread", "withheld", "suggestions", "voices")
    places = [page.index(f'id="health-{name}"') for name in names]
    assert places == sorted(places) and page.index(COMMENTS[0]) > places[-1]
    assert page.index("<table>") < page.index('class="certain"') < page.index("Three questions") < places[0]


def test_all_details_are_folded_at_first(page):
    assert page.count("<details") == 6 and not re.search(r"<details[^>]* open", page)


def test_a_change_of_a_group_has_its_own_picture_in_the_groups(page):
    title = "Growth group · Manageable workload lies below where earlier months would put it"
    assert page.index('id="health-groups"') < page.index(title) < page.index('id="health-spread"')


def test_no_colour_but_the_tokens_is_in_the_section(page):
    assert "var(--accent)" in page and set(re.findall(r"#[0-9a-fA-F]{6}\b", page)) <= {"#000000"}


def test_no_hours_of_a_withheld_group_are_on_the_page(page):
    assert "1.6 h" in review().beside().axes[1].texts[2].get_text()  # the last group drawn is the content group
    drawn = [text.get_text() for axes in review().beside().axes for text in axes.texts]
    assert "1.2 h" not in drawn and "Not shown, as in the survey: Service group." in words(page)


# --- people's own words


def test_suggestions_are_answered_new_or_carried():
    found = review()
    assert [HealthText(found, "en").carried(row) for _, row in found.suggestions.iterrows()] == [
        "New, no answer yet.",
        "No answer yet; waiting since Jul 2026, 3 months.",
        "Answered in Oct 2026: 已从 10 月起执行",
    ]


def test_comments_that_may_not_be_shown_are_counted():
    quiet = pd.DataFrame(columns=["text"])
    said = words(section(review(comments=quiet, themes=pd.DataFrame(columns=["theme", "n"]))))
    assert "3 comments are not shown: with fewer than ten answers" in said


def test_a_notebook_shows_the_words_of_the_month():
    said = words(review().voices().data)
    assert all(text in said for text in COMMENTS) and "排期" in said and "waiting since Jul 2026" in said
    assert say("health.voices_none", "en") in words(empty().voices().data)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_text_from_data_is_text(lang):
    evil = pd.DataFrame([{"text": EVIL}])
    box = pd.DataFrame([{"month": MONTH, "suggestion": EVIL, "answer": EVIL, "answered_in": MONTH, "carried": 0}])
    log = pd.DataFrame([{"month": MONTH, "kind": "dropped", "column": EVIL, "n": 1}])
    names = {name: {"en": EVIL, "zh-CN": EVIL} for name in ("workload", "content", "service", "tools_work")}
    themes = pd.DataFrame([{"theme": EVIL, "n": 3}])
    found = review(DOWN, lang=lang, names=names, comments=evil, suggestions=box, log=log, themes=themes)
    html = section(found) + found.voices().data + str(found._repr_html_())
    assert "<script" not in html and "{{ 7*7 }}" in html and "&lt;script&gt;" in html


# --- data


def test_the_result_survives_its_json_in_the_same_words():
    found = review(DOWN | GROUP_DOWN)
    again = load(found.to_dict(), lang="en")
    assert isinstance(again, HealthReview) and again.sentences() == found.sentences()
    assert again.table().equals(found.table()) and again.to_json() == found.to_json()


def test_the_view_is_found_by_its_section():
    assert isinstance(view(review()), HealthView)
    assert view(review()).method() == say("page.method_health", "en")
