"""The command `opsretro schedule`: print a ready definition for cron or systemd that runs the month by itself."""

from __future__ import annotations

import argparse
import getpass
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from opsretro.errors import InputError, Problem, collecting
from opsretro.tables.period import LAST, Period
from opsretro.words import LANGUAGES, say

EXAMPLES = {
    "cron": "example: opsretro schedule cron --workspace data --out reports --at '2 07:30'",
    "systemd": "example: opsretro schedule systemd --workspace data --out reports --part timer",
}
LONGEST = 998
"""Octets of a command cron takes; the stricter of the common ones."""
PARTS = ("service", "timer")
_AT = re.compile(r"0?(?P<day>[1-9]|1\d|2[0-8])\s+(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)")
"""Days every month has, and a time."""
_UNFIT = re.compile(r"[\x00-\x1f\x7f\\\u0085\u2028\u2029]")
_TEMPORARY = (Path("/tmp"), Path("/var/tmp"))  # noqa: S108 - where a private one would hide what lies there


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is to be run, and when.

    Attributes:
        command: The words of the command, paths absolute.
        month: What is reviewed; ``last`` is the month before the day it runs.
        day: Of the month.
        hour: Of the day.
        minute: Of the hour.
        workspace: Folder of tables.
        out: Folder of the reports.
        secrets: File with secret variables.
        log: File for what is told, under cron.
    """

    command: tuple[str, ...]
    month: str
    day: int
    hour: int
    minute: int
    workspace: Path
    out: Path
    secrets: Path
    log: Path

    @property
    def time(self) -> str:
        """The time of day."""
        return f"{self.hour:02d}:{self.minute:02d}"


def add_schedulers(parser: argparse.ArgumentParser) -> None:
    """Put the schedulers below `opsretro schedule`.

    Args:
        parser: Of `opsretro schedule`. Each scheduler sets ``action``, called with its options and a language.
    """
    kinds = parser.add_subparsers(required=True, metavar="SCHEDULER")
    cron = _kind(kinds, "cron", "a line for crontab -e", _cron)
    systemd = _kind(kinds, "systemd", "a service and its timer", _systemd)
    for kind in (cron, systemd):
        kind.add_argument("--month", default=LAST, metavar="M", help="what to review (last: the month before)")
        kind.add_argument("--at", default="2 07:30", metavar="'D HH:MM'", help="day of the month and time ('2 07:30')")
        kind.add_argument("--workspace", default="data", metavar="W", type=Path, help="folder of tables (./data)")
        kind.add_argument("--out", default="reports", metavar="R", type=Path, help="folder for reports (./reports)")
        kind.add_argument("--lang", default=None, metavar="L", help="languages of the pages (zh-CN,en)")
        kind.add_argument("--timeout", default="600", metavar="SECONDS", help="time for each notebook (600)")
        kind.add_argument("--secrets", default=None, metavar="FILE", type=Path, help="file of secret variables")
    cron.add_argument("--log", default=None, metavar="FILE", type=Path, help="file for what is told (beside reports)")
    systemd.add_argument("--part", default=None, choices=PARTS, help="print only one of the two files")


def _kind(kinds: Any, name: str, purpose: str, action: Any) -> argparse.ArgumentParser:
    kind: argparse.ArgumentParser = kinds.add_parser(
        name, help=purpose, description=f"print {purpose}", epilog=EXAMPLES[name]
    )
    kind.set_defaults(action=action)
    return kind


def _cron(options: argparse.Namespace, lang: str) -> int:
    plan = planned(options)
    _print([*crontab(plan, lang)])
    return 0


def _systemd(options: argparse.Namespace, lang: str) -> int:
    plan, parts = planned(options), {"service": service, "timer": timer}
    for place, part in enumerate([options.part] if options.part else PARTS):
        _print([*([""] if place else []), *parts[part](plan, lang)])
    return 0


def _print(lines: Iterable[str]) -> None:
    """Print in UTF-8, whatever the terminal has: a path that is written otherwise is another path."""
    sys.stdout.flush()
    data = "".join(f"{line}\n" for line in lines).encode(errors="surrogateescape")
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


# -- what is asked for -------------------------------------------------------------------------------------------------


def planned(options: argparse.Namespace) -> Plan:
    """Read the options.

    Args:
        options: Of the command.

    Raises:
        InputError: Every problem with them.
    """
    problems: list[Problem] = []
    with collecting(problems):
        if options.month != LAST:
            Period.parse(options.month)
    unknown = [one for one in (options.lang or LANGUAGES[0]).split(",") if one.strip() not in LANGUAGES]
    problems += [Problem(code="not_a_language", source="--lang", values={"value": one}) for one in unknown]
    if not re.fullmatch(r"0*[1-9]\d{0,6}", options.timeout):
        problems.append(Problem(code="not_positive", source="--timeout", values={"value": options.timeout}))
    if (at := _AT.fullmatch(options.at.strip())) is None:
        problems.append(Problem(code="not_a_time_of_month", source="--at", values={"value": options.at}))
    paths = {name: _absolute(getattr(options, name)) for name in ("workspace", "out")}
    paths["secrets"] = _absolute(options.secrets or paths["workspace"].parent / "opsretro.env")
    paths["log"] = _absolute(getattr(options, "log", None) or paths["out"].parent / "opsretro.log")
    problems += _unfit(paths)
    if problems or at is None:
        raise InputError(problems)
    words = [*program(), "run", "--month", options.month, "--workspace", paths["workspace"], "--out", paths["out"]]
    words += [*(["--lang", options.lang] if options.lang else []), "--timeout", options.timeout]
    return Plan(
        command=tuple(map(str, [*words, "--log-format", "json"])),
        month=options.month,
        day=int(at["day"]),
        hour=int(at["hour"]),
        minute=int(at["minute"]),
        **paths,
    )


def _absolute(path: Path) -> Path:
    """A path from the root; what a link is called stays, so that it may lead elsewhere tomorrow."""
    return Path(os.path.normpath(path.absolute()))


def _unfit(paths: dict[str, Path]) -> Iterator[Problem]:
    """What is wrong with the paths."""
    for name, path in {**paths, "opsretro": Path(program()[0])}.items():
        if _UNFIT.search(str(path)):
            source = "" if name == "opsretro" else f"--{name}"
            yield Problem(code="not_schedulable", source=source, values={"value": str(path)})
    if not paths["workspace"].is_dir():
        yield Problem(code="no_folder", source=str(paths["workspace"]))
    for name in ("out", "log"):
        if not paths[name].parent.is_dir():
            yield Problem(code="no_such_folder", source=f"--{name}", values={"value": str(paths[name].parent)})


def program() -> list[str]:
    """The opsretro of this environment, as words of a command."""
    beside = Path(sys.executable).with_name("opsretro")
    found = str(beside) if beside.exists() else shutil.which("opsretro")
    return [str(Path(found).absolute())] if found else [sys.executable, "-m", "opsretro.cli"]


# -- cron --------------------------------------------------------------------------------------------------------------


def crontab(plan: Plan, lang: str) -> list[str]:
    """A line for the table of a user, with comments above it.

    Args:
        plan: What is to be run.
        lang: Language of the comments.

    Raises:
        InputError: The line is longer than cron takes.
    """
    secrets = shlex.quote(str(plan.secrets))
    run = f"LANG=C.UTF-8 {shlex.join(plan.command)} >/dev/null 2>>{shlex.quote(str(plan.log))}"
    line = f"umask 027; set -a; [ ! -r {secrets} ] || . {secrets}; set +a; {run}".replace("%", r"\%")
    if (n := len(line.encode(errors="surrogateescape"))) > LONGEST:
        raise InputError([Problem(code="line_too_long", source="", values={"n": str(n), "most": str(LONGEST)})])
    told = [_what(plan, lang), say("schedule.cron.put", lang), say("schedule.log", lang, path=plan.log)]
    comments = [*told, *_secrets(plan, lang)]
    return [*(f"# {text}" for text in comments), f"{plan.minute} {plan.hour} {plan.day} * * {line}"]


def _what(plan: Plan, lang: str) -> str:
    key = "schedule.cron.what" if plan.month == LAST else "schedule.fixed.what"
    return say(key, lang, day=plan.day, time=plan.time, month=plan.month)


def _secrets(plan: Plan, lang: str) -> list[str]:
    return [say("schedule.secrets", lang), f"  install -m 600 /dev/null {shlex.quote(str(plan.secrets))}"]


# -- systemd -----------------------------------------------------------------------------------------------------------


def service(plan: Plan, lang: str) -> list[str]:
    """The unit that runs the month, with comments above it.

    Args:
        plan: What is to be run.
        lang: Language of the comments.
    """
    homes = [path for path in (plan.workspace, plan.out, Path(plan.command[0])) if _is_temporary(path)]
    comments = [
        say("schedule.service.put", lang),
        _what(plan, lang),
        say("schedule.service.out", lang),
        f"  mkdir -p {shlex.quote(str(plan.out))}",
        *_secrets(plan, lang),
        say("schedule.service.journal", lang),
    ]
    return [
        *(f"# {text}" for text in comments),
        "[Unit]",
        f"Description={say('schedule.description', lang)}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        f"User={getpass.getuser()}",
        f"ExecStart={' '.join([_word(':' + plan.command[0]), *map(_word, plan.command[1:])])}",
        "Environment=LANG=C.UTF-8",
        f"EnvironmentFile=-{_glob(plan.secrets)}",
        "UMask=0027",
        "Nice=10",
        "TimeoutStartSec=3h",
        "TimeoutStopSec=1min",
        "KillMode=control-group",
        "KillSignal=SIGTERM",
        "SuccessExitStatus=143",
        "NoNewPrivileges=yes",
        *([] if homes else ["PrivateTmp=yes"]),
        "ProtectSystem=strict",
        "ProtectHome=read-only",
        f"ReadWritePaths={_word(str(plan.workspace))} {_word(str(plan.out))}",
    ]


def timer(plan: Plan, lang: str) -> list[str]:
    """The unit that starts the other one, with comments above it.

    Args:
        plan: When it is to be run.
        lang: Language of the comments.
    """
    comments = [
        say("schedule.timer.put", lang),
        say("schedule.timer.on", lang),
        "  systemctl daemon-reload",
        "  systemctl enable --now opsretro.timer",
        "  systemctl start opsretro.service",
    ]
    return [
        *(f"# {text}" for text in comments),
        "[Unit]",
        f"Description={say('schedule.description', lang)}",
        "",
        "[Timer]",
        f"OnCalendar=*-*-{plan.day:02d} {plan.time}",
        "Persistent=true",
        "RandomizedDelaySec=5min",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]


def _is_temporary(path: Path) -> bool:
    return any(path.is_relative_to(folder) for folder in _TEMPORARY)


def _word(text: str) -> str:
    """A word as systemd reads it: no specifier, and one word whatever is in it.

    Example:
        >>> _word("/srv/a b/100%")
        '"/srv/a b/100%%"'
    """
    safe = text.replace("%", "%%")
    return safe if re.fullmatch(r"[\w/.,:%+=@-]+", safe) else '"' + safe.replace('"', r"\"") + '"'


def _glob(path: Path) -> str:
    """A path where systemd takes a pattern."""
    return re.sub(r"([*?\[\]])", r"\\\1", str(path)).replace("%", "%%")
