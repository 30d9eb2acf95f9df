"""Cards from the export of a form: every tool, no trace of who wrote them, and what is told of the rest."""

import re

import form_files as files
import pytest

from opsretro.errors import InputError
from opsretro.tables.card_form import read_cards

COLUMNS = {
    "keep": ["Keep", "保持", "What should we keep doing?", "继续做什么"],
    "problem": ["Problem", "问题", "What did not work?", "遇到了什么问题"],
    "try": ["Try", "尝试", "What shall we try next month?", "下个月想试什么"],
}
TEAMS = ["增长组", "内容组", "增长组", "内容组"]
ANSWERS = [
    ["1. 周会很短\n2、看板清楚", "客服响应太慢", "无"],
    ["活动复盘及时", "退款流程太长，审批要五个人签字", "- 提前预热\n- 设对照组"],
    ["", "没有", "N/A"],
    ["<script>{{ 7*7 }}", "联系 138 0013 8000 处理投诉", "早点 review the campaign, please"],
]
CARDS = sorted(
    [
        *[("keep", text) for text in ("周会很短", "看板清楚", "活动复盘及时", "<script>{{ 7*7 }}")],
        *[
            ("problem", "客服响应太慢"),
            ("problem", "退款流程太长，审批要五个人签字"),
            ("problem", "联系 [电话] 处理投诉"),
        ],
        *[("try", text) for text in ("提前预热", "设对照组", "早点 review the campaign, please")],
    ]
)


def wenjuanxing():
    header = (
        "序号,提交答卷时间,所用时间,来源,来源详情,来自IP,1、所在团队,2、保持：,3、问题（必填）,4、尝试,5、本月打分,总分"
    )
    front = [[str(90_417 + i), files.WHO["time"], files.WHO["taken"], "微信", "N/A", files.WHO["ip"]] for i in range(4)]
    return joined(header, front, [["4", "17"]] * 4, group=True)


def tencent():
    header = "编号,开始答题时间,结束答题时间,答题时长,IP,IP省份,微信昵称,1.所在团队(必填)"
    header += ",2.继续做什么,3.遇到了什么问题,4.下个月想试什么"
    who = [files.WHO["time"], files.WHO["time"], files.WHO["taken"], "192.0.2.7", "广东", files.WHO["wechat"]]
    return joined(header, [[f"{i + 1}", *who] for i in range(4)], [[]] * 4, group=True)


def feishu():
    header = "保持 *,本月遇到的问题,想尝试的事,提交人,提交时间,自动编号"
    return joined(header, [[]] * 4, [[files.WHO["name"], f"2026-10-25 12:00:0{i}", f"{i}"] for i in range(4)])


def google():
    header = "Timestamp,Username,What should we keep doing?,What did not work?,What shall we try next month?,Score"
    return joined(header, [[f"2026/10/25 3:00:0{i} PM GMT+8", files.WHO["mail"]] for i in range(4)], [["3 / 5"]] * 4)


def microsoft():
    header = "ID,Start time,Completion time,Email,Name,Keep\u00a0,Problems\u00a0,Try\u00a0,Points - Try"
    who = [files.WHO["time"], files.WHO["time"], files.WHO["mail"], files.WHO["name"]]
    return joined(header, [[f"{i + 1}", *who] for i in range(4)], [["0"]] * 4)


def joined(header, front, back, *, group=False):
    parts = zip(front, TEAMS, ANSWERS, back, strict=True)
    return [header.split(","), *([*one, *([team] if group else []), *said, *last] for one, team, said, last in parts)]


TOOLS = {"问卷星": wenjuanxing, "Tencent": tencent, "Feishu": feishu, "Google": google, "Microsoft": microsoft}


def pairs(form):
    return sorted(form.cards.itertuples(index=False, name=None))


def small(folder, header, *rows, **options):
    path = files.write_text(folder / "form.csv", [header, *rows])
    return read_cards(path, columns=COLUMNS, **options)


def keeps(folder, *cells, **options):
    """What becomes of the cells of one question."""
    form = small(folder, ["保持"], *([cell] for cell in cells), **options)
    return sorted(form.cards["text"])


def told(form, kind):
    return dict(form.left_out.loc[form.left_out["kind"] == kind, ["column", "n"]].to_numpy())


def refused(path, message):
    with pytest.raises(InputError, match="^" + re.escape(message) + "$"):
        read_cards(path, columns=COLUMNS)


@pytest.mark.parametrize("tool", TOOLS)
def test_every_tool_in_every_file_format_gives_the_same_cards(tmp_path, tool):
    paths = files.write_formats(tmp_path, "form", TOOLS[tool]())
    found = {kind: pairs(read_cards(path, columns=COLUMNS)) for kind, path in paths.items()}
    assert found == dict.fromkeys(paths, CARDS)


@pytest.mark.parametrize("tool", TOOLS)
def test_no_identity_is_left_anywhere(tmp_path, tool):
    path = files.write_text(tmp_path / "form.csv", TOOLS[tool]())
    form = read_cards(path, columns=COLUMNS, roster=["林planted"])
    text = form.cards.to_csv() + form.left_out.to_csv() + repr(form) + str(form.unmatched)
    secrets = [*files.WHO.values(), "138", "90418", "2026", "广东", "微信,", *TEAMS]
    assert [who for who in secrets if who in text] == []


@pytest.mark.parametrize("tool", TOOLS)
def test_every_column_of_the_board_is_matched_and_nothing_else_asks(tmp_path, tool):
    assert read_cards(files.write_text(tmp_path / "form.csv", TOOLS[tool]()), columns=COLUMNS).unmatched == ()


def test_cards_do_not_show_in_the_repr(tmp_path):
    assert "周会" not in repr(small(tmp_path, ["保持"], ["周会很短"]))


def test_what_was_left_out_is_told_by_kind_and_header(tmp_path):
    form = read_cards(files.write_text(tmp_path / "form.csv", wenjuanxing()), columns=COLUMNS)
    # Of four answers one is blank in 保持, one is 没有 in 问题, 无 and N/A in 尝试; 来源详情 holds N/A only.
    assert told(form, "empty") == {"保持": 1, "问题": 1, "尝试": 2}
    assert told(form, "choice") == {"所在团队": 4, "本月打分": 4, "总分": 4}
    assert {"提交答卷时间", "来自IP", "来源"} <= set(told(form, "identifier"))


def test_the_order_of_the_cards_is_that_of_nobody(tmp_path):
    rows = [[f"周会 {i}", f"客服 {i}"] for i in range(30)]
    first, second = (small(tmp_path, ["保持", "问题"], *rows).cards for _ in range(2))
    assert (first.index.tolist(), sorted(first["text"])) == (list(range(60)), sorted(second["text"]))
    # By chance alone two shuffles of 60 cards agree in one of 60! cases.
    assert first["text"].tolist() != second["text"].tolist()


def test_the_order_of_the_rows_does_not_matter(tmp_path):
    rows = [["周会很短", "慢"], ["看板", "周会\n周会"], ["", "无"]]
    one = small(tmp_path, ["保持", "问题"], *rows)
    other = small(tmp_path, ["保持", "问题"], *rows[::-1])
    assert (pairs(one), one.left_out.to_csv()) == (pairs(other), other.left_out.to_csv())


@pytest.mark.parametrize(
    "marker",
    ["1. ", "1.", "2、", "3) ", "（4）", "(5)", "① ", "一、", "- ", "-", "• ", "·", "* ", "— ", "a) ", "１．", "[ ] "],
)
def test_the_marker_of_a_list_is_taken_off(tmp_path, marker):
    assert keeps(tmp_path, f"{marker}周会很短") == ["周会很短"]


@pytest.mark.parametrize(
    "text", ["1.5 倍增长", "-5% 退款率", "618 预热好", "3天退款", "一起复盘", "A/B 测试", "2026 年目标清楚", "=1+1"]
)
def test_a_figure_at_the_start_is_no_marker(tmp_path, text):
    assert keeps(tmp_path, text) == [text]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", "\u2028"])
def test_each_line_of_an_answer_is_a_card(tmp_path, end):
    assert keeps(tmp_path, end.join(["1、周会很短", "2、看板清楚", "3、无"])) == ["周会很短", "看板清楚"]


NOTHING = ["无", "无。", "没有", "没有了", "暂无", "none", "None.", "n/a", "N/A", "-", "/", "……", "no", "(空)", " "]


@pytest.mark.parametrize("nothing", NOTHING)
def test_who_says_nothing_gives_no_card(tmp_path, nothing):
    form = small(tmp_path, ["团队", "保持"], ["增长组", "周会很短"], ["增长组", nothing])
    assert (form.cards["text"].tolist(), told(form, "empty")) == (["周会很短"], {"保持": 1})


def test_the_same_twice_by_one_person_is_one_card_and_by_two_people_two(tmp_path):
    form = small(tmp_path, ["保持"], ["周会很短\n1. 周会很短"], ["周会很短"], ["看板清楚"])
    assert (sorted(form.cards["text"]), told(form, "duplicate")) == (
        ["周会很短", "周会很短", "看板清楚"],
        {"保持": 1},
    )


def test_a_row_exported_twice_counts_once(tmp_path):
    rows = [["1", "周会很短"], ["1", "周会很短"], ["2", "周会很短"]]
    form = small(tmp_path, ["序号", "保持"], *rows)
    assert (len(form.cards), told(form, "duplicate")) == (2, {"": 1})


def test_a_long_card_is_kept_whole(tmp_path):
    assert keeps(tmp_path, "客服没有及时回复" * 200) == ["客服没有及时回复" * 200]


def test_names_of_the_roster_and_of_those_who_answered_are_hidden(tmp_path):
    form = small(
        tmp_path, ["姓名", "问题"], ["王小明", "Chen Li 不回消息"], ["李雷", "王小明改期太多"], roster=["Chen Li"]
    )
    assert sorted(form.cards["text"]) == ["[姓名] 不回消息", "[姓名]改期太多"]


@pytest.mark.parametrize("contact", ["138 0013 8000", "a@example.com", "王经理", "2026/10/25"])
def test_a_card_that_is_nothing_but_a_contact_is_left_out_and_told(tmp_path, contact):
    form = small(tmp_path, ["保持"], ["周会很短"], [contact], ["看板清楚"])
    assert (sorted(form.cards["text"]), told(form, "identifier")) == (["周会很短", "看板清楚"], {"保持": 1})


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("保持", ["a@example.com", "b@example.com", "c@example.com"]),
        ("x", ["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        ("还有什么", ["k3f9-p2x7-m4q1", "k3f9-p2x7-m4q2", "k3f9-p2x7-m4q3"]),
        ("y", ["王小明", "李雷", "韩梅梅"]),
        ("团队", ["增长组", "增长组", "内容组"]),
    ],
)
def test_identities_and_groups_are_no_cards_whatever_their_header(tmp_path, header, cells):
    form = small(tmp_path, [header, "问题"], *([cell, "客服响应太慢"] for cell in cells))
    text = form.cards.to_csv() + form.left_out.to_csv()
    assert ([cell for cell in cells if cell in text], set(form.cards["column"])) == ([], {"problem"})


@pytest.mark.parametrize(
    "cells",
    [
        ["4", "5", "3", "5"],
        ["同意", "非常同意", "一般", "同意"],
        ["客服响应慢┋退款流程长", "客服响应慢", "退款流程长", "客服响应慢┋退款流程长"],
        [
            "Support was too slow;Refunds take long;",
            "Support was too slow;",
            "Refunds take long;",
            "Support was too slow;",
        ],
    ],
)
def test_a_question_of_choice_is_no_card_though_it_speaks_of_problems(tmp_path, cells):
    rows = [[cell, f"第 {i} 次尝试预热"] for i, cell in enumerate(cells)]
    form = small(tmp_path, ["最严重的问题是", "尝试"], *rows)
    assert (set(form.cards["column"]), told(form, "choice")) == ({"try"}, {"最严重的问题是": 4})


def test_people_of_one_mind_are_no_question_of_choice(tmp_path):
    assert keeps(tmp_path, "周会很短", "周会很短", "周会很短", "周会很短", "周会很短") == ["周会很短"] * 5


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Q2. What should we keep doing? *", "keep"),
        ("KEEP", "keep"),
        ("复盘 [保持]", "keep"),
        ("这个月要保持的做法", "keep"),
        ("Problems we met", "problem"),
        ("3、你遇到了什么问题？（必填）", "problem"),
        ("Things to try", "try"),
    ],
)
def test_a_header_asks_for_a_column_by_its_wording(tmp_path, header, column):
    form = small(tmp_path, [header], ["weekly meetings are short"], ["看板清楚多了"])
    assert (set(form.cards["column"]), form.unmatched) == ({column}, ())


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Anything else we want to do next month", "try"),
        ("你的其他想法", ""),
        ("保持和尝试", ""),
        ("Comments", ""),
    ],
)
def test_a_question_no_column_surely_asks_is_told_with_its_cards(tmp_path, header, column):
    form = small(tmp_path, ["保持", header], ["周会", "客服响应太慢了"], ["看板", "退款流程太长"])
    assert (form.unmatched, sorted(form.cards["column"])) == ((header,), sorted(["keep", "keep", column, column]))


def test_short_answers_to_another_question_are_told_as_such(tmp_path):
    form = small(tmp_path, ["保持", "本月之星"], ["周会", "小明同学"], ["看板", "阿雷"])
    assert (told(form, "short"), form.unmatched) == ({"本月之星": 2}, ())


def test_short_answers_to_an_open_question_are_cards(tmp_path):
    form = small(tmp_path, ["What went well?", "哪些地方不顺"], ["short meetings", "慢"], ["clear dashboards", "退款"])
    assert (len(form.cards), form.unmatched) == (4, ("What went well", "哪些地方不顺"))


@pytest.mark.parametrize(("header", "cells"), [("大家怎么叫你", ["小鱼", "阿猫"]), ("你是哪位", ["王小明", "李雷"])])
def test_an_open_question_after_people_gives_no_cards(tmp_path, header, cells):
    form = small(tmp_path, ["保持", header], *(["看板", cell] for cell in cells))
    assert form.cards["text"].tolist() == ["看板", "看板"]


WHO = (
    "微信名", "花名", "您的花名", "网名", "抖音号", "英文名", "备注名", "姓名/花名", "企业微信名", "飞书名",
    "怎么称呼您？", "作者", "Author", "Submitter", "Alias", "Handle", "代号", "签名档",
)  # fmt: skip
PLACES = ("部门", "所属部门", "您所在的部门", "组织架构", "岗位", "所在门店", "条线")
NICKNAMES = ("爱吃鱼的小猫咪", "向日葵与海边风", "一只会飞的企鹅", "今天也要早睡呀")
ALIKE = [f"运营中心/用户增长部/{name}一组" for name in ("活动运营", "内容运营", "渠道拓展", "社群维护")]


@pytest.mark.parametrize(("header", "cells"), [*((who, NICKNAMES) for who in WHO), *((at, ALIKE) for at in PLACES)])
def test_what_everybody_calls_themselves_gives_no_cards(tmp_path, header, cells):
    form = small(tmp_path, ["保持", header], *(["周会很短", cell] for cell in cells))
    assert set(form.cards["text"]) == {"周会很短"}
    assert form.skipped == (header.rstrip("？"),)


RETRO = [
    ("本月亮点", "本月不足", "下月计划"),
    ("做得好的", "做得不好的", "下月行动"),
    ("优点", "缺点"),
    ("收获", "困难"),
    ("Went well", "Went badly", "Actions"),
    ("Glad", "Sad", "Mad"),
    ("本月做得好的事情", "没做好的事情", "想试的事情"),
    ("Wins", "Blockers", "What next?"),
    ("Highlights", "Lowlights", "Next month"),
    ("各门店哪里没做好", "店铺做得好的事", "问题出在抖音", "本月做得最好的微博"),
]


@pytest.mark.parametrize("headers", RETRO)
def test_what_retro_forms_usually_ask_gives_cards(tmp_path, headers):
    rows = [[f"退款审批要五个人签字 {at} {n}" for at in range(len(headers))] for n in range(4)]
    form = small(tmp_path, list(headers), *rows)
    assert (len(form.cards), form.skipped) == (4 * len(headers), ())


def test_ordinary_words_of_other_columns_stay_in_the_answers(tmp_path):
    rows = [["企业用户", "双十一大促", "双十一大促备货早，企业用户满意"], ["企业用户", "双十一大促", "退款太慢了"]]
    form = small(tmp_path, ["用户类型", "活动编号", "保持"], *rows)
    assert set(form.cards["text"]) == {"双十一大促备货早，企业用户满意", "退款太慢了"}


def test_a_nickname_is_hidden_in_the_answers_too(tmp_path):
    form = small(
        tmp_path, ["微信名", "保持"], ["爱吃鱼的小猫咪", "周会很短——爱吃鱼的小猫咪"], ["阿雷同学呀", "看板清楚"]
    )
    assert not form.cards["text"].str.contains("爱吃鱼").any()


def test_a_file_without_a_header_gives_no_nicknames(tmp_path):
    rows = [[name, f"退款审批要五个人签字 {n}"] for n, name in enumerate(NICKNAMES)]
    with pytest.raises(InputError, match=r"form\.csv"):
        small(tmp_path, *rows)


def test_only_columns_nothing_was_read_of_are_called_skipped(tmp_path):
    form = small(tmp_path, ["姓名", "保持", "问题"], ["张秘密", "周会很短", "无"], ["李秘密", "无", "退款慢"])
    assert (form.skipped, set(form.cards["text"])) == (("姓名",), {"周会很短", "退款慢"})


def test_the_header_is_found_below_titles(tmp_path):
    path = files.write_book(tmp_path / "form.xlsx", feishu(), titles=3, sheets=3)
    assert pairs(read_cards(path, columns=COLUMNS)) == CARDS


def test_a_form_without_a_single_card_is_refused(tmp_path):
    path = files.write_text(
        tmp_path / "form.csv", [["序号", "保持", "团队"], ["1", "无", "增长组"], ["2", "", "内容组"]]
    )
    message = "There is no card in this form (2 rows, 3 columns); export it with the answers to its open questions."
    refused(path, f"form.csv: 1 problem. {message}")


def test_a_file_that_starts_with_answers_is_refused_without_telling_them(tmp_path):
    path = files.write_text(tmp_path / "form.csv", [["2026/10/25 12:31:36", "周会很短"], ["2026/10/25 12:40:00", "慢"]])
    message = "The first rows hold no questions but what looks like answers; export it with its header."
    refused(path, f"form.csv: 1 problem. {message}")


def test_a_locked_workbook_and_other_files_are_refused_as_in_the_survey(tmp_path):
    locked = tmp_path / "form.xlsx"
    locked.write_bytes(b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le"))
    refused(locked, "form.xlsx: 1 problem. The workbook is locked with a password; save a copy without one.")
    (tmp_path / "form.pdf").write_bytes(b"%PDF-1.7 form")
    refused(tmp_path / "form.pdf", "form.pdf: 1 problem. The content is pdf, not CSV; save it as CSV (UTF-8).")
