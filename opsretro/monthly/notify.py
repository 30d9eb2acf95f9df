"""Tell people in their chat or by e-mail how a run ended; never at the price of the run.

The addresses come from one environment variable and go to a child process over a pipe. Nothing here tells one, and
whatever the servers do, the command goes on after `LIMIT` seconds.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from opsretro.monthly.hiding import hide
from opsretro.words import say

ADDRESSES = "OPSRETRO_NOTIFY_URLS"
SECONDS = "OPSRETRO_NOTIFY_SECONDS"
LIMIT = 45.0
"""Seconds for everything: putting the message into words, sending it, and ending what still waits."""
MARGIN = 0.1
"""Share of the time that is kept for ending the child."""
SENDER = Path(__file__).with_name("notify_send.py")
_BETWEEN = re.compile(r",?\s+|,(?=[A-Za-z][A-Za-z0-9+.-]*://)")

Outcome = Literal["success", "warning", "failure", "info"]
Said = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Message:
    """What people are told, as plain text.

    Attributes:
        title: One line: who, what, how it ended.
        body: A few lines.
        outcome: What services colour it by.
    """

    title: str
    body: str
    outcome: Outcome = "info"


class Tell(Protocol):
    """Tells one event, as `Progress.say` does."""

    def __call__(self, event: str, **values: object) -> None:
        """Tell an event of the catalogue with the values its words are filled with."""


def addresses(environment: Mapping[str, str]) -> list[str]:
    """Where messages go: several addresses are parted by white space, or by commas before the next scheme.

    Example:
        >>> addresses({"OPSRETRO_NOTIFY_URLS": "json://a/?x=1,2, slack://b,mailto://c"})
        ['json://a/?x=1,2', 'slack://b', 'mailto://c']
    """
    return [part.strip(",") for part in _BETWEEN.split(environment.get(ADDRESSES, "").strip()) if part.strip(",")]


def limit(environment: Mapping[str, str]) -> float:
    """Seconds for everything; the environment may ask for fewer.

    Example:
        >>> limit({"OPSRETRO_NOTIFY_SECONDS": "600"}), limit({"OPSRETRO_NOTIFY_SECONDS": "5"})
        (45.0, 5.0)
    """
    try:
        asked = float(environment.get(SECONDS, LIMIT))
    except ValueError:
        return LIMIT
    return min(LIMIT, asked) if math.isfinite(asked) and asked > 0 else LIMIT


def notify(message: Message | Callable[[], Message], lang: str, tell: Tell) -> None:
    """Send a message to every address of the environment; without one, nothing happens.

    Never raises, not even when it is interrupted: what was published stays published.

    Args:
        message: What to say, or what puts it into words; asked only where there is an address.
        lang: Language of what is told about the sending.
        tell: Told ``notified`` with the number of addresses, and ``not_notified`` once a problem.
    """
    began, places = time.monotonic(), addresses(os.environ)
    if not places:
        return
    with suppress(OSError, KeyboardInterrupt):
        try:
            ready = message if isinstance(message, Message) else message()
            _tell_all(ready, places, lang, tell, began + limit(os.environ) * (1 - MARGIN))
        except KeyboardInterrupt:
            tell("not_notified", why=say("notify.stopped", lang))
        except Exception as error:  # the run is done; its words may hold what nobody is to see
            tell("not_notified", why=say("notify.broken", lang, error=type(error).__name__))


def _tell_all(message: Message, places: Sequence[str], lang: str, tell: Tell, until: float) -> None:
    seconds = until - time.monotonic()
    if seconds <= 0:
        tell("not_notified", why=say("notify.late", lang))
        return
    order = {"title": hide(message.title), "body": hide(message.body), "kind": message.outcome, "addresses": places}
    said = list(_answers(_send(json.dumps(order).encode(), seconds)))
    if sent := sum(one.get("state") == "sent" for one in said):
        tell("notified", n=sent)
    for why in _problems(said, len(places), lang, round(limit(os.environ))):
        tell("not_notified", why=why)


def _problems(said: Sequence[Said], total: int, lang: str, seconds: int) -> Iterator[str]:
    """A line for each address that did not get the message."""
    if any(one.get("state") == "absent" for one in said):
        yield say("notify.absent", lang)
        return
    last = {one["place"]: one for one in said}
    for place in range(1, total + 1):
        state = last.get(place, {}).get("state", "begun")
        kind, where = last.get(place, {}).get("kind", ""), {"place": place, "total": total}
        who = say("notify.one_of", lang, kind=kind, **where) if kind else say("notify.address", lang, **where)
        if state == "unknown":
            yield say("notify.unknown", lang, **where)
        elif state == "refused":
            yield say("notify.refused", lang, who=who)
        elif state == "begun":
            yield say("notify.silent", lang, who=who, seconds=seconds)


def _send(order: bytes, seconds: float) -> bytes:
    """What the child said until it was done or its time was over; it is gone afterwards.

    The order goes over a pipe: arguments and environment of a process can be read by others.
    """
    command = [sys.executable, "-P", str(SENDER), str(os.getpid()), str(seconds)]
    given = {name: value for name, value in os.environ.items() if name != ADDRESSES}
    child = subprocess.Popen(  # noqa: S603 - our own file
        command,
        env=given,
        start_new_session=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        return child.communicate(order, timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        _end(child)
        return child.communicate(timeout=1)[0]
    finally:
        _end(child)


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=1)


def _answers(text: bytes) -> Iterator[Said]:
    """The lines of the child; one that was cut is none."""
    for line in text.splitlines():
        with suppress(ValueError):
            yield json.loads(line)
