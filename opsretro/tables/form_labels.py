"""What an answer says on the scale of its item: codes, labels in Chinese and English, or both in one cell."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from functools import lru_cache

HAN = "\u3400-\u9fff"
_MINUS = str.maketrans(dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015\u2212", "-"))

_SKIP = re.compile(
    r"|跳过|空白?|未(?:作|回)?答|未填写?|缺失|skip(?:ped)?|blank|empty|missing|null|none|nan|nil|no answer|not answered"
    r"|ref|value|div 0|name|num"
)
"""Answers that were not given; the last ones are what is left of error cells."""
_UNSURE = re.compile(
    r"不清楚|不(?:太|能)?确定|不知道|说不清楚?|不好说|很?难说|不适用|不了解|没有?意见|不详|拒绝回答|不[愿想便]回答|无法(?:判断|回答|评价)"
    r"|n a|na|not applicable|does not apply|unknown|undecided|no opinion|hard to say|can(?:not| t) say"
    r"|(?:i am |i m )?(?:not sure|unsure)|(?:i )?(?:do not|dont|don t) know|prefer not to (?:say|answer)"
)
"""Answers outside the scale: whoever is not sure does not stand in the middle."""
_NEUTRAL = re.compile(
    r"一般般?|中[立性等]|普通|无所谓|不一定|还行|尚可|既?[不非](?:同意|赞同|赞成)也[不非](?:反对|不?(?:同意|赞同|赞成))|既不满意也不不满意?"
    r"|neutral|average|indifferent|mixed|so so|neither(?: (?:dis)?agree (?:n?or) (?:dis)?agree)?"
    r"|neither (?:dis|un)?satisfied nor (?:dis|un)?satisfied"
)
_OFTEN = {
    1: re.compile(r"从不|从未|从来不|从来没有|从没有?|never|none of the time"),
    2: re.compile(r"很少|极少|较少|几乎(?:从?不|没有)|rarely|seldom|hardly ever|almost never"),
    3: re.compile(r"有时候?|sometimes|some of the time"),
    4: re.compile(r"经常|常常|时常|通常|(?:very )?often|frequently|usually|most of the time"),
    5: re.compile(r"总是|一直|始终|每次|always|all of the time|every time"),
}
"""How often, on five steps."""
_NOW_AND_THEN = re.compile(r"偶尔|occasionally|once in a while")
"""The second step beside `sometimes`, the third beside `rarely`; by itself it could be either."""
BETWEEN = 2.5
LONGEST_LABELLED = 7
"""Steps of the longest scale whose every step may have a label."""

_ZH_FULL = "非常|完全|强烈|十分|极其|极为|极度|极|特别|很"
_ZH_MILD = "比较|较为|较|有点|有些|稍微|略微|略|基本上|基本|大致|大体|部分|还算|倾向于|倾向"
_ZH_CORE = "同意|赞同|认同|赞成|符合|满意"
_ZH = {
    3: rf"(?:{_ZH_FULL})地?(?:{_ZH_CORE})",
    2: rf"(?:{_ZH_CORE})",
    1: rf"(?:{_ZH_MILD})地?(?:{_ZH_CORE})",
    -1: rf"(?:(?:{_ZH_MILD})地?不|不太|不大|不怎么|不很|不是很)(?:{_ZH_CORE})|(?:{_ZH_MILD})(?:反对|不满)",
    -2: rf"不(?:{_ZH_CORE})|反对|不满",
    -3: rf"(?:(?:{_ZH_FULL})地?不|一点儿?[也都]不|毫不|绝不)(?:{_ZH_CORE})|(?:{_ZH_FULL})地?(?:反对|不满)",
}
_EN_FULL = (
    "strongly|very strongly|completely|totally|very|very much|fully|extremely|entirely|absolutely|definitely|highly"
)
_EN_MILD = (
    "somewhat|rather|slightly|mostly|mainly|moderately|fairly|a little|a bit|partly|partially|tend to|quite|generally|"
    "largely|more or less|to some extent|inclined to"
)
_EN_YES, _EN_NO = "agree|satisfied", "disagree|dissatisfied|unsatisfied"
_EN_NOT = "do not|don t|not"
_EN = {
    3: rf"(?:{_EN_FULL}) (?:{_EN_YES})|(?:{_EN_YES}) (?:{_EN_FULL})",
    2: rf"(?:{_EN_YES})",
    1: rf"(?:{_EN_MILD}) (?:{_EN_YES})|(?:{_EN_YES}) (?:{_EN_MILD})",
    -1: rf"(?:{_EN_MILD}) (?:{_EN_NO})|(?:{_EN_NO}) (?:{_EN_MILD})|(?:{_EN_NOT}) (?:very|really|so) (?:{_EN_YES})",
    -2: rf"(?:{_EN_NO})|(?:{_EN_NOT}) (?:{_EN_YES})",
    -3: rf"(?:{_EN_FULL}) (?:{_EN_NO})|(?:{_EN_NO}) (?:{_EN_FULL})|not at all (?:{_EN_YES})"
    rf"|(?:{_EN_NOT}) (?:{_EN_YES}) at all",
}
_LEVELS = [(0, _NEUTRAL), *((level, re.compile(form)) for forms in (_ZH, _EN) for level, form in forms.items())]

_NUMBER = re.compile(r"[\[(]?(-?\d+(?:[.,]\d+)?)[\])]?\s*(?:分|星|points?|pts|stars?)?")
_CODED = (
    re.compile(r"(?P<mark>[\[(]?)(?P<code>-?\d+(?:\.\d+)?)\s*分?(?P<sign>[\s\[\]()\-:=.、,|]*)(?P<label>[^\d\s\W].*)"),
    re.compile(r"(?P<label>.*[^\d\s.,\-:=|(\[])(?P<sign>[\s\-:=|(\[]*)(?P<code>\d+)\s*(?P<mark>分?[\])]?)"),
)
_LETTER = re.compile(r"[a-z]\s*[.、):]\s*(?=\S)")


@dataclass(frozen=True)
class Answer:
    """What one cell says, before the scale of its item is known.

    Attributes:
        code: The number in it; None = there is none.
        level: From -3 (fully against) over 0 (neutral) to 3 (fully for); None = no agreement or satisfaction.
        often: From 1 (never) to 5 (always), 2.5 = now and then (`BETWEEN`); None = no frequency.
        kind: "skip", "unsure", "given", or "unknown" (words that are no label).
        chinese: Whether the label is Chinese; two languages may show two sets of labels.
    """

    code: float | None = None
    level: int | None = None
    often: float | None = None
    kind: str = "given"
    chinese: bool = False

    @property
    def labelled(self) -> bool:
        """Whether it holds a label that is understood."""
        return self.level is not None or self.often is not None


def folded(text: str) -> str:
    """A text in lower case and plain width, with a plain minus and without marks that nobody sees."""
    plain = unicodedata.normalize("NFKC", text).translate(_MINUS)
    if not plain.isprintable():  # what can be seen holds no such marks
        seen = (letter for letter in plain if unicodedata.category(letter) not in {"Cf", "Cc"} or letter in "\t\n")
        plain = "".join(seen)
    return " ".join(plain.casefold().split())


@lru_cache(maxsize=4096)
def read_answer(cell: str) -> Answer:
    """What a cell of an item says.

    Args:
        cell: Text as exported.

    Returns:
        Its code, its label, or why it has neither.

    Example:
        >>> read_answer("５-非常同意")
        Answer(code=5.0, level=3, often=None, kind='given', chinese=True)
        >>> read_answer("(跳过)").kind, read_answer("不清楚").kind, read_answer("\u22123").kind
        ('skip', 'unsure', 'skip')
    """
    text = folded(cell)
    if found := _NUMBER.fullmatch(text):
        code = float(found[1].replace(",", "."))
        return Answer(code=code, kind="skip" if code in {-2, -3} else "given")
    for pattern in _CODED:
        if found := pattern.fullmatch(text):
            said = _label(found["label"])
            told = said.labelled or (said.kind == "unknown" and found["sign"].strip())
            return replace(said, code=float(found["code"]), kind="given") if told else said
    return _label(_LETTER.sub("", text, count=1) if _LETTER.match(text) else text)


def _label(text: str) -> Answer:
    words = " ".join(re.sub(r"[\W_]+", " ", text).split())
    chinese = bool(re.search(f"[{HAN}]", words))
    words = words.replace(" ", "") if chinese else words
    if _SKIP.fullmatch(words) or _UNSURE.fullmatch(words):
        return Answer(kind="skip" if _SKIP.fullmatch(words) else "unsure")
    if _NOW_AND_THEN.fullmatch(words):
        return Answer(often=BETWEEN, chinese=chinese)
    often = next((step for step, form in _OFTEN.items() if form.fullmatch(words)), None)
    words = words.removeprefix("i ").removeprefix("我")
    level = next((level for level, form in _LEVELS if form.fullmatch(words)), None)
    return Answer(None, level, often, "unknown" if level is often is None else "given", chinese)


def label_step(answer: Answer, steps: int, answers: Collection[Answer]) -> int | None:
    """The step of a scale a label stands for.

    Args:
        answer: With a label.
        steps: How many steps the scale has.
        answers: All answers of the form: `now and then` is placed by the labels beside it.

    Returns:
        From 0 (the lowest) to steps - 1; None when the label has no place on such a scale.

    Example:
        >>> [label_step(read_answer(label), 5, []) for label in ("非常不同意", "不太同意", "neutral", "agree")]
        [0, 1, 2, 3]
    """
    if answer.often is not None:
        often = _now_and_then(answers) if answer.often == BETWEEN else answer.often
        return int(often) - 1 if often and steps == 5 else None
    level = answer.level
    if level is None or steps > LONGEST_LABELLED:
        return None
    if level == 0:
        return steps // 2 if steps % 2 else None
    above = {7: (4, 5, 6), 6: (3, 4, 5), 5: (3, 3, 4), 4: (2, 2, 3)}.get(steps, (steps - 1,) * 3)[abs(level) - 1]
    return above if level > 0 else steps - 1 - above


def _now_and_then(answers: Iterable[Answer]) -> int:
    steps = {answer.often for answer in answers}
    if {2, 3} & steps == {3}:
        return 2
    return 3 if {2, 3} & steps == {2} else 0


def finest_set(answers: Iterable[Answer]) -> int:
    """The number of different labels of agreement in the language that shows most: above 5 they are no five steps."""
    given = list(answers)
    return max(
        len({answer.level for answer in given if answer.level is not None and answer.chinese is chinese})
        for chinese in (False, True)
    )
