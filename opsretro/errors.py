"""What can go wrong, as data: problems with a place and a fix, gathered so that one error tells all of them.

The words are looked up when somebody reads a problem, not when it is found.

The tree of errors::

    OpsretroError
    ├── InputError      the input is refused: bad table, bad setting, bad month   (exit code 2)
    └── OutputError     the result could not be written                           (exit code 3)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from itertools import groupby
from traceback import extract_tb
from typing import ParamSpec, TypeVar

ROWS_SHOWN = 5
_ENDS = re.compile("[\t\n\u2028\u2029]+")
Code = TypeVar("Code", bound=StrEnum)
Value = TypeVar("Value")
Given = ParamSpec("Given")


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with an input, where it is, and what to write instead.

    Attributes:
        code: Key below ``problem`` in the catalogue of words.
        source: File, setting or option, as the user knows it (``metrics.csv``).
        column: Column of the table; None when the problem is not in one column.
        rows: Row numbers as a spreadsheet shows them (the header is row 1); empty = the whole file.
        values: What the words of the catalogue are filled with.
    """

    code: str
    source: str
    column: str | None = None
    rows: tuple[int, ...] = ()
    values: Mapping[str, str] = field(default_factory=dict)

    def text(self, lang: str = "en") -> str:
        """The problem as one sentence, without its source.

        Example:
            >>> Problem(code="not_a_number", source="metrics.csv", column="value", rows=(14, 31),
            ...         values={"value": "n/a", "fix": "leave the cell empty"}).text()
            "Column 'value', rows 14 and 31: 'n/a' is not a number; leave the cell empty."
        """
        from opsretro.words import say

        what = say(f"problem.{self.code}", lang, **self.values)
        where = self._where(lang)
        sentence = _one_line(say("problem.at", lang, where=where, what=what) if where else what)
        return sentence[:1].upper() + sentence[1:]

    def line(self, lang: str = "en") -> str:
        """The problem as one line with its source in front; one without a source is a sentence alone."""
        from opsretro.words import say

        text = self.text(lang)
        return _one_line(say("problem.line", lang, source=self.source, text=text)) if self.source else text

    def _where(self, lang: str) -> str:
        from opsretro.words import join_list, say

        parts = []
        if self.column is not None:
            parts.append(say("problem.column", lang, column=self.column))
        if self.rows:
            shown = [str(row) for row in self.rows[:ROWS_SHOWN]]
            if more := len(self.rows) - ROWS_SHOWN:
                shown += [say("problem.more", lang, n=more)] if more > 0 else []
            parts.append(say("problem.rows", lang, n=len(self.rows), rows=join_list(shown, lang)))
        return say("problem.comma", lang).join(parts)


def _one_line(text: str) -> str:
    """A problem on one line, whatever the value or the name it quotes: no value can look like a line of ours."""
    return _ENDS.sub(" ", text)


class OpsretroError(Exception):
    """Base of every error this package raises on purpose."""


class InputError(OpsretroError):
    """The input is refused; carries every problem found, not only the first.

    Attributes:
        problems: All problems, in the order of their files.
    """

    def __init__(self, problems: Iterable[Problem], *, lang: str = "en") -> None:
        self.problems = tuple(problems)
        super().__init__(self.text(lang))

    def text(self, lang: str = "en") -> str:
        """All problems in words, one line a source.

        Example:
            >>> print(InputError([Problem(code="empty_file", source="goals.csv")]))
            goals.csv: 1 problem. The file is empty; export it again, or delete it if there is no such data.
        """
        from opsretro.words import say

        lines = []
        for source, group in groupby(self.problems, key=lambda problem: problem.source):
            texts = [problem.text(lang) for problem in group]
            count = _one_line(say("problem.count", lang, n=len(texts), source=source))
            lines.append(say("problem.gap", lang).join([count, *texts]))
        return "\n".join(lines)


@contextmanager
def collecting(problems: list[Problem]) -> Iterator[None]:
    """Go on after a refusal, with its problems kept, so that one error can tell the problems of several steps.

    Args:
        problems: Grows by the problems of an `InputError` raised inside.

    Example:
        >>> problems = []
        >>> with collecting(problems):
        ...     raise InputError([Problem(code="empty_file", source="goals.csv")])
        >>> len(problems)
        1
    """
    try:
        yield
    except InputError as refused:
        problems.extend(refused.problems)


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Make a refusal speak a language.

    Args:
        lang: ``zh-CN`` or ``en``.

    Raises:
        InputError: What was refused inside, in that language.
    """
    try:
        yield
    except InputError as refused:
        raise InputError(refused.problems, lang=lang) from None


def unseen(what: str) -> Callable[[Callable[Given, Value]], Callable[Given, Value]]:
    """Keep what people wrote out of an error nobody foresaw: it tells its kind and place, and no value.

    The error itself is let go before another one is raised, so that no traceback can show its values, either.

    Args:
        what: What is done, for the message.

    Returns:
        What makes such a function of a function; it raises RuntimeError instead of anything but an error of this
        package or of the file system.

    Example:
        >>> unseen("team health")(int)("somebody's answer")
        Traceback (most recent call last):
        RuntimeError: team health: ValueError in guarded; please report it, the values stay here
    """

    def guarding(done: Callable[Given, Value]) -> Callable[Given, Value]:
        @wraps(done)
        def guarded(*given: Given.args, **named: Given.kwargs) -> Value:
            try:
                return done(*given, **named)
            except (OpsretroError, OSError):
                raise
            except Exception as error:
                kind = f"{type(error).__name__} in {extract_tb(error.__traceback__)[-1].name}"
            del given, named
            raise RuntimeError(f"{what}: {kind}; please report it, the values stay here")

        return guarded

    return guarding


class OutputError(OpsretroError):
    """A result could not be written: no room, no permission, or a folder where a file must go.

    Its arguments are the path and the reason.
    """


def as_code(kind: type[Code], value: str, name: str) -> Code:
    """A code out of a word a person wrote.

    Args:
        kind: `Direction`, `Aggregation`, `Rule`, …
        value: The word.
        name: The argument it came in, for the error.

    Raises:
        InputError: The word is none of the codes; names them.

    Example:
        >>> from opsretro.analysis.codes import Direction
        >>> as_code(Direction, "higher", "direction").name
        'HIGHER'
    """
    try:
        return kind(value)
    except ValueError:
        values = {"value": str(value), "fix": ", ".join(kind)}
        raise InputError([Problem(code="bad_argument", source=name, values=values)]) from None
