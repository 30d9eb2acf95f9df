"""Hints which cards of a board say alike: paraphrases are told, shared commonplaces and opposites are not."""

import numpy as np
import pytest

from opsretro.analysis.methods.similar_texts import similar_pairs

ZH = [
    ("短信发送时间太晚", "短信发得太晚了"),
    ("会员日当天服务器宕机", "会员日服务器宕机两小时"),
    ("客服培训资料更新滞后", "客服培训资料没有及时更新"),
    ("海报上的价格写错了", "活动海报出错，价格写错"),
    ("退款流程太长", "退款审批流程太长，要五个人签字"),
    ("活动规则太复杂，用户看不懂", "活动规则复杂，用户不理解"),
    ("客服响应很快", "客服接通率低"),
    ("客服加班严重", "活动行动项没有负责人"),
    ("活动库存准备不足", "退款原因没有记录"),
    ("小红书渠道获客成本下降", "抖音获客成本越来越高"),
]
EN = [
    ("Wrong price on the campaign posters", "Campaign posters showed a wrong price"),
    ("Sharing the campaign calendar early helped", "Campaign calendar was shared early"),
    ("Legal review delayed the release", "Release was delayed by legal review"),
    ("Manual handling of refund requests", "Refund requests are handled manually"),
    ("Customer data sits in too many systems", "Customer data is spread over four systems"),
    ("Shop shows wrong inventory numbers", "Inventory numbers are wrong in the shop"),
    ("Customers praised the packaging", "Campaign brought many new customers"),
    ("Refund policy is hard to find", "Refunds are now paid within one day"),
    ("Support chatbot gives wrong answers", "Support team answered all tickets on weekends"),
    ("TikTok videos performed well", "TikTok ads got more expensive"),
]
"""In each list the first six pairs say alike and four do not."""


def told(texts, **options):
    return [tuple(pair) for pair in similar_pairs(texts, **options)[["first", "second"]].to_numpy().tolist()]


@pytest.mark.parametrize("board", [ZH, EN, ZH + EN], ids=["zh", "en", "both"])
def test_most_paraphrases_are_told_and_nothing_else(board):
    # Cards 2 i and 2 i + 1 are pair i, and the first six of ten say alike.
    right = {(2 * i, 2 * i + 1) for i in range(len(board)) if i % 10 < 6}
    found = set(told([card for pair in board for card in pair]))
    assert (found - right, 3 * len(found) >= 2 * len(right)) == (set(), True)


@pytest.mark.parametrize(
    ("one", "opposite"),
    [
        ("客服响应太慢", "客服响应很快"),
        ("新用户转化率下降", "新用户转化率上升"),
        ("数据看板更新不及时", "数据看板更新及时"),
        ("没有设置对照组，活动效果说不清", "活动设置了对照组，效果说得清"),
        ("活动规则太复杂，用户看不懂", "活动规则简单，用户看得懂"),
        ("Refund rate went up", "Refund rate went down"),
        ("Dashboard is updated too late", "Dashboard is updated on time"),
        ("Campaign had no control group", "Campaign had a control group"),
        ("Customers don’t understand the rules", "Customers understand the rules"),
    ],
)
def test_who_says_the_opposite_does_not_say_alike(one, opposite):
    assert told([one, opposite], least=0.01) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [("看板数据更新不及时", "数据看板没有及时更新"), ("Dashboard not updated on time", "Dashboards are updated late")],
)
def test_a_denied_opposite_says_the_same(one, other):
    assert told([one, other]) == [(0, 1)]


def test_the_same_words_are_wholly_alike_whatever_their_width_case_and_punctuation():
    found = similar_pairs(["GMV 下降！", "gmv下降", "ＧＭＶ，下降", "直播很好"])
    assert found["likeness"].tolist() == pytest.approx([1.0] * 3)


def test_endings_of_english_words_do_not_matter():
    assert told(["customer delayed refunds", "Customers: refund delays"]) == [(0, 1)]


def test_cards_in_two_languages_are_alike_by_a_shared_name_only():
    assert told(["很慢", "Slow", "客服响应不够快", "Support is not fast"]) == []
    assert told(["TikTok Shop GMV 下降", "GMV of TikTok Shop dropped"]) == [(0, 1)]


def test_what_is_rare_on_the_board_weighs_more():
    # Both pairs share one word of two; only the first pair's is not on every card.
    pair = similar_pairs(
        ["coupon campaign", "coupon video", "poster campaign", *["campaign"] * 40], least=0.01, most=900
    )
    likeness = dict(zip(zip(pair["first"], pair["second"], strict=True), pair["likeness"], strict=True))
    assert likeness[0, 1] > 2 * likeness[0, 2]


def test_marks_of_redaction_make_no_cards_alike():
    assert told(["[姓名] 排班", "[姓名] 预算", "[name] budget", "[name] rota"], least=0.01) == []


def test_an_emoji_is_alike_to_itself_only():
    assert told(["👍", "🎉", "👍", "👎", "……"]) == [(0, 2)]


@pytest.mark.parametrize("texts", [[], ["客服响应太慢"], ["", ""], ["", "  ", "\n"]])
def test_where_nothing_can_be_compared_nothing_is_told(texts):
    found = similar_pairs(texts)
    assert (len(found), found.dtypes.astype("str").to_dict()) == (
        0,
        {"first": "int64", "second": "int64", "likeness": "float64"},
    )


def test_of_a_long_card_the_beginning_counts():
    long = "客服没有及时回复" * 20_000
    assert told([long, long + "，退款", "客服响应太慢"]) == [(0, 1)]


def test_the_most_alike_come_first_and_equals_by_position():
    texts = ["周会太长", "加班太多", "周会太长", "加班太多", "加班太多，没有调休"]
    assert told(texts) == [(0, 2), (1, 3), (1, 4), (3, 4)]
    assert told(texts, most=1) == [(0, 2)]


def test_many_cards_of_one_opinion_are_all_told():
    # 30 equal cards have 30 * 29 / 2 = 435 pairs.
    found = similar_pairs(["客服响应太慢"] * 30, most=1000)
    assert (len(found), bool((found["first"] < found["second"]).all())) == (435, True)


def test_likeness_is_symmetric_and_the_same_in_every_run():
    texts = [card for pair in ZH + EN for card in pair]
    found, again, turned = (similar_pairs(cards, least=0.05, most=999) for cards in (texts, texts, texts[::-1]))
    assert again.equals(found)
    assert np.sort(turned["likeness"]).tolist() == np.sort(found["likeness"]).tolist()
