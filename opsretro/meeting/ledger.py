"""The action ledger that people and commands write to: every change is small, whole, and never over somebody else's.

Each writer waits for its turn, reads the file again, changes the text at the place of the value, reads the new text
again before it takes the old one's place, and refuses unless that holds what was wanted and nothing else.
"""

from __future__ import annotations

import hashlib
import re
from bisect import bisect
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from opsretro.errors import InputError, Problem, collecting
from opsretro.meeting.ledger_text import Page, as_yaml, plain, rank
from opsretro.tables.actions import FIELDS, FILE, OPEN, actions_of, read_actions
from opsretro.tables.lessons import unknown_scopes
from opsretro.tables.one_writer import alone, replace_whole
from opsretro.tables.reader import read_cells
from opsretro.tables.readings import FILE as READINGS
from opsretro.tables.yaml_nodes import decoded

ACTIONS, CONFLICTS = "actions", "conflicts"
HEADER = "# The action ledger: what was decided, who looks after it, and how it will be checked."
KEPT = (
    "# Changes that met another change of the same field. One goes when `opsretro ledger edit` writes mine or theirs."
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One action as somebody saw it.

    Attributes:
        id: The action.
        values: Value by field, as the file has them: text, number, None, or texts by language.
        digest: SHA-256 of the file they were read from.
    """

    id: str
    values: Mapping[str, Any]
    digest: str


class LedgerConflict(InputError):
    """Somebody else changed a field between reading and writing; theirs stands, mine is kept beside the ledger.

    Attributes:
        now: The action as it is now.
        changes: All that was to be written; none of it was.
        met: The fields that both changed.
        records: What is kept, one a field: id, field, theirs, mine, seen.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        *,
        now: Entry,
        changes: Mapping[str, Any],
        met: Sequence[str],
        records: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(problems)
        self.now, self.changes, self.met, self.records = now, changes, tuple(met), tuple(records)


class Ledger:
    """A file of actions; any number of people and programs may write to it at a time.

    Args:
        path: ``actions.yaml`` of a workspace; need not exist, its folder does.

    Example:
        >>> from tempfile import mkdtemp
        >>> ledger = Ledger(Path(mkdtemp()) / "actions.yaml")
        >>> ledger.add({"title": "Size guide", "created_in": "2026-10", "owner": "service-1"})
        'A-2026-10-1'
        >>> ledger.edit("A-2026-10-1", {"status": "do"}).values["status"]
        'do'
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).resolve()
        self.conflicts = self.path.with_name(f"{self.path.stem}.conflicts.yaml")
        self._archive = self.path.with_name(READINGS)
        self._known = Page(b"", self.path.name, ACTIONS)

    def actions(self) -> pd.DataFrame:
        """All actions, as `read_actions` returns them; none where there is no file.

        Raises:
            InputError: The file cannot be read; tells the lines.
        """
        return self.read()[0]

    def read(self) -> tuple[pd.DataFrame, tuple[Problem, ...]]:
        """All actions, and what is gently asked about them, as `read_actions` tells it.

        Raises:
            InputError: The file cannot be read; tells the lines.
        """
        read = read_actions(self.path) if self.path.exists() else actions_of("")
        return read.table, read.notes

    def notes(self, workspace: Path, sources: Mapping[str, str]) -> dict[str, list[Problem]]:
        """All that is gently asked, metrics a workspace does not have included, by action.

        Args:
            workspace: Its folder.
            sources: File by table, where it is not ``<table>.csv``.

        Raises:
            InputError: The file cannot be read; tells the lines.
        """
        actions, found = self.read()
        return notes_by_action(actions, [*found, *unknown_metrics(actions, known_metrics(workspace, sources))])

    def linted(self, workspace: Path, sources: Mapping[str, str]) -> list[Problem]:
        """`notes` of all actions, and scopes of lessons that nothing in the workspace is about.

        Args:
            workspace: Its folder.
            sources: File by table, where it is not ``<table>.csv``.

        Raises:
            InputError: As `notes`.
        """
        from opsretro.tables.inputs import read_inputs  # a meeting needs the ledger, and not every reader of tables

        found = [note for told in self.notes(workspace, sources).values() for note in told]
        with suppress(InputError):  # what is wrong elsewhere in the workspace is for the run to tell
            tables = read_inputs(workspace).tables
            found += unknown_scopes(tables["lessons"], tables) if "lessons" in tables else []
        return found

    def entry(self, action: str) -> Entry:
        """An action as the file has it now.

        Args:
            action: Its id.

        Raises:
            InputError: There is no such action, or the file cannot be read.
        """
        return self._entry(self._page(), action)

    def open_conflicts(self) -> list[dict[str, Any]]:
        """Changes that are kept beside the ledger and wait to be settled: id, field, theirs, mine, seen.

        Raises:
            InputError: The file that keeps them cannot be read.
        """
        return self._kept().items

    def add(self, fields: Mapping[str, Any]) -> str:
        """Add an action at the end.

        Args:
            fields: Value by field, without an id; created_in (``2026-10``) is needed. None = leave the field out.

        Returns:
            Its id, ``A-2026-10-3``: the next number that stands nowhere yet, readings of deleted actions included.

        Raises:
            InputError: A field or value is wrong, or the file cannot be read; nothing is written.
            OSError: It cannot be written; it is as it was.
        """
        given = {field: plain(value) for field, value in {"status": OPEN[0], **fields}.items()}
        given = {field: given[field] for field in sorted(given, key=rank) if given[field] is not None}
        month = str(given.get("created_in", ""))
        with alone(self.path.parent):
            page = self._page()
            name = f"A-{month}-{self._last(month) + 1}"
            wanted = {"id": name, **given}
            missing = [] if month else [self._problem("empty_cell", "created_in")]
            self._check(wanted, [*missing, *self._strangers(given, page)])
            self._replace(page, page.appended(wanted, HEADER), [*page.items, wanted])
        return name

    def edit(self, action: str, changes: Mapping[str, Any], seen: Entry | None = None) -> Entry:
        """Change fields of an action; what is kept of a conflict goes when one of its two values is written.

        Args:
            action: Its id, which never changes.
            changes: New value by field; None empties a field, which then stands as ``null``.
            seen: The action as it was when the changes were thought of, from `entry`; None = whatever it was.

        Returns:
            The action as it is now.

        Raises:
            LedgerConflict: Somebody else changed one of the fields since `seen`. Nothing of theirs is overwritten, and
                what was to be written is kept in ``actions.conflicts.yaml``.
            InputError: No such action, a field or value is wrong, or the file cannot be read; nothing is written.
            OSError: It cannot be written; it is as it was.
        """
        changes = {field: plain(changes[field]) for field in sorted(changes, key=rank)}
        with alone(self.path.parent):
            page = self._page()
            gone = bool(changes) and seen is not None and page.place(action) is None
            now = Entry(id=action, values={}, digest="") if gone else self._entry(page, action)
            if seen is not None and seen.digest != now.digest:
                self._meet(now, changes, seen)
            kept = {field: value for field, value in changes.items() if value is not None or field in now.values}
            wanted = {**now.values, **kept}
            self._check(wanted, self._strangers(changes, page))
            items = [wanted if str(item["id"]) == action else item for item in page.items]
            self._replace(page, page.changed(action, kept), items)
            self._end_kept(action, changes)
            return self._entry(self._known, action)

    def settle(self, conflict: LedgerConflict, *, mine: bool) -> None:
        """End a conflict: theirs stays where both changed a field, or mine is written there; the rest of mine is, too.

        Args:
            conflict: As it was raised.
            mine: Write mine over theirs. Either way, what was kept beside the ledger goes.

        Raises:
            LedgerConflict: Mine meets a third change.
            InputError: As `edit`.
            OSError: As `edit`.
        """
        changes = {field: value for field, value in conflict.changes.items() if mine or field not in conflict.met}
        if changes:
            self.edit(conflict.now.id, changes, seen=conflict.now)
        with alone(self.path.parent):
            self._take_out(conflict.records)

    def _end_kept(self, action: str, written: Mapping[str, Any]) -> None:
        """Let go of what is kept where a value of it is written now, theirs or mine."""
        with suppress(InputError, OSError, KeyError):  # the ledger is written; what is kept may wait
            own = [record for record in self.open_conflicts() if str(record["id"]) == action]
            ended = [
                record
                for record in own
                if (field := record["field"]) in written and written[field] in (record["theirs"], record["mine"])
            ]
            if ended:
                self._take_out(ended)

    def _take_out(self, records: Sequence[Mapping[str, Any]]) -> None:
        page = self._kept()
        if any(item not in records for item in page.items):
            replace_whole(self.conflicts, page.encoded(page.without(records)))
        else:
            self.conflicts.unlink(missing_ok=True)

    def _page(self) -> Page:
        """The file as it is now; what was read or written here last is not read again."""
        page, data = self._known, self._bytes()
        if data != page.data:
            actions_of(decoded(data, self.path.name))  # refuses what is wrong, with its lines
            page = self._known = Page(data, self.path.name, ACTIONS)
        return page

    def _bytes(self) -> bytes:
        return self.path.read_bytes() if self.path.exists() else b""

    def _kept(self) -> Page:
        return Page(self.conflicts.read_bytes() if self.conflicts.exists() else b"", self.conflicts.name, CONFLICTS)

    def _replace(self, page: Page, text: str, items: Sequence[Mapping[str, Any]]) -> None:
        """Write a text that holds what it should, and nothing else."""
        after = None
        with suppress(InputError):
            after = Page(page.encoded(text), self.path.name, ACTIONS)
        if after is None or after.everything != {**page.everything, ACTIONS: items}:
            raise InputError([self._problem("ledger_unsafe")])
        if self._bytes() != page.data:  # an editor of somebody's does not wait for its turn
            raise InputError([self._problem("ledger_saved")])
        if after.data != page.data:
            replace_whole(self.path, after.data)
        self._known = after

    def _entry(self, page: Page, action: str) -> Entry:
        if (at := page.place(action)) is None:
            ids = [str(item["id"]) for item in page.items]
            known = ", ".join(get_close_matches(action, ids) or ids[-3:])
            code = "ledger_no_action" if ids else "ledger_empty"
            raise InputError([self._problem(code, value=action, known=known)])
        return Entry(id=action, values=dict(page.items[at]), digest=hashlib.sha256(page.data).hexdigest())

    def _meet(self, now: Entry, changes: Mapping[str, Any], seen: Entry) -> None:
        """Refuse where they changed what I change; all I wanted is kept first."""
        names = ("id", "field", "theirs", "mine", "seen")
        triples = [(field, now.values.get(field), mine, seen.values.get(field)) for field, mine in changes.items()]
        met = [field for field, *told in triples if not now.values or told[0] not in told[1:]]
        if not met:
            return
        wanted = [(now.id, *told) for told in triples if told[0] in met or told[1] != told[2]]
        records = [dict(zip(names, told, strict=True)) for told in wanted]
        lost: list[Problem] = []
        with collecting(lost):
            page = self._kept()
            for record in records:
                page = Page(page.encoded(page.appended(record, KEPT)), self.conflicts.name, CONFLICTS)
            replace_whole(self.conflicts, page.data)
        code = "ledger_conflict_lost" if lost else "ledger_conflict"
        file = self.conflicts.name
        problems = [
            self._problem(code, told["field"], id=now.id, file=file, **{key: as_yaml(told[key]) for key in names[2:]})
            for told in records
            if told["field"] in met
        ]
        beside = "ledger_kept_lost" if lost else "ledger_kept"
        problems += [
            self._problem(beside, told["field"], id=now.id, file=file, mine=as_yaml(told["mine"]))
            for told in records
            if told["field"] not in met
        ]
        raise LedgerConflict([*problems, *lost], now=now, changes=changes, met=met, records=records)

    def _strangers(self, fields: Mapping[str, Any], page: Page) -> list[Problem]:
        """Fields that neither the kit nor this file knows, and the id, which nobody sets."""
        known = list(dict.fromkeys([*FIELDS[1:], *(field for item in page.items for field in item if field != "id")]))
        problems = [self._problem("ledger_id", "id")] if "id" in fields else []
        for field in [field for field in fields if field not in known and field != "id"]:
            close = get_close_matches(field, known, n=1)
            code = "yaml_misspelt" if close else "yaml_unknown"
            problems.append(self._problem(code, key=field, known=close[0] if close else ", ".join(known)))
        return problems

    def _check(self, wanted: Mapping[str, Any], problems: list[Problem]) -> None:
        """Hold an action to the rules of the file, all problems at once."""
        told = {problem.column for problem in problems}
        try:
            actions_of(Page(b"", self.path.name, ACTIONS).appended(wanted, HEADER))
        except InputError as refused:
            found = [replace(each, source=self.path.name, rows=()) for each in refused.problems]
            problems += [each for each in found if each.column not in told]
        if problems:
            raise InputError(problems)

    def _problem(self, code: str, field: str | None = None, **values: str) -> Problem:
        return Problem(code=code, source=self.path.name, column=field, values=values)

    def _last(self, month: str) -> int:
        """The highest number of a month that stands anywhere: in a comment, in a conflict, in a month's reading."""
        files = [file for file in (self.path, self.conflicts, self._archive) if file.exists()]
        text = "\n".join(file.read_text(encoding="utf-8", errors="replace") for file in files)
        return max(map(int, re.findall(rf"\bA-{re.escape(month)}-(\d{{1,9}})\b", text)), default=0)


def notes_by_action(actions: pd.DataFrame, notes: Sequence[Problem]) -> dict[str, list[Problem]]:
    """What is gently asked, by the action it is about.

    Args:
        actions: As `read_actions` returns them.
        notes: Each with its line.

    Returns:
        Notes in the order of their lines, of each action in the order of the file; none is an empty list.
    """
    ids, lines = actions["id"].tolist(), actions["line"].tolist()
    told: dict[str, list[Problem]] = {name: [] for name in ids}
    for note in sorted(notes, key=lambda note: note.rows):
        told[ids[bisect(lines, note.rows[0]) - 1]].append(note)
    return told


def known_metrics(workspace: Path, sources: Mapping[str, str]) -> list[str]:
    """Every KPI and goal of a workspace, sorted; a table that cannot be read names none.

    Args:
        workspace: Its folder.
        sources: File by table, where it is not ``<table>.csv``.
    """
    known: set[str] = set()
    for table, columns in {"metrics": ("kpi",), "goals": ("kpi", "goal_id")}.items():
        cells, _ = read_cells(workspace / sources.get(table, f"{table}.csv"))
        if cells is not None:
            known |= {value for column in columns if column in cells for value in cells[column]}
    return sorted(known - {""})


def unknown_metrics(actions: pd.DataFrame, known: Sequence[str]) -> list[Problem]:
    """Metrics of actions that a workspace does not have.

    Args:
        actions: As `read_actions` returns them.
        known: KPIs and goals of the workspace; none = nothing is known, and nothing is said.

    Returns:
        What to look at, with the line of the action and the closest that is known.
    """
    strange = actions[(actions["metric"] != "") & ~actions["metric"].isin(list(known))] if known else actions[:0]
    found = []
    for metric, line in zip(strange["metric"], strange["line"], strict=True):
        close = get_close_matches(metric, known, n=1) or list(known[:3])
        values = {"value": metric, "known": ", ".join(close)}
        found.append(Problem(code="ledger_metric", source=FILE, column="metric", rows=(int(line),), values=values))
    return found
