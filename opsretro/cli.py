"""The command `opsretro`: run a month, hold its meeting, look for daily signals, keep the ledger, write a workspace.

Exit codes: 0 published, or nothing new · 1 some section failed · 2 input refused, nothing written · 3 could not write ·
4 new signals · 130 and 143 interrupted.
"""

from __future__ import annotations

import argparse
import atexit
import gc
import json
import os
import shlex
import signal
import sys
import tomllib
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

from opsretro.cli_ledger import add_commands
from opsretro.cli_run import add_run_options, languages, run_command
from opsretro.cli_schedule import add_schedulers
from opsretro.errors import InputError, OutputError
from opsretro.words import LANGUAGES, say

EXAMPLES = {
    "run": "example: opsretro run --month 2026-10 --workspace data --out reports --lang zh-CN,en",
    "alerts": "example: opsretro alerts --workspace data --as-of 2026-09-23 --format json",
    "meet": "example: opsretro meet --month 2026-10 --workspace data",
    "health": "example: opsretro health forget --before 2026-07 --workspace data",
    "ledger": "example: opsretro ledger add title='Size guide' owner=service-1 metric=refund_rate due=2026-11-16",
    "schedule": "example: opsretro schedule cron --workspace data --out reports",
    "init": "example: opsretro init our-team",
    "sample": "example: opsretro sample --out sample",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Entry point of the command.

    Args:
        arguments: Words after `opsretro`; None = those of the process.

    Returns:
        The exit code.
    """
    _look_for_garbage_seldom()
    _open_standard()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal that cannot show a sign is no reason to fail
    options = _parser().parse_args(arguments)
    lang = _language(options)
    for number in (signal.SIGTERM, signal.SIGINT):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    try:
        return int(options.action(options, lang))
    except InputError as refused:
        for problem in refused.problems:
            _tell(options, "problem", problem.line(lang))
        _tell(options, "refused", say("cli.refused", lang, n=len(refused.problems)))
        _tell_people(options, lang, refused)
        return 2
    except (OutputError, OSError) as error:
        path, why = error.args if isinstance(error, OutputError) else (error.filename or "", error.strerror or error)
        _tell(options, "not_written", said := say("cli.not_written", lang, path=path, why=why))
        _tell_people(options, lang, said)
        return 3
    except KeyboardInterrupt as stop:
        _tell(options, "interrupted", say("cli.interrupted", lang))
        return 143 if stop.args == ("SIGTERM",) else 130


def _look_for_garbage_seldom() -> None:
    """What is loaded is none, and a short command would spend much of its time on looking for it."""
    gc.set_threshold(50_000, 10, 10)
    atexit.register(gc.freeze)  # the last look, at the end of the process, finds what goes anyway


def _open_standard() -> None:
    """Have the three standard descriptors open, if only on nothing: no file of ours must get one of their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # gets the lowest number that is free
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as we live


def _tell(options: argparse.Namespace, event: str, text: str) -> None:
    """Say why it ended, in the form the log has."""
    is_json = getattr(options, "log_format", "words") == "json"
    print(json.dumps({"event": event, "text": text}, ensure_ascii=False) if is_json else text, file=sys.stderr)


def _tell_people(options: argparse.Namespace, lang: str, what: InputError | str) -> None:
    """Notify people of a month that was not published."""
    if options.action is not run_command:
        return
    from opsretro.monthly.notify import Message, notify

    def message() -> Message:
        from opsretro.monthly.notify_text import of_failure, of_refusal

        whose = " ".join(options.teams) if options.teams else options.workspace
        if isinstance(what, InputError):
            return of_refusal(options.month, whose, what.problems, lang)
        return of_failure(options.month, whose, what, lang)

    notify(message, lang, _teller(options, lang))


def _teller(options: argparse.Namespace, lang: str) -> Callable[..., None]:
    return lambda event, **values: _tell(options, event, say(f"cli.{event}", lang, **values))


def _stop(number: int, _: object) -> NoReturn:
    for other in (signal.SIGTERM, signal.SIGINT):
        signal.signal(other, signal.SIG_IGN)  # a second one would cut short the tidying up
    raise KeyboardInterrupt(signal.Signals(number).name)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="opsretro", description="The monthly retrospective of an operations team, from its own tables."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    run = _command(commands, "run", "review a month, a quarter or a year and publish its pages", run_command)
    add_run_options(run)
    alerts = _command(commands, "alerts", "say what is new on a day; publishes nothing, exits 4 on news", _alerts)
    alerts.add_argument("--format", default="words", choices=("words", "json"), help="sentences, or a JSON line each")
    alerts.add_argument("--lang", default=None, metavar="L", help="language of the sentences (zh-CN or en)")
    meet = _command(commands, "meet", "hold the retro meeting of a month, full window in JupyterLab", _meet)
    meet.add_argument("--month", required=True, metavar="M", help="the month it looks back on: 2026-10")
    meet.add_argument("--lang", default=None, metavar="L", help="language of the meeting (zh-CN or en)")
    meet.add_argument("--port", default=None, metavar="P", type=int, help="the only port to use (8899, or one near it)")
    meet.add_argument("--no-browser", action="store_true", help="only print the address, with the token it needs")
    for command in (run, alerts, meet):
        command.add_argument("--workspace", default="data", metavar="W", type=Path, help="folder of tables (./data)")
        command.add_argument("--as-of", default=None, metavar="T", help="the day up to which data is known")
    health = _command(commands, "health", "look after what people answered in the survey", None)
    actions = health.add_subparsers(required=True, metavar="ACTION")
    forget = _command(
        actions, "forget", "delete the answers of months that are published; figures stay", _forget, "health"
    )
    forget.add_argument("--before", required=True, metavar="MONTH", help="the first month that is kept: 2026-07")
    forget.add_argument("--workspace", default="data", metavar="W", type=Path, help="folder of tables (./data)")
    forget.add_argument("--unpublished", action="store_true", help="delete months that were never published, too")
    add_commands(_command(commands, "ledger", "look after the actions: list, add, edit, lint, export", None))
    add_schedulers(_command(commands, "schedule", "print a ready definition for cron or systemd", None))
    init = _command(commands, "init", "write a new workspace: headers and a commented retro.toml", _init)
    init.add_argument("folder", metavar="DIR", type=Path, help="the new workspace")
    sample = _command(commands, "sample", "write the sample workspace, the same bytes every time", _sample)
    sample.add_argument(
        "--out", default="sample", metavar="DIR", type=Path, help="the folder to write it to (./sample)"
    )
    return parser


def _command(commands: Any, name: str, purpose: str, action: Any, example: str = "") -> argparse.ArgumentParser:
    command: argparse.ArgumentParser = commands.add_parser(
        name, help=purpose, description=purpose, epilog=EXAMPLES[example or name]
    )
    command.set_defaults(action=action)
    return command


def _language(options: argparse.Namespace) -> str:
    """Language of messages: the first of --lang, else the workspace's locale, else the terminal's."""
    asked = (getattr(options, "lang", None) or "").split(",")[0].strip()
    if asked in LANGUAGES:
        return asked
    try:
        settings = (getattr(options, "workspace", Path()) / "retro.toml").read_text(encoding="utf-8-sig")
        locale = tomllib.loads(settings).get("locale")
    except (OSError, ValueError, RecursionError):
        locale = None
    if locale in LANGUAGES:
        return str(locale)
    terminal = next((value for name in ("LC_ALL", "LC_MESSAGES", "LANG") if (value := os.environ.get(name))), "")
    return "zh-CN" if terminal.startswith("zh") else "en"


def _alerts(options: argparse.Namespace, _: str) -> int:
    from opsretro.monthly.notify import notify
    from opsretro.monthly.notify_text import of_alerts
    from opsretro.report.alert_text import lines, summary
    from opsretro.workspace import open_workspace

    lang = languages(options.lang)[0] if options.lang else None
    ops = open_workspace(options.workspace, lang=lang, as_of=options.as_of)
    found = ops.alerts()
    as_json = (json.dumps(row, ensure_ascii=False) for row in found.to_dicts())
    for line in as_json if options.format == "json" else lines(found, ops.lang):
        print(line)
    print(summary(found, ops.lang), file=sys.stderr)
    if not len(found.signals):
        return 0
    sys.stdout.flush()
    notify(lambda: of_alerts(found, options.workspace, ops.lang), ops.lang, _teller(options, ops.lang))
    return 4


def _meet(options: argparse.Namespace, _: str) -> int:
    from opsretro.meeting.meet import meet
    from opsretro.monthly.notebook import notebook_folder

    return meet(
        options.month,
        notebook=notebook_folder() / "05_retro_meeting.ipynb",
        workspace=options.workspace,
        lang=languages(options.lang)[0] if options.lang else None,
        as_of=options.as_of,
        port=options.port,
        browser=not options.no_browser,
    )


def _forget(options: argparse.Namespace, lang: str) -> int:
    from opsretro.tables.contracts import FORMS
    from opsretro.tables.health_forget import forget
    from opsretro.tables.settings import read_settings

    settings = read_settings(options.workspace)[0]
    folder = options.workspace / settings.sources.get("survey", FORMS["survey"])
    gone = forget(folder, options.before, unpublished=options.unpublished)
    for name in gone:
        print(say("cli.deleted", lang, path=folder / name))
    print(say("cli.forgotten", lang, n=len(gone), month=options.before))
    return 0


def _init(options: argparse.Namespace, lang: str) -> int:
    from opsretro.tables.init import init_workspace

    for path in init_workspace(options.folder):
        print(say("cli.written", lang, path=path))
    print(say("cli.init_next", lang, path=shlex.quote(str(options.folder))))
    return 0


def _sample(options: argparse.Namespace, lang: str) -> int:
    from opsretro.tables.sample import write_sample

    for path in write_sample(options.out):
        print(say("cli.written", lang, path=path))
    return 0


if __name__ == "__main__":
    sys.exit(main())
