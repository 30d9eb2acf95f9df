"""The engine `opsretro` of papermill: cells run in a fork of a warm process instead of a kernel that starts from cold.

`papermill in.ipynb out.ipynb --engine opsretro` uses it, too. Parameters, metadata, tags, statuses and the file stay
papermill's and nbclient's own code; only the kernel behind them is another one. A notebook that is not in Python, and a
system that cannot fork safely, get papermill's own engine.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jupyter_client.session import Session
from nbclient.client import NotebookClient
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine, NotebookExecutionManager
from papermill.iorw import write_ipynb
from papermill.log import logger

from opsretro.monthly.cells import HELLO, frame, next_frame, reading
from opsretro.monthly.template import TEMPLATE, Job, Template, can_fork

SAVE_EVERY = 5.0
"""Seconds between two writes of a notebook that is still running."""


class Ended(Exception):
    """The process of the cells ended before the notebook did.

    Attributes:
        how: ``end`` (``time``, ``owner`` or ``itself``) and, for the last, the exit ``code``; minus a signal's number.
    """

    def __init__(self, how: dict[str, Any]) -> None:
        super().__init__(_words(how))
        self.how = how


def _words(how: dict[str, Any]) -> str:
    if how["end"] == "time":
        return "timed out"
    code = how.get("code", 0)
    return f"the process of the cells ended early, by signal {-code}" if code < 0 else f"it ended early, with {code}"


class Line:
    """What nbclient takes for a kernel client: asks over one pipe, hears over the other."""

    allow_stdin = False

    def __init__(self, job: Job) -> None:
        self.session = Session()
        self._job = job
        self._queues: dict[bytes, asyncio.Queue[dict[str, Any] | None]] = {}
        self._heard: asyncio.Task[None] | None = None
        self.shell_channel = SimpleNamespace(get_msg=self._getter(b"shell"), send=self._send)
        self.iopub_channel = SimpleNamespace(get_msg=self._getter(b"iopub"))
        self.how: dict[str, Any] = {"end": "owner"}

    def is_alive(self) -> bool:
        """Whether anything can still be heard; when not, whoever waits for a message is told so."""
        return True

    async def begin(self) -> dict[str, Any]:
        """Wait for the cells to be ready; what they are.

        Raises:
            Ended: They never were.
        """
        self._queues = {b"shell": asyncio.Queue(), b"iopub": asyncio.Queue()}
        self._heard = asyncio.create_task(self._hear())
        hello = await self.shell_channel.get_msg()
        if hello["header"]["msg_type"] != HELLO:
            raise Ended({"end": "itself", "code": 1})
        content: dict[str, Any] = hello["content"]
        return content

    def execute(self, source: str, *, store_history: bool = True, stop_on_error: bool = True) -> str:
        """Ask for a cell to be run; the id of the question."""
        content = {"code": source, "silent": False, "store_history": store_history, "user_expressions": {}}
        content |= {"allow_stdin": False, "stop_on_error": stop_on_error}
        message = self.session.msg("execute_request", content)
        self._send(message)
        return str(message["header"]["msg_id"])

    def _send(self, message: dict[str, Any]) -> None:
        whole = {name: value for name, value in message.items() if name != "buffers"}
        with contextlib.suppress(BrokenPipeError):  # how it ended is heard in a moment
            os.write(self._job.ask, frame([b"shell", self.session.pack(whole), *message.get("buffers", ())]))

    def _getter(self, channel: bytes) -> Any:
        async def get_msg(timeout: float | None = None) -> dict[str, Any]:
            message = await self._queues[channel].get()
            if message is None:
                self._queues[channel].put_nowait(None)
                raise Ended(self.how)
            return message

        return get_msg

    async def _hear(self) -> None:
        reader = await reading(os.dup(self._job.hear))
        while parts := await next_frame(reader):
            message = self.session.unpack(parts[1])
            message |= {"msg_type": message["header"]["msg_type"], "buffers": parts[2:]}
            message["header"]["date"] = datetime.fromisoformat(message["header"]["date"])
            self._queues[parts[0]].put_nowait(message)
        with contextlib.suppress(RuntimeError):  # the interpreter is ending and starts no thread any more
            self.how = await asyncio.to_thread(how_it_ended, self._job.leash)
        for queue in self._queues.values():
            queue.put_nowait(None)


def how_it_ended(leash: socket.socket) -> dict[str, Any]:
    """What the keeper says about the end, once everything the cells started is gone; it may have been killed itself."""
    with contextlib.suppress(OSError, ValueError):
        how: dict[str, Any] = json.loads(leash.recv(4096))
        return how
    return {"end": "itself", "code": -9}


class ForkClient(PapermillNotebookClient):  # type: ignore[misc]
    """papermill's client on a fork instead of a kernel."""

    def execute(self, job: Job, **_: Any) -> Any:
        """Run all cells of the notebook."""
        self.reset_execution_trackers()
        loop = asyncio.new_event_loop()
        self.kc: Any = Line(job)
        self.run = loop.run_until_complete
        try:
            self.nb.metadata["language_info"] = self.run(self.kc.begin())["language_info"]
            self.papermill_execute_cells()
            self.set_widgets_metadata()
        finally:
            for task in asyncio.all_tasks(loop):
                task.cancel()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        return self.nb

    def execute_cell(self, cell: Any, cell_index: int, **given: Any) -> Any:
        """Run a cell; one whose process ends is marked as failed, not as completed.

        Raises:
            Ended: The process ended, or its time did.
        """
        try:
            return self.run(NotebookClient.async_execute_cell(self, cell, cell_index, **given))
        except Ended as end:
            self.nb_man.cell_exception(cell, cell_index=cell_index, exception=end)
            raise


class _Manager(NotebookExecutionManager):  # type: ignore[misc]
    """papermill's, but written whole or not at all, and not after every cell."""

    last_whole = 0.0

    def save(self, **given: Any) -> None:
        """Write the notebook, unless it was written a moment ago."""
        if "nb" in given:
            self.nb = given["nb"]
        is_last = self.end_time is not None
        if not self.output_path or (not is_last and time.monotonic() - self.last_whole < SAVE_EVERY):
            return
        target = Path(self.output_path)
        if self.output_path == "-" or "://" in self.output_path:
            write_ipynb(self.nb, self.output_path)
        else:
            draft = target.with_name(f".{os.getpid()}.{target.name}")
            write_ipynb(self.nb, str(draft))
            draft.replace(target)
        self.last_whole, self.last_save_time = time.monotonic(), self.now()


class ForkEngine(Engine):  # type: ignore[misc]
    """papermill's `--engine opsretro`."""

    template = TEMPLATE

    @classmethod
    def execute_notebook(
        cls,
        nb: Any,
        kernel_name: str,
        output_path: str | None = None,
        progress_bar: bool | dict[str, Any] = True,
        log_output: bool = False,
        autosave_cell_every: int = 30,
        **given: Any,
    ) -> Any:
        """Run a notebook as papermill asks for it; see `papermill.engines.Engine`."""
        if not can_fork() or nb.metadata.get("kernelspec", {}).get("language", "python") != "python":
            shown = {"output_path": output_path, "progress_bar": progress_bar, "log_output": log_output}
            given = {name: value for name, value in given.items() if name not in ("folder", "seconds")}
            return NBClientEngine.execute_notebook(nb, kernel_name, **shown, **given)
        manager = _Manager(nb, output_path, log_output, progress_bar, autosave_cell_every)
        manager.notebook_start()
        try:
            cls.execute_managed_notebook(manager, kernel_name, log_output=log_output, **given)
        finally:
            manager.cleanup_pbar()
            manager.notebook_complete()
        return manager.nb

    @classmethod
    def execute_managed_notebook(
        cls, nb_man: Any, kernel_name: str, *, folder: str = "", seconds: float | None = None, **given: Any
    ) -> Any:
        """Run the cells in a fork.

        Args:
            nb_man: papermill's manager.
            kernel_name: Not needed: the cells run in this interpreter.
            folder: Working folder of the cells; empty = the current one.
            seconds: Time for the whole notebook; None = any.
            **given: What papermill's own engine takes; the log and the files for output are used.

        Raises:
            Ended: The process ended, or its time did.
        """
        shown = {name: given.get(name) for name in ("log_output", "stdout_file", "stderr_file")}
        order = {"folder": folder or str(Path.cwd()), "seconds": seconds, "do": "opsretro.monthly.cells:run_cells"}
        with running(cls.template, order) as job:
            return ForkClient(nb_man, log=logger, **shown).execute(job)


@contextmanager
def running(template: Template, order: dict[str, Any]) -> Iterator[Job]:
    """A job that is over when the block is, whatever happens in it."""
    job = template.run(order)
    try:
        yield job
    finally:
        template.over(job)
