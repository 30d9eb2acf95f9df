"""What runs side by side in a month: threads that each wait for a notebook, or for a section to be drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from opsretro.monthly.pages import draw, undrawn
from opsretro.monthly.section import Outcome, Task
from opsretro.monthly.template import TEMPLATE, can_fork
from opsretro.monthly.warm import be_warm


class Workers:
    """Threads that wait for processes; where there are no forks, one thread.

    Args:
        jobs: How many.
        langs: Languages to draw in.
        inputs: The tables as they were checked.
    """

    def __init__(self, jobs: int, langs: Sequence[str], inputs: object) -> None:
        self.is_over = False
        self._jobs, self._langs, self._inputs = jobs if can_fork() else 1, langs, inputs  # papermill changes the folder
        self._is_warm = False
        self._pool: ThreadPoolExecutor
        self._drawing: dict[Path, list[Future[None]]] = {}

    @contextmanager
    def at_work(self, *, warm: bool) -> Iterator[None]:
        """Have them; when one of them cannot go on, nothing is left running.

        Args:
            warm: There is something to run or to draw.

        Raises:
            BaseException: Whatever went wrong in the block.
        """
        if warm and can_fork() and not self._is_warm:
            be_warm(self._inputs)
            self._is_warm = True
        self._pool = ThreadPoolExecutor(self._jobs)
        try:
            yield
        except BaseException:
            self.is_over = True
            TEMPLATE.stop()
            raise
        finally:
            self._pool.shutdown(cancel_futures=True)

    def each(self, do: Callable[[Task], Outcome], tasks: Iterable[Task]) -> dict[str, Outcome]:
        """What becomes of every task, by its key."""
        waiting = {task.key: self._pool.submit(do, task) for task in tasks}
        return {key: one.result() for key, one in waiting.items()}

    def draw(self, data: Path) -> None:
        """Have a section drawn, a language at a time, once everything that waits has begun."""
        langs = undrawn(data, self._langs)
        self._drawing[data] = [self._pool.submit(draw, data, lang, apart=can_fork()) for lang in langs]

    def drawn(self, data: Path) -> None:
        """Wait until a section is drawn, where it is.

        Raises:
            OSError: It cannot be written.
            RuntimeError: It cannot be drawn.
        """
        for waiting in self._drawing.get(data, ()):
            waiting.result()
