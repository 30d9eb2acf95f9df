"""A real dask scheduler and its workers on loopback, for tests and benches."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

SCHEDULER = r"Scheduler at:\s+(tcp://[\d.:]+)"
WORKER = r"Registered to:\s+(tcp://[\d.:]+)"


@contextlib.contextmanager
def started(kind: str, *words: str, until: str, folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """A dask process (scheduler or worker) and the address it tells; ended with everything in its group."""
    log = folder / f"{kind}-{time.monotonic_ns()}.log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words]
        running = subprocess.Popen(command, stdout=file, stderr=file, cwd=folder, start_new_session=True)
    try:
        deadline = time.monotonic() + 60
        while not (found := re.search(until, log.read_text("utf-8"))):
            assert running.poll() is None and time.monotonic() < deadline, log.read_text("utf-8")
            time.sleep(0.1)
        yield running, found[1]
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


@contextlib.contextmanager
def cluster(folder: Path, *, workers: int) -> Iterator[tuple[list[subprocess.Popen[bytes]], str]]:
    """Workers of one thread each, and the address of their scheduler."""
    quiet = ("--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
    alone = ("--no-nanny", "--nthreads", "1", "--no-dashboard")
    with contextlib.ExitStack() as stack:
        _, address = stack.enter_context(started("scheduler", *quiet, until=SCHEDULER, folder=folder))
        begun = (started("worker", address, *alone, until=WORKER, folder=folder) for _ in range(workers))
        yield [stack.enter_context(one)[0] for one in begun], address
