"""What a notebook wants to be told: the names in its `parameters` cell, and values that fit them."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import nbformat as _nbformat

from opsretro.errors import InputError, Problem

nbformat: Any = _nbformat  # it has no types
PARAMETERS = "parameters"
OFFERED = ("month", "workspace", "out", "lang", "as_of")
"""Names the run itself fills in; each has an option of its own."""
TRUE, FALSE = ("true", "yes", "1", "on"), ("false", "no", "0", "off")
KINDS = {bool: "true or false", int: "a whole number", float: "a number", list: "a list such as [1, 2]"}
KINDS |= {dict: "a mapping such as {'a': 1}", tuple: "a tuple such as (1, 2)", set: "a set such as {1, 2}"}


def has_parameters(notebook: Any) -> bool:
    """Whether a notebook has a cell with the tag `parameters`."""
    return any(PARAMETERS in cell.metadata.get("tags", []) for cell in notebook.cells)


def declared_parameters(notebook: Path) -> dict[str, Any]:
    """Names assigned in the notebook's `parameters` cell, in their order, each with its default.

    Read from the syntax tree: papermill's own inspection goes by a pattern and overlooks a parameter whose comment
    holds an equals sign. A default that is no literal counts as None.

    Raises:
        SyntaxError: The cell is not Python.
    """
    cells = nbformat.read(notebook, as_version=4).cells
    sources = [cell.source for cell in cells if PARAMETERS in cell.metadata.get("tags", [])]
    found: dict[str, Any] = {}
    for line in (line for source in sources for line in ast.parse(source).body):
        targets = line.targets if isinstance(line, ast.Assign) else [line.target] if _is_typed(line) else []
        names = [target.id for target in targets if isinstance(target, ast.Name)]
        found |= dict.fromkeys(names, _literal(line.value) if names else None)
    return found


def _is_typed(line: ast.stmt) -> bool:
    return isinstance(line, ast.AnnAssign) and line.value is not None


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except ValueError:
        return None


def given_parameters(words: Sequence[str]) -> dict[str, str]:
    """What `-p name=value` says, as text.

    Raises:
        InputError: A word without an equals sign or a name, a name the run fills in itself, or the same name twice.

    Example:
        >>> given_parameters(["top=007", "note=a=b"])
        {'top': '007', 'note': 'a=b'}
    """
    found: dict[str, str] = {}
    problems = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals or not name.isidentifier() or not word.isprintable():
            problems.append(Problem(code="bad_parameter_word", source="-p", values={"value": word}))
        elif name in OFFERED:
            option = name.replace("_", "-")
            problems.append(Problem(code="own_option", source="-p", values={"value": name, "option": f"--{option}"}))
        elif name in found:
            problems.append(Problem(code="parameter_twice", source="-p", values={"value": name}))
        else:
            found[name] = value
    if problems:
        raise InputError(problems)
    return found


def fitting(declared: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """Values for the parameters a notebook declares, each of the kind of its default.

    A text stays what was typed: `007` is no 7 and `no` no False, unless the default is a number or a truth value.

    Args:
        declared: Default by name.
        given: Text by name; names the notebook does not declare are left out.

    Raises:
        InputError: A text does not fit the default; all of them.

    Example:
        >>> fitting({"top": 3, "code": "001"}, {"top": "007", "code": "007"})
        {'top': 7, 'code': '007'}
    """
    values, problems = {}, []
    for name in (name for name in declared if name in given):
        default = declared[name]
        try:
            values[name] = _as(type(default), given[name])
        except (ValueError, SyntaxError):
            what = {"value": given[name], "name": name, "fix": KINDS.get(type(default), "a literal")}
            problems.append(Problem(code="bad_parameter", source="-p", values=what))
    if problems:
        raise InputError(problems)
    return values


def _as(kind: type, text: str) -> Any:
    if kind in (str, type(None)):
        return text
    if kind is bool:
        if text.lower() in (*TRUE, *FALSE):
            return text.lower() in TRUE
        raise ValueError(text)
    if kind in (int, float):
        return kind(text)
    value = ast.literal_eval(text)
    if not isinstance(value, kind):
        raise ValueError(text)  # noqa: TRY004 - the same answer as for any other misfit
    return value
