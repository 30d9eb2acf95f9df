"""README, changelog and files: commands that exist, links that lead somewhere, both languages telling the same."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from opsretro.cli import EXAMPLES
from opsretro.meeting.board_templates import read_agenda

ROOT = Path(__file__).parents[1]
READMES = ("README.md", "README.zh-CN.md")
GUIDES = (("docs/meeting.md", "docs/meeting.zh-CN.md"), ("docs/privacy.md", "docs/privacy.zh-CN.md"))
GUIDES += (("docs/running.md", "docs/running.zh-CN.md"), ("docs/teams.md", "docs/teams.zh-CN.md"))
GUIDES += (("docs/scheduling.md", "docs/scheduling.zh-CN.md"), ("docs/archive.md", "docs/archive.zh-CN.md"))
GUIDES += (("docs/archive.md", "docs/archive.zh-CN.md"),)
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
IMAGE = re.compile(r"!\[|<img ")
PRIVATE = ("/" + "work/", ".." + "/shared")
"""Folders of one machine; nothing that is published may point to them."""


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def blocks(kind, text):
    """Fenced blocks of one kind without their comments."""
    found = [block for language, block in FENCE.findall(text) if language == kind]
    return [re.sub(r"(^|[ \t]+)#[^\n]*", "", block).strip() for block in found]


def typed(text):
    """What a reader may type: lines of shell blocks, console lines after the prompt, code inside sentences."""
    lines = [line for block in blocks("sh", text) for line in block.splitlines()]
    lines += [line for block in blocks("console", text) for line in block.splitlines() if line.startswith("$ ")]
    return [*lines, *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]


def named(program, text):
    return {name for line in typed(text) for name in re.findall(rf"(?:^|[\s/&;]){program} ([a-z][\w-]*)", line)}


def links(text):
    text = FENCE.sub("", text)
    targets = re.findall(r"\]\(([^)\s]+)", text) + re.findall(r"""(?:src|srcset|href)=["']([^"'\s]+)""", text)
    return [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]


def words_before(mark, text):
    """Words a reader passes before a mark; two Chinese characters count as one, link targets and markup as none."""
    passed = re.sub(r"<[^>]*>|\]\([^)]*\)", " ", text[: mark.search(text).start()])
    return len(re.findall(r"[A-Za-z0-9][\w.'’-]*", passed)) + len(re.findall(r"[\u4e00-\u9fff]", passed)) / 2


def names_in_table(text):
    """Names in the first column of the table of dependencies: the one that has a row for pandas."""
    tables = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    table = next(table for table in tables if re.search(r"^\|\W*pandas\b", table, re.MULTILINE))
    first = [re.sub(r"\]\([^)]*\)", "", row.split("|")[1]) for row in table.splitlines()[2:]]
    return sorted(name for cell in first for name in re.findall(r"[A-Za-z][\w.-]*", cell))


def tracked():
    """Text files under version control."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        missing = "the list of published files needs git and a checkout"
        pytest.fail(missing) if os.environ.get("CI") == "true" else pytest.skip(missing)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    files = [ROOT / name for name in listed.decode().split("\0") if name]
    return {path: path.read_bytes() for path in files if path.is_file() and b"\0" not in path.read_bytes()[:8000]}


@pytest.fixture(params=READMES)
def readme(request):
    return read(request.param)


@pytest.mark.parametrize("kind", ["sh", "console"])
def test_both_readmes_show_the_same_commands_in_the_same_order(kind):
    ours, theirs = (blocks(kind, read(name)) for name in READMES)
    assert ours
    assert ours == theirs


@pytest.mark.parametrize("pair", GUIDES)
def test_both_languages_of_a_guide_show_the_same_commands_and_link_to_each_other(pair):
    ours, theirs = (read(name) for name in pair)
    assert blocks("sh", ours) == blocks("sh", theirs) != []
    assert (Path(pair[1]).name in links(ours), Path(pair[0]).name in links(theirs)) == (True, True)


@pytest.mark.parametrize("name", [name for pair in GUIDES for name in pair])
def test_a_guide_names_no_subcommand_that_is_not_there_and_no_file_that_is_missing(name):
    text = read(name)
    assert named("opsretro", text) - set(EXAMPLES) == set()
    assert [target for target in links(text) if not (ROOT / "docs" / target).exists()] == []


def test_the_boards_of_the_readme_are_boards_a_meeting_can_use(readme, tmp_path):
    example = next(block for language, block in FENCE.findall(readme) if "[[phases]]" in block)
    (tmp_path / "boards.toml").write_text(example, encoding="utf-8")
    agenda = read_agenda(tmp_path)
    assert [(phase.key, phase.board) for phase in agenda.phases][1] == ("result", "live")
    assert [column.key for column in agenda.boards["live"].columns] == ["before", "after"]


def test_every_make_command_is_a_target(readme):
    targets = set(re.findall(r"^([a-z][\w-]*):(?!=)", read("Makefile"), re.MULTILINE))
    assert named("make", readme) - targets == set()


def test_every_subcommand_in_the_readme_exists_and_none_is_left_out(readme):
    assert named("opsretro", readme) == set(EXAMPLES)


def test_every_relative_link_leads_to_a_file(readme):
    assert [target for target in links(readme) if not (ROOT / target).exists()] == []


def test_each_readme_links_to_the_other():
    ours, theirs = (links(read(name)) for name in READMES)
    assert READMES[1] in ours
    assert READMES[0] in theirs


def test_the_first_command_comes_within_forty_words(readme):
    assert words_before(FENCE, readme) <= 40


def test_the_first_picture_comes_within_a_hundred_words(readme):
    assert words_before(IMAGE, readme) <= 100


def test_every_dependency_has_its_line_and_nothing_else_has(readme):
    assert names_in_table(readme) == sorted(re.split(r"[<>=!~ ]", line)[0] for line in PROJECT["dependencies"])


def test_the_changelog_has_a_section_for_this_version():
    assert re.search(rf"^## \[?v?{re.escape(PROJECT['version'])}\b", read("CHANGELOG.md"), re.MULTILINE)


def test_every_make_target_that_is_no_file_is_declared_so():
    text = read("Makefile")
    declared = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE).group(1).split()
    assert set(re.findall(r"^([a-z][\w-]*):(?!=)", text, re.MULTILINE)) == set(declared)


@pytest.mark.parametrize("needle", PRIVATE)
def test_no_published_file_points_to_a_folder_of_one_machine(needle):
    assert [str(path.relative_to(ROOT)) for path, content in tracked().items() if needle.encode() in content] == []


def test_every_published_text_ends_lines_with_bare_line_feeds():
    assert [str(path.relative_to(ROOT)) for path, content in tracked().items() if b"\r\n" in content] == []


def test_every_event_of_a_run_is_in_the_guide_and_no_other():
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "opsretro/monthly").glob("*.py"))
    said = {
        name
        for line in re.findall(r"(?:progress\.say|\btell)\(([^,)]+)", code)
        for name in re.findall(r'"(\w+)"', line)
    }
    rows = re.findall(
        r"^\| ((?:`\w+`(?:, )?)+) \| .*$", read(GUIDES[2][0]).split("| event |")[1].split("\n\n")[0], re.M
    )
    told = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert told - {"problem", "refused", "not_written", "interrupted"} == said
