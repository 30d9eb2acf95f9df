"""The command `opsretro ledger`: list the actions, add and change them, look the file over, hand it to other tools."""

from __future__ import annotations

import argparse
import json
import math
import os
import shlex
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.parse import parse_date
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
    lists.add_argument("--as-of", metavar="T", help="the day that makes one overdue (today)")
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
    from opsretro.meeting.ledger import notes_by_action
    from opsretro.meeting.ledger_export import listing
    from opsretro.tables.actions import NOT_DONE, OPEN

    ledger, _ = _open(options)
    if (today := parse_date(options.as_of or f"{date.today()}")) is None:
        values = {"value": options.as_of, "fix": "2026-11-20"}
        raise InputError([Problem(code="not_a_date_write", source="--as-of", values=values)])
    actions, notes = ledger.read()
    asked = notes_by_action(actions, notes)
    rows: list[Any] = actions.to_dict("records")
    for row in rows:
        row["overdue"] = row["status"] in NOT_DONE and "" < row["due"] < today
        row["due_check"] = row["status"] in OPEN and "" < row["check_on"] <= today
        row["missing"] = [note.column for note in asked[row["id"]] if note.code == "action_asks"]
    rows = [row for row in rows if options.all or row["status"] in OPEN]
    if options.format == "json":
        print(*map(_json, rows), sep="\n", end="\n" if rows else "")
    else:
        print(*listing(rows, today, lang), *_waiting(ledger, lang), sep="\n")
    return 0


def _waiting(ledger: Ledger, lang: str) -> list[str]:
    """How many conflicts are still to be settled, if any; a file of them that is broken stops nobody."""
    found: list[Any] = []
    broken: list[Problem] = []
    with collecting(broken):
        found = ledger.open_conflicts()
    _tell(broken, lang)
    return [say("ledger.waiting", lang, n=len(found), file=ledger.conflicts.name)] if found else []


def _json(row: Mapping[str, Any]) -> str:
    missing = {key: None for key, value in row.items() if isinstance(value, float) and math.isnan(value)}
    return json.dumps({**row, **missing}, ensure_ascii=False)


def _tell(problems: Iterable[Problem], lang: str) -> None:
    for problem in problems:
        print(problem.line(lang), file=sys.stderr)


def _add(options: argparse.Namespace, lang: str) -> int:
    ledger, settings = _open(options)
    looked_back_on = add_months(f"{date.today():%Y-%m}", -1)
    name = ledger.add({"created_in": looked_back_on, **_values(options.fields, {})})
    print(name)
    _tell(ledger.notes(options.workspace, settings.sources)[name], lang)
    return 0


def _edit(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger import LedgerConflict

    ledger, settings = _open(options)
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
    _tell(ledger.notes(options.workspace, settings.sources)[options.id], lang)
    return 0


def _in_editor(ledger: Ledger, seen: Entry, lang: str) -> Entry:
    """Let somebody change one action in an editor of their own; what they saved is kept unless it was written."""
    from opsretro.meeting.ledger import LedgerConflict
    from opsretro.meeting.ledger_text import as_yaml
    from opsretro.tables.actions import FIELDS

    fields = {**dict.fromkeys(FIELDS[1:]), **{key: value for key, value in seen.values.items() if key != "id"}}
    lines = [f"# {seen.id}", say("ledger.editor", lang), *(f"{key}: {as_yaml(fields[key])}" for key in fields)]
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False, encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    draft = Path(file.name)
    before, ended = draft.read_bytes(), False
    try:
        now = ledger.edit(seen.id, _edited(draft, seen, list(fields)), seen=seen)
        ended = True
    except LedgerConflict:
        ended = True  # the changes are kept beside the ledger
        raise
    finally:
        if ended or not draft.exists() or draft.read_bytes() == before:
            draft.unlink(missing_ok=True)
        else:
            print(say("ledger.draft", lang, path=draft), file=sys.stderr)
    return now


def _edited(draft: Path, seen: Entry, fields: Sequence[str]) -> dict[str, Any]:
    """What somebody changed in an editor; a line that is gone empties its field."""
    from opsretro.meeting.ledger_text import as_value
    from opsretro.tables.yaml_nodes import Nodes, parsed, text_of

    editor = os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi"
    ours = signal.signal(signal.SIGINT, lambda *_: None)  # Ctrl-C is the editor's own: vi leaves its insert mode by it
    try:
        ended = subprocess.run([*shlex.split(editor), str(draft)], check=False).returncode  # noqa: S603 - their own
        why = str(ended)
    except (OSError, ValueError) as error:
        ended, why = 1, str(getattr(error, "strerror", error))
    finally:
        signal.signal(signal.SIGINT, ours)
    if ended in (-signal.SIGINT, 128 + signal.SIGINT):
        raise KeyboardInterrupt
    if ended:
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
    _tell(conflict.problems, lang)
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
    ledger, settings = _open(options)
    problems: list[Problem] = []
    notes: list[Problem] = []
    with collecting(problems):
        notes += ledger.linted(options.workspace, settings.sources)
    counted = say("ledger.linted", lang, file=ledger.path.name, problems=len(problems), notes=len(notes))
    print(*(told.line(lang) for told in (*problems, *notes)), counted, *_waiting(ledger, lang), sep="\n")
    return 2 if problems else 0


def _export(options: argparse.Namespace, lang: str) -> int:
    from opsretro.meeting.ledger_export import belongs_to, calendar, markdown, tracker
    from opsretro.tables.actions import OPEN
    from opsretro.tables.one_writer import alone, replace_whole

    ledger, settings = _open(options)
    if options.out and belongs_to(options.out, options.workspace, settings, ledger.conflicts):
        raise InputError([Problem(code="ledger_over", source=str(options.out))])
    actions = ledger.actions()
    actions = actions if options.all else actions[actions["status"].isin(OPEN)]
    if options.format == "md":
        data = markdown(actions, lang, names=settings.names).encode()
    elif options.format == "csv":
        data = tracker(actions, lang)
    else:
        data = calendar(actions, lang, names=settings.names, team=pick(settings.team, "en"))
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
