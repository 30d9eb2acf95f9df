"""What comments talk about: words and short phrases that several of them share."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import pandas as pd

_HAN = re.compile("[\u3400-\u9fff]+")
_PIECE = re.compile(r"[\u3400-\u9fff]+|[A-Za-z][A-Za-z'’-]*|[^\s\u3400-\u9fffA-Za-z]+")
_MARK = re.compile(r"\[(?:姓名|电话|微信|邮箱|证件号|工号|name|phone|WeChat|QQ|mail|id card|staff number)\]")
_CONTENT = ("n", "v", "a", "j", "l", "i", "x", "t")
_KEPT_NAMES = {"毛利", "顾客", "高峰", "陈列", "黄金周", "白领", "文明", "仓"}
"""Ordinary words that the dictionary takes for names of people; all others it takes for names are left out."""
_STOP_WORDS = """
希望 建议 觉得 感觉 认为 可以 能够 没有 不是 还是 就是 可能 应该 需要 比较 非常 有点 有些 现在 目前 最近 经常 总是
一直 已经 时候 大家 我们 他们 你们 自己 这个 那个 这样 那样 什么 怎么 为什么 因为 所以 但是 不过 如果 虽然 而且 或者
以及 一些 一点 一下 一个 每次 每天 每周 每月 今天 昨天 明天 本月 上月 这次 上次 下次 问题 情况 方面 东西 事情 地方
出现 进行 导致 造成 使用 增加 减少 提高 改善 改进 加强 优化 做到 得到 看到 知道 不知道 不能 不会 不要 不够 不好 很多
太多 太少 太大 太长 太慢 特别 真的 完全 继续 开始 左右 以上 以下 之后 之前 以后 以前 其他 其实 只是 只有 还有 都是
不同 相关 有时 有时候 越来越 部分 其中 来说 的话 起来 出来 下来 回来 同事 公司 团队
about above across after again against all almost also although always and another any anyone anything are aren't
around because been before being below best better between both but can can't cannot could couldn't did didn't does
doesn't doing don't done down during each either else enough especially even ever every everyone everything feel
feels few find fine first for from further get gets getting give given gives goes going good got great had has
hasn't have haven't having her here him his how however i'd i'll i'm i've into isn't it's its itself just keep keeps
kind know last least less let like likes little lot lots made make makes making many maybe might more most much must
myself need needed needs never new next nobody none nor not nothing now off often once one only other others our out
over own per perhaps please quite rather really same say says see seem seems she should shouldn't since some someone
something sometimes soon still such sure take takes than thank thanks that that's the their them then there these
they thing things think this those though through too two under until upon use used using usually very want wants
was wasn't way well were what when where which while who whole whom why will wish with without won't would wouldn't
year yes yet you your team company people month week day today bad hard
"""
_STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing of what a comment is about."""
_SHARE = 2 / 3
"""A phrase takes the place of a word when it is in at least this share of the comments the word is in."""


def themes(texts: Iterable[str], *, most: int = 8, least: int = 3) -> pd.DataFrame:
    """Words and phrases that several comments share, the most frequent first.

    Candidates are content words (nouns, verbs, adjectives by rjieba's dictionary; English words of three letters and
    more, singular and plural together) and two of them side by side. Each counts once a comment. A phrase takes the
    place of those of its words of whose comments it has at least two thirds, and is dropped where it takes none.
    Rank: number of comments, then phrases before words, then the alphabet. Words that are or may be names of people
    (by the dictionary, or never without a capital letter inside a sentence) are no theme.

    Args:
        texts: Comments that are redacted already; marks such as ``[姓名]`` or ``[name]`` are no theme. Their order does
            not matter.
        most: Themes returned at most.
        least: Comments that must mention a theme.

    Returns:
        theme (str) and n (int, comments that mention it).

    Source:
        Document frequency with absorbed sub-phrases, a simplified C-value: K. Frantzi, S. Ananiadou and H. Mima,
        Automatic recognition of multi-word terms, Int. J. Digital Libraries 3 (2000) 115-130.

    Example:
        >>> themes(["加班太多", "周末加班，没有调休", "少加班"]).to_dict("records")
        [{'theme': '加班', 'n': 3}]
    """
    counts: Counter[tuple[str, ...]] = Counter()
    spellings: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for text in texts:
        said = {words for run in _runs(text) for words in _phrases(run)}
        counts.update({_key(words) for words in said})
        for words in said:
            spellings[_key(words)][_shown(words)] += 1
    named = {key[0] for key, words in spellings.items() if len(key) == 1 and _may_be_name(words)}
    shared = {key: n for key, n in counts.items() if n >= least and not named.intersection(key)}
    found = sorted((-n, -len(key), _spelling(spellings[key])) for key, n in _absorbed(shared).items())
    return pd.DataFrame(
        {
            "theme": pd.Series([theme for _, _, theme in found[:most]], dtype="str"),
            "n": pd.Series([-n for n, _, _ in found[:most]], dtype="int64"),
        }
    )


def _runs(text: str) -> Iterator[list[str]]:
    """Stretches of content words with nothing between them, lower case; see `_english` for the marks before some."""
    from rjieba import tag as tagged  # its dictionary takes a quarter of a second, and most months need none

    run: list[str] = []
    first = True
    for piece in _PIECE.findall(unicodedata.normalize("NFKC", _MARK.sub(" / ", text))):
        if _HAN.match(piece):
            words = [word if _tells(word, tag) else "" for word, tag in tagged(piece)]
        else:
            words = [_english(piece, first=first)]
        first = piece[-1] in ".!?;:。…/"
        for word in words:
            if word:
                run.append(word)
            else:
                yield run
                run = []
    yield run


def _tells(word: str, tag: str) -> bool:
    if len(word) < 2 or word in _STOP:
        return False
    return word in _KEPT_NAMES or (tag.startswith(_CONTENT) and not tag.startswith("nr"))


def _english(piece: str, *, first: bool) -> str:
    """A word in lower case, empty when it says nothing.

    One with a capital letter has ``^`` before it, or ``?`` where a sentence begins and the letter proves nothing.
    """
    word = piece.strip("'’-").replace("’", "'").removesuffix("'s")
    lower = word.lower()
    if len(word) < 3 or not word[0].isalpha() or lower in _STOP:
        return ""
    return ("?" if first else "^") + lower if word.istitle() else lower


def _may_be_name(words: Iterable[str]) -> bool:
    """Whether a word always had a capital letter, and once where only a name has one."""
    starts = {word[0] for word in words}
    return "^" in starts and starts <= {"^", "?"}


def _phrases(run: list[str]) -> Iterator[tuple[str, ...]]:
    """Every word of a run, and every two side by side in one script."""
    yield from ((word,) for word in run)
    yield from (two for two in pairwise(run) if bool(_HAN.match(two[0])) == bool(_HAN.match(two[1])))


def _key(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(map(_stem, words))


def _stem(word: str) -> str:
    """A word without the mark of a capital letter and the s of a plural."""
    word = word.lstrip("^?")
    if _HAN.match(word) or len(word) < 4 or word.endswith(("ss", "us", "is")):
        return word
    return f"{word[:-3]}y" if word.endswith("ies") and len(word) > 4 else word.removesuffix("s")


def _absorbed(shared: Mapping[tuple[str, ...], int]) -> dict[tuple[str, ...], int]:
    """Without words that a phrase stands for, and without phrases that stand for none."""
    phrases = {key: n for key, n in shared.items() if len(key) == 2}
    taken = {(word,): key for key, n in phrases.items() for word in key if n >= _SHARE * shared[(word,)]}
    kept = {key for key, n in phrases.items() if any(n >= _SHARE * shared[(word,)] for word in key)}
    return {key: n for key, n in shared.items() if (key in kept if len(key) == 2 else key not in taken)}


def _shown(words: tuple[str, ...]) -> str:
    """How a word or a phrase is spelt; a word alone keeps the mark of its capital letter."""
    if len(words) == 1:
        return words[0]
    return ("" if _HAN.match(words[0]) else " ").join(word.lstrip("^?") for word in words)


def _spelling(counts: Counter[str]) -> str:
    """The most frequent spelling, the first in the alphabet among equals."""
    plain: Counter[str] = Counter()
    for word, n in counts.items():
        plain[word.lstrip("^?")] += n
    return min((-n, word) for word, n in plain.items())[1]
