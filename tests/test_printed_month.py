"""The documents of a month through the real command: which there are, when they stay, and a month without them."""

from __future__ import annotations

import hashlib
import json
import os
import shutil

import pytest
from conftest import small_workspace
from pypdf import PdfReader
from test_month_faults import run

pytestmark = pytest.mark.slow
BROKEN = 'raise ImportError("no typst for this machine")\n'
HANGS = "import os\nos._exit(3)\n"


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """A small month in English, published once; the workspace and the reports."""
    folder = tmp_path_factory.mktemp("printed")
    small_workspace(folder / "ws")
    assert run(folder / "ws", folder / "out", "--lang", "en").returncode == 0
    return folder


def again(folder, *more, typst=None):
    """Run it again, with another typst in the way where one is given."""
    environment = dict(os.environ)
    if typst:
        (folder / "other").mkdir(exist_ok=True)
        (folder / "other" / "typst.py").write_text(typst, encoding="utf-8")
        environment["PYTHONPATH"] = os.pathsep.join([str(folder / "other"), environment.get("PYTHONPATH", "")])
    return run(folder / "ws", folder / "out", "--lang", "en", *more, env=environment)


def month(folder):
    return folder / "out" / "2026-10"


def manifest(folder):
    return json.loads((month(folder) / "run.json").read_text(encoding="utf-8"))


@pytest.fixture
def own(published, tmp_path):
    """The published month, for one test to spoil."""
    shutil.copytree(published, tmp_path / "own")
    return tmp_path / "own"


def test_one_language_has_one_document(published):
    assert [path.name for path in month(published).glob("*.pdf")] == ["retro.en.pdf"]


def test_the_manifest_lists_the_document_with_its_hash(published):
    data = (month(published) / "retro.en.pdf").read_bytes()
    assert "retro.en.pdf" in manifest(published)["files"]
    assert manifest(published)["sha256"]["retro.en.pdf"] == hashlib.sha256(data).hexdigest()


def test_nothing_of_what_it_was_made_of_is_published(published):
    kinds = {path.suffix for path in (published / "out").rglob("*") if path.is_file()}
    assert kinds == {".html", ".ipynb", ".json", ".pdf"}


def test_an_unchanged_month_keeps_its_document_and_sets_nothing(own):
    again(own)  # the copy lies elsewhere, so its parameters changed
    before = (month(own) / "retro.en.pdf").read_bytes()
    done = again(own, typst=BROKEN)
    assert (done.returncode, "no document" in done.stderr) == (0, False)
    assert (month(own) / "retro.en.pdf").read_bytes() == before


def test_the_same_month_set_again_is_the_same_bytes(own):
    before = (month(own) / "retro.en.pdf").read_bytes()
    assert again(own, "--force").returncode == 0
    assert (month(own) / "retro.en.pdf").read_bytes() == before


@pytest.mark.parametrize(
    ("typst", "why"),
    [(BROKEN, "ImportError: no typst for this machine"), (HANGS, "the process that draws it ended early")],
)
def test_a_month_whose_document_cannot_be_made_is_published_and_says_why(own, typst, why):
    done = again(own, "--force", typst=typst)
    (line,) = [line for line in done.stderr.splitlines() if "no document" in line]
    assert done.returncode == 0 and why in line and line.endswith("the pages are whole")
    assert sorted(path.name for path in month(own).glob("*.[hp]*")) == ["index.html"]
    assert "retro.en.pdf" not in manifest(own)["files"]


def test_the_next_run_makes_the_document_that_was_missing(own):
    again(own, "--force", typst=BROKEN)
    assert again(own).returncode == 0
    assert len(PdfReader(month(own) / "retro.en.pdf").pages) >= 2
