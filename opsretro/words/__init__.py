"""The one catalogue of words: every sentence a person reads, in zh-CN and in English, found by its key."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from typing import Any

LANGUAGES = ("zh-CN", "en")
_UNSEEN = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""Marks that turn the direction of writing, or a terminal: text from data could make a sentence read otherwise."""


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(lang: str) -> Mapping[str, str]:
    """Every text of one language by its dotted key (``goals.status.met``).

    Args:
        lang: ``zh-CN`` or ``en``.

    Returns:
        Key to text; a text that depends on a number has the two keys ``….one`` and ``….other``.

    Raises:
        KeyError: The language is not one of `LANGUAGES`.
    """
    if lang not in LANGUAGES:
        raise KeyError(lang)
    return dict(_flat(tomllib.loads(files(__name__).joinpath(f"{lang}.toml").read_text(encoding="utf-8"))))


def _flat(tree: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for key, value in tree.items():
        pairs += _flat(value, f"{prefix}{key}.") if isinstance(value, Mapping) else [(prefix + key, value)]
    return pairs


def say(key: str, lang: str, /, **values: object) -> str:
    """The words for a key, filled in.

    Args:
        key: Dotted key in the catalogue.
        lang: ``zh-CN`` or ``en``.
        **values: What the placeholders stand for; text from data is inserted as it is and never read as a template.
            ``n`` (an int) also chooses between the forms ``one`` and ``other``.

    Returns:
        One text.

    Raises:
        KeyError: No such key or language, or a placeholder without a value.

    Example:
        >>> say("problem.more", "en", n=3)
        '3 more'
    """
    texts = catalogue(lang)
    if key not in texts:
        key = f"{key}.one" if values.get("n") == 1 else f"{key}.other"
    return without_unseen(texts[key].format_map(values))


def join_list(parts: Sequence[str], lang: str) -> str:
    """Join parts as people do: ``a, b and c`` or ``甲、乙和丙``.

    In Chinese, there is a space beside Latin letters and digits only.

    Example:
        >>> join_list(["a", "b", "c"], "en")
        'a, b and c'
        >>> join_list(["一月", "二月", "3 月"], "zh-CN")
        '一月、二月和 3 月'
    """
    if len(parts) < 2:
        return "".join(parts)
    head, tail = say("list.comma", lang).join(parts[:-1]), parts[-1]
    if lang == "zh-CN":
        head, tail = head + " " * head[-1:].isascii(), " " * tail[:1].isascii() + tail
    return say("list.last", lang, head=head, tail=tail)


def pick(names: Mapping[str, str] | str, lang: str) -> str:
    """The text of one language out of ``{"zh-CN": …, "en": …}``; a plain string serves both.

    Example:
        >>> pick({"zh-CN": "成交额", "en": "GMV"}, "en")
        'GMV'
    """
    if isinstance(names, str):
        return without_unseen(names)
    return without_unseen(names.get(lang) or next((name for name in names.values() if name), ""))


def without_unseen(text: str) -> str:
    r"""A text without marks that turn the direction of writing or steer a terminal.

    Example:
        >>> without_unseen("\u202etxt.exe\x1b[31m")
        'txt.exe[31m'
    """
    return _UNSEEN.sub("", text)
