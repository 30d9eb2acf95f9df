"""Every notebook has the same shape: the answer before the evidence, a sentence before each call, no code to read."""

import ast
import json
import re
import tokenize
from io import BytesIO
from itertools import groupby
from pathlib import Path
from statistics import median

import papermill
import pytest
from IPython.core.inputtransformer2 import TransformerManager

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("*.ipynb"))
SECTIONS = (
    "数据 · Data",
    "结论 · Answer",
    "证据 · Evidence",
    "把握 · How sure are we",
    "探索 · Explore",
    "讨论 · Decide",
    "方法 · Method",
)
FORBIDDEN = (
    *(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda),
    *(ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.Match),
)
WORDS_OF_THE_QUESTION = 60


class Cell:
    """A cell of a notebook file, as far as its shape goes."""

    def __init__(self, stored):
        self.text = "".join(stored["source"])
        self.is_code = stored["cell_type"] == "code"
        self.tags = stored["metadata"].get("tags", [])
        self.outputs = stored.get("outputs", [])
        self.heading = self.text.splitlines()[0].removeprefix("## ") if self.text.startswith("## ") else None

    @property
    def size(self):
        return sum(bool(line.strip()) for line in self.text.splitlines())

    @property
    def tree(self):
        return ast.parse(TransformerManager().transform_cell(self.text))


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem, scope="module")
def path(request):
    return request.param


@pytest.fixture(scope="module")
def cells(path):
    return [Cell(stored) for stored in json.loads(path.read_text(encoding="utf-8"))["cells"]]


@pytest.fixture(scope="module")
def code(cells):
    return [cell for cell in cells if cell.is_code]


def below(cells, heading):
    """Cells of one section."""
    start = next(i for i, cell in enumerate(cells) if cell.heading == heading) + 1
    end = next((i for i in range(start, len(cells)) if cells[i].heading), len(cells))
    return cells[start:end]


def comments(text):
    tokens = tokenize.tokenize(BytesIO(text.encode()).readline)
    return {token.start[0]: token.string for token in tokens if token.type == tokenize.COMMENT}


def words(text):
    """Words of a text; two Chinese characters count as one."""
    return len(re.findall(r"[A-Za-z0-9'’-]+", text)) + len(re.findall(r"[\u4e00-\u9fff]", text)) / 2


def test_there_is_a_notebook():
    assert NOTEBOOKS


def test_a_notebook_has_at_most_twenty_code_cells(code):
    assert len(code) <= 20


def test_code_cells_are_short(code):
    sizes = [cell.size for cell in code]
    assert median(sizes) <= 4
    assert max(sizes) <= 12


def test_no_more_than_three_code_cells_stand_in_a_row(cells):
    assert max(len(list(run)) for is_code, run in groupby(cells, key=lambda cell: cell.is_code) if is_code) <= 3


def test_there_is_enough_text_between_the_code(cells, code):
    assert (len(cells) - len(code)) / len(code) >= 0.6


def test_cells_define_nothing_and_decide_nothing(code):
    found = [node for cell in code for node in ast.walk(cell.tree) if isinstance(node, FORBIDDEN)]
    assert [ast.unparse(node) for node in found] == []


def test_the_first_cell_is_a_title_in_both_languages(cells):
    title = cells[0].text.splitlines()[0]
    assert not cells[0].is_code
    assert re.fullmatch(r"# [\u4e00-\u9fff]+ · [A-Z][A-Za-z ]+", title)


def test_the_question_is_asked_in_few_words(cells):
    question = re.split(r"\n\s*\n", cells[0].text)[1]
    assert 0 < words(question) < WORDS_OF_THE_QUESTION


def test_the_second_cell_alone_holds_the_parameters(cells):
    assert [i for i, cell in enumerate(cells) if "parameters" in cell.tags] == [1]


def test_parameters_are_literals_with_a_comment_each(cells):
    lines = ast.parse(cells[1].text).body
    assert all(isinstance(line, ast.Assign | ast.AnnAssign) for line in lines)
    assert all(isinstance(line.value, ast.Constant) and line.value.value is not None for line in lines)
    assert [line.lineno for line in lines] == sorted(comments(cells[1].text))


def test_papermill_finds_every_parameter_and_its_comment(path, cells):
    assigned = [line.targets[0].id for line in ast.parse(cells[1].text).body]
    found = papermill.inspect_notebook(str(path))
    assert sorted(found) == sorted(assigned)
    assert all(parameter["help"] for parameter in found.values())


def test_sections_come_in_the_agreed_order(cells):
    assert tuple(cell.heading for cell in cells if cell.heading) == SECTIONS


def test_one_cell_is_checked_against_a_stored_output_and_no_other_stores_any(code):
    stored = [cell.tags for cell in code if cell.outputs]
    checked = [cell for cell in code if "nbval-check-output" in cell.tags]
    assert stored == [cell.tags for cell in checked]
    assert [bool("".join(cell.outputs[0]["text"]).strip()) for cell in checked] == [True]


def test_the_checked_cell_prints_the_headline_below_the_answer(cells):
    checked = [cell.text for cell in below(cells, "结论 · Answer") if "nbval-check-output" in cell.tags]
    assert checked == ["print(review.headline)"]


def test_the_cells_under_explore_alone_are_live(cells, code):
    explore = [cell for cell in below(cells, "探索 · Explore") if cell.is_code]
    calls = [cell.text.partition("(")[0] for cell in explore]
    assert [call for call in calls if call.startswith("explore")] == calls[:1]
    assert calls[1:] in ([], ["retro_meeting"])
    assert [cell for cell in code if "live" in cell.tags] == explore


def test_the_result_is_saved_after_the_discussion(cells, code):
    saving = [cell.text for cell in code if ".save(" in cell.text]
    assert len(saving) == 1
    assert [cell.text for cell in below(cells, "讨论 · Decide") if cell.is_code] == saving


def test_no_cell_is_left_of_a_run(code):
    assert not [cell for cell in code if "injected-parameters" in cell.tags]
