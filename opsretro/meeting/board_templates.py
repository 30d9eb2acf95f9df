"""The phases and boards a meeting can have, read from data: those of the kit and those of the team."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from opsretro.errors import InputError, Problem
from opsretro.tables.meetings import PHASES, Board, Column, Phase, Stage
from opsretro.words import LANGUAGES

FILE = "boards.toml"
MOST_COLUMNS = 8
LONGEST_MINUTES = 240
_KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,30}")


@dataclass(frozen=True, kw_only=True)
class Agenda:
    """What a meeting is made of.

    Attributes:
        phases: In order, their clocks full.
        boards: Every board a phase can show, by key.
    """

    phases: tuple[Phase, ...]
    boards: Mapping[str, Board]


def read_agenda(workspace: Path) -> Agenda:
    """The phases and boards of a workspace.

    Args:
        workspace: Its folder; its ``boards.toml``, when there is one, adds to those of the kit.

    Raises:
        InputError: The file cannot be read, or a board or phase in it is wrong; all problems at once.

    Example:
        >>> sorted(read_agenda(Path("nowhere")).boards)
        ['4ls', '5whys', 'fishbone', 'kiss', 'kpt', 'lessons', 'ssc']
    """
    ours = tomllib.loads(files(__package__).joinpath(FILE).read_text(encoding="utf-8"))
    problems: list[Problem] = []
    theirs = _parsed(workspace / FILE, problems)
    problems += [_problem("board_unknown", key, known="phases, boards") for key in theirs if key not in ours]
    boards = {key: _board(key, told, problems) for key, told in _items(ours, theirs, problems)}
    told = theirs.get("phases") or ours["phases"]
    phases = _phases(told if isinstance(told, list) else [told], boards, problems)
    if problems:
        raise InputError(problems)
    return Agenda(phases=phases, boards=boards)


def _parsed(path: Path, problems: list[Problem]) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig")) if path.exists() else {}
    except UnicodeDecodeError:
        problems.append(Problem(code="toml_encoding", source=FILE))
    except tomllib.TOMLDecodeError as error:
        problems.append(Problem(code="toml_syntax", source=FILE, values={"why": str(error)}))
    except OSError as error:
        problems.append(Problem(code="unreadable", source=FILE, values={"why": error.strerror or str(error)}))
    return {}


def _items(ours: Mapping[str, Any], theirs: Mapping[str, Any], problems: list[Problem]) -> list[tuple[str, Any]]:
    own = theirs.get("boards", {})
    if not isinstance(own, dict):
        problems.append(_problem("board_value", "boards", fix="[boards.ours]"))
        own = {}
    return list({**ours["boards"], **own}.items())


def _board(key: str, told: Any, problems: list[Problem]) -> Board:
    """A board out of its table; what is wrong with it joins the problems."""
    where = f"boards.{key}"
    told = told if isinstance(told, dict) else {}
    problems += _strangers(told, where, ("name", "columns", "judged", "chain"))
    columns = told.get("columns")
    columns = columns if isinstance(columns, list) and all(isinstance(each, dict) for each in columns) else []
    keys = [str(each.get("key", "")) for each in columns]
    if not _KEY.fullmatch(key):
        problems.append(_problem("board_key", where, value=key))
    if not 1 <= len(columns) <= MOST_COLUMNS or len(set(keys)) < len(keys):
        problems.append(_problem("board_columns", f"{where}.columns", most=str(MOST_COLUMNS)))
    problems += [_problem("board_key", f"{where}.columns", value=name) for name in keys if not _KEY.fullmatch(name)]
    flags = {name: told.get(name, False) for name in ("judged", "chain")}
    problems += [
        _problem("board_value", f"{where}.{name}", fix="true, false")
        for name, flag in flags.items()
        if not isinstance(flag, bool)
    ]
    for name, each in zip(keys, columns, strict=True):
        problems += _strangers(each, f"{where}.{name}", ("key", "name", "ask"))
    made = [
        Column(
            key=name,
            name=_texts(each.get("name", name), f"{where}.{name}.name", problems),
            ask=_texts(each.get("ask", ""), f"{where}.{name}.ask", problems),
        )
        for name, each in zip(keys, columns, strict=True)
    ]
    names = _texts(told.get("name", key), f"{where}.name", problems)
    judged, chain = (flags[name] is True for name in ("judged", "chain"))
    stage = Stage.OPEN if chain else Stage.WRITE  # each why asks about the answer before: the room has to see it
    return Board(key=key, name=names, columns=tuple(made), judged=judged, chain=chain, stage=stage)


def _texts(told: Any, where: str, problems: list[Problem]) -> dict[str, str]:
    """A text in both languages; a plain one serves both."""
    texts = dict.fromkeys(LANGUAGES, told) if isinstance(told, str) else told
    good = isinstance(texts, dict) and all(key in LANGUAGES and isinstance(text, str) for key, text in texts.items())
    if good and texts:
        return {lang: texts.get(lang) or next(iter(texts.values())) for lang in LANGUAGES}
    problems.append(_problem("board_value", where, fix='{ zh-CN = "…", en = "…" }'))
    return {}


def _phases(told: Sequence[Any], boards: Mapping[str, Board], problems: list[Problem]) -> tuple[Phase, ...]:
    phases: list[Phase] = []
    for each in (each if isinstance(each, dict) else {} for each in told):
        problems += _strangers(each, f"phases.{each.get('key', '')}", ("key", "minutes", "board"))
        key, minutes, board = str(each.get("key", "")), each.get("minutes", 10), str(each.get("board", ""))
        if key not in PHASES or key in [phase.key for phase in phases]:
            problems.append(_problem("board_phase", "phases.key", value=key, known=", ".join(PHASES)))
        if isinstance(minutes, bool) or not isinstance(minutes, int | float) or not 0 < minutes <= LONGEST_MINUTES:
            problems.append(_problem("board_minutes", f"phases.{key}.minutes", most=str(LONGEST_MINUTES)))
            minutes = 10
        if board and board not in boards:
            problems.append(_problem("board_none", f"phases.{key}.board", value=board, known=", ".join(boards)))
        seconds = round(60 * minutes)
        phases.append(Phase(key=key, board=board, seconds=seconds, left=float(seconds)))
    return tuple(phases)


def _strangers(told: Mapping[str, Any], where: str, known: Sequence[str]) -> list[Problem]:
    """Keys that nobody reads, a misspelt one for example."""
    return [_problem("board_unknown", f"{where}.{name}", known=", ".join(known)) for name in told if name not in known]


def _problem(code: str, column: str, **values: str) -> Problem:
    return Problem(code=code, source=FILE, column=column, values=values)
