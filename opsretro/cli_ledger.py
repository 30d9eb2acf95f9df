"""The command `opsretro ledger`: list the actions, add and change them, look the file over, hand it to other tools."""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.errors import InputError, Problem
from opsretro.tables.period import add_months
from opsretro.words import LANGUAGES, pick, say

if TYPE_CHECKING:
    from opsretro.meeting.ledger import Entry, Ledger, LedgerConflict
    from opsretro.tables.settings import Settings

EXAMPLES = {
    "list": "example: opsretro ledger list --workspace data --all --format json",
    "add": "example: opsretro ledger add title='Size guide' owner=service-1 metric=refund_rate direction=lower "
    "expected_effect=-0.1 due=2026-11-16",
    "edit": "example: opsretro ledger edit A-2026-09-1 status=check evidence='live since 2026-10-26'",
    "lint": "example: opsretro ledger lint --workspace data",
    "export": "example: opsretro ledger export --format ics --out actions.ics",
}
NUMBERS = ("baseline", "expected_effect", "carry_count")

Shelf = tuple["Ledger", "Settings"]


class _Parser(argparse.ArgumentParser):
    """Options may stand among the fields, too."""

    _asked = False

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """Parse words in any order; the parser's own second way round asks this one again."""
        if self._asked:
            return super().parse_known_args(args, namespace)
        self._asked = True
        return self.parse_known_intermixed_args(args, namespace)


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Put the commands of the ledger below `opsretro ledger`.

    Args:
        parser: Of `opsretro ledger`. Each command sets ``action``, called with its options and a language.
    """
    commands = parser.add_subparsers(required=True, metavar="ACTION", parser_class=_Parser)
    lists = _command(commands, "list", "show the open actions", _list)
    lists.add_argument("--all", action="store_true", help="show those that are settled or dropped, too")
    lists.add_argument("--format", default="words", choices=("words", "json"), help="columns, or a JSON line each")
    lists.add_argument("--as-of", type=date.fromisoformat, metavar="T", help="the day that makes one overdue (today)")
    add = _command(commands, "add", "write a new action and print its id", _add)
    add.add_argument("fields", nargs="+", metavar="FIELD=VALUE", help="title=… owner=… title.en=… trigger.when=…")
    edit = _command(commands, "edit", "change an action; on a terminal without fields, in an editor", _edit)
    edit.add_argument("id", metavar="ID", help="the action: A-2026-10-1")
    edit.add_argument("fields", nargs="*", metavar="FIELD=VALUE", help="status=check; owner= empties a field")
    _command(commands, "lint", "tell what is wrong or missing, with lines; changes nothing", _lint)
    export = _command(commands, "export", "write the open actions for a chat, a tracker or a calendar", _export)
    export.add_argument("--format", required=True, choices=("md", "csv", "ics"), help="chat, tracker or calendar")
    export.add_argument("--all", action="store_true", help="those that are settled or dropped, too")
    export.add_argument("--out", metavar="FILE", type=Path, help="the file to write (the terminal)")


def _command(commands: Any, name: str, purpose: str, action: Callable[..., int]) -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=purpose, epilog=EXAMPLES[name]
    )
    command.add_argument("--workspace", default="data", metavar="W", type=Path, help="folder of tables (./data)")
    command.add_argument("--lang", choices=LANGUAGES, help="language of what is said")
    command.set_defaults(action=action)
    return command


def _open(options: argparse.Namespace) -> Shelf:
    """The ledger of a workspace, and its settings."""
    from opsretro.meeting.ledger import Ledger
    from opsretro.tables.contracts import FORMS
    from opsretro.tables.settings import read_settings

    if not options.workspace.is_dir():
        raise InputError([Problem(code="no_folder", source=str(options.workspace))])
    settings, problems = read_settings(options.workspace)
    if problems:
        raise InputError(problems)
    return Ledger(options.workspace / settings.sources.get("actions", FORMS["actions"])), settings


def _list(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger_export import listing
    from opsretro.tables.actions import NOT_DONE, OPEN

    ledger, _ = _open(options)
    today = (options.as_of or date.today()).isoformat()
    actions, notes = ledger.read()
    rows: list[Any] = actions.to_dict("records")
    for row, below in zip(rows, [*(row["line"] for row in rows[1:]), math.inf], strict=bool(rows)):
        row["overdue"] = row["status"] in NOT_DONE and bool(row["due"]) and row["due"] < today
        mine = (note for note in notes if note.code == "action_asks" and row["line"] <= note.rows[0] < below)
        row["missing"] = [note.column for note in mine]
    rows = [row for row in rows if options.all or row["status"] in OPEN]
    if options.format == "json":
        print(*map(_json, rows), sep="\n", end="\n" if rows else "")
    else:
        print(*listing(rows, today, lang), *_waiting(ledger, lang), sep="\n")
    return 0


def _waiting(ledger: Ledger, lang: str) -> list[str]:
    """How many conflicts are still to be settled, if any."""
    found = ledger.open_conflicts()
    return [say("ledger.waiting", lang, n=len(found), file=ledger.conflicts.name)] if found else []


def _json(row: Mapping[str, Any]) -> str:
    missing = {key: None for key, value in row.items() if isinstance(value, float) and math.isnan(value)}
    return json.dumps({**row, **missing}, ensure_ascii=False)


def _add(options: argparse.Namespace, lang: str) -> int:
    ledger, _ = _open(options)
    looked_back_on = add_months(f"{date.today():%Y-%m}", -1)
    name = ledger.add({"created_in": looked_back_on, **_values(options.fields, {})})
    print(name)
    actions, notes = ledger.read()
    line = actions.set_index("id")["line"][name]
    for note in (note for note in notes if note.rows[0] >= line):
        print(note.line(lang), file=sys.stderr)
    return 0


def _edit(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger import LedgerConflict

    ledger, _ = _open(options)
    seen = ledger.entry(options.id)
    if not options.fields and not sys.stdin.isatty():
        raise InputError([Problem(code="ledger_nothing", source="opsretro ledger edit")])
    try:
        if options.fields:
            now = ledger.edit(options.id, _values(options.fields, seen.values))
        else:
            now = _in_editor(ledger, seen, lang)
    except LedgerConflict as conflict:
        return _settled(ledger, conflict, lang)
    key = "ledger.unchanged" if now.values == seen.values else "ledger.changed"
    print(say(key, lang, id=options.id))
    return 0


def _in_editor(ledger: Ledger, seen: Entry, lang: str) -> Entry:
    """Let somebody change one action in an editor of their own; what they wrote is kept unless it was written."""
    from opsretro.meeting.ledger import LedgerConflict
    from opsretro.meeting.ledger_text import as_yaml
    from opsretro.tables.actions import FIELDS

    fields = {**dict.fromkeys(FIELDS[1:]), **{key: value for key, value in seen.values.items() if key != "id"}}
    lines = [f"# {seen.id}", say("ledger.editor", lang), *(f"{key}: {as_yaml(fields[key])}" for key in fields)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False, encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    draft = Path(file.name)
    try:
        now = ledger.edit(seen.id, _edited(draft, seen, list(fields)), seen=seen)
    except LedgerConflict:
        draft.unlink()  # the changes are kept beside the ledger
        raise
    except InputError:
        print(say("ledger.draft", lang, path=draft), file=sys.stderr)
        raise
    draft.unlink()
    return now


def _edited(draft: Path, seen: Entry, fields: Sequence[str]) -> dict[str, Any]:
    """What somebody changed in an editor; a line that is gone empties its field."""
    from opsretro.meeting.ledger_text import as_value
    from opsretro.tables.yaml_nodes import Nodes, parsed, text_of

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    try:
        why = str(subprocess.run([*shlex.split(editor), str(draft)], check=False).returncode)  # noqa: S603 - their own
    except OSError as error:
        why = str(error.strerror)
    if why != "0":
        raise InputError([Problem(code="ledger_editor", source="EDITOR", values={"value": editor, "why": why})])
    top, nodes = parsed(text_of(draft, draft.name), draft.name), Nodes(draft.name, {})
    wrote: dict[str, Any] = {}
    if top is not None:
        nodes.fields(top, (), fields)
        nodes.done()
        wrote = as_value(top)
    changes = {field: wrote.get(field) for field in fields}
    return {field: value for field, value in changes.items() if value != seen.values.get(field)}


def _settled(ledger: Ledger, conflict: LedgerConflict, lang: str) -> int:
    """Tell a conflict, and ask what to do about it where somebody can answer."""
    for problem in conflict.problems:
        print(problem.line(lang), file=sys.stderr)
    answer = ""
    with suppress(EOFError):
        answer = input(say("ledger.settle", lang)).strip().lower() if sys.stdin.isatty() else ""
    if answer in ("t", "m"):
        ledger.settle(conflict, mine=answer == "m")
        written = answer == "m" or len(conflict.changes) > len(conflict.met)
        print(say("ledger.changed" if written else "ledger.unchanged", lang, id=conflict.now.id))
        return 0
    return 2


def _lint(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger import unknown_metrics

    ledger, settings = _open(options)
    try:
        actions, found = ledger.read()
    except InputError as refused:
        problems, notes = refused.problems, []
    else:
        known = _metrics(options.workspace, settings)
        problems, notes = (), [*found, *unknown_metrics(actions, known)]
    for told in (*problems, *sorted(notes, key=lambda note: note.rows)):
        print(told.line(lang))
    counted = say("ledger.linted", lang, file=ledger.path.name, problems=len(problems), notes=len(notes))
    print(counted, *_waiting(ledger, lang), sep="\n")
    return 2 if problems else 0


def _metrics(workspace: Path, settings: Settings) -> list[str]:
    """Every KPI and goal of a workspace; a table that cannot be read names none."""
    from opsretro.tables.reader import read_cells

    known: set[str] = set()
    for table, columns in {"metrics": ("kpi",), "goals": ("kpi", "goal_id")}.items():
        cells, _ = read_cells(workspace / settings.sources.get(table, f"{table}.csv"))
        if cells is not None:
            known |= {value for column in columns if column in cells for value in cells[column]}
    return sorted(known - {""})


def _export(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger_export import calendar, markdown, tracker
    from opsretro.tables.actions import OPEN
    from opsretro.tables.one_writer import alone, replace_whole

    ledger, settings = _open(options)
    if options.out and options.out.resolve() == ledger.path:
        raise InputError([Problem(code="ledger_over", source=str(options.out))])
    actions = ledger.actions()
    actions = actions if options.all else actions[actions["status"].isin(OPEN)]
    if options.format == "md":
        data = markdown(actions, lang, names=settings.names).encode()
    elif options.format == "csv":
        data = tracker(actions, lang)
    else:
        data = calendar(actions, lang, team=pick(settings.team, "en"))
    if options.out is None:
        sys.stdout.buffer.write(data)
        return 0
    with alone(options.out.resolve().parent):
        replace_whole(options.out, data)
    print(say("cli.written", lang, path=options.out))
    return 0


def _values(pairs: Sequence[str], known: Mapping[str, Any]) -> dict[str, Any]:
    """What `field=value` says; `title.en=…` changes one part of a value and leaves the others."""
    values: dict[str, Any] = {}
    problems = []
    for pair in pairs:
        name, equals, text = pair.partition("=")
        field, *parts = name.strip().split(".")
        if not equals or not field:
            fix = "field=value, such as owner=growth-2"
            problems.append(Problem(code="ledger_pair", source="opsretro ledger", values={"value": pair, "fix": fix}))
        value = _number(text) if field in NUMBERS else text.strip() or None
        values[field] = _inside(values.get(field, known.get(field)), parts, value)
    if problems:
        raise InputError(problems)
    return values


def _inside(value: Any, parts: Sequence[str], new: Any) -> Any:
    """A value with one part of it changed; a text that was one for both languages stays the other's."""
    if not parts:
        return new
    if not isinstance(value, Mapping):
        other = next((lang for lang in LANGUAGES if lang != parts[0]), "") if parts[0] in LANGUAGES else "then"
        value = {other: value} if value and other != parts[0] else {}
    return {**value, parts[0]: _inside(value.get(parts[0]), parts[1:], new)}


def _number(text: str) -> float | int | str | None:
    """A number where the text is one, else the text, which the ledger refuses with a hint."""
    for kind in (int, float):
        try:
            number = kind(text)
        except ValueError:
            continue
        if math.isfinite(number):
            return number
    return text.strip() or None
