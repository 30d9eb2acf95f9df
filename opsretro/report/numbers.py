"""Numbers and dates as people of each language write them; never the locale of the process."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date
from itertools import pairwise

from opsretro.words import say

MINUS = "\u2212"
DIGITS = 3
MOST_DIGITS = 12
_SYMBOLS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥"}
_SCALES = {
    "zh-CN": ((1e12, " 万亿"), (1e8, " 亿"), (1e4, " 万")),
    "en": ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")),
}
RATES = frozenset({"percent", "fraction"})


def number(value: float | None, lang: str, *, digits: int = DIGITS) -> str:
    """A number with the digits that matter: 万/亿 in Chinese, k/M/B in English.

    Args:
        value: None or NaN = missing.
        lang: ``zh-CN`` or ``en``.
        digits: Significant digits.

    Example:
        >>> number(52_340_000, "zh-CN"), number(52_340_000, "en"), number(-0.5, "en")
        ('5234 万', '52.3M', '−0.5')
    """
    if value is None or math.isnan(value):
        return say("number.missing", lang)
    size, suffix = abs(value), ""
    for scale, mark in _SCALES[lang]:
        if float(f"{size:.{digits}g}") >= scale:
            size, suffix = size / scale, mark
            break
    text = _plain(size, digits)
    return f"{MINUS if value < 0 and float(text) else ''}{text}{suffix}"


def _plain(size: float, digits: int) -> str:
    """Significant digits without exponent; whole digits are never rounded away (5234, not 5230)."""
    if size == 0:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(size)))
    text = f"{size:.{min(decimals, 12)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def rate(value: float | None, lang: str, *, digits: int = DIGITS) -> str:
    """A fraction as per cent.

    Example:
        >>> rate(0.658997, "en"), rate(None, "zh-CN")
        ('65.9%', '–')
    """
    if value is None or math.isnan(value):
        return say("number.missing", lang)
    text = _plain(abs(value) * 100, digits)
    return f"{MINUS if value < 0 and float(text) else ''}{text}%"


def amount(value: float | None, unit: str, lang: str, *, currency: str = "CNY", digits: int = DIGITS) -> str:
    """A KPI's value in its unit: a rate as per cent, money with its sign, anything else as a number.

    Args:
        value: In the KPI's own unit, rates as fractions.
        unit: ``percent``, ``fraction``, ``currency``, ``count`` or the team's own word.
        lang: ``zh-CN`` or ``en``.
        currency: ISO 4217 code.
        digits: Significant digits.

    Example:
        >>> amount(1_234_567, "currency", "en"), amount(0.0421, "percent", "en")
        ('¥1.23M', '4.21%')
    """
    if unit in RATES:
        return rate(value, lang, digits=digits)
    text = number(value, lang, digits=digits)
    if unit != "currency" or value is None or math.isnan(value):
        return text
    sign, bare = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}{_SYMBOLS.get(currency, currency + ' ')}{bare}"


def distinct(values: Sequence[float], unit: str, lang: str, *, currency: str = "CNY") -> list[str]:
    """Values of one unit with as many digits as it takes to tell those apart that differ.

    Example:
        >>> distinct([0.04199, 0.042], "percent", "en")
        ['4.199%', '4.2%']
    """
    values = [float(f"{value:.9g}") for value in values]  # what differs later is the computer's doing
    for digits in range(DIGITS, MOST_DIGITS + 1):
        texts = [amount(value, unit, lang, currency=currency, digits=digits) for value in values]
        if len(set(texts)) >= len({None if math.isnan(value) else value for value in values}):
            break
    return texts


def axis(values: Sequence[float], unit: str, lang: str, *, currency: str = "CNY") -> list[str]:
    """The labels of an axis: one scale and as many decimals for all of them, no more than tell them apart.

    Args:
        values: Ascending, evenly spaced.
        unit: As `amount`.
        lang: ``zh-CN`` or ``en``.
        currency: ISO 4217 code.

    Example:
        >>> axis([0.04, 0.042, 0.044], "percent", "en"), axis([4e6, 4.5e6], "currency", "en")
        (['4.0%', '4.2%', '4.4%'], ['¥4.0M', '¥4.5M'])
    """
    largest = max((abs(value) for value in values), default=0.0)
    scale, suffix = next(((s, mark) for s, mark in _SCALES[lang] if largest >= s), (1.0, ""))
    prefix = _SYMBOLS.get(currency, currency + " ") if unit == "currency" else ""
    if unit in RATES:
        scale, suffix = 0.01, "%"
    step = min((b - a for a, b in pairwise(values)), default=largest or 1.0) / scale
    decimals = next((n for n in range(15) if abs(round(step, n) - step) < step / 1000), 15)
    zero = f"{prefix}0{'%' if unit in RATES else ''}"
    return [
        f"{MINUS if value < 0 else ''}{prefix}{abs(value) / scale:.{decimals}f}{suffix}" if value else zero
        for value in values
    ]


def share(value: float | None, lang: str) -> str:
    """An attainment as per cent, never rounded onto or across 100 %.

    Example:
        >>> share(0.99996, "en"), share(0.934, "en"), share(1.0, "en")
        ('99.996%', '93.4%', '100%')
    """
    if value is None or math.isnan(value):
        return say("number.missing", lang)
    for digits in range(DIGITS, 2 * MOST_DIGITS):
        text = rate(value, lang, digits=digits)
        if text != "100%" or value == 1:
            break
    return text


def gap(value: float, unit: str, lang: str, *, currency: str = "CNY") -> str:
    """A distance between two values of a KPI, without its sign; between rates it is percentage points.

    Example:
        >>> gap(-0.0016, "percent", "en"), gap(337_681, "currency", "en")
        ('0.16 points', '¥338k')
    """
    if unit in RATES:
        return say("number.points", lang, value=number(abs(value) * 100, lang))
    return amount(abs(value), unit, lang, currency=currency)


def chance(value: float, lang: str) -> str:
    """A probability in whole per cent, never certain: none is below 1 % or above 99 %.

    Example:
        >>> chance(0.0, "en"), chance(0.468, "en"), chance(1.0, "en")
        ('<1%', '47%', '>99%')
    """
    if value < 0.01:
        return say("number.below", lang, value="1%")
    return say("number.above", lang, value="99%") if value > 0.99 else f"{100 * value:.0f}%"


def period(label: str, lang: str) -> str:
    """A month, a quarter, a year or a range of months in words.

    Example:
        >>> period("2026-Q3", "en"), period("2026-10", "zh-CN"), period("2026", "zh-CN")
        ('2026 Q3', '2026年10月', '2026年')
        >>> period("2026-01..2026-10", "en")
        'Jan 2026 to Oct 2026'
    """
    if ".." in label:
        first, _, last = label.partition("..")
        return say("date.range", lang, first=month(first, lang), last=month(last, lang))
    if len(label) == 4:
        return say("date.year", lang, year=label)
    if "Q" in label:
        return say("date.quarter", lang, year=label[:4], quarter=label[-1])
    return month(label, lang)


def month(label: str, lang: str) -> str:
    """A month in words.

    Example:
        >>> month("2026-10", "en"), month("2026-10", "zh-CN")
        ('Oct 2026', '2026年10月')
    """
    year, number_ = int(label[:4]), int(label[5:7])
    return say("date.month", lang, year=year, month=number_, name=say(f"date.short.m{number_}", lang))


def day(iso: str, lang: str) -> str:
    """A day in words.

    Example:
        >>> day("2026-11-02", "en")
        '2 Nov 2026'
    """
    when = date.fromisoformat(iso)
    name = say(f"date.short.m{when.month}", lang)
    return say("date.day", lang, year=when.year, month=when.month, day=when.day, name=name)
