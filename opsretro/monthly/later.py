"""What is loaded when it is asked for, and not when the month starts."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

GRAMMAR = "rfc3987_syntax"
"""Builds a parser of international addresses when it is loaded, which takes longer than all else that starts."""


def without_a_grammar() -> None:
    """Load jsonschema, which everything that reads a notebook loads, without the parser it takes along.

    jsonschema keeps a function that loads the parser with the first address it is to check. Whoever else asks for the
    parser gets it.
    """
    if GRAMMAR in sys.modules or "jsonschema" in sys.modules or find_spec(GRAMMAR) is None:
        return
    stand_in = ModuleType(GRAMMAR)
    stand_in.is_valid_syntax = _is_valid_syntax  # type: ignore[attr-defined]
    sys.modules[GRAMMAR] = stand_in
    try:
        import_module("jsonschema")
    finally:
        del sys.modules[GRAMMAR]


def _is_valid_syntax(term: str, value: str) -> bool:
    return bool(import_module(GRAMMAR).is_valid_syntax(term, value))
