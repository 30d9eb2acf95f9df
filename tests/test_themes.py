"""What comments talk about: shared words and phrases, never marks, never names."""

import pytest

from opsretro.analysis.methods.themes import themes

ZH = [
    "加班太多，周末也要值班",
    "加班没有补贴，希望有调休",
    "又是加班",
    "需求变更太频繁",
    "临时需求变更太多",
    "需求变更没有通知",
    "毛利太低",
    "毛利目标不合理",
    "毛利怎么算不清楚",
    "需求变更和加班",
]
EN = [
    "Too many meetings, 14 a week",
    "The weekly meeting could be an email",
    "weekly meetings are too long",
    "meetings clash with customer calls",
    "cancel the weekly meeting",
    "career growth is unclear",
    "No career growth here",
    "career growth: none",
]


def found(texts, **options):
    return dict(themes(texts, **options).itertuples(index=False))


def test_chinese_words_and_phrases_are_counted_by_comment():
    # Counted by hand in ZH.
    assert found(ZH) == {"需求变更": 4, "加班": 4, "毛利": 3}


def test_a_phrase_stands_for_its_words_and_a_more_common_word_stays():
    # career and growth are in 3 comments, always together; meeting(s) in 5, weekly in 3 of them.
    assert found(EN) == {"meetings": 5, "career growth": 3, "weekly meeting": 3}


def test_phrases_come_before_words_of_the_same_frequency():
    assert list(found(ZH)) == ["需求变更", "加班", "毛利"]


def test_the_order_of_the_comments_does_not_matter():
    assert themes((ZH + EN)[::-1]).equals(themes(ZH + EN))


def test_a_comment_counts_once_however_often_it_says_it():
    assert found(["加班，加班，加班", "加班"], least=2) == {"加班": 2}


@pytest.mark.parametrize(
    "mark", ["姓名", "电话", "微信", "QQ", "邮箱", "证件号", "工号", "name", "phone", "mail", "id card"]
)
def test_marks_of_redaction_are_no_theme(mark):
    assert found([f"[{mark}]"] * 5 + [f"加班 [{mark}] overtime"] * 3) == {"overtime": 3, "加班": 3}


def test_a_phrase_does_not_reach_across_a_mark_or_a_comma():
    assert found(["career [name] growth", "career, growth", "career. Growth"]) == {"career": 3, "growth": 3}


def test_what_may_be_a_name_is_no_theme():
    texts = ["Kevin is rude", "I think Kevin is unfair", "ask Kevin", "韩梅梅迟到", "找韩梅梅", "和韩梅梅沟通"]
    assert "kevin" not in found(texts)
    assert "韩梅梅" not in found(texts)


def test_stop_words_numbers_and_markup_are_no_theme():
    assert found(["we should have more of the 12 <b> 因为 希望 我们 没有"] * 5) == {}


def test_singular_and_plural_are_one_theme_in_the_more_frequent_spelling():
    assert found(["tool breaks", "tools slow", "tools fail"], least=3) == {"tools": 3}


def test_full_width_letters_are_the_same_word():
    assert found(["ｔｏｏｌ", "Tool", "TOOL"]) == {"tool": 3}


def test_rare_themes_are_left_out_and_the_list_is_short():
    assert found(ZH, least=4) == {"需求变更": 4, "加班": 4}
    assert found(ZH, most=1) == {"需求变更": 4}


@pytest.mark.parametrize("texts", [[], [""], ["", " ", "。"], ["加班"]])
def test_nothing_to_say_gives_an_empty_table(texts):
    empty = themes(texts)
    assert (list(empty.columns), len(empty)) == (["theme", "n"], 0)
