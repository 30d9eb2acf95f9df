"""What libraries take along and hardly anybody asks for: it is loaded when it is, and not when the month starts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

GRAMMAR = "rfc3987_syntax"
"""Builds a parser of international addresses when it is loaded, which takes longer than all else that starts."""
DENSITY, TREES = "scipy.stats", "scipy.cluster"
"""What seaborn estimates densities and draws dendrograms with; no chart of ours has either, and they load longest."""


class _Later(ModuleType):
    """Stands in for a module while another one is loaded; whoever asks it for more gets the module itself."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # how it is imported, not what is in it
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(import_module(self.__name__), name)


def without_a_grammar() -> None:
    """Load jsonschema, which everything that reads a notebook loads, without the parser it takes along.

    jsonschema keeps a function that loads the parser with the first address it is to check. Whoever else asks for the
    parser gets it.
    """
    if "jsonschema" not in sys.modules and find_spec(GRAMMAR) is not None:
        with _later(GRAMMAR, is_valid_syntax=_calling(GRAMMAR, "is_valid_syntax")):
            import_module("jsonschema")


def seaborn() -> Any:
    """The module seaborn, loaded without the parts of scipy it takes along.

    A density or a dendrogram loads them when it is drawn. Whoever else asks for them gets them.
    """
    if "seaborn" not in sys.modules:
        trees = _Later(f"{TREES}.hierarchy")
        with _later(DENSITY, gaussian_kde=_calling(DENSITY, "gaussian_kde")), _later(TREES, hierarchy=trees):
            import_module("seaborn")
    return sys.modules["seaborn"]


@contextmanager
def _later(module: str, **parts: object) -> Iterator[None]:
    """Have a stand-in for a module with these parts, unless the module is loaded already."""
    stand_in = _Later(module)
    vars(stand_in).update(parts)
    mine = sys.modules.setdefault(module, stand_in) is stand_in
    try:
        yield
    finally:
        if mine and sys.modules.get(module) is stand_in:
            del sys.modules[module]


def _calling(module: str, name: str) -> Any:
    """A function that loads its module when it is called."""
    return partial(_call, module, name)


def _call(module: str, name: str, *given: Any, **named: Any) -> Any:
    return getattr(import_module(module), name)(*given, **named)
