"""Work of the month that is done in a fork of the warm process, so that others can go on at the same time."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from opsretro.monthly.engine import ForkEngine, how_it_ended, running


def done(work: str, order: Mapping[str, str], *, apart: bool, seconds: float | None = None) -> None:
    """Have something done that writes a file.

    Args:
        work: Function (module:function) that takes the order.
        order: What it is told; ``data`` names the file it is about.
        apart: In a fork of the warm process; else here and now.
        seconds: Time for a fork; None = as long as it takes.

    Raises:
        OSError: It could not be written.
        RuntimeError: It failed, its process ended, or its time was over.
    """
    if not apart:
        try:
            _begin(work, order)
        except OSError:
            raise
        except Exception as error:
            raise RuntimeError(_line(error)) from error
        return
    told = {"do": f"{__name__}:do_now", "seconds": seconds, "work": work, "order": dict(order)}
    with running(ForkEngine.template, told) as job:
        with os.fdopen(os.dup(job.hear), "rb") as heard:
            problem = json.loads(heard.read() or "null")
        how = how_it_ended(job.leash)
    if problem:
        number, text = problem
        raise OSError(number, text, order["data"]) if number else RuntimeError(text)
    if how.get("code") != 0:
        raise RuntimeError(f"{Path(order['data']).name}: the process that draws it ended early")


def do_now(_: int, told: int, order: Mapping[str, Any]) -> None:
    """What the fork does."""
    problem: Any = None
    gc.disable()  # looking for garbage after every few figures takes a sixth of the time, and this process ends soon
    try:
        _begin(order["work"], order["order"])
    except OSError as error:
        problem = [error.errno, error.strerror]
    except Exception as error:  # told to the process that waits
        problem = [0, _line(error)]
    os.write(told, json.dumps(problem).encode())


def _begin(work: str, order: Mapping[str, str]) -> None:
    module, _, function = work.partition(":")
    getattr(import_module(module), function)(order)


def _line(error: Exception) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
