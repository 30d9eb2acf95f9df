"""The SMART check: what is missing in a goal as it was written, or contradicts itself."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from opsretro.analysis.codes import Aggregation, Direction, is_percent
from opsretro.analysis.methods.signals import HAIR
from opsretro.tables.parse import parse_date


class Defect(StrEnum):
    """What is wrong with a goal, in the order it is reported."""

    NO_OWNER = "no_owner"
    NO_UNIT = "no_unit"
    NO_TARGET = "no_target"
    NO_DEADLINE = "no_deadline"
    NO_SOURCE = "no_source"
    NO_BASELINE = "no_baseline"
    DEADLINE_NOT_AFTER_START = "deadline_not_after_start"
    TARGET_WRONG_SIDE = "target_wrong_side"
    TARGET_EQUALS_BASELINE = "target_equals_baseline"
    UNIT_MISMATCH = "unit_mismatch"
    RATIO_OUT_OF_DOMAIN = "ratio_out_of_domain"
    RATIO_WITHOUT_PARTS = "ratio_without_parts"
    RANGE_INVERTED = "range_inverted"
    BAD_WEIGHT = "bad_weight"
    VAGUE_STATEMENT = "vague_statement"


FAR = 50
"""No team plans to make a rate this many times larger or smaller: one of the two was typed in the other unit."""

FAR_ON_WRONG_SIDE = 10
"""The same where the target, taken as it stands, would be worse than the baseline."""

LEAST_LETTERS = 3
"""A statement with fewer letters than this does not say what is counted."""

_SHARES = (Aggregation.RATIO, Aggregation.MEAN_RATE)
_BLANK = {"", "-", "--", "—", "/", "?", "？", "n/a", "na", "nan", "nat", "<na>", "none", "null", "tbd", "tbc", "todo"}
_BLANK |= {"无", "暂无", "没有", "待定", "未定", "待补", "待补充", "待确认"}
_TEXTS = ("owner", "unit", "source", "direction", "aggregation", "numerator", "denominator")
_NUMBERS = ("baseline", "target", "target_growth", "low", "high", "weight")

_COUNTED = r"[%％‰]|[万亿千百元人单个件篇次名位家]"
_MONTHS = (
    "jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?"
    "|nov(?:ember)?|dec(?:ember)?"
)
_NUMERAL = "二两三四五六七八九十百千万亿"
_NOT_A_FIGURE = re.compile(
    "|".join(
        (
            r"(?:^|[;；\n。])\s*\d{1,2}\s*[.、)）](?!\d)",  # 1. first, 2. second
            r"(?<!\d)20\d\d\s*[-/.年]\s*\d{1,2}(?:\s*[-/.月]\s*\d{1,2}\s*[日号]?|月)?(?!\d)",  # 2026-10-31, 2026年10月
            rf"(?<![\d.,])20[23]\d(?!\d|[.,]\d|\s*(?:{_COUNTED}))(?:\s*[qh][1-4])?",  # 2026, 2026Q3
            r"fy\s*\d\d(?:\d\d)?",  # FY26
            r"\d{1,2}\s*月(?:\s*\d{1,2}\s*[日号])?|\d{1,2}\s*[日号]之?前",  # 10月, 31日前
            rf"(?:(?<!\d)\d{{1,2}}\s+(?:of\s+)?)?(?<![a-z])(?:{_MONTHS})(?![a-z])"  # 31 December, December 31
            r"(?:\s+\d{1,2}(?=\s*(?:[,.;]|$|20\d\d)))?",
            r"\d+(?:st|nd|rd|th)(?![a-z])|\d\s*季度",  # 3rd, 3季度
            rf"第\s*[\d一{_NUMERAL}]+",  # 第三季度
            r"(?<![a-z])(?:in|within|over|next)\s+(?:the\s+)?(?:next\s+)?\w+\s+(?:month|quarter|year)s?",  # in 3 months
            r"(?:first|second)\s+half|half[-\s]years?",
            r"\d+\s*个?(?:月|季度|年)\s*(?:之?内|以内|以?后)|未来\s*\d+\s*个?(?:月|季度|年)",  # 3个月内
            r"(?<![a-z\d])(?:[a-wyz]\d{1,2}|v\d[\d.]*|[a-z]2[a-z]|[45]g)(?![a-z\d]|[.,]\d)",  # Q3, V2.0, B2B, 5G
            rf"(?<![\d.,])618(?!\d|[.,]\d|\s*(?:{_COUNTED}|[a-z]))",  # 618大促
            r"(?<![\d.,])(?:11\.11|12\.12)(?!\d|[.,]\d)",
            r"(?<![a-z])(?:phase|version|stage|wave|round|release)\s*\d[\d.]*",  # phase 2, version 2.0
            r"双\s*1[12]|double\s+(?:1[12]|eleven|twelve)",
            r"\d+[-\s]*(?:days?|d|日|天)\s*(?:retention|repeat|active|留存|复购|活跃)",  # 7-day retention
            r"24\s*/\s*7|7\s*[x×*]\s*24|(?<!\d)\d[05]\s*后",  # 24/7, 7×24, 95后
        )
    ),
    re.IGNORECASE,
)
_FIGURE = re.compile(
    "|".join(
        (
            r"\d",
            rf"[{_NUMERAL}]分之[零一{_NUMERAL}]",  # 百分之五, 三分之一
            r"[二三四五六七八九][十百千]|[降到为至]零",  # 二十款, 降到零
            rf"[一{_NUMERAL}半](?:成(?![为立功长员果就本效绩不品])|倍|个百分点)",  # 三成, 两倍
            rf"[{_NUMERAL}][万亿](?![不别要])",  # 五百万
            r"翻[一两二三]?番|翻倍|加倍(?!努力)|倍增|减半|一半|过半|半数|归零|清零",
            r"零(?=投诉|事故|差错|缺陷|违规|逾期|故障|流失|失误|漏|退)",
            rf"[{_NUMERAL}](?:元|名|位(?!一体)|家|单(?!一)|篇|件|场|次(?![元购复])|秒|分钟|小时|天|用户|粉丝|订单)",
            rf"[{_NUMERAL}](?:人(?![员群工])|个(?!月|季度|方面|环节|维度|阶段|重点))",
            r"(?<![a-z])(?:by\s+)?an?\s+(?:third|fifth|tenth)(?![a-z])|(?<![a-z])by\s+a\s+quarter(?![a-z])",
            r"(?<![a-z])(?:doubl(?:e[ds]?|ing)|tripl(?:e[ds]?|ing)|quadruple|twice|halv(?:e[ds]?|ing)|half|zero|two|three"
            r"|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety"
            r"|dozen|hundred|thousand|million|billion)(?![a-z])",
        )
    ),
    re.IGNORECASE,
)


def smart_defects(goal: Mapping[str, Any], *, has_parts: bool = False) -> tuple[Defect, ...]:
    """What is wrong with a goal as it was written, one code a defect; nothing a cell holds makes it raise.

    A cell that cannot be read as what it should hold counts as empty, and so do marks such as ``n/a``, ``tbd`` or 待定.
    A growth goal is judged by its target, baseline × (1 + growth); without a baseline it has neither.

    - ``unit_mismatch``: one of baseline and target of a percent goal lies between 0 and 1 and the other is so much
      larger that it must have been typed in the other unit. Until that is mended their order says nothing, so
      ``target_wrong_side`` and ``target_equals_baseline`` are not reported beside it.
    - ``ratio_out_of_domain``: only for shares of parts (``ratio``, ``mean_rate``); growth may exceed 100 %.
    - ``ratio_without_parts``: not for ``mean_rate``, which is there for rates whose parts nobody has.
    - ``range_inverted``: low > high. A range of one value can be met, by that value.
    - ``vague_statement``: no figure in it, or hardly anything else. A year, month or quarter is no figure, nor is the
      number in a name (Q3, 双11, 7-day retention); 三成, 翻一番 or "halve" is one.

    Args:
        goal: The columns of goals.csv as written there, before percent becomes a fraction; any may be absent.
        has_parts: The KPI's own rows carry numerator and denominator, so that a ratio need not name them.

    Returns:
        The defects, in the order of `Defect`; empty for a goal without any.

    Source:
        G. T. Doran, There's a S.M.A.R.T. way to write management's goals and objectives, Management Review 70 (1981).
        Whether a goal is achievable is asked of its limits (`assurance`), and whether it is relevant, of people.

    Example:
        >>> goal = {"statement": "Turn 4 % of visits into orders", "owner": "growth", "source": "metrics.csv",
        ...         "direction": "higher", "unit": "percent", "baseline": 0.032, "target": 4.0, "weight": 0.2,
        ...         "deadline": "2026-12-31", "aggregation": "ratio", "numerator": "orders"}
        >>> [defect.value for defect in smart_defects(goal)]
        ['unit_mismatch', 'ratio_without_parts']
    """
    text = {column: _text(goal.get(column)) for column in _TEXTS}
    number = {column: _number(goal.get(column)) for column in _NUMBERS}
    is_range = text["direction"].lower() == Direction.RANGE
    if math.isnan(number["target"]):
        number["target"] = _number(number["baseline"] * (1 + number["target_growth"]))
    if math.isclose(number["target"], number["baseline"], rel_tol=HAIR):
        number["target"] = number["baseline"]
    days = [_day(goal.get(column)) for column in ("start", "deadline")]
    found = {
        **_missing(text, number, is_range=is_range),
        **_side_defects(text, number, is_range=is_range),
        Defect.NO_DEADLINE: not days[1],
        Defect.DEADLINE_NOT_AFTER_START: all(days) and days[1] <= days[0],
        Defect.RATIO_OUT_OF_DOMAIN: _is_out_of_domain(text, number),
        Defect.RATIO_WITHOUT_PARTS: not has_parts and _is_without_parts(text),
        Defect.RANGE_INVERTED: is_range and number["low"] > number["high"],
        Defect.BAD_WEIGHT: not number["weight"] > 0,
        Defect.VAGUE_STATEMENT: _is_vague(_text(goal.get("statement"))),
    }
    return tuple(defect for defect in Defect if found[defect])


def _text(cell: Any) -> str:
    try:
        text = str(cell).strip()
    except ValueError:  # a whole number too long for Python to write out
        return ""
    return "" if text.lower() in _BLANK else text


def _number(cell: Any) -> float:
    """The number in a cell, signs of money, per cent and thousands left out; NaN where there is none."""
    try:
        number = float(re.sub(r"[,，\s¥￥$€%％]", "", _text(cell)).replace("\u2212", "-"))
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def _day(cell: Any) -> str:
    """The day in a cell in ISO form, its time left out; empty where there is none."""
    return parse_date(re.split(r"[T\s]", _text(cell), maxsplit=1)[0]) or ""


def _missing(text: Mapping[str, str], number: Mapping[str, float], *, is_range: bool) -> dict[Defect, bool]:
    wanted = number["low"] + number["high"] if is_range else number["target"]
    return {
        Defect.NO_OWNER: not text["owner"],
        Defect.NO_UNIT: not text["unit"],
        Defect.NO_TARGET: math.isnan(wanted),
        Defect.NO_SOURCE: not text["source"],
        Defect.NO_BASELINE: not is_range and math.isnan(number["baseline"]),
    }


def _side_defects(text: Mapping[str, str], number: Mapping[str, float], *, is_range: bool) -> dict[Defect, bool]:
    baseline, target = number["baseline"], number["target"]
    worse: dict[str, bool] = {Direction.HIGHER: target < baseline, Direction.LOWER: target > baseline}
    wrong_side = worse.get(text["direction"].lower(), False)
    wanted = (number["low"] + number["high"]) / 2 if is_range else target
    small, large = sorted((baseline, wanted))
    far = large >= small * (FAR_ON_WRONG_SIDE if wrong_side else FAR)
    mismatch = is_percent(text["unit"]) and 0 < small < 1 < large and far
    return {
        Defect.TARGET_WRONG_SIDE: wrong_side and not mismatch,
        Defect.TARGET_EQUALS_BASELINE: not is_range and target == baseline,
        Defect.UNIT_MISMATCH: mismatch,
    }


def _is_out_of_domain(text: Mapping[str, str], number: Mapping[str, float]) -> bool:
    whole = 100.0 if is_percent(text["unit"]) else 1.0 if text["unit"].lower() == "fraction" else math.inf
    if text["aggregation"].lower() not in _SHARES or math.isinf(whole):
        return False
    values = (number[column] for column in ("baseline", "target", "low", "high"))
    return any(value < 0 or value > whole * (1 + HAIR) for value in values)


def _is_without_parts(text: Mapping[str, str]) -> bool:
    return text["aggregation"].lower() == Aggregation.RATIO and not (text["numerator"] and text["denominator"])


def _is_vague(statement: str) -> bool:
    letters = re.findall(r"[^\W\d_]", statement)
    return len(letters) < LEAST_LETTERS or not _FIGURE.search(_NOT_A_FIGURE.sub(" ", statement))
