"""A meeting's file while it is held: real processes at once, a full disk, hands in the file, and nothing is lost."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from opsretro.errors import InputError
from opsretro.meeting.store import Store
from opsretro.tables.meetings import Meeting, as_json, read_meeting

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="locks and signals of Unix")
CHILD = """
import os, resource, sys
from dataclasses import replace
from pathlib import Path
from opsretro.meeting.store import Store
from opsretro.tables.meetings import Meeting
path = Path(sys.argv[1])
store = Store(path, lambda: Meeting(month=path.stem, held="made by the child"))
store.hold()
def tell(*what):
    print(*what, sep="|", flush=True)
tell(store.writes)
for line in sys.stdin:
    word, _, text = line.rstrip("\\n").partition(" ")
    if word == "draft":
        tell(store.save(replace(store.meeting, drafts={"card": text})), store.writes, bool(store.trouble))
    if word == "flush":
        tell(store.flush(), store.writes, store.meeting.drafts.get("card", ""))
    if word == "take":
        store.take_over()
        tell(store.writes)
    if word == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (int(text), resource.RLIM_INFINITY))
        tell("full")
    if word == "trouble":
        tell(store.trouble, store.meeting.drafts.get("card", ""))
    if word == "kept":
        tell(store.kept.name if store.kept else "")
"""


class Child:
    """A store in a process of its own."""

    def __init__(self, path):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
        self.process = subprocess.Popen([sys.executable, "-c", CHILD, path], **pipes)
        self.writes = self.answer() == ["True"]

    def answer(self):
        return self.process.stdout.readline().rstrip("\n").split("|")

    def ask(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()
        return self.answer()

    def end(self):
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()


@contextmanager
def child(path):
    running = Child(path)
    try:
        yield running
    finally:
        running.end()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "meetings" / "2026-10.json"


@pytest.fixture
def store(path):
    held = opened(path)
    yield held
    held.release()


def opened(path):
    """As on a projector: held from the moment it is on the screen."""
    store = looked_at(path)
    store.hold()
    return store


def looked_at(path):
    """As in a notebook somebody only reads."""
    return Store(path, lambda: Meeting(month=path.stem))


def typed(store, text):
    return store.save(replace(store.meeting, drafts={"card": text}))


def on_disk(path):
    return read_meeting(path).drafts.get("card", "")


def kept(path):
    """What lies beside the file."""
    return sorted(on_disk_of(beside) for beside in path.parent.glob("*.kept-*.json"))


def on_disk_of(path):
    return json.loads(path.read_bytes())["drafts"].get("card", "")


def test_a_new_meeting_is_on_disk_at_once(store, path):
    assert store.writes
    assert read_meeting(path) == store.meeting


def test_a_meeting_that_is_only_looked_at_leaves_no_trace(path):
    assert looked_at(path).writes
    assert not path.parent.exists()


def test_a_file_that_is_only_looked_at_stays_as_it_is(store, path):
    typed(store, "x")
    store.release()
    before = {each.name: each.read_bytes() for each in path.parent.iterdir()}
    looked_at(path)
    assert {each.name: each.read_bytes() for each in path.parent.iterdir()} == before


def test_whoever_only_looks_keeps_nobody_out(path):
    idle = looked_at(path)
    with child(path) as second:
        assert second.writes
        assert second.ask("draft theirs")[0] == "True"
        assert (idle.flush(), idle.writes, idle.meeting.drafts) == (True, False, {"card": "theirs"})


def test_the_first_change_of_somebody_who_only_looked_is_refused_while_another_one_holds_it(path):
    idle = looked_at(path)
    with child(path) as second:
        assert second.writes
        assert not typed(idle, "mine")
        assert not idle.writes


def test_the_first_change_holds_the_meeting(path):
    idle = looked_at(path)
    assert typed(idle, "mine")
    with child(path) as second:
        assert not second.writes
    idle.release()


def test_every_change_is_on_disk_before_save_returns(store, path):
    for n in range(20):
        assert typed(store, f"退款 {n}")
        assert on_disk(path) == f"退款 {n}"


def test_a_write_leaves_no_draft_beside_the_file(store, path):
    typed(store, "x")
    assert sorted(each.name for each in path.parent.iterdir()) == [".2026-10.lock", "2026-10.json"]


def test_every_write_counts(store):
    before = store.meeting.revision
    typed(store, "a")
    typed(store, "b")
    assert store.meeting.revision == before + 2


def test_a_meeting_that_is_opened_again_goes_on(store, path):
    typed(store, "half a sent")
    assert opened(path).meeting.drafts == {"card": "half a sent"}


def test_a_notebook_that_runs_again_takes_over_from_itself(store, path):
    again = opened(path)
    assert (store.writes, again.writes) == (False, True)
    assert typed(again, "new") and not typed(store, "old")
    assert on_disk(path) == "new"
    assert kept(path) == []


def test_a_link_to_the_folder_is_the_same_meeting(store, path, tmp_path):
    (tmp_path / "link").symlink_to(path.parent)
    assert opened(tmp_path / "link" / path.name).writes
    assert not store.writes


# -- a second facilitator


def test_a_second_process_is_told_and_sees_what_the_first_one_does(store, path):
    with child(path) as second:
        assert not second.writes
        typed(store, "退款慢")
        assert second.ask("flush") == ["True", "False", "退款慢"]
        assert second.ask("flush") == ["False", "False", "退款慢"]


def test_whoever_looks_on_writes_nothing(store, path):
    typed(store, "mine")
    before = path.read_bytes()
    with child(path) as second:
        assert second.ask("draft theirs") == ["False", "False", "False"]
    assert path.read_bytes() == before


def test_a_process_that_looks_on_makes_no_file(path):
    with child(path) as first, child(path) as second:
        path.unlink()
        assert (first.writes, second.writes) == (True, False)
        assert second.ask("flush") == ["False", "False", ""]
        assert not path.exists()


def test_whoever_takes_over_begins_with_what_is_on_disk(path):
    with child(path) as first:
        first.ask("draft said before")
        second = opened(path)
        assert not second.writes
        first.ask("draft said last")
        second.take_over()
        assert second.writes
        assert second.meeting.drafts == {"card": "said last"}


def test_the_first_one_then_looks_on_and_its_last_words_are_kept_beside(path):
    with child(path) as first:
        second = opened(path)
        second.take_over()
        typed(second, "theirs")
        assert first.ask("draft mine") == ["False", "False", "False"]
        assert kept(path) == ["mine"]
        assert first.ask("flush") == ["False", "False", "theirs"]
        assert (on_disk(path), second.meeting.drafts) == ("theirs", {"card": "theirs"})


def test_the_first_one_learns_of_it_without_typing(path):
    with child(path) as first:
        second = opened(path)
        second.take_over()
        assert first.ask("flush") == ["True", "False", ""]
        assert kept(path) == []


def test_taking_over_again_and_again_keeps_every_state_that_met_another(path):
    with child(path) as first:
        second = opened(path)
        for n in range(3):
            second.take_over()
            assert first.ask(f"draft first {n}")[0] == "False"
            assert first.ask("take") == ["True"]
            assert not typed(second, f"second {n}")
        assert kept(path) == sorted([f"{who} {n}" for who in ("first", "second") for n in range(3)])


def test_after_taking_over_a_third_one_is_told(path):
    with child(path) as first:
        second = opened(path)
        second.take_over()
        first.ask("flush")  # it learns of it, and lets go
        typed(second, "mine")
        with child(path) as third:
            assert not third.writes
        assert typed(second, "still mine")


def test_a_process_that_was_killed_holds_nothing(path):
    with child(path) as first:
        first.ask("draft last words")
        os.kill(first.process.pid, signal.SIGKILL)
        first.process.wait()
        after = opened(path)
        assert after.writes
        assert after.meeting.drafts == {"card": "last words"}


# -- hands in the file


def test_a_file_that_was_edited_by_hand_stands(store, path):
    typed(store, "before")
    text = path.read_text(encoding="utf-8").replace("before", "by hand")
    path.write_text(text, encoding="utf-8")
    assert not typed(store, "on the screen")
    assert (on_disk(path), kept(path), store.writes) == ("by hand", ["on the screen"], False)
    assert store.meeting.drafts == {"card": "by hand"}


def test_after_a_hand_edit_somebody_takes_over_and_goes_on(store, path):
    path.write_bytes(as_json(Meeting(month="2026-10", held="by hand")))
    assert store.flush()
    assert kept(path) == []
    store.take_over()
    assert typed(store, "on")
    assert read_meeting(path).held == "by hand"


def test_a_file_that_was_spoilt_is_not_overwritten_and_nothing_is_lost(store, path):
    path.write_text("{ oops")
    assert not typed(store, "mine")
    assert not store.flush()
    assert (path.read_text(), kept(path), store.meeting.drafts) == ("{ oops", ["mine"], {"card": "mine"})
    with pytest.raises(InputError, match=r"^meetings/2026-10\.json: 1 problem\. Row 1: the file breaks off"):
        store.take_over()
    path.unlink()
    store.take_over()
    assert (store.writes, on_disk(path)) == (True, "mine")


def test_a_file_that_was_deleted_is_written_again(store, path):
    path.unlink()
    assert typed(store, "still here")
    assert on_disk(path) == "still here"


def test_a_broken_file_is_refused_and_left_alone(path):
    path.parent.mkdir()
    path.write_bytes(as_json(Meeting(month="2026-10"))[:-20])
    before = path.read_bytes()
    with pytest.raises(InputError, match=r"^meetings/2026-10\.json: 1 problem\. Row \d+: the file breaks off"):
        opened(path)
    assert path.read_bytes() == before
    path.write_bytes(as_json(Meeting(month="2026-10", held="mended")))
    assert opened(path).meeting.held == "mended"


# -- a disk that does not take it


def test_a_full_disk_is_told_and_what_was_typed_is_written_once_it_can_be(path):
    with child(path) as held:
        held.ask("full 64")
        assert held.ask("draft 退款 was typed") == ["False", "True", "True"]
        assert held.ask("trouble") == ["File too large", "退款 was typed"]
        assert on_disk(path) == ""
        assert held.ask("flush") == ["False", "True", "退款 was typed"]
        held.ask("full 1000000")
        assert held.ask("flush") == ["True", "True", "退款 was typed"]
        assert held.ask("trouble") == ["", "退款 was typed"]
    assert on_disk(path) == "退款 was typed"


def test_a_full_disk_leaves_the_last_whole_state(path):
    with child(path) as held:
        held.ask("draft first")
        held.ask("full 64")
        held.ask("draft second")
    assert on_disk(path) == "first"
    assert [each.name for each in path.parent.iterdir() if "draft" in each.name] == []


def test_a_folder_that_is_gone_is_trouble_until_it_is_back(store, path):
    path.parent.rename(path.parent.with_name("away"))
    assert not typed(store, "kept in memory")
    assert store.trouble == "No such file or directory"
    path.parent.with_name("away").rename(path.parent)
    assert store.flush()
    assert (store.trouble, on_disk(path)) == ("", "kept in memory")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_trouble_until_it_is_not(store, path):
    path.parent.chmod(0o500)
    assert not typed(store, "kept in memory")
    assert store.trouble == "Permission denied"
    path.parent.chmod(0o700)
    assert store.flush()
    assert on_disk(path) == "kept in memory"


def test_a_notebook_that_runs_again_during_trouble_loses_nothing(store, path):
    path.parent.rename(path.parent.with_name("away"))
    typed(store, "kept in memory")
    path.parent.mkdir()
    path.parent.rmdir()
    path.parent.write_text("no folder")
    with pytest.raises(OSError, match=r"^\[Errno 5\] Not a directory: "):
        opened(path)
    path.parent.unlink()
    path.parent.with_name("away").rename(path.parent)
    assert opened(path).meeting.drafts == {"card": "kept in memory"}


def test_a_workspace_that_cannot_be_written_to_is_an_os_error(tmp_path):
    (tmp_path / "meetings").write_text("a file")
    with pytest.raises(OSError, match=re.escape("File exists")):
        opened(tmp_path / "meetings" / "2026-10.json")


# -- threads


def test_two_threads_lose_nothing(store, path):
    def types(name):
        for n in range(50):
            with store.lock:
                store.save(replace(store.meeting, drafts={**store.meeting.drafts, f"{name}{n}": "x"}))

    threads = [threading.Thread(target=types, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(read_meeting(path).drafts) == 100
    assert read_meeting(path) == store.meeting
