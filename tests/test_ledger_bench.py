"""Real writers at once, and writers that are really killed: the bench in small."""

import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from opsretro.meeting.ledger import Ledger, LedgerConflict

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import ledger as bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed here")
WRITES = 10


@pytest.mark.parametrize("measure", [bench.adds, bench.edits])
def test_two_writers_lose_nothing_and_reorder_nothing(tmp_path, measure):
    told = measure(bench.Ours, tmp_path, WRITES)
    assert (told.kept, told.crashed, told.in_order, told.comments) == (2 * WRITES, 0, True, True)


def test_a_writer_that_is_killed_leaves_a_whole_file_with_all_it_acknowledged(tmp_path):
    told = bench.kills(bench.Ours, tmp_path, np.random.default_rng(11), rounds=5)
    assert told.whole == 5
    assert told.present == told.acknowledged >= 5


def test_what_kills_leave_beside_the_file_does_not_grow(tmp_path):
    told = bench.kills(bench.Ours, tmp_path, np.random.default_rng(12), rounds=5)
    names = {"actions.yaml", "acknowledged", ".actions.yaml.draft"}
    assert told.files <= names


def same_field(path, name, writes):
    ledger = Ledger(path)
    for n in range(writes):
        seen = ledger.entry("B-0")
        try:
            ledger.edit("B-0", {"evidence": f"{name} {n}"}, seen=seen)
        except LedgerConflict:
            continue


def test_two_writers_of_one_field_overwrite_only_what_they_saw(tmp_path):
    (path := tmp_path / "actions.yaml").write_text("actions:\n  - id: B-0\n    title: x\n", encoding="utf-8")
    writers = [bench.Process(target=same_field, args=(path, name, WRITES)) for name in "ab"]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    kept = Counter(record["mine"] for record in Ledger(path).open_conflicts())
    assert [writer.exitcode for writer in writers] == [0, 0]
    assert max(kept.values(), default=1) == 1
    assert Ledger(path).entry("B-0").values["evidence"] not in kept
