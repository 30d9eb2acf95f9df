"""Hide what identifies a person in a comment: names, phones, accounts, mail, cards, staff numbers.

Here a name that slips through costs more than a look-alike that is hidden, the other way round than in a cause tree.
Every pattern has bounded repeats or one place to start at, so that a long text takes a time in proportion.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

import pandas as pd

from opsretro.tables.people import ADDRESSED, BEFORE, ENDINGS, FAMILIAR, HAN, LETTER, SURNAMES, folded, is_role

MARKS = {
    "name": ("姓名", "name"),
    "phone": ("电话", "phone"),
    "wechat": ("微信", "WeChat"),
    "qq": ("QQ", "QQ"),
    "mail": ("邮箱", "mail"),
    "card": ("证件号", "id card"),
    "staff": ("工号", "staff number"),
}
"""What stands in square brackets in place of each kind, in Chinese and in English."""
_STANDS = {kind: chr(0xE000 + number) for number, kind in enumerate(MARKS)}
"""While a text is worked on, a mark is one character of the private use area, which no pattern matches."""
_PASSES = 8

_UNSEEN = re.compile("[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u20e3\u2800\u3164\ufe00-\ufe0f\uffa0]")
"""Marks without ink that Unicode does not count as format characters."""
_CONTROL = {"Cc", "Cf", "Co", "Cs"}
_D = "[0-9〇零一幺二两三四五六七八九壹贰叁肆伍陆柒捌玖]"
_GAP = r"[\s_·-]{1,2}"
_GROUPS = ((3, 4, 4), (3, 8), (7, 4), (4, 3, 4), (4, 4, 3), (3, 3, 5), (5, 6), (6, 5), (3, 4, 2, 2), (3, 2, 2, 2, 2))
"""How people cut eleven digits; other groups are rather a row of figures."""
_CUT = "|".join(_GAP.join(f"{_D}{{{size}}}" for size in sizes) for sizes in _GROUPS)
_MOBILE = (
    rf"(?=[1一幺壹][\s_.·-]{{0,2}}[3-9三四五六七八九叁肆伍陆柒捌玖])"
    rf"(?:{_D}{{11}}|{_D}(?:[\s_.·-]{{1,2}}{_D}){{10}}|{_D}{{3}}\.{_D}{{4}}\.{_D}{{4}}|{_CUT})(?![0-9]|\s?[元块万亿%])"
)
_PROVINCE = "(?:1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[12])"
_DAY = r"(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"
_LINK = r"(?:号码?|编号|number|no\.?|id|是|为|is|[\s:#=.]){0,5}"
_NO_DATE = r"(?!(?:19|20)\d\d(?:[-./]\d|[01]\d[0-3]\d(?!\d)))"
_ORDER = r"(?i:订单|工单|运单|单号|流水|物流|快递|批次|券码|编码|条码|sku|spu|order|ticket|tracking|invoice|batch)"
_WECHAT = r"(?i:微信|薇信|v信|weixin|wechat|wxid|(?<![a-z0-9])[wv]x)"


class _Rule(NamedTuple):
    """What is hidden: a value after something that stays; the kind ``keep`` guards a value against later rules."""

    kind: str
    before: str
    value: str


_RULES = (
    _Rule("keep", rf"{_ORDER}(?i:号码?|编号|\s?number|\s?no\.?|\s?id)[\s:#]{{0,3}}", r"(?a:[A-Za-z]{0,4}[\d-]{6,40})"),
    _Rule("mail", "", r"(?a:(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+)"),
    _Rule("mail", "", r"(?ai:(?<![\w.+-])[\w.+-]+\s?[(\[]at[)\]]\s?[\w-]+(?:(?:\.|\s?[(\[]dot[)\]]\s?)[\w-]+)+)"),
    _Rule("card", "", rf"(?<![\dA-Za-z]){_PROVINCE}\d{{4}}[\s-]?(?:19|20[01])\d?\d{_DAY}[\s-]?\d{{3}}[\dXx](?!\d)"),
    _Rule("card", "", rf"(?<![\dA-Za-z]){_PROVINCE}\d{{6}}{_DAY}\d{{3}}(?!\d)"),
    _Rule("card", rf"(?i:身份证|证件|护照|passport|id card){_LINK}", r"[A-Za-z]{0,2}\d{6,18}[Xx]?"),
    _Rule(
        "staff",
        rf"(?i:工号|员工号|员工编号|(?<!{LETTER})(?:staff|employee|badge)\s(?:no\.?|number|id)){_LINK}",
        r"[A-Za-z]{0,4}-?\d{2,12}",
    ),
    _Rule(
        "wechat",
        rf"{_WECHAT}(?:\s?(?i:id))?\s?[号是为:=][\s号码是为:=]{{0,3}}",
        r"(?a:[A-Za-z][\w-]{5,19}|\d{5,12}(?!\d))",
    ),
    _Rule("wechat", r"加[我他她]?的?(?i:微信|薇信|v信?|wx|vx)[\s号是:]{0,3}", r"(?a:[A-Za-z][\w-]{5,19})"),
    _Rule("wechat", rf"{_WECHAT}\s(?i:is\s)?\s?", r"(?a:(?=[A-Za-z-]{1,19}[\d_])[A-Za-z][\w-]{5,19})"),
    _Rule("wechat", r"(?:微|(?<![A-Za-z0-9])[Vv])\s?:\s?", r"(?a:(?=[A-Za-z-]{1,19}[\d_])[A-Za-z][\w-]{5,19})"),
    _Rule("wechat", r"(?i:(?<![a-z0-9])[wv]x)", r"(?a:(?<=x)(?=[A-Za-z-]{1,19}[\d_])[A-Za-z][\w-]{5,19})"),
    _Rule("qq", r"(?:(?i:(?<![a-z])qq|扣扣)[号群是\s:]{0,4}|(?<![A-Za-z])[Qq]\s?:\s?)", r"\d{5,12}(?!\d)"),
    _Rule("phone", "", rf"(?<![0-9A-Za-z.])(?:(?:\+|00)?86[\s-]{{0,2}})?{_MOBILE}"),
    _Rule("phone", "", r"(?<!\w)\+(?:[\s().-]{0,2}\d){9,15}(?!\d|\s?[元块万亿%])"),
    _Rule("phone", "", r"(?<![\w.-])\(?(?:010|02\d)\)?[\s-]{0,2}\d{4}[\s-]?\d{4}(?!\d)"),
    _Rule("phone", "", r"(?<![\w.-])\(?0[3-9]\d\d\)?[\s-]{0,2}\d{3,4}[\s-]?\d{4}(?!\d)"),
    _Rule("phone", "", r"(?<![\w.-])\(?(?!400|800)[2-9]\d\d(?:\)\s?|[.-])\d{3}[.-]\d{4}(?![\w-])"),
    _Rule(
        "phone",
        rf"(?i:电话|手机|号码|联系方式|座机|(?<!{LETTER})(?:tel|phone|mobile|cell|whatsapp|call me|call)(?!{LETTER}))"
        rf"(?:{_LINK}|\s(?:on|at)\s)",
        rf"{_NO_DATE}(?:[+(]{{0,2}}\d(?:[\s().-]{{0,2}}\d){{6,14}}|{_D}{{7,15}})(?![0-9]|\s?[元块万亿%])",
    ),
)
_UNROSTERED = (
    r"\b(?:Mr|Mrs|Ms|Dr|Prof)(?:\.\s*|\s+)[A-ZÀ-ÖØ-Þ][\w'’-]*(?:\s[A-ZÀ-ÖØ-Þ][a-zß-ÿ][\w'’-]*)?",
    *ADDRESSED,
    rf"(?:(?<![{HAN}])|(?<=[{BEFORE}]))(?![大小老帅表空学堂的八鹦哥姐师])[{HAN}][哥姐](?![妹弟哥姐们])",
    r"(?<=客服|同事|经理|主管|组长|老板|领导|总监|店长)(?!Excel|Jira|Power|Python|Slack|Tableau|Teams|Wiki|Word)[A-Z][a-z]+(?![A-Za-z])",
    r"(?<=\bmanager\s)[A-Z][a-z]+\b|(?<=\bboss\s)[A-Z][a-z]+\b|(?<=\bcolleague\s)[A-Z][a-z]+\b",
)
_MENTIONING = re.compile(
    "[和跟与由找让请被给问对向把替帮是叫]|同事|领导|主管|经理|组长|总监|老师|店长|班长|客服|联系|感谢|希望|建议"
)
_DOING = re.compile("[说总老没不带写的又也都]|总是|经常|老是|从来|一直|没有|负责|批评|骂|迟到|请假|离职|答应|态度|每次")
"""Words before and after a word that the dictionary takes for a name: with one of them it is somebody."""
_NOBODY = re.compile(
    "阿里|阿姨|黄牛|李宁|李锦记|王老吉|王守义|王者|张小泉|徐福记|谢馥春|戴森|戴尔|乔丹|彭博|罗森|罗技|罗莱|孔雀|陈列|陈述|许诺|谢谢|张贴|张表|张图|宋体|唐装|苏打"
)
"""Brands and things that bear a surname and that the dictionary takes for names."""

_ORDINARY = re.compile(
    "(?i:april|august|art|bill|bob|chase|dawn|dean|drew|faith|frank|gang|grace|grant|hang|hope|jack|joy|june|king|l"
    "ong|man|mark|may|page|pan|pat|pin|ping|price|ray|rich|rose|sang|song|sue|summer|sun|tie|will|wise|wood|young)"
)
"""Names that are ordinary words too: alone they count with a capital letter only, and never as part of a name."""


def redact(texts: Iterable[object], roster: Collection[str] = ()) -> list[str]:
    """Comments without what identifies a person.

    A neutral mark takes its place: ``[姓名]``, ``[电话]``, ``[微信]``, ``[QQ]``, ``[邮箱]``, ``[证件号]``, ``[工号]``
    in a text that has Chinese characters, ``[name]``, ``[phone]``, ``[WeChat]``, ``[QQ]``, ``[mail]``, ``[id card]``,
    ``[staff number]`` elsewhere. Control, direction and invisible characters are taken out, line breaks become spaces;
    markup and formulas stay the text they are. Redacting twice changes nothing.

    Args:
        texts: What people wrote; None and NaN are empty.
        roster: Names and ids of the team. Chinese names count wherever they stand, with a gap inside too, and by the
            given name where that is no ordinary word; names in Latin letters as whole words in any case, family name
            first or last, joined or hyphenated, and either part alone with a capital letter. Teams and roles
            (``运营组``, ``growth``), numbers below five digits and single letters are nobody.

    Returns:
        As many texts, in the same order. A name that is in no list, has no title and stands beside no word that
        speaks of people is not found, nor is a roster name in another script (``Zhang Wei`` for 张伟).

    Example:
        >>> redact(["王经理让我打 138 0013 8000，流程太慢", "Wei Zhang left", None], ["Zhang Wei"])
        ['[姓名]让我打 [电话]，流程太慢', '[name] left', '']
    """
    hide = _compiled(roster)
    return ["" if text is None or pd.isna(text) else _redacted(str(text), hide) for text in texts]


def _compiled(roster: Collection[str]) -> re.Pattern[str]:
    names = sorted({pattern for name in roster for pattern in _roster_patterns(folded(str(name)).strip())})
    rules = [*_RULES, *(_Rule("name", "", pattern) for pattern in sorted(names, key=len, reverse=True))]
    rules += [_Rule("name", "", pattern) for pattern in _UNROSTERED]
    return re.compile("|".join(f"{rule.before}(?P<{rule.kind}{i}>{rule.value})" for i, rule in enumerate(rules)))


def _roster_patterns(name: str) -> Iterator[str]:
    """What finds a name of the roster; nothing when it is a team, a role, a short number or a single letter."""
    if name.isdigit() and len(name) >= 5:
        yield rf"(?<!\d){name}(?!\d)"
    if len(name) < 2 or name.isdigit() or is_role(name):
        return
    if re.search(f"[{HAN}]", name):
        yield r"[\s·.-]?".join(map(re.escape, re.sub(r"[\s·]", "", name)))
        if re.fullmatch(f"[{SURNAMES}][{HAN}]{{2}}", name) and _tagged(name[1:])[0][1].startswith(("nr", "x")):
            yield name[1:]
        return
    words = [word for word in re.split(r"[\s,]+", name) if word]
    for order in {tuple(words), (*words[1:], words[0]), (words[-1], *words[:-1])}:
        yield _latin(order)
    for word in words if len(words) > 1 else ():
        if len(word) >= 3 and not _ORDINARY.fullmatch(word):
            yield rf"(?<!{LETTER}){re.escape(word[0].upper() + word[1:].lower())}(?!{LETTER})"


def _latin(words: tuple[str, ...]) -> str:
    """A name in Latin letters as whole words; when long enough to be no ordinary word, joined or cut otherwise too."""
    joined = "".join(words)
    if _ORDINARY.fullmatch(joined):
        return rf"(?<!{LETTER}){joined.capitalize()}(?!{LETTER})"
    if len(words) == 1:
        inside, end = re.escape(joined), "|-"
    elif len(joined) < 6:
        inside, end = r"[\s,.-]{1,2}".join(map(re.escape, words)), ""
    else:
        inside, end = r"[\s,._-]{0,2}".join(map(re.escape, joined)), ""
    return rf"(?i:(?<!{LETTER}{end}){inside}(?!{LETTER}{end}))"


def _redacted(text: str, hide: re.Pattern[str]) -> str:
    """One text; one whose marks bring ever more to light was built to do so and is hidden altogether."""
    text = _seen(text)
    lang = 0 if re.search(f"[{HAN}]", text) else 1
    for kind, marks in MARKS.items():
        for mark in marks:
            text = text.replace(f"[{mark}]", _STANDS[kind])
    for _ in range(_PASSES):
        before, text = text, _hidden(_hidden(text, lambda plain: _by_pattern(plain, hide)), _by_words)
        if text == before:
            break
    else:
        text = _STANDS["name"]
    for kind, marks in MARKS.items():
        text = text.replace(_STANDS[kind], f"[{marks[lang]}]")
    return text


def _seen(text: str) -> str:
    """A text as a reader sees it: one line, without control, direction, private and invisible characters."""
    text = re.sub(r"[\t\n\v\f\r\u0085\u2028\u2029]+", " ", unicodedata.normalize("NFC", text))
    return "".join(letter for letter in _UNSEEN.sub("", text) if unicodedata.category(letter) not in _CONTROL)


_Span = tuple[int, int, str]


def _hidden(text: str, find: Callable[[str], Iterable[_Span]]) -> str:
    """The text with the mark of its kind for every span that is found in its plain form."""
    parts = [_plain(letter) for letter in text]
    origin = [i for i, part in enumerate(parts) for _ in part]
    kept, done = [], 0
    for start, end, kind in find("".join(parts)):
        kept += [text[done : origin[start]], _STANDS[kind]]
        done = origin[end - 1] + 1
    return "".join([*kept, text[done:]])


def _plain(letter: str) -> str:
    """Full-width letters and the digits of any script as plain ones."""
    if letter.isascii():
        return letter
    return str(unicodedata.decimal(letter)) if letter.isdecimal() else unicodedata.normalize("NFKC", letter)


def _by_pattern(plain: str, hide: re.Pattern[str]) -> Iterator[_Span]:
    for match in hide.finditer(plain):
        group = str(match.lastgroup)
        if not group.startswith("keep"):
            yield match.start(group), match.end(group), group.rstrip("0123456789")


def _by_words(plain: str) -> Iterator[_Span]:
    """Names in no list: words the dictionary takes for a name, with a sure surname, beside a word about people."""
    words = [("", "x"), *_tagged(plain), ("", "x")]
    at = 0
    for (before, _), (word, tag), (after, _) in zip(words, words[1:], words[2:], strict=False):
        if tag == "nr" and 2 <= len(word) <= 3 and not _NOBODY.match(word) and _is_somebody(word, before, after):
            yield at, at + len(word), "name"
        at += len(word)


def _is_somebody(word: str, before: str, after: str) -> bool:
    """A surname that also ends words counts after a word about people only."""
    if _MENTIONING.fullmatch(before):
        return word[0] in f"{SURNAMES}阿" and not re.match(FAMILIAR, word)
    return bool(_DOING.fullmatch(after)) and word[0] in SURNAMES and word[0] not in ENDINGS


def _tagged(text: str) -> list[tuple[str, str]]:
    """Words with their kind; the dictionary is loaded when the first text needs it."""
    from rjieba import tag

    words: list[tuple[str, str]] = tag(text)
    return words
