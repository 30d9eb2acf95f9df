"""How large, how documented and how tested the code is, counted in lines that hold code (no blanks, comments, docs)."""

import ast
import io
import tokenize
from functools import cache
from pathlib import Path
from statistics import median, quantiles

ROOT = Path(__file__).parents[1]
CODE = sorted((ROOT / "opsretro").rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CORE = ("tables", "analysis", "report")
ASIDE = (("tables", "sample"), ("tables", "init.py"), ("tables", "health_forget.py"), ("analysis", "methods"))
SECTIONS = {"goal": "goals", "goals": "goals", "team": "goals", "roi": "roi", "cause": "rootcause"}
SECTIONS |= {"rootcause": "rootcause", "trees": "trees", "tree": "trees", "alert": "alerts", "alerts": "alerts"}
SECTIONS |= {"health": "health", "survey": "health", "form": "forms", "redact": "voices", "suggestions": "voices"}
SECTIONS |= {**dict.fromkeys(("follow", "followup", "actions", "readings"), "followup"), "lessons": "lessons"}
SECTIONS |= dict.fromkeys(("minutes", "meetings", "card"), "meeting")
SECTIONS |= {"own": "own", "changed": "changed", "teams": "teams", "document": "document"}
SECTIONS |= dict.fromkeys(("months", "archive"), "months")
"""Whose rooms a module belongs to, by the first word of its name."""
SHARED_BY = {"checks": ["roi", "rootcause"], "people": ["trees", "voices"], "one_writer": ["health", "followup"]}
SHARED_BY |= {"bars": ["roi", "rootcause", "health", "followup", "own"], "yaml_nodes": ["trees", "followup", "lessons"]}
SHARED_BY |= {"judgements": ["trees", "meeting"]}
SHARED_BY |= {"codes": ["goals", "alerts", "rootcause"], "plain_text": ["meeting", "own", "changed"]}
SHARED_BY |= {"calendar": ["goals", "alerts", "roi", "rootcause", "followup"]}
"""Modules that some sections share and others never open."""
TEST_TO_CODE = 0.8
"""Lines of test per line of code, at least; raise it as tests are added."""

EMPTY = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
MOCKS = {"setattr", "setitem", "delattr", "delitem"}


@cache
def tree(path):
    return ast.parse(path.read_text(encoding="utf-8"))


def span(node):
    return range(node.lineno, node.end_lineno + 1)


@cache
def code_lines(path):
    """Numbers of the lines that hold code."""
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf-8")).readline)
    lines = {line for token in tokens if token.type not in EMPTY for line in range(token.start[0], token.end[0] + 1)}
    texts = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Expr))
    docs = (node for node in texts if isinstance(node.value, ast.Constant) and isinstance(node.value.value, str))
    return lines.difference(*map(span, docs))


def functions(paths):
    return [(path, node) for path in paths for node in ast.walk(tree(path)) if isinstance(node, FUNCTIONS)]


def sizes(found):
    """Code lines by place of each function."""
    return {f"{place(path, node)}": len(code_lines(path).intersection(span(node))) for path, node in found}


def place(path, node):
    return f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"


def public(path, body):
    """Functions, classes and methods other people may call."""
    for node in body:
        if isinstance(node, FUNCTIONS | ast.ClassDef) and not node.name.startswith("_"):
            yield path, node
            yield from public(path, node.body) if isinstance(node, ast.ClassDef) else ()


def everything_public():
    return [item for path in CODE for item in public(path, tree(path).body)]


def own_nodes(function):
    """Nodes of a function's own body, without the functions inside it."""
    todo = list(function.body)
    while todo:
        node = todo.pop()
        yield node
        todo += [] if isinstance(node, FUNCTIONS | ast.Lambda) else ast.iter_child_nodes(node)


def unannotated(function):
    given = function.args
    names = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    bare = [name.arg for name in names if name and name.annotation is None and name.arg not in {"self", "cls"}]
    return bare + ([] if function.returns or function.name == "__init__" else ["return"])


def collected(paths):
    return [(path, node) for path, node in functions(paths) if node.name.startswith("test_")]


def calls(path, name):
    """Calls of `x.name(…)` in a file."""
    nodes = (node for node in ast.walk(tree(path)) if isinstance(node, ast.Call))
    return [node for node in nodes if isinstance(node.func, ast.Attribute) and node.func.attr == name]


def test_half_of_the_functions_have_at_most_eight_lines():
    assert median(sizes(functions(CODE)).values()) <= 8


def test_nine_of_ten_functions_have_at_most_25_lines():
    assert quantiles(sizes(functions(CODE)).values(), n=10)[-1] <= 25


def test_no_function_has_more_than_fifty_lines():
    assert {name: size for name, size in sizes(functions(CODE)).items() if size > 50} == {}


def test_no_module_has_more_than_250_lines():
    assert {str(path): len(code_lines(path)) for path in CODE if len(code_lines(path)) > 250} == {}


def test_half_of_the_modules_have_at_most_130_lines():
    assert median(len(code_lines(path)) for path in CODE) <= 130


def section_of(path):
    """The section a module of the core belongs to by its name; empty = every section needs it."""
    return SECTIONS.get(path.stem.split("_")[0], "")


def test_the_core_with_any_one_section_can_be_read_in_an_hour_and_a_half():
    """What is not on the data's way is left out: the sample, the empty workspace, deleting answers, the methods.

    A method is a chapter to open when it is needed.
    """
    inside = {path.relative_to(ROOT / "opsretro").parts: path for path in CODE}
    core = [path for parts, path in inside.items() if parts[0] in CORE and parts[:2] not in ASIDE]
    sizes_of = dict.fromkeys(["", *SECTIONS.values()], 0)
    for path in core:
        for section in SHARED_BY.get(path.stem, [section_of(path)]):
            sizes_of[section] += len(code_lines(path))
    print(f"code lines of the core by section: {sizes_of}")
    shared = sizes_of.pop("")
    assert max(shared + size for size in sizes_of.values()) <= 3_000


def test_every_public_function_class_and_method_is_documented():
    assert [place(path, node) for path, node in everything_public() if not ast.get_docstring(node)] == []


def test_every_function_is_annotated_in_full():
    gaps = {place(path, node): unannotated(node) for path, node in functions(CODE)}
    assert {name: bare for name, bare in gaps.items() if bare} == {}


def test_every_public_function_that_raises_says_what():
    found = [(path, node) for path, node in everything_public() if isinstance(node, FUNCTIONS)]
    raising = [item for item in found if any(isinstance(node, ast.Raise) for node in own_nodes(item[1]))]
    assert [place(*item) for item in raising if "Raises:" not in (ast.get_docstring(item[1]) or "")] == []


def test_half_of_the_tests_have_at_most_ten_lines():
    assert median(sizes(collected(TESTS)).values()) <= 10


def test_no_two_tests_of_a_file_have_the_same_name():
    names = [(path, node.name) for path, node in collected(TESTS)]
    assert len(names) == len(set(names))


def test_tests_replace_nothing_by_mocks():
    lines = [line for path in TESTS for line in path.read_text(encoding="utf-8").splitlines()]
    imported = [line for line in lines if line.lstrip().startswith(("import ", "from ")) and "mock" in line]
    patched = [node for path in TESTS for name in MOCKS for node in calls(path, name)]
    assert imported + [ast.unparse(node) for node in patched if "monkeypatch" in ast.unparse(node.func)] == []


def test_every_expected_error_is_matched_by_its_words():
    expected = [(path, node) for path in TESTS for node in calls(path, "raises")]
    loose = [item for item in expected if "match" not in {keyword.arg for keyword in item[1].keywords}]
    assert [f"{path.name}:{node.lineno}" for path, node in loose] == []


def test_there_is_enough_test_for_the_code():
    code, tests = (sum(len(code_lines(path)) for path in paths) for paths in (CODE, TESTS))
    print(f"test code / code = {tests} / {code} = {tests / code:.2f}")
    assert tests / code >= TEST_TO_CODE
