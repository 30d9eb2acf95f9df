"""Is a person named? By the names and ids a team has given, and by the way people are addressed.

A cause is refused when a name is found, so a look-alike that is refused costs its author more than a name that slips
through: in Chinese, where no space ends a word, a surname counts only where no ordinary word can stand.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from itertools import chain
from pathlib import Path

import pandas as pd

from opsretro.tables.reader import as_text

HAN = "\u3400-\u9fff"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方"
    "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎常武乔贺赖龚文樊兰殷施陶洪翟颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂柴焦"
)
"""The surnames most people in China bear. Left out: 于 向 易 安 and the like, which are words more often than names."""
ENDINGS = "高周何程任范金石方江史段雷顾毛万钱康文余叶钟陆夏田白龙常温章曾汤施武林马黄董许牛申季洪颜严焦柴谢赖伍毕贺陶傅"
"""Surnames that also end ordinary words (交易金, 流程, 责任): they count only after a mark, a space or a word below."""
BEFORE = "由被因是找问请让给跟和与的了到说叫怪靠"
TITLES = (
    r"总监|总经理|总(?![额量数价体分计和结是部会成收销有之线值表览共产账经监裁支长重则算需规])|副总|经理(?![论解念想智疗应性财赔会清])|老师"
    r"|主管(?!部)|主任(?!务)|组长|部长|店长(?!期)|队长|班长|助理|秘书|同学|董(?!事)|老板|先生(?!产|成|效)|女士|小姐|师傅"
    r"|大?[哥姐]|工(?![作程单具资业厂人期地艺序种时位商])"
)
FAMILIAR = (
    "程[序度]|周[期末年边围报一]|范[围例]|顾[客虑]|方[案向法面式块]|任[务何]|金[额库融牌币]|高[峰度潮级考]|黄[金车鸭页书图历]|马[上路达力]"
    "|毛[病利]|江[湖苏]|石[家头]|龙[虾头]|苏打|陈[列旧]|张贴|白|段|余额|叶子|贺卡|温[差度]|夏[天季]|钟[头点]|雷达|孔雀|熊|钱|康|牛"
    "|王[子者国牌]|田园|杨梅|胡[同萝]|卢布|孙子|许[可多]|林业|丁点|宋体|唐装|罗马|文[章案件字化]|史料|常识|季[度节]|章节|何时|万元|汤圆"
    "|严重|施工|董事|申请|陆续|洪水|武器|颜色|焦点"
)
"""Words that begin with a surname, and so make no name of 小 or 老 before them: 小程序, 老毛病."""

PLACES = (
    "郑州|苏州|徐[州家]|兰州|沈阳|邵阳|唐山|萧山|张[家江]|王[府牌]|许昌|吕梁|罗湖|秦[皇淮]|孝感|韩[国语式]|朱家|李[村宁]|孙[公桥]"
    "|杨[浦陵]"
)
"""Places and other words that begin with a surname and stand before a title: 苏州经理."""
_GIVEN = rf"(?![的了和与是在有没不被让给各每两几])[{HAN}]{{1,2}}"

_SURE = "".join(sorted(set(SURNAMES) - set(ENDINGS)))
_SURNAME = rf"(?:[{_SURE}]|欧阳|上官|司马|诸葛|(?:(?<![{HAN}])|(?<=[{BEFORE}]))[{ENDINGS}])"
ADDRESSED = (
    rf"{_SURNAME}(?:{TITLES})",
    rf"(?:(?<![{HAN}])|(?<=[{BEFORE}]))(?!{FAMILIAR}|{PLACES})[{_SURE}]{_GIVEN}"
    r"(?:总监|总经理|经理(?![论解念想智疗应性财赔会清])|主管(?!部)|主任(?!务))",
    rf"{_SURNAME}某某?(?![些种个类天次处地款日年月一品平渠活])",
    rf"(?<![大最较更缩减很变微细弱多太古长养衰中])[小老](?!{FAMILIAR})[{SURNAMES}]",
    r"\b(?:Mr|Mrs|Ms|Dr)(?:\.\s*|\s+)[A-ZÀ-ÖØ-Þ][\w'’-]*",
    r"(?a:(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)",
    rf"(?<![\w.])@(?:(?a:[A-Za-z][\w.-]*)|[{HAN}]{{2,4}})",
)
"""Patterns of the ways people are addressed, by title, familiarly, by mail or by a mention."""
_PERSON = re.compile("|".join(ADDRESSED))
_ROLE = re.compile(
    r"(?i:.*(?:组|部|部门|团队|中心|公司|客服|运营|产品|研发|测试|设计|市场|经理|主管|专员)"
    r"|(?:.*[\s_-])?(?:team|group|department|service|support|manager|lead|operations|ops|marketing|sales|product|"
    r"engineering|data|design|growth|content|owner|pm))"
)
LETTER = r"[^\W\u2e80-\uffef]"


def named_people(text: str, people: Collection[str]) -> list[str]:
    """The people a text names, in the order they appear.

    Args:
        text: What somebody wrote.
        people: Names and ids the team has given (owners, roster). Chinese names count wherever they stand, others as
            whole words, in any case. Teams and roles among them (``运营组``, ``customer service``), plain numbers and
            single letters are nobody.

    Returns:
        Each name once, as the text has it. A full name that is in no list and has no title is not found.

    Example:
        >>> named_people("小王没有按 growth-2 的清单测试小程序", {"growth-2", "growth"})
        ['小王', 'growth-2']
    """
    plain = folded(text)
    found = [(match.start(), match[0]) for match in _PERSON.finditer(plain)]
    for name in people:
        if pattern := _pattern(folded(name).strip()):
            found += [(match.start(), match[0]) for match in re.finditer(pattern, plain, re.IGNORECASE)]
    return list(dict.fromkeys(name for _, name in sorted(found)))


def everybody(folder: Path, tables: Mapping[str, pd.DataFrame]) -> set[str]:
    """Everybody the workspace knows by name or id: owners, and the roster that hides names in comments.

    Args:
        folder: The survey folder, for its roster.txt in UTF-8 or GB18030.
        tables: Those of the workspace.

    Raises:
        InputError: The roster is no text; names it holds would not be hidden.
    """
    owners = (tables[name]["owner"].dropna() for name in ("goals", "activities", "actions") if name in tables)
    roster = folder / "roster.txt"
    names = as_text(roster.read_bytes(), roster.name).splitlines() if roster.is_file() else []
    return {str(name).strip() for name in chain(*owners, names)} - {""}


def is_role(name: str) -> bool:
    """Whether a name is that of a team or a role: nobody in particular."""
    return bool(_ROLE.fullmatch(name)) and not _PERSON.search(name)


def folded(text: str) -> str:
    """Full-width letters as plain ones, without marks that nobody sees."""
    return "".join(letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")


def _pattern(name: str) -> str:
    """What finds a known name; empty when it is a team, a role, a number or a single letter."""
    if len(name) < 2 or name.isdigit() or is_role(name):
        return ""
    exact = r"\s+".join(map(re.escape, name.split()))
    return exact if re.search(f"[{HAN}]", name) else rf"(?<!{LETTER})(?<!-){exact}(?!{LETTER}|-)"
