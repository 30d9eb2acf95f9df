"""Run a notebook's cells in this process: an IPython kernel that talks over two pipes instead of ZeroMQ sockets.

Everything a cell can notice is ipykernel's own (shell, display, streams, widgets' comms, `await` in a cell), so what it
puts out is what a kernel of its own would have put out; there is no port, no heartbeat and no handshake.
"""

from __future__ import annotations

import asyncio
import atexit
import fcntl
import logging
import os
import struct
import sys
import threading
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any

from ipykernel import eventloops as _eventloops
from ipykernel import iostream as _iostream
from ipykernel.inprocess.socket import DummySocket
from ipykernel.ipkernel import IPythonKernel
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.error import UsageError
from jupyter_client.session import Session
from tornado.ioloop import IOLoop
from traitlets import Type

eventloops: Any = _eventloops  # neither has types
iostream: Any = _iostream
COUNT = struct.Struct(">I")
LENGTH = struct.Struct(">Q")
HELLO = "hello"


def frame(parts: Sequence[bytes]) -> bytes:
    """A message as bytes: how many parts it has, then each with its length in front."""
    sized = [LENGTH.pack(len(part)) + bytes(part) for part in parts]
    return b"".join([COUNT.pack(len(parts)), *sized])


async def next_frame(reader: asyncio.StreamReader) -> list[bytes] | None:
    """The parts of the next message; None = there are no more."""
    try:
        (count,) = COUNT.unpack(await reader.readexactly(COUNT.size))
        parts = []
        for _ in range(count):
            (size,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
            parts.append(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    return parts


async def reading(descriptor: int) -> asyncio.StreamReader:
    """An asyncio reader on a pipe."""
    reader = asyncio.StreamReader(limit=2**30)
    pipe = os.fdopen(descriptor, "rb", 0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return reader


class PipeSession(Session):
    """A Jupyter session whose every message goes down one pipe, in the order in which they were sent."""

    def join(self, descriptor: int) -> None:
        """Send to a pipe from now on; threads, and processes a cell forks, take turns."""
        self._pipe, self._turn = descriptor, threading.Lock()
        self._between = os.memfd_create("turn")
        os.register_at_fork(after_in_child=lambda: setattr(self, "_turn", threading.Lock()))

    def send(self, stream: Any, msg_or_type: Any, *given: Any, buffers: Any = None, **named: Any) -> Any:
        """Send a message; which socket it was meant for tells its channel."""
        names = ("content", "parent", "ident", "buffers", "track", "header", "metadata")
        values = dict(zip(names, given, strict=False)) | named
        buffers = buffers or values.pop("buffers", None)
        if isinstance(msg_or_type, dict):
            message, buffers = msg_or_type, buffers or msg_or_type.get("buffers")
        else:
            wanted = {name: values.get(name) for name in ("content", "parent", "header", "metadata")}
            message = self.msg(msg_or_type, **wanted)
        channel = b"shell" if stream == "shell" else b"iopub"
        whole = {name: value for name, value in message.items() if name != "buffers"}
        self._write(frame([channel, self.pack(whole), *(bytes(part) for part in buffers or ())]))
        return message

    def _write(self, data: bytes) -> None:
        with self._turn:
            fcntl.lockf(self._between, fcntl.LOCK_EX)
            try:
                left = memoryview(data)
                while left:
                    left = left[os.write(self._pipe, left) :]
            finally:
                fcntl.lockf(self._between, fcntl.LOCK_UN)


class PipeShell(ZMQInteractiveShell):
    """The shell of a kernel that no application has started."""

    def enable_gui(self, gui: str | None = None) -> None:
        """`%matplotlib inline` and its like ask the kernel itself.

        Raises:
            UsageError: There is no such interface.
        """
        try:
            eventloops.enable_gui(gui, self.kernel)
            self.active_eventloop = gui
        except ValueError as error:
            raise UsageError(str(error)) from error


class PipeKernel(IPythonKernel):
    """A kernel whose every request waits for the one before: none is queued that an error would have to abort."""

    shell_class = Type(PipeShell)

    def _abort_queues(self, subshell_id: str | None = None) -> None:
        """Nothing to abort."""


def run_cells(asked: int, told: int, order: Mapping[str, Any]) -> None:
    """Answer requests until there are no more; the caller ends the process afterwards.

    Args:
        asked: Pipe the requests come from.
        told: Pipe everything goes to that a kernel would publish or reply.
        order: ``folder``: the working folder of the cells.
    """
    atexit._clear()  # what the process before the fork wanted to do at its end is not ours
    logging.root.handlers.clear()  # nor are its logs
    os.chdir(order["folder"])
    sys.path.insert(0, "")
    os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
    if numpy := sys.modules.get("numpy"):
        numpy.random.seed()  # every kernel begins somewhere else
    asyncio.run(_serve(asked, told))
    atexit._run_exitfuncs()


async def _serve(asked: int, told: int) -> None:
    session = PipeSession()
    session.join(told)
    kernel = _kernel(session)
    _as_in_a_notebook()
    requests = await reading(asked)
    session.send("shell", HELLO, {"language_info": kernel.language_info})
    while parts := await next_frame(requests):
        message = session.unpack(parts[1])
        message["buffers"] = parts[2:]
        kernel.set_parent([], message, channel="shell")
        kernel._publish_status("busy", "shell")
        if handler := kernel.shell_handlers.get(message["header"]["msg_type"]):
            answer = handler("shell", [], message)
            if asyncio.iscoroutine(answer):
                await answer
        sys.stdout.flush()
        sys.stderr.flush()
        if kernel.shell.exit_now:  # a cell said exit(): it is the last one, and never done
            return
        kernel._publish_status("idle", "shell")


def _as_in_a_notebook() -> None:
    """Have packages think again that asked, when they were loaded before the fork, whether this is a notebook."""
    if pandas := sys.modules.get("pandas"):
        pandas.set_option("display.max_columns", 20)  # on a terminal it is what fits
    for name in ("tqdm.auto", "tqdm.autonotebook"):
        sys.modules.pop(name, None)


def _kernel(session: PipeSession) -> Any:
    thread = iostream.IOPubThread(DummySocket(), session=session)
    thread.start()
    sys.stdout = iostream.OutStream(session, thread, "stdout")
    sys.stderr = iostream.OutStream(session, thread, "stderr")
    kernel: Any = PipeKernel.instance(
        session=session,
        iopub_thread=thread,
        iopub_socket="iopub",
        shell_stream=None,
        stdin_socket=None,
        user_ns={},
        log=logging.getLogger("opsretro.cells"),
    )
    kernel.shell_channel_thread = SimpleNamespace(parent_thread=threading.main_thread())
    kernel.io_loop = IOLoop.current()
    kernel.shell.history_manager.enabled = False
    sys.displayhook = kernel.shell.displayhook
    return kernel
