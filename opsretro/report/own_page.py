"""What the page says of a notebook of the team's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opsretro.analysis.result import Result
from opsretro.words import say


@dataclass(frozen=True, kw_only=True)
class OwnPart:
    """A section out of a notebook of the team's own.

    Attributes:
        key: Its place on the page.
        title: Its heading, as the team wrote it.
        record: File of the executed notebook.
        result: What it saved; None = nothing.
        failure: Why it failed, by language; None = it did not.
    """

    key: str
    title: str
    record: str
    result: Result | None = None
    failure: Mapping[str, str] | None = None


def own_text(own: OwnPart, lang: str) -> tuple[str, str]:
    """State and sentence of a notebook that has nothing to show.

    Args:
        own: The notebook.
        lang: ``zh-CN`` or ``en``.
    """
    if own.failure is not None:
        return "failed", say("page.failed", lang, why=own.failure[lang])
    return "absent", say("page.own_silent", lang, file=own.record)
