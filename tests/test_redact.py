"""What identifies a person is hidden in a comment, and what only looks like it stays."""

import re
import time
from itertools import product

import pandas as pd
import pytest

from opsretro.tables.redact import redact

ROSTER = ("growth-2", "service-1", "Zhang Wei", "Anna Smith", "李娜娜", "张伟", "欧阳明", "运营组", "Müller Jürgen")

IDENTIFYING = [
    "«王经理»总是临时改需求",
    "«小李»经常把活推给别人",
    "跟«老张»沟通很费劲，希望换人",
    "«李姐»人很好，但流程不清楚",
    "«张伟»和«李娜娜»关系不好，影响排班",
    "上次«欧阳明»答应的培训没有做",
    "建议 «growth-2» 少开会",
    "«GROWTH-2» 和 «service-1» 之间交接不清",
    "有事打我电话 «13800138000»",
    "电话：«138-0013-8000»，晚上也行",
    "手机«138 0013 8000»，欢迎来聊",
    "我的号码是«+86 138 0013 8000»",
    "联系方式：«１３８００１３８０００»",
    "号码是«1 3 8 0 0 1 3 8 0 0 0»别打错",
    "打«一三八零零一三八零零零»找我",
    "电话幺开头：«幺三八〇〇一三八〇〇〇»",
    "座机 «010-62345678» 没人接",
    "座机«(021) 62345678»一直占线",
    "深圳办公室 «0755-8234 5678» 常年没人接",
    "微信号 «abc_123»，想聊的加我",
    "加我微信«zhang_ops88»",
    "wx:«lilei2020» 可以私聊",
    "vx «happy-cat99»，不想在这里说",
    "我V信是«ops_girl_1»，欢迎来骂",
    "QQ «123456789»，有事说",
    "QQ号：«88886666»",
    "邮箱 «li.lei+ops@example.com» 回复一下",
    "请发到«hanmeimei@example.com.cn»谢谢",
    "身份证«110101199003071234»被要求上传两次",
    "证件号 «11010119900307123X» 居然贴在群里",
    "老身份证 «310105800307123» 也要填",
    "工号 «A1234» 的同事态度差",
    "员工号：«100293»，他从来不回消息",
    "«@hanmeimei» 没有回复工单",
    "«@张三丰» 每次都迟到",
    "«王\u200b经\u200b理»隐身了也能找到",
    "电话 «138\u200b0013\u200b8000» 夹了看不见的字",
    "«刘总监»和«陈主管»意见不一致，我们夹在中间",
    "被«钱经理»当众批评，很难受",
    "«Mr Smith» cancels every one-on-one",
    "«Mrs. Müller» never answers",
    "«Anna Smith» schedules meetings at 19:00",
    "ask «ANNA SMITH» why",
    "«Zhang Wei» does all the work, «Wei Zhang» gets no credit",
    "the script of «zhang-wei» broke again",
    "«zhangwei» is the only one who knows the tool",
    "call me on «+1 415 555 0132» please",
    "my mobile is «+44 7700 900123»",
    "reach me at «jane_doe@example.org», or not at all",
    "employee no. «10293» shouts in meetings",
    "staff id: «E-20391» should not be in the shared sheet",
    "my WeChat: «jane_ops2026»",
    "«growth-2» and «service-1» never talk",
    "ping «@jane.doe» for access",
]

HARMLESS = [
    "高峰期人手不足，客服排班太紧",
    "毛利太低，活动金额 ¥12,800 花得不值",
    "预算 128000 元，实际花了 1.2万",
    "小程序流程太长，老顾客都流失了",
    "订单号 202610150001 处理了三天",
    "订单 20261015000123 到现在没有退款",
    "2026-10-15 上线的 3.2.1 版本有问题",
    "10/15 09:30 到 18:45 一直在开会",
    "618 和 双11 之间没有休息",
    "加班太多，每周 52 小时，占比 35.5%",
    "服务器 10.0.0.12:8080 经常超时",
    "GMV 从 1380 万涨到 1500 万，涨幅 8.7%",
    "iPhone 15 Pro 和 Mate 60 的页面不一样",
    "微信小程序和微信支付的数据对不上",
    "江苏仓和石家庄仓缺货，金华仓还行",
    "周末值班没有补贴，希望有调休",
    "黄金时段投放少，马上到期的券太多",
    "任务太多，程序太复杂，范围老变",
    "经理岗位空缺，主管不够",
    "the Growth group has 11 people and 3 open roles",
    "too many meetings, 14 a week, ROI 1.8",
    "version 3.2.1 broke the dashboard at 10:30 on 2026-10-15",
    "order 20261015000123 was lost, refund $1,280.50",
    "workload is fine, tools are slow, GMV up 12 %",
    "icon@2x is missing and 5 @ 3.50 is wrong",
    "=SUM(A1:A9) stays text, and <b>bold</b> too",
]

SEEN_LATER = """
«孙主任»开会从来不听意见
«林大姐»离职以后没人交接
听说«郑董»要砍预算，大家很慌
«老周»和«小陈»抢功劳
我觉得«娜娜»应该轮岗
跟«欧阳明»和«张 伟»说了三次都没用
«徐丽»经常把锅甩给我们组
请«何静»不要半夜发消息
组长«黄志强»当众骂人
«强哥»又改了活动价
班长«阿芳»太凶
客服«Lily»态度差
«Anna» never shares her notes
my manager «Kevin» ignores feedback
«Smith, Anna» approves everything late
Thanks to «Wei Zhang» and «ZHANG WEI» the release went out
I was told by «Ms. Li» to work on Sunday
«Prof. Brown» trained us well
«Juergen Mueller» left and nobody took over
«Jürgen Müller» left and nobody took over
有意见请加«13912345678»（微信同号）
手机号:«139 1234 5678»／座机:«0571-87654321»
拨打 «+852 9123 4567» 找我
call «(415) 555-0132» after six
whatsapp «+971 50 123 4567»
我的微：«opsgirl_77»
➕V: «lucky_dog88» 聊聊
Q:«1234567890» 欢迎加
发我邮箱«wang.fang@corp.example.cn»吧
mail me: «jane [at] example [dot] com»
身份证号为«44030619851212003X»，审批要我传三遍
护照«E12345678»扫描件放在公共盘
我工号是«008123»，排班系统里查不到我
badge number «77120» opens no door
«@李雷» «@韩梅梅» 两个人的排期冲突
投诉电话没人接，客户打了 5 次
退款单号 R20261015000123456 卡了 8 天
任务拆成 3-4-4 三段，周期 15 天
Q3 目标 13800 万，完成 12950 万，完成率 93.8%
版本 10.15.7 在 8080 端口起不来
高考季流量翻倍，毛利率只剩 12.5%
GMV 12,800,000 元，客单 138 元，退货率 6.18%
老板决策太慢，经理也没有授权
小黄车和小红书的投放素材要分开做
the 2026-10-15 launch slipped by 3 days, ticket OPS-20261015
Price rose from 128,000 to 138,000 in Q3 (7.8 %)
Marketing and Sales never agree on the budget of 1,380,000,000
金牌客服评比不透明，钱没有到位
""".strip().split("\n")
"""Written after the patterns and found 32 of 40 (no false hit, one name hidden in two marks); then tuned on."""

UNSEEN = """
«马主任»排的班总是周末
和«许文静»对接活动页很累
«赵敏»的报表经常晚三天
店长«罗晓东»不让请假
«胡董»一句话就把方案推翻
«小郑»人不错，就是太忙
«李娜娜»值夜班太多，«张伟»从不值
感谢«growth-2»的帮忙
«冯哥»答应的调休没给
财务«蒋丽华»不肯报销
新来的实习生«小蔡»没人带
打我手机 «186-1234-5678» 聊
紧急联系人 «18612345678» 写在群公告里
短号 «66123»，有事打
微信联系: «coffee_2026»
企业微信搜 «linlin-ops88»
邮件抄送«zhao.min@shop.example»了
«330106199512128888» 这种号码不要贴群里
工号«B20391»和«B20392»换班没人批
colleague «Daniel» talks over everybody
«Mr. John Carter» promised a raise
please ring «020 7946 0958» before noon
contact «+49 170 1234567» any time
staff number «4471» got the worst shifts
my boss «Sarah» is great, keep her
«service-1» covers nights alone
会员号段 186 到 189 的用户投诉多
高新区仓库金额对不上，江浙沪包邮亏本
马甲线课程和瑜伽裤的券别混发
白天开会晚上干活，周报月报都要写
小红书涨粉 12,345，抖音掉粉 678
满 300 减 50 的门槛太高，客单只有 268 元
双11 20:00 开抢，0 点又一波，连续 4 天
SKU 6901234567892 缺货两周
工单 20261101-000123 超时 36 小时
任何人都能改价，方案没有审批记录
the Black Friday page took 4.5 s to load on port 443
Excel and Power BI do not agree: 1,204 vs 1,240
build 2026.10.3 rolled back twice, uptime 99.2 %
Hope we hire a new analyst, May was too busy
""".strip().split("\n")
"""Written after that and never tuned on."""


def plain(marked):
    return re.sub("[«»]", "", marked)


def identities(marked):
    return re.findall("«([^»]*)»", marked)


def only_the_marked_parts_are_hidden(marked, shown):
    """Everything outside « » stands as it was, and a mark stands in place of every part inside."""
    outside = [re.escape(re.sub(r"[\u200b\u202e\n]", "", part)) for part in re.split("«[^»]*»", marked)]
    return re.fullmatch(r"\[[\w ]+\]".join(outside), shown) is not None


@pytest.mark.parametrize("marked", IDENTIFYING)
def test_what_identifies_a_person_is_hidden_and_nothing_else(marked):
    (shown,) = redact([plain(marked)], ROSTER)
    assert only_the_marked_parts_are_hidden(marked, shown), shown


@pytest.mark.parametrize("text", HARMLESS)
def test_look_alikes_stay(text):
    assert redact([text], ROSTER) == [text]


@pytest.mark.parametrize(("marked", "missed"), [(SEEN_LATER, 1), (UNSEEN, 6)])
def test_how_much_is_found_in_comments_written_after_the_patterns(marked, missed):
    # Measured: 39 of 40 in those tuned on afterwards (missed: a name with ue for ü), 22 of 28 in those never tuned on.
    shown = redact(map(plain, marked), ROSTER)
    left = [name for text, was in zip(shown, marked, strict=True) for name in identities(was) if name in text]
    assert len(left) == missed, left


def test_look_alikes_stay_in_comments_written_after_the_patterns():
    harmless = [text for text in SEEN_LATER + UNSEEN if "«" not in text]
    assert len(harmless) >= 25
    assert redact(harmless, ROSTER) == harmless


def test_texts_keep_their_number_and_order_and_missing_ones_are_empty():
    assert redact(["b", None, "", float("nan"), pd.NA, "a", 5]) == ["b", "", "", "", "", "a", "5"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("找王经理", "找[姓名]"),
        ("Mr Smith left", "[name] left"),
        ("电话 13800138000", "电话 [电话]"),
        ("tel 13800138000", "tel [phone]"),
        ("微信号 abc_123", "微信号 [微信]"),
        ("wx:abc_123", "wx:[WeChat]"),
        ("QQ 123456789", "QQ [QQ]"),
        ("邮箱 a.b@example.com", "邮箱 [邮箱]"),
        ("mail a.b@example.com", "mail [mail]"),
        ("身份证 11010119900307123X", "身份证 [证件号]"),
        ("ID 11010119900307123X", "ID [id card]"),
        ("工号 A1234", "工号 [工号]"),
        ("employee no. 1234", "employee no. [staff number]"),
    ],
)
def test_a_mark_tells_the_kind_in_the_language_of_the_text(text, shown):
    assert redact([text]) == [shown]


@pytest.mark.parametrize(
    "written",
    ["Zhang Wei", "Wei Zhang", "zhangwei", "ZHANG-WEI", "wei.zhang", "Zhang, Wei", "zhang wei", "Wei", "Zhang"],
)
def test_a_name_in_latin_letters_is_found_in_any_order_and_case(written):
    assert redact([f"{written} is kind"], ["Zhang Wei"]) == ["[name] is kind"]


@pytest.mark.parametrize("text", ["the weight", "weird", "Zhangwei2 shop", "two-way", "we will raise the price in May"])
def test_parts_of_words_and_ordinary_words_are_no_name(text):
    assert redact([text], ["Zhang Wei", "Will Price", "May Young"]) == [text]


def test_a_given_name_that_is_an_ordinary_word_is_hidden_with_its_surname_only():
    shown = redact(["晓明很忙", "建设团队", "王建设很忙"], ["李晓明", "王建设"])
    assert shown == ["[姓名]很忙", "建设团队", "[姓名]很忙"]


def test_teams_roles_and_short_numbers_in_the_roster_are_nobody():
    texts = ["运营组 and growth are short of 11 people", "growth-2 is on leave, 100293 too"]
    roster = ["运营组", "growth", "11", "growth-2", "100293"]
    assert redact(texts, roster) == [texts[0], "[name] is on leave, [name] too"]


@pytest.mark.parametrize(
    "unseen", ["\u200b", "\u202e", "\u2066", "\ufeff", "\u00ad", "\x00", "\x1b", "\ud800", "\ufe0f"]
)
def test_control_and_invisible_characters_are_taken_out(unseen):
    assert redact([f"流{unseen}程", f"王{unseen}经理"]) == ["流程", "[姓名]"]


def test_lines_of_a_comment_become_one():
    assert redact(["one\r\ntwo\tthree\u2028four"]) == ["one two three four"]


def test_markup_templates_and_formulas_stay_the_text_they_are():
    texts = ["<script>alert(1)</script>", "{{ 7 * 7 }}", "=1+1", "@SUM(1)", "$(rm -rf x)", "a\\b"]
    assert redact(texts) == [texts[0], texts[1], texts[2], "[name](1)", *texts[4:]]


def test_redacting_twice_changes_nothing():
    bits = [
        "小王",
        "高总",
        "李大",
        "growth-2",
        "138 0013 8000",
        "微信号",
        "abc_123",
        "[姓名]",
        "[QQ]",
        "@",
        "Mr ",
        "1",
        "没有",
    ]
    once = redact(["".join(three) for three in product(bits, repeat=3)], (*ROSTER, "李大"))
    assert redact(once, (*ROSTER, "李大")) == once


def test_a_text_built_to_show_ever_more_names_is_hidden_altogether():
    assert redact(["小王" + "高总" * 100]) == ["[姓名]"]


@pytest.mark.parametrize(
    "bit",
    [
        "1",
        "138 ",
        "a.",
        "a@",
        "(at) ",
        "wx ",
        "订单",
        "(",
        "1-",
        "+1",
        "一",
        "Mr A",
        "anna ",
        "张 ",
        " ",
        "号",
        "小王高总",
    ],
)
def test_a_long_text_takes_a_time_in_proportion(bit):
    start = time.process_time()
    redact(["手机" + bit * (100_000 // len(bit))], ROSTER)
    # Measured: 0.2 to 1.5 s; what grows with the square of the length would take minutes.
    assert time.process_time() - start < 10
