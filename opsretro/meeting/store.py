"""The file of a meeting while it is held: on disk after every change, one facilitator writes, the next one is told."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from threading import RLock

from opsretro.errors import InputError
from opsretro.tables.meetings import Meeting, as_json, read_meeting
from opsretro.tables.one_writer import alone, replace_whole

try:
    import fcntl
except ImportError:  # no Unix
    fcntl = None  # type: ignore[assignment]

_OPEN: dict[Path, Store] = {}
"""The store that holds each meeting in this process: a notebook that runs again takes over from itself."""


class LooksOn(Exception):
    """Somebody else writes the meeting; nothing was changed."""


class Store:
    """One meeting, read from its file and written to it.

    A lock that ends with the process tells whether somebody else holds the meeting at present; the session in the file
    tells who writes. Before every write the file is read again: where somebody else wrote meanwhile, theirs stands,
    ours is kept beside it, and this store only looks on until somebody takes over.

    Opening writes nothing and holds nothing: a notebook that is only read leaves no trace. A meeting is held from its
    first change, or from `hold` on, and its file is there from the first change on.

    Args:
        path: ``meetings/2026-10.json`` of a workspace; its folder is made with the first change.
        make: The meeting, where there is no file yet.

    Attributes:
        meeting: The state; everything a reader needs.
        writes: Whether this store may write; otherwise it looks on.
        holds: Whether it holds the meeting: what is only looked at is written by nobody.
        trouble: Why the last write failed; empty = all is on disk.
        kept: Where a state of ours lies that met somebody else's.
        reads: How often the state was read from the file: once more, and it may be somebody else's.
        lock: JupyterLab may hand messages over in several threads: whoever works on the meeting holds it.

    Raises:
        InputError: The file cannot be read; nothing is changed.
        OSError: What is open in this process already cannot be written.

    Example:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp()) / "meetings" / "2026-10.json"
        >>> store = Store(path, lambda: Meeting(month="2026-10"))
        >>> store.save(replace(store.meeting, drafts={"card": "退款"}))
        True
        >>> read_meeting(path).drafts
        {'card': '退款'}
    """

    def __init__(self, path: Path, make: Callable[[], Meeting]) -> None:
        self.path = path.resolve()
        self.session = secrets.token_hex(8)
        self.kept: Path | None = None
        self.lock = RLock()
        self.trouble, self._lock, self._data, self.holds, self.reads = "", -1, b"", False, 0
        if before := _OPEN.get(self.path):
            before.hand_over()
        self.writes = self._is_free()
        _OPEN[self.path] = self
        self.meeting = self._read() if self.path.exists() else make()

    def hold(self) -> bool:
        """Hold the meeting from now on, so that another facilitator who opens it is told.

        Returns:
            Whether this store may write.

        Raises:
            OSError: The folder cannot be made or written to.
        """
        with self.lock:
            if self.writes and not self.holds:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.holds = self.writes = self._take_lock()
                if self.writes and not self.path.exists():
                    with alone(self.path.parent):
                        self._write(self.meeting)
        return self.writes

    def save(self, meeting: Meeting) -> bool:
        """Put a new state on disk.

        Args:
            meeting: It becomes the state in any case, so that nothing typed is lost; `trouble` says if it is not on
                disk, and `flush` tries again.

        Returns:
            Whether it is on disk.
        """
        if not self.writes:
            return False
        with self.lock:
            try:
                if not self.hold():
                    return False
                self.meeting = meeting
                self._take_lock()  # whoever held it may have let go since this store took over
                with alone(self.path.parent):
                    if self.path.exists() and self.path.read_bytes() != self._data:
                        self._give_way()
                        return False
                    self._write(meeting)
            except OSError as error:
                self.meeting, self.trouble = meeting, error.strerror or str(error)
                return False
            self.trouble = ""
        return True

    def flush(self) -> bool:
        """Try again what could not be written; of a store that looks on, read what the other one wrote.

        Returns:
            Whether something is different now.
        """
        if self.writes and self.trouble:
            return self.save(self.meeting)
        with self.lock, suppress(InputError, OSError):  # what cannot be read is told when somebody takes over
            if self.holds:
                self._take_lock()
            if not self.path.exists():
                return self.holds and self.save(self.meeting)  # somebody deleted it
            if self.path.read_bytes() == self._data:
                return False
            with alone(self.path.parent):
                if self.holds:
                    self._give_way()
                else:
                    self.meeting = self._read()
                    self.writes = self.writes and self._is_free()
            return True
        return False

    def take_over(self) -> None:
        """Write from now on what is on disk at present, or what is here where nothing is; the other one looks on.

        Raises:
            InputError: The file cannot be read.
            OSError: It cannot be written.
        """
        with self.lock, alone(self.path.parent):
            self.meeting = self._read() if self.path.exists() else self.meeting
            self._write(self.meeting)
            self._take_lock()
            self.writes = self.holds = True
            self.kept, self.trouble = None, ""

    def hand_over(self) -> None:
        """Let go of the meeting for another store of this process, everything written first.

        Raises:
            OSError: Something is not on disk yet; this store goes on holding it.
        """
        if self.trouble:
            self.flush()
        self.check()
        self.release()

    def check(self) -> None:
        """Whether all is on disk.

        Raises:
            OSError: It is not; says why.
        """
        if self.writes and self.trouble:
            raise OSError(errno.EIO, self.trouble, str(self.path))

    def release(self) -> None:
        """Let go of the meeting: another one may write it."""
        self.writes = self.holds = False
        if self._lock >= 0:
            os.close(self._lock)
            self._lock = -1

    def _is_free(self) -> bool:
        """Whether nobody else holds the meeting at present."""
        path = self._lock_path
        if fcntl is None or not path.exists():
            return True
        held = os.open(path, os.O_RDONLY)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        finally:
            os.close(held)
        return True

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(f".{self.path.stem}.lock")

    def _take_lock(self) -> bool:
        """Whether nobody else holds the meeting; held until the process ends."""
        if fcntl is None or self._lock >= 0:
            return True
        held = os.open(self._lock_path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            return False
        self._lock = held
        return True

    def _read(self) -> Meeting:
        meeting = read_meeting(self.path)
        self._data = self.path.read_bytes()
        self.reads += 1
        return meeting

    def _write(self, meeting: Meeting) -> None:
        self.meeting = replace(meeting, session=self.session, revision=meeting.revision + 1)
        data = as_json(self.meeting)
        replace_whole(self.path, data)
        self._data = data

    def _give_way(self) -> None:
        """Somebody else wrote: theirs stands, ours is kept beside it, and nothing is merged."""
        mine = as_json(self.meeting)
        if mine != self._data:
            kept = self.path.with_name(f"{self.path.stem}.kept-{secrets.token_hex(4)}.json")
            replace_whole(kept, mine)
            self.kept = kept
        self.trouble = ""
        self.release()
        with suppress(InputError):  # what cannot be read is told when somebody takes over
            self.meeting = self._read()
