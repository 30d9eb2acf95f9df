"""The shape of the package: imports go one way, few public names, one list of dependencies."""

import ast
import re
import subprocess
import sys
import tomllib
from functools import cache
from itertools import chain
from pathlib import Path

import pytest
import yaml

import opsretro
from opsretro import followup, goals, roi

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "opsretro"
LAYERS = (
    {"later", "words"},
    {"errors"},
    {"tables"},
    {"analysis"},
    {"workspace"},
    {"report"},
    {"meeting", "monthly"},
    {"cli_ledger", "cli_run", "cli_schedule"},
    {"cli"},
)
"""From the bottom up; a part imports from those below it, never beside or above."""
DOOR = ("opsretro.analysis.result", "opsretro.report.views")
"""The one import that goes up, inside a function: a result finds its display when somebody looks at it."""
DEEPEST = 6
"""Imports in a row, at module level."""
HEAVY = {"ipywidgets", "matplotlib", "numpy", "pandas", "papermill", "seaborn"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def module_name(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported_by(node):
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    inside = [f"{node.module}.{alias.name}" for alias in node.names]
    return [name if name in MODULES else node.module for name in inside]


def imports_below(node, where):
    """Every import with where it stands: at the top of the module, for type checkers only, or in a function."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield from ((where, name) for name in imported_by(child) if name in MODULES)
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports_below(child, "function")
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            yield from imports_below(child, "typing")
        else:
            yield from imports_below(child, where)


@cache
def edges(*kinds):
    """Pairs (module, what it imports), the front page `opsretro` left out: it holds no code of its own."""
    found = []
    for name, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(name, other) for where, other in imports_below(tree, "module") if where in kinds]
    return [(name, other) for name, other in found if "opsretro" not in (name, other)]


def part(module):
    return module.split(".")[1]


def rank(module):
    return next(i for i, parts in enumerate(LAYERS) if part(module) in parts)


def is_upward(edge):
    importer, imported = edge
    return part(importer) != part(imported) and rank(importer) <= rank(imported)


@cache
def longest_chain(module):
    below = {other for name, other in edges("module") if name == module}
    return (module, *max(map(longest_chain, below), key=len, default=()))


def reachable(start, pairs):
    seen, todo = set(), [start]
    while todo:
        new = {other for name, other in pairs if name == todo[-1]} - seen
        todo.pop()
        seen |= new
        todo += new
    return seen


def test_every_part_of_the_package_has_a_place_in_the_layers():
    assert {part(name) for name in MODULES if name != "opsretro"} == set().union(*LAYERS)


def test_imports_go_one_way():
    assert [edge for edge in edges("module", "typing") if is_upward(edge)] == []


def test_the_one_import_that_goes_up_leads_from_results_to_their_display():
    assert [edge for edge in edges("function") if is_upward(edge)] == [DOOR]


def test_every_import_is_absolute():
    nodes = ((name, node) for name, path in MODULES.items() for node in ast.walk(ast.parse(path.read_text("utf-8"))))
    assert [name for name, node in nodes if isinstance(node, ast.ImportFrom) and node.level] == []


def test_the_package_takes_nothing_but_its_version_from_its_own_front_page():
    lines = chain.from_iterable(path.read_text("utf-8").splitlines() for path in MODULES.values())
    assert {line.strip() for line in lines if line.strip().startswith("from opsretro import ")} <= {
        "from opsretro import __version__"
    }


def test_a_method_needs_nothing_of_the_house_but_codes_errors_and_small_tools():
    """So that each can be read, tested and used by itself."""
    small = {"opsretro.errors", "opsretro.analysis.codes", "opsretro.tables.period", "opsretro.tables.cells"}
    small |= {"opsretro.tables.checks", "opsretro.tables.parse", "opsretro.tables.survey_items"}
    pairs = [pair for pair in edges("module", "typing") if pair[0].startswith("opsretro.analysis.methods")]
    assert {other for _, other in pairs if not other.startswith("opsretro.analysis.methods")} <= small


def test_no_module_imports_itself_by_a_detour():
    pairs = edges("module", "typing")
    assert [name for name in MODULES if name in reachable(name, pairs)] == []


def test_chains_of_imports_are_short():
    longest = max((longest_chain(name) for name in MODULES), key=len)
    assert len(longest) - 1 <= DEEPEST, " → ".join(longest)


def test_public_names_are_exactly_what_is_visible():
    assert [name for name in dir(opsretro) if not name.startswith("_")] == sorted(opsretro.__all__)
    live = {"explore", "explore_actions", "explore_activities", "explore_causes", "explore_health", "retro_meeting"}
    rooms = {"followup", "goals", "health", "roi", "rootcause"}
    assert set(opsretro.__all__) == live | rooms | {"InputError", "TeamResult", "open_workspace"}


def test_public_names_are_few():
    assert len(opsretro.__all__) <= 25


@pytest.mark.parametrize("name", opsretro.__all__)
def test_a_public_name_leads_to_something_documented(name):
    assert getattr(opsretro, name).__doc__


@pytest.mark.parametrize("room", [followup, goals, roi])
def test_the_names_of_a_public_room_are_exactly_what_is_visible_and_documented(room):
    assert {name for name in vars(room) if not name.startswith("_")} == set(room.__all__)
    assert all(getattr(room, name).__doc__ for name in room.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"^module 'opsretro' has no attribute 'goal'$"):
        opsretro.goal  # noqa: B018 - asking is the test


@pytest.mark.parametrize("words", [["-c", "import opsretro"], ["-m", "opsretro.cli", "--help"]])
def test_importing_the_package_or_asking_for_help_loads_nothing_heavy(words):
    ran = subprocess.run([sys.executable, "-X", "importtime", *words], capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip().split(".")[0] for line in ran.stderr.splitlines()}
    assert "opsretro" in loaded
    assert not loaded & HEAVY


def name_and_bounds(requirement):
    name, bounds = re.fullmatch(r"([A-Za-z0-9._-]+)\s*(.*)", requirement).groups()
    return re.sub(r"[-_.]+", "-", name).lower(), bounds


def conda():
    return yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))


def test_environment_names_the_kit_and_one_channel():
    assert (conda()["name"], conda()["channels"]) == ("opsretro", ["conda-forge"])


def test_environment_agrees_with_pyproject():
    *plain, pip = conda()["dependencies"]
    listed = dict(map(name_and_bounds, [*plain, *pip["pip"]]))
    listed["tzdata"] = listed.pop("python-tzdata")  # its name on conda-forge
    wanted = dict(map(name_and_bounds, PROJECT["dependencies"]))
    assert listed == wanted | {"python": PROJECT["requires-python"], "pip": ""}


def locked():
    """Text of each requirement by name, continuation lines included."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[A-Za-z0-9])", text, flags=re.MULTILINE)[1:]
    return {name_and_bounds(re.split(r"==|\s", block)[0])[0]: block for block in blocks}


def test_the_lock_holds_no_address():
    assert ":" + "//" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_pins_every_requirement_by_version_and_hash():
    pinned = re.compile(r"^\S+==\S+.*\n(\s+--hash=sha256:[0-9a-f]{64}( \\)?\n)+")
    assert [name for name, block in locked().items() if not pinned.match(block)] == []


def test_peers_that_only_a_bench_compares_with_stay_out_of_the_lock():
    assert {name_and_bounds(line)[0] for line in PROJECT["optional-dependencies"]["peers"]} & set(locked()) == set()


def test_the_lock_has_every_dependency_of_the_project():
    extras = [extra for name, extra in PROJECT["optional-dependencies"].items() if name != "peers"]
    wanted = {name_and_bounds(line)[0] for line in chain(PROJECT["dependencies"], *extras)}
    assert wanted - set(locked()) == set()
