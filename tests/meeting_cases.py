"""Meetings made by hand: every stage of a board, votes, a parking lot, decisions, and what nobody may see."""

from __future__ import annotations

from dataclasses import replace

from opsretro.analysis.minutes import minutes_of
from opsretro.analysis.result import Context
from opsretro.tables.meetings import Board, Card, Column, Decision, Fact, Meeting, Phase, Stage, Topic, as_json

HIDDEN = "HIDDEN-ha7ks"
"""What stands in every place nobody may see: cards that are still being written, drafts, the undo, the session."""
HOSTILE = (
    "<script>alert(1)</script>",
    "=cmd()|'/c calc'!A1",
    "{{ 7*7 }} {lang} {0.__class__}",
    "| a | b |\n# heading\n- item",
    "[x](http://evil.example) @all **b**",
    "1. first\u202egnp.exe",
)
CONTEXT = Context(
    team={"zh-CN": "增长运营组", "en": "Growth operations"},
    as_of="2026-11-02",
    names={"refund_rate": {"zh-CN": "退款率", "en": "Refund rate"}, "orders": {"zh-CN": "订单数", "en": "Orders"}},
)
KPT = Board(
    key="kpt",
    name={"zh-CN": "KPT", "en": "KPT"},
    columns=(
        Column(key="keep", name={"zh-CN": "保持", "en": "Keep"}, ask={"zh-CN": "什么有效？", "en": "What worked?"}),
        Column(key="problem", name={"zh-CN": "问题", "en": "Problem"}, ask={"zh-CN": "卡在哪？", "en": "What not?"}),
    ),
    stage=Stage.COUNTED,
    people=9,
    budget=5,
    votes={"t1": 17, "c3": 12, "c5": 4},
)
FISHBONE = Board(
    key="fishbone",
    name={"zh-CN": "鱼骨图", "en": "Fishbone"},
    columns=(
        Column(key="process", name={"zh-CN": "流程", "en": "Process"}, ask={"zh-CN": "为什么？", "en": "Why?"}),
        Column(key="capacity", name={"zh-CN": "人力", "en": "Capacity"}),
    ),
    judged=True,
    stage=Stage.VOTE,
    people=9,
    budget=5,
    votes={"c7": 31},
)
LESSONS = Board(
    key="lessons",
    name={"zh-CN": "规律", "en": "Lessons"},
    columns=(Column(key="rule", name={"zh-CN": "规律", "en": "Rule"}, ask={"zh-CN": "学到？", "en": "Which?"}),),
)


def card(name, board, column, text, place=0, **more):
    return Card(id=name, board=board, column=column, text=text, place=place, **more)


CARDS = (
    card("c1", "kpt", "problem", "退款审核要等三天，客户第二天就投诉", 2, topic="t1"),
    card("c2", "kpt", "problem", "Refunds wait for a second signature", 5, topic="t1", basis="fact"),
    card("c3", "kpt", "keep", "The size guide halved the questions about sizes", 1),
    card("c4", "kpt", "keep", "早会只开十分钟", 3),
    card("c5", "kpt", "problem", "Two people know the coupon rules, and both were away in the busiest week", 4),
    card("c6", "fishbone", "process", "审批按金额分级没有落实", 2, basis="fact", control="controllable"),
    card(
        "c7",
        "fishbone",
        "capacity",
        "客服晚班缺两人",
        1,
        basis="guess",
        verify="排班表对照等待",
        control="influence",
    ),
    card("c8", "lessons", "rule", f"{HIDDEN} not shown to anybody yet"),
    card("c9", "kpt", "keep", f"{HIDDEN} no place on a shown board"),
    card("p1", "kpt", "keep", "年货节的客服排班怎么定？", parked="2026-10"),
    card("p2", "gone", "", "Who owns the price list?", parked="2026-08", source="carried"),
    card("p3", "lessons", "rule", f"{HIDDEN} parked unseen", parked="2026-10"),
)
DECISIONS = (
    Decision(
        id="A-2026-10-1",
        fields={
            "title": {"zh-CN": "小额退款免二次审核", "en": "Small refunds need no second signature"},
            "owner": "service-1", "due": "2026-11-16", "metric": "refund_rate", "direction": "lower",
            "expected_effect": -0.1, "controllable": "controllable", "created_in": "2026-10",
            "trigger": {"when": {"zh-CN": "退款低于 50 元", "en": "a refund is below 50 CNY"},
                        "then": {"zh-CN": "客服当场退", "en": "customer service pays it at once"}},
        },
    ),
    Decision(id="A-2026-10-2", fields={"title": "尺码说明上到首页", "owner": "content-1", "metric": "orders"}),
    Decision(fields={"title": "Teach two more people the coupon rules", "due": "2026-11-30"}),
)  # fmt: skip
FACTS = (
    Fact(section="goals", anchor="goal-gmv", text={"zh-CN": "成交额完成 93%", "en": "Sales reached 93% of the target"}),
    Fact(section="followup", anchor="followup", text={"zh-CN": "1 项行动见效", "en": "1 action moved its metric"}),
)


def meeting(**changes):
    """A whole meeting, in the middle of its analysis."""
    minutes_of_phases = {"actions": "", "goal": "", "result": "kpt", "analysis": "fishbone", "insight": "lessons"}
    whole = Meeting(
        month="2026-10",
        held="2026-11-03",
        session=HIDDEN,
        revision=412,
        now="analysis",
        phases=tuple(Phase(key=key, board=board, seconds=1200) for key, board in minutes_of_phases.items()),
        boards=(KPT, FISHBONE, LESSONS),
        cards=CARDS,
        topics=(Topic(id="t1", board="kpt", title="退款太慢 Slow refunds"),),
        decisions=DECISIONS,
        facts=FACTS,
        drafts={"card": f"{HIDDEN} half a sentence"},
        undo=({"cards": {"x": {"text": f"{HIDDEN} taken back"}}},),
    )
    return replace(whole, **changes)


def hostile():
    """The same meeting with texts that try to be something else, in every field a person can write."""
    odd = [HOSTILE[n % len(HOSTILE)] for n in range(len(CARDS))]
    named = {"zh-CN": HOSTILE[0], "en": HOSTILE[0]}
    cards = tuple(
        one if HIDDEN in one.text else replace(one, text=text, verify=text)
        for one, text in zip(CARDS, odd, strict=True)
    )
    fields = {name: HOSTILE[n] for n, name in enumerate(("title", "owner", "due", "metric", "trigger"))}
    return meeting(
        boards=(replace(KPT, name=named), FISHBONE, LESSONS),
        cards=cards,
        topics=(Topic(id="t1", board="kpt", title=HOSTILE[3]),),
        decisions=tuple(Decision(id=text, fields=fields | {"title": text}) for text in HOSTILE),
        facts=(Fact(section=HOSTILE[0], anchor=HOSTILE[0], text=named),),
        phases=(Phase(key=HOSTILE[0], board="kpt", seconds=60),),
        now=HOSTILE[0],
    )


def minutes(*meetings, period="2026-10", lang="en"):
    """Minutes of meetings, or of the whole one."""
    return minutes_of(meetings or [meeting()], period=period, context=CONTEXT).in_language(lang)


def saved(workspace, *meetings):
    """Puts meetings into a workspace."""
    (workspace / "meetings").mkdir(exist_ok=True)
    for one in meetings or [meeting()]:
        (workspace / "meetings" / f"{one.month}.json").write_bytes(as_json(one))
    return workspace
