"""What the words of every section share: names of the team, sentences in a row, the sign of what is not known."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from opsretro.words import join_list, pick, say

if TYPE_CHECKING:
    from opsretro.analysis.result import Result


class SectionWords:
    """Base of the words of one result in one language.

    Args:
        review: The result.
        lang: ``zh-CN`` or ``en``.
    """

    review: Result

    def __init__(self, review: Result, lang: str) -> None:
        self.review, self.lang = review, lang

    def called(self, name: str) -> str:
        """An id of the data in the words of [names], where they have it."""
        return pick(self.review.context.names.get(name, name), self.lang)

    def missing(self) -> str:
        """The sign of what is not known."""
        return say("number.missing", self.lang)

    def join(self, *sentences: str) -> str:
        """Sentences in a row."""
        return say("sentence.gap", self.lang).join(sentence for sentence in sentences if sentence)

    def listed(self, parts: Sequence[str]) -> str:
        """Names in a row."""
        return join_list(parts, self.lang)
