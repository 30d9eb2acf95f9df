"""Send one message to many addresses, all at once: the process `opsretro.monthly.notify` starts, feeds and ends.

It stands on its own (this file is run, not imported by the command), says nothing but a JSON object a line for each
address, and never tells an address: ``{"place": 1, "kind": "dingtalk", "state": "sent"}``.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from typing import Any

BEGUN, SENT, REFUSED, UNKNOWN, ABSENT = "begun", "sent", "refused", "unknown", "absent"
PR_SET_PDEATHSIG = 1

Said = dict[str, Any]


def main(parent: int, seconds: float) -> None:
    """Read the message and its addresses from standard input, send it, and end.

    Args:
        parent: The process that must outlive this one.
        seconds: Time for everything; when it is over the system ends this process.
    """
    _go_with(parent)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    order = json.load(sys.stdin.buffer)
    answer = os.dup(1)
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):  # what a library prints may hold an address
        os.dup2(nowhere, number)
    with os.fdopen(answer, "w", encoding="utf-8") as told:
        for said in _sent(order):
            print(json.dumps(said), file=told, flush=True)
    os._exit(0)  # a thread that still waits for a server keeps nobody


def _go_with(parent: int) -> None:
    """End when the parent ends, however it ends; where the system cannot do that, the timer does it later."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)


def _sent(order: Said) -> Any:
    """What becomes of each address, as it becomes known."""
    try:
        import apprise
    except ImportError:
        yield {"state": ABSENT}
        return
    logging.disable()
    look = apprise.AppriseAsset(app_id="opsretro", app_desc="opsretro", app_url="", storage_mode="memory")
    apprise.Apprise.instantiate("json://localhost", asset=look)  # loads what the threads then share
    said: SimpleQueue[Said] = SimpleQueue()
    for place, address in enumerate(order["addresses"], start=1):
        threading.Thread(target=_one, args=(said, place, address, look, order), daemon=True).start()
    waiting = len(order["addresses"])
    while waiting:
        yield (told := said.get())
        waiting -= told["state"] != BEGUN


def _one(said: SimpleQueue[Said], place: int, address: str, look: Any, order: Said) -> None:
    told: Said = {"place": place, "kind": "", "state": UNKNOWN}
    try:
        import apprise

        service = apprise.Apprise.instantiate(address, asset=look)
        if service is not None:
            told |= {"kind": _kind(service, address), "state": REFUSED}
            said.put(told | {"state": BEGUN})
            sender = apprise.Apprise(asset=look)
            sender.add(service)
            message = {"title": order["title"], "body": order["body"], "notify_type": order["kind"]}
            if sender.notify(**message, body_format="text", interpret_escapes=False):
                told["state"] = SENT
    except BaseException:  # noqa: S110 - its words may hold the address
        pass
    finally:
        said.put(told)


def _kind(service: Any, address: str) -> str:
    """Name of a service, which is no secret: the scheme where it is the service's own, else the service's first."""
    names: list[str] = []
    for found in (service.protocol, service.secure_protocol):
        names += [found] if isinstance(found, str) else list(found or ())
    scheme = address.partition("://")[0].lower()
    return scheme if scheme in names else names[0] if names else ""


if __name__ == "__main__":
    main(int(sys.argv[1]), float(sys.argv[2]))
