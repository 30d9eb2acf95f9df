"""The warm process notebooks are forked from, and the keeper beside each: who starts, who watches, who ends.

    owner (papermill)  --control-->  template      one thread, all imports done, never runs a cell
                                       | fork
                       <--leash--->  keeper        one a notebook: the deadline, and the end of everything below it
                                       | fork
                       <--pipes--->  cells         IPython; may hang, crash, fork or run away

A keeper adopts every process its cells leave behind (child subreaper) and ends them with SIGKILL when the cells are
done, when their time is over, or when the owner is gone: the other end of a socket closes whatever the owner died of.
Linux only; elsewhere notebooks run in a kernel of their own.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
WARM = ("IPython", "ipykernel.debugger", "matplotlib_inline.backend_inline", "opsretro.monthly.cells")
"""What every notebook needs; loaded once, before any of them starts."""
REQUEST, RUN = 65_536, b"run"
GRACE = 5.0
"""Seconds for what a notebook wants to do at its end."""


def can_fork() -> bool:
    """Whether notebooks can be forked here: Linux, which has what a keeper needs."""
    return sys.platform == "linux"


@dataclass(frozen=True, kw_only=True)
class Job:
    """A notebook that runs.

    Attributes:
        leash: Closing it ends the notebook; it tells how the notebook ended.
        ask: Pipe to the cells.
        hear: Pipe from the cells.
    """

    leash: socket.socket
    ask: int
    hear: int


class Template:
    """A process to fork from; starts with the first notebook and ends with its owner."""

    def __init__(self) -> None:
        self._control: socket.socket | None = None
        self._turn = threading.Lock()
        self._leashes: set[socket.socket] = set()
        self._is_fork, self._pid = False, 0

    @property
    def is_fork(self) -> bool:
        """Whether there is a process, forked from this one."""
        return self._control is not None and self._is_fork

    @property
    def is_there(self) -> bool:
        """Whether there is a process."""
        return self._control is not None

    def start(self, warm: Sequence[str] = ()) -> None:
        """Start the process: a fork of this one while it has a single thread, a new interpreter otherwise.

        Args:
            warm: Modules to load in it beyond those every notebook needs, and functions (module:function) to call.
        """
        if _is_single_threaded():
            self.close()
        elif self._control is not None and not self._is_fork:
            return
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._is_fork = _is_single_threaded()
        if self._is_fork:
            for stream in filter(None, (sys.stdout, sys.stderr)):
                stream.flush()
            if (pid := os.fork()) == 0:
                ours.close()
                _never_return(lambda: _serve(theirs, warm))
            self._pid = pid
        else:
            words = [sys.executable, "-c", f"from {__name__} import main; main()", str(theirs.fileno()), *warm]
            subprocess.Popen(words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL)  # noqa: S603 - our own words
        theirs.close()
        self._control = ours

    def tell(self, do: str, what: object) -> None:
        """Have a fork know something, and all that is forked from it afterwards.

        A new interpreter is told nothing: it stays for the next time, when something else may be true.

        Args:
            do: Function (module:function) that takes it.
            what: Anything that can be pickled.
        """
        if self._control is None or not self._is_fork:
            return
        with os.fdopen(os.memfd_create("told"), "wb") as file:
            pickle.dump(what, file)
            file.flush()
            with contextlib.suppress(OSError):  # a template that is gone is missed by the first notebook
                socket.send_fds(self._control, [do.encode()], [file.fileno()])

    def run(self, order: dict[str, Any]) -> Job:
        """Start a notebook.

        Args:
            order: What the keeper is told: ``seconds`` (None = no deadline), ``do`` (module:function, called with the
                two pipes and the order), and whatever that wants to know.

        Returns:
            The ends to talk to it; `over` closes them.

        Raises:
            ChildProcessError: There can be no template.
        """
        with self._turn:
            job = self._begun() or self._begun()  # a template somebody killed is started again, once
            if job is None:
                raise ChildProcessError("the process that notebooks are forked from could not be started")
            self._leashes.add(job.leash)
        job.leash.sendall(json.dumps(order | {"env": dict(os.environ)}).encode() + b"\n")
        return job

    def _begun(self) -> Job | None:
        """Have a keeper forked; None = the template is gone. What is made here must not be known to a new template."""
        if self._control is None:
            self.start()
        leash, theirs = socket.socketpair()
        asked, ask = os.pipe()
        hear, told = os.pipe()
        try:
            socket.send_fds(self._control, [RUN], [theirs.fileno(), asked, told])  # type: ignore[arg-type]
        except OSError:
            self.close()
            leash.close()
            os.close(ask)
            os.close(hear)
            return None
        finally:
            theirs.close()
            os.close(asked)
            os.close(told)
        return Job(leash=leash, ask=ask, hear=hear)

    def over(self, job: Job) -> None:
        """Let go of a notebook: give it a moment to end by itself, end what is left of it, and close its ends."""
        os.close(job.ask)
        job.leash.settimeout(GRACE)
        for _ in range(2):
            with contextlib.suppress(OSError):
                while job.leash.recv(REQUEST):  # its last word, then the end of the keeper
                    pass
            with contextlib.suppress(OSError):
                job.leash.shutdown(socket.SHUT_WR)
            job.leash.settimeout(None)
        self._leashes.discard(job.leash)
        job.leash.close()
        os.close(job.hear)

    def stop(self) -> None:
        """End every notebook that runs; whoever waits for one hears of it."""
        for leash in list(self._leashes):
            with contextlib.suppress(OSError):
                leash.shutdown(socket.SHUT_WR)

    def rest(self) -> None:
        """End a fork: the next one is made of a fresher process. A new interpreter took long to start, and stays."""
        if self._is_fork:
            self.close()

    def close(self) -> None:
        """End the process; notebooks that still run are not touched."""
        if self._control is not None:
            self._control.close()
            self._control = None
            if self._is_fork:  # it may still be loading
                with contextlib.suppress(ProcessLookupError, ChildProcessError):
                    os.kill(self._pid, signal.SIGKILL)
                    os.waitpid(self._pid, 0)


TEMPLATE = Template()
"""The one of this process."""


def main() -> NoReturn:
    """A template in an interpreter of its own; arguments: the control socket, modules to load."""
    control = socket.socket(fileno=int(sys.argv[1]))
    _never_return(lambda: _serve(control, tuple(sys.argv[2:])))


def _never_return(act: Callable[[], object]) -> NoReturn:
    """Do something and end the process, whatever happens: nothing of the process before the fork is run again."""
    code = 1
    try:
        act()
        code = 0
    except SystemExit as wish:
        code = wish.code if isinstance(wish.code, int) else int(wish.code is not None)
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)


def _is_single_threaded() -> bool:
    return len(list(Path("/proc/self/task").iterdir())) == 1


def _serve(control: socket.socket, warm: Sequence[str]) -> None:
    os.setsid()  # a Ctrl+C on the terminal is for the owner; the keepers hear of it by their leash
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system forgets keepers that ended
    os.environ["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # ipykernel's debugger would say on the terminal what it misses
    for name in (*WARM, *warm):
        if ":" in name:
            _named(name)()
        else:
            import_module(name)
    while True:
        gc.collect()
        gc.freeze()  # what all share stays shared
        word, descriptors, _, _ = socket.recv_fds(control, REQUEST, 3)
        if not word:
            return
        if word != RUN:
            with os.fdopen(descriptors[0], "rb") as told:
                told.seek(0)
                _named(word.decode())(pickle.load(told))  # noqa: S301 - written by the process this one was forked from
            continue
        if os.fork() == 0:
            control.close()
            _never_return(partial(_keep, *descriptors))
        for descriptor in descriptors:
            os.close(descriptor)


def _named(name: str) -> Callable[..., object]:
    """A function by module:function."""
    module, _, function = name.partition(":")
    found: Callable[..., object] = getattr(import_module(module), function)
    return found


def _keep(line: int, asked: int, told: int) -> None:
    """Run the cells and watch over them; tell how they ended once nothing of them is left."""
    leash = socket.socket(fileno=line)
    with leash.makefile("rb", buffering=0) as lines:
        order = json.loads(lines.readline() or "null")
    if order is None:  # the owner is gone already
        return
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
    awake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    _quiet()
    keeper = os.getpid()
    if (pid := os.fork()) == 0:
        signal.set_wakeup_fd(-1)
        for descriptor in (awake, waker):
            os.close(descriptor)
        leash.close()
        _never_return(lambda: _begin(order, asked, told, keeper))
    os.close(asked)
    os.close(told)
    how = _watched(pid, leash, awake, order["seconds"])
    _end_family()
    with contextlib.suppress(OSError):
        leash.sendall(json.dumps(how).encode())


def _begin(order: dict[str, Any], asked: int, told: int, keeper: int) -> None:
    os.setsid()
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != keeper:  # it ended before it could be watched
        return
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.environ.clear()
    os.environ.update(order["env"])
    _named(order["do"])(asked, told, order)


def _quiet() -> None:
    """Input and output lead nowhere: what cells say goes through their pipe, and standard output is the owner's."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        os.dup2(nowhere, number)
        stream = open(number, "w" if number else "r", closefd=False)  # noqa: SIM115 - lives as long as we do
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    os.close(nowhere)


def _watched(pid: int, leash: socket.socket, awake: int, seconds: float | None) -> dict[str, Any]:
    """Wait until the cells end, their time is over, or the owner lets go."""
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        left = None if end is None else end - time.monotonic()
        if left is not None and left <= 0:
            return {"end": "time"}
        ready, _, _ = select.select([leash.fileno(), awake], [], [], None if left is None else min(left, 86_400))
        if leash.fileno() in ready:
            return {"end": "owner"}
        if awake in ready:
            os.read(awake, REQUEST)
            gone, status = os.waitpid(pid, os.WNOHANG)
            if gone:
                return {"end": "itself", "code": os.waitstatus_to_exitcode(status)}


def _end_family() -> None:
    """End every process below this one, however deep: whoever loses its parent becomes a child of this one."""
    while children := _children():
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            for child in children:
                os.waitpid(child, 0)


def _children() -> list[int]:
    """Processes whose parent is this one."""
    found, own = [], str(os.getpid())
    for status in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = status.read_text(errors="replace").rpartition(")")[2].split()
            if fields[1] == own:
                found.append(int(status.parent.name))
    return found


def _prctl(option: int, value: int) -> None:
    ctypes.CDLL(None, use_errno=True).prctl(option, value, 0, 0, 0)
