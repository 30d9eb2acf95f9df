"""What the header of a survey column says about it: an item, somebody's identity, a total, a group or a comment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pandas as pd

from opsretro.tables.form_labels import folded

_NUMBERING = re.compile(
    r"[\s*]*(?:第\s*|q)?\d+(?:[.-]\d+)*\s*题?\s*(?:[、.:)]|\s-)\s*|[\s*]*q\d+\s+|[\s*]+", re.IGNORECASE
)
_NOTE = (
    r"必填|必答|选填|可选|自动|匿名|(?:单选|多选|量表|填空|打分|评分|矩阵\w*)题?|required|optional|single choice"
    r"|multiple choice|anonymous"
)
_NOTES = re.compile(rf"\s*(?:\*|[\[(【]\s*(?:{_NOTE})\s*[\])】])\s*$", re.IGNORECASE)
_BRACKETS = re.compile(r"[\[(【]([^\[\]()【】]+)[\])】]\s*$")
_TAIL = re.compile(r".*(?:[—–:|/>]|\s-)\s*(.+)$", re.DOTALL)

_WHO = re.compile(
    r"序号|\w*编号|id|no|number|来源\w*|渠道|来自ip|ip\w*|浏览器|操作系统|设备\w*|头像|用户\w*|\w*称呼|账号|帐号|地址|生日|出生日期"
    r"|\w*(?:花名|网名|中文名|英文名|备注名|署名|作者|微信名|飞书名|钉钉名)|(?:抖音|微博|小红书)(?:名|号|账号|昵称)|(?:怎么|如何)称呼\w*"
    r"|author|submitter|alias|handle|respondent|participant|whoareyou"
    r"|所用时间|用时|时间戳\w*|语言|记录id|\w*(?:姓名|名字|昵称|邮箱|邮件|邮件地址|手机号?码?|电话号?码?|联系方式|微信号?|qq号?)"
    r"|\w*(?:身份证号?码?|工号|学号|员工号|员工id)|\w*(?:提交|填写|答题|作答|创建|修改)[人者]\w*"
    r"|\w*(?:提交|填写|答题|作答|开始|结束|完成|更新|创建|修改|打开)\w*(?:时间|时长|日期)"
    r"|timestamp|(?:whatis|enter|pleaseenter)?(?:your)?(?:user|full|first|last|nick|display|respondent|employee)?names?"
    r"|e?mail\w*|\w*(?:email|emailaddress|phone|phonenumber|mobile|mobilenumber|telephone|wechat|wechatid|openid|unionid)"
    r"|(?:start|completion|complete|submit|submission|submitted|end|created|updated|lastmodified|response|elapsed)"
    r"(?:time|date|at|on)|(?:submitted|created|filledin|completed)by\w*|duration\w*|timetaken|timespent|source|referrer"
    r"|network\w*|browser|device|language|useragent|ipaddress|token"
    r"|(?:respondent|response|user|employee|staff|collector|record|submission|member)s?(?:id|no|number|code)?"
)
"""Headers whose columns tell who answered, when, or from where."""
_ASKS_WHO = re.compile(
    r"\byour (?:\w+ )?(?:name|e-?mail|phone|mobile|wechat)\b|\b(?:first|last|full|nick|user) ?name\b"
    r"|\bmobile (?:no|number)\b"
)
"""The same inside a sentence."""
_SHARED = re.compile(
    r"来源\w*|渠道|来自ip|ip\w*|浏览器|操作系统|设备\w*|语言|所用时间|用时|\w*时长|source|referrer|network\w*|browser|device"
    r"|language|useragent|duration\w*|timetaken|timespent|elapsedtime"
)
"""Those of them that many people have in common."""
_TOTAL = re.compile(
    r"\w*(?:总分|得分)|分数|总计|合计|平均分|均分|成绩|(?:total|quiz|your)?(?:score|points)s?|total|sum|average"
)
_GRADED = re.compile(r"\s*(?:(?:points|feedback|score|得分|分数|反馈)\s*[-–—:].+|quiz feedback)", re.DOTALL)
_GRADES = re.compile(r"scores?|points?|feedback|得分|分数|反馈")
"""Columns of points beside each question, as quizzes have them: ``Points - Question``, ``Question [Score]``."""
_MONTH = re.compile(r"(?:调查|统计|所属|填报|问卷)?月份?|(?:survey)?month|period")
_GROUP = re.compile(
    r"团队|小组|组别|部门|组织架构|班组|科室|班次|中心|事业部|岗位|职位|职级|职能|司龄|工龄|年资|年限|城市|地区|区域|办公|性别|年龄|学历|用工"
    r"|\b(?:teams?|departments?|group|tenure|seniority|years|role|job|level|grade|office|location|region|city|gender|age"
    r"|shift|unit|division|function|contract)\b"
)
_COMMENT = re.compile(
    r"建议|意见|评论|留言|反馈|想法|补充|其他|其它|说说|说明|原因|备注|心声|希望|改进"
    r"|\b(?:comments?|suggest\w*|feedback|other|anything|remarks?|opinions?|why|improv\w*|ideas?|thoughts?|share|tell)\b"
)
LONGEST_NAME = 18
"""Letters of a header that asks for identity or a group; longer ones are questions."""


class Role(StrEnum):
    """What a column is, as far as its header tells."""

    IDENTIFIER = "identifier"
    ITEM = "item"
    TOTAL = "total"
    MONTH = "month"
    GROUP = "group"
    COMMENT = "comment"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Column:
    """One column of an export.

    Attributes:
        place: Its number, from 0.
        label: Its header without numbering and notes.
        role: What it is.
        item: The item it asks for; "" when none.
    """

    place: int
    label: str
    role: Role
    item: str = ""


def plain_label(header: str) -> str:
    """A header without its numbering and notes such as ``(必填)``.

    Example:
        >>> plain_label("Q3：所在团队（必填）*"), plain_label("12、您的建议")
        ('所在团队', '您的建议')
    """
    text = _plain_width(header)
    text = _NUMBERING.sub("", text, count=1) if _NUMBERING.match(text) else text
    while (shorter := _NOTES.sub("", text)) != text:
        text = shorter
    return text.strip(" :.、?") or header.strip()


def wording_key(text: str) -> str:
    """What two spellings of one question have in common: letters and digits, in lower case and plain width.

    Example:
        >>> wording_key("2. My  Tools work! *") == wording_key("my tools work")
        True
    """
    return re.sub(r"[\W_]+", "", folded(plain_label(text)))


def known_wordings(items: pd.DataFrame) -> dict[str, str]:
    """The item of each wording and of each item id, by `wording_key`."""
    ids = {wording_key(item): item for item in items["item"]}
    return ids | {wording_key(question): item for question, item in zip(items["question"], items["item"], strict=True)}


def is_shared(label: str) -> bool:
    """Whether many people have the values of this identifier in common, so that it tells no two of them apart."""
    return bool(_SHARED.fullmatch(wording_key(label)))


def asked_item(header: str, wordings: Mapping[str, str]) -> str:
    """The item a header asks for, be it whole, in brackets or after a common stem; "" when none.

    Example:
        >>> asked_item("How is it? [My tools work]", {"mytoolswork": "tools"})
        'tools'
        >>> asked_item("Points - My tools work", {"mytoolswork": "tools"})
        ''
    """
    text = _plain_width(header)
    if whole := wordings.get(wording_key(header)):
        return whole
    bracket, tail = _BRACKETS.search(text), _TAIL.fullmatch(text)
    if _is_graded(text):
        return ""
    parts = [found[1] for found in (bracket, tail) if found]
    parts += [text[: bracket.start()]] if bracket else []
    return next((item for part in parts if (item := wordings.get(wording_key(part)))), "")


def column_of(place: int, header: str, wordings: Mapping[str, str]) -> Column:
    """What a header tells about its column.

    Args:
        place: Number of the column.
        header: As exported.
        wordings: As `known_wordings`.

    Example:
        >>> [column_of(0, header, {}).role.value for header in ("来自IP", "1、团队", "您的建议", "总分", "E-mail")]
        ['identifier', 'group', 'comment', 'total', 'identifier']
    """
    item = asked_item(header, wordings)
    label = plain_label(header)
    return Column(place, label, Role.ITEM if item else _role(header, label), item)


def _role(header: str, label: str) -> Role:
    key, text = wording_key(header), folded(label)
    short = len(key) <= LONGEST_NAME or len(text.split()) in range(2, 7)
    if _TOTAL.fullmatch(wording_key(_BRACKETS.sub("", label))) or _is_graded(_plain_width(header)):
        return Role.TOTAL
    if short and (_WHO.fullmatch(key) or _ASKS_WHO.search(text)):
        return Role.IDENTIFIER
    if _COMMENT.search(text):
        return Role.COMMENT
    if _MONTH.fullmatch(key):
        return Role.MONTH
    return Role.GROUP if short and _GROUP.search(text) else Role.UNKNOWN


def _is_graded(text: str) -> bool:
    """Whether a header names the points of another question."""
    bracket = _BRACKETS.search(text)
    return bool(_GRADED.fullmatch(folded(text)) or (bracket and _GRADES.fullmatch(wording_key(bracket[1]))))


def _plain_width(header: str) -> str:
    """Brackets, colons and digits in plain width, the letters' case kept."""
    return header.translate(_WIDE).replace("\u00a0", " ").strip().strip("\ufeff\u200b")


_WIDE = {full: full - 0xFEE0 for full in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
