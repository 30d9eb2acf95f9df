"""Who counts as a person named in a text, and what only looks like one."""

import pytest

from opsretro.tables.people import named_people

ROSTER = ("growth-2", "service-1", "Anna Smith", "张伟", "李娜娜", "运营组", "customer service", "growth", "1024", "A")

ADDRESSED = [
    ("王总拍板太晚", "王总"),
    ("李经理没有审批", "李经理"),
    ("张老师没有培训新人", "张老师"),
    ("陈主管忘了排班", "陈主管"),
    ("等刘总监的回复", "刘总监"),
    ("由周总决定", "周总"),
    ("因为被马总叫停", "马总"),
    ("高总不同意", "高总"),
    ("找钱经理签字", "钱经理"),
    ("欧阳经理休假", "欧阳经理"),
    ("孙工没有合并代码", "孙工"),
    ("李姐离职", "李姐"),
    ("赵先生投诉", "赵先生"),
    ("小王忘了改价格", "小王"),
    ("老李不愿意配合", "老李"),
    ("交接给小程后没人跟进", "小程"),
    ("老马没有更新表格", "老马"),
    ("刘某没有执行", "刘某"),
    ("王某某私自改价", "王某某"),
    ("Mr Smith was late", "Mr Smith"),
    ("Mrs. Müller forgot it", "Mrs. Müller"),
    ("because Ms O'Neill left", "Ms O'Neill"),
    ("ask Dr. Jones", "Dr. Jones"),
    ("li.lei+ops@example.com did not reply", "li.lei+ops@example.com"),
    ("联系zhang@example.com后无回复", "zhang@example.com"),
    ("@hanmeimei did not test", "@hanmeimei"),
    ("＠hanmeimei 没有测试", "@hanmeimei"),
    ("@张三丰 没有测试", "@张三丰"),
    ("张建国经理没有安排测试", "张建国经理"),
    ("李明主任不同意", "李明主任"),
    ("因为被赵敏总监叫停", "赵敏总监"),
]

LOOK_ALIKES = (
    """
花小钱办大事|小白用户不会用|一小段视频太长|过度依赖经理审批|感谢老师活动分流|队伍总规模小|桥梁总长太短|小康家庭买得少
高峰期容量不足|毛利太低|安全检查太慢|老客流失|新客不会用|小程序打不开|高峰时小时级延迟|订单总额下降|已经理论上修复
曾经理解错了需求|周末无人值班|退款金额过高|黄金时段投放少|马上到期的券太多|江苏仓缺货|石家庄仓缺货|android 旧机型慢
时总量不足|王者归来活动分流|最高总额受限|交易总额下降|周总结没有跟进|小高峰没有预案|老毛病没有修|小范围放量没有做
小周期波动|老顾客流失|小张贴画缺货|缩小白名单后流失|资金主管岗位空缺|流程经理岗位空缺|任何经理都能改价
如何总结没有规定|一张总表没有维护|一张工单处理三天|对于某些机型不可用|由于某渠道停投|高某些指标|双方总部不一致
历史总量不清|回顾总结太晚|小马路店停业|老方法沿用至今|小于目标值|向总部申请太慢|低于总额|大小王牌混用
产品经理岗位空缺|苏州经理岗位空缺|高级经理审批慢|项目经理没有排期|白班主管人手不足|区域经理太多|周末主管不在岗|客户经理流失|大区总监换岗
万达店长没有收到|龙湖店长要等|张江店长换了|秦淮经理空缺|江浙沪经理太少|申诉主管要等财务确认|顾问主管空缺|高层主管审批太慢|找高层经理签字
文档组长空缺|韩语老师难找|周会主管没定|方便店长核对库存的工具没有|高效店长的做法没有推广|任命店长太晚
Manager Sign-off takes three days|Google Tag Manager Fired twice|Account Manager Turnover is high
Manager training is late|Director Approval Process takes long
运营组人手不足|客服主管培训少|The product manager role is vacant
customer service was short of people|Mrkt spend fell|drop in DR Plan tests|200 ms Latency
the Growth group has 11 people|A/B test ended early|1024 orders were lost|order DD20261001-22 was lost
a rate of 3 @ 5 %|icon@2x is missing|growth-21 orders|re-growth-2|growth-2-old list|xgrowth-2|Annabel Smithson shop
Dr of the unit|price is 5@ each
""".replace("\n", "|")
    .strip("|")
    .split("|")
)


@pytest.mark.parametrize(("text", "name"), ADDRESSED)
def test_a_person_who_is_addressed_needs_no_list(text, name):
    assert named_people(text, ()) == [name]


@pytest.mark.parametrize("text", LOOK_ALIKES)
def test_look_alikes_name_nobody(text):
    assert named_people(text, ROSTER) == []


@pytest.mark.parametrize(
    "text", ["growth-2 forgot it", "GROWTH-2 forgot it", "由growth-2负责", "ｇｒｏｗｔｈ－２ 忘了", "(Growth-2)"]
)
def test_an_id_is_found_as_a_whole_word_in_any_case_and_width(text):
    assert [name.lower() for name in named_people(text, ROSTER)] == ["growth-2"]


@pytest.mark.parametrize("text", ["Anna Smith left", "anna  smith's list", "因为ANNA SMITH离职"])
def test_a_name_of_two_words_is_found_whatever_lies_between_them(text):
    assert [" ".join(name.lower().split()) for name in named_people(text, ROSTER)] == ["anna smith"]


def test_a_chinese_name_is_found_inside_a_sentence():
    assert named_people("上周张伟和李娜娜都请假", ROSTER) == ["张伟", "李娜娜"]


def test_names_come_in_the_order_of_the_text_and_once_each():
    assert named_people("小王 asked service-1, growth-2 and service-1", ROSTER) == ["小王", "service-1", "growth-2"]


@pytest.mark.parametrize("mark", ["\u200b", "\u2060", "\u202e", "\ufeff"])
def test_marks_nobody_sees_do_not_hide_a_name(mark):
    assert named_people(f"王{mark}总没有批", ()) == ["王总"]
    assert named_people(f"gro{mark}wth-2 forgot", ROSTER) == ["growth-2"]


@pytest.mark.parametrize(
    "team",
    ["运营组", "数据部", "客服中心", "customer service", "growth", "Service group", "ops-team", "product manager"],
)
def test_a_team_or_a_role_in_the_list_is_nobody(team):
    assert named_people(f"{team} was short of time", [team]) == []


def test_a_role_with_a_surname_is_somebody():
    assert named_people("王经理没有批", ["王经理"]) == ["王经理"]


@pytest.mark.parametrize("name", ["", " ", "7", "1024", "王", "x"])
def test_numbers_and_single_letters_in_the_list_are_nobody(name):
    assert named_people("7 of 1024 orders, x times, 王者", [name]) == []


@pytest.mark.parametrize("name", ["a.b", "(x)", "[z", "a|b", "c++", "\\d"])
def test_a_name_is_read_letter_by_letter(name):
    assert named_people(f"ask {name} about it", [name]) == [name]
    assert named_people("axb a 7", [name]) == []


def test_an_empty_text_names_nobody():
    assert named_people("", ROSTER) == []


def test_a_long_text_is_read_quickly():
    assert named_people("王" * 20_000 + "@" * 20_000 + " " + "a" * 40_000 + " mr" * 9_000, ROSTER) == []
