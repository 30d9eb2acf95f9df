"""Daily signals in words: one line each, and one line about what was judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from opsretro.analysis.alerts import Alerts, unjudged
from opsretro.report import numbers
from opsretro.report.goal_words import goal_name
from opsretro.words import join_list, say


def lines(alerts: Alerts, lang: str) -> list[str]:
    """One sentence a new signal.

    Args:
        alerts: What is new.
        lang: ``zh-CN`` or ``en``.
    """
    return [_line(alerts, signal, lang) for signal in alerts.signals.to_dict("records")]


def _line(alerts: Alerts, signal: Mapping[str, Any], lang: str) -> str:
    keys = ("actual", "expected", "lower", "upper")
    values = [signal[key] for key in keys]
    amounts = numbers.distinct(values, signal["unit"], lang, currency=alerts.context.currency)
    text = say(
        f"alerts.line.{signal['kind']}_{signal['side']}",
        lang,
        name=goal_name(signal, alerts.context, lang),
        day=numbers.day(signal["date"], lang),
        days=signal["days"],
        change=numbers.rate(abs(signal["change"]), lang, digits=2),
        **dict(zip(keys, amounts, strict=True)),
    )
    return text + (say(f"alerts.side.{signal['better']}", lang) if signal["better"] else "")


def summary(alerts: Alerts, lang: str) -> str:
    """What was judged, and what could not be and why."""
    judged = len(alerts.states) - sum(map(len, unjudged(alerts).values()))
    parts = [say("alerts.judged", lang, n=judged, day=numbers.day(alerts.day, lang), new=len(alerts.signals))]
    for reason, goals in unjudged(alerts).items():
        names = [goal_name(alerts.names[goal], alerts.context, lang) for goal in goals]
        parts.append(say(f"alerts.state.{reason}", lang, names=join_list(names, lang)))
    return say("sentence.gap", lang).join(parts)
