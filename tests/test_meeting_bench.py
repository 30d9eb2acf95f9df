"""A meeting that is really killed while somebody types: the bench in small."""

import sys
from pathlib import Path
from random import Random

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "bench"))
import meeting as bench

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="processes are forked and killed here")
ROUNDS = 3


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_a_meeting_that_is_killed_has_all_it_answered_and_a_whole_file(tmp_path, pause):
    told = bench.kills(bench.Ours, tmp_path, Random(21), ROUNDS, pause)
    assert (told.whole, told.kept, told.twice) == (ROUNDS, told.acknowledged, 0)
    assert told.acknowledged >= ROUNDS


def test_less_than_a_second_of_typing_is_gone(tmp_path):
    told = bench.kills(bench.Ours, tmp_path, Random(22), ROUNDS, 0.02)
    assert max(told.lags) < 1.0  # "everything typed is on disk within a second"


def test_a_file_written_in_place_is_found_torn_by_the_same_judge(tmp_path):
    (tmp_path / "meetings").mkdir()
    (tmp_path / "meetings" / "2026-10.json").write_bytes(b'{"cards": [')
    assert bench.Dumped.found(tmp_path) is None
    figures = bench.Figures(of=1)
    bench._judge(bench.Dumped, tmp_path, "ready\t0\t\ntold\t5.0\tab\nanswered\t5.1\tab\n", 9.0, figures)
    assert (figures.whole, figures.kept, figures.acknowledged, figures.lags) == (0, 0, 1, [4.0])


def test_what_is_gone_is_counted_from_the_first_letter_that_is_missing(tmp_path):
    (tmp_path / "meetings").mkdir()
    state = '{"cards": [], "boards": [{"votes": {}}], "drafts": {"card": "ab"}}'
    (tmp_path / "meetings" / "2026-10.json").write_text(state)
    figures, told = bench.Figures(of=1), "".join(f"told\t{n}.0\t{'abcd'[:n]}\n" for n in range(1, 5))
    bench._judge(bench.Dumped, tmp_path, f"ready\t0\t\n{told}", 10.0, figures)
    assert (figures.told, figures.lags) == (4, [7.0])  # "abc" was told at 3


def test_a_notebook_loses_what_came_after_its_last_autosave(tmp_path):
    told = bench.autosaved(tmp_path, Random(23), 20)
    assert all(0 <= lag <= bench.AUTOSAVE_SECONDS for lag in told.lags)
    assert 30 < sum(told.lags) / 20 < 90  # uniform over two minutes: 60 on average, standard error 7.7
