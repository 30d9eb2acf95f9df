"""One writer at a time, and a file that is whole whatever happens: with real processes and a real full disk."""

from __future__ import annotations

import itertools
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from multiprocessing import get_context
from pathlib import Path

import pytest

from opsretro.tables.one_writer import alone, replace_whole

OLD, NEW = b"old\n" * 1000, b"new\n" * 300_000


def test_a_file_is_replaced(tmp_path):
    replace_whole(tmp_path / "f", OLD)
    replace_whole(tmp_path / "f", b"")
    assert (tmp_path / "f").read_bytes() == b""


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o664])
def test_permissions_are_kept(tmp_path, mode):
    (path := tmp_path / "f").write_bytes(OLD)
    path.chmod(mode)
    replace_whole(path, NEW)
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_link_is_followed_and_stays_a_link(tmp_path):
    (tmp_path / "far").mkdir()
    (target := tmp_path / "far" / "f").write_bytes(OLD)
    (link := tmp_path / "f").symlink_to(target)
    replace_whole(link, NEW)
    assert link.is_symlink() and target.read_bytes() == NEW


def test_nothing_is_left_beside_the_file(tmp_path):
    replace_whole(tmp_path / "f", NEW)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


def test_a_file_in_no_folder_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError, match="No such file or directory"):
        replace_whole(tmp_path / "nowhere" / "f", NEW)


def test_what_a_killed_writer_left_is_overwritten(tmp_path):
    (tmp_path / ".f.draft").write_bytes(NEW + NEW)
    replace_whole(tmp_path / "f", OLD)
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("f", OLD)]


def full_disk(target, *given) -> int:
    """Do something in a process that may write no file beyond 8 KiB; its exit code."""

    def limited() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))
        try:
            target(*given)
        except OSError:
            os._exit(7)

    process = get_context("fork").Process(target=limited)
    process.start()
    process.join()
    return process.exitcode


def test_a_full_disk_leaves_the_old_file_and_nothing_beside_it(tmp_path):
    (path := tmp_path / "f").write_bytes(OLD)
    assert full_disk(replace_whole, path, NEW) == 7
    assert [(each.name, each.read_bytes()) for each in tmp_path.iterdir()] == [("f", OLD)]


WRITER = """
import sys
from pathlib import Path
from opsretro.tables.one_writer import alone, replace_whole
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    for letter in (b"a", b"b"):
        with alone(path.parent):
            replace_whole(path, letter * 400_000)
"""


def test_a_kill_at_any_moment_leaves_a_whole_file(tmp_path):
    for moment in (0.0, 0.003, 0.011, 0.02, 0.037):
        process = subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "f"], stdout=subprocess.PIPE)
        process.stdout.readline()
        time.sleep(0.01 + moment)
        process.kill()
        process.communicate()
        data = (tmp_path / "f").read_bytes()
        assert (len(data), len(set(data))) == (400_000, 1)
    replace_whole(tmp_path / "f", OLD)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]


HOLDER = """
import sys
from pathlib import Path
from opsretro.tables.one_writer import alone
with alone(Path(sys.argv[1])):
    print("held", flush=True)
    input()
"""


def test_the_lock_of_a_killed_writer_is_free(tmp_path):
    words = [sys.executable, "-c", HOLDER, tmp_path]
    process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    process.kill()
    process.communicate()
    with alone(tmp_path):  # would give up if it were not
        assert process.returncode == -signal.SIGKILL


WAITER = """
import sys
from pathlib import Path
from opsretro.tables import one_writer
one_writer.PATIENCE = float(sys.argv[2])
print("looks", flush=True)
with one_writer.alone(Path(sys.argv[1])):
    print("held", flush=True)
"""


@contextmanager
def waiting(folder, patience):
    """A process that waits for its turn with a patience of some seconds."""
    words = [sys.executable, "-c", WAITER, folder, str(patience)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "looks\n"
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_who_waits_in_vain_gives_up_and_says_where(tmp_path):
    with alone(tmp_path), waiting(tmp_path, 0.2) as process:
        assert process.wait(timeout=30) == 1
        assert process.stderr.read().splitlines()[-1].endswith(f"Device or resource busy: '{tmp_path}'")


def test_time_in_which_a_machine_stands_still_is_no_waiting(tmp_path):
    with ExitStack() as holding:
        holding.enter_context(alone(tmp_path))
        with waiting(tmp_path, 2) as process:
            process.send_signal(signal.SIGSTOP)
            time.sleep(2.5)
            process.send_signal(signal.SIGCONT)
            time.sleep(0.1)
            holding.close()
            assert process.communicate(timeout=30)[0] == "held\n"


def take_turns(folder: Path, letter: str) -> None:
    for _ in range(20):
        with alone(folder):
            with (folder / "turns").open("a") as file:
                file.write(letter)
            time.sleep(0.02)


def test_who_has_written_lets_the_other_go_first(tmp_path):
    started = [get_context("fork").Process(target=take_turns, args=(tmp_path, letter)) for letter in "ab"]
    for process in started:
        process.start()
    for process in started:
        process.join()
    turns = (tmp_path / "turns").read_text()
    assert (len(turns), [process.exitcode for process in started]) == (40, [0, 0])
    assert sum(earlier != later for earlier, later in itertools.pairwise(turns)) >= 20


def count_up(path: Path) -> None:
    for _ in range(50):
        with alone(path.parent):
            replace_whole(path, str(int(path.read_bytes()) + 1).encode())


def test_writers_at_once_lose_no_change(tmp_path):
    (path := tmp_path / "f").write_bytes(b"0")
    started = [get_context("fork").Process(target=count_up, args=(path,)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join()
    assert path.read_bytes() == b"150"


def test_a_lock_is_let_go_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match=r"^stop$"), alone(tmp_path):
        raise RuntimeError("stop")
    with alone(tmp_path):
        pass


def test_a_link_in_the_place_of_the_draft_is_never_written_through(tmp_path):
    other, path = tmp_path / "other", tmp_path / "f"
    other.write_bytes(b"theirs")
    path.write_bytes(b"old")
    (tmp_path / ".f.draft").symlink_to(other)
    replace_whole(path, b"new")
    assert (other.read_bytes(), path.read_bytes(), path.is_symlink()) == (b"theirs", b"new", False)
