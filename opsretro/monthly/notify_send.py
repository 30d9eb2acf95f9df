"""Send one message to many addresses, all at once: the process `opsretro.monthly.notify` starts, feeds and ends.

It stands on its own (this file is run, not imported by the command), says nothing but a JSON object a line for each
address, and never tells an address: ``{"place": 1, "kind": "dingtalk", "state": "sent"}``. Each address has a process
of its own: apprise shares a few threads among all, and some that hang would keep the others waiting.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

BEGUN, SENT, REFUSED, UNKNOWN, ABSENT = "begun", "sent", "refused", "unknown", "absent"
PR_SET_PDEATHSIG = 1

Order = dict[str, Any]


def main(parent: int, seconds: float) -> NoReturn:
    """Read the message and its addresses from standard input, send it, and end.

    Args:
        parent: The process that must outlive this one.
        seconds: Time for everything; when it is over the system ends this process.
    """
    until = time.monotonic() + seconds
    _end_with(parent, until)
    order = json.load(sys.stdin.buffer)
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):  # what a library prints may hold an address
        os.dup2(nowhere, number)
    try:
        import apprise
    except ImportError:
        _tell(answer, {"state": ABSENT})
        os._exit(0)
    logging.disable()
    look = apprise.AppriseAsset(app_id="opsretro", app_desc="opsretro", app_url="", storage_mode="memory")
    apprise.Apprise.instantiate("json://localhost", asset=look)  # loads what all of them need
    ours = os.getpid()
    for place, address in enumerate(order["addresses"], start=1):
        if not os.fork():
            _end_with(ours, until)
            _one(answer, place, address, look, order)
            os._exit(0)
    with suppress(ChildProcessError):
        while True:
            os.wait()
    os._exit(0)


def _end_with(parent: int, until: float) -> None:
    """End when the parent ends, however it ends, and when the time is over."""
    with suppress(OSError, AttributeError):  # where the system knows no such thing, there still is the timer
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, max(0.01, until - time.monotonic()))


def _tell(answer: int, told: Order) -> None:
    """A line in one piece, whoever writes at the same time."""
    os.write(answer, json.dumps(told).encode() + b"\n")


def _one(answer: int, place: int, address: str, look: Any, order: Order) -> None:
    """Send the message to one address, and say what became of it."""
    told: Order = {"place": place, "kind": "", "state": UNKNOWN}
    try:
        import apprise

        service = apprise.Apprise.instantiate(address, asset=look)
        if service is not None:
            told |= {"kind": _kind(service, address), "state": REFUSED}
            _tell(answer, told | {"state": BEGUN})
            sender = apprise.Apprise(asset=look)
            sender.add(service)
            message = {"title": order["title"], "body": order["body"], "notify_type": order["kind"]}
            if sender.notify(**message, body_format="text", interpret_escapes=False):
                told["state"] = SENT
    except BaseException:  # noqa: S110 - its words may hold the address
        pass
    _tell(answer, told)


def _kind(service: Any, address: str) -> str:
    """Name of a service, which is no secret: the scheme where it is the service's own, else the service's first."""
    names: list[str] = []
    for found in (service.protocol, service.secure_protocol):
        names += [found] if isinstance(found, str) else list(found or ())
    scheme = address.partition("://")[0].lower()
    return scheme if scheme in names else names[0] if names else ""


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
