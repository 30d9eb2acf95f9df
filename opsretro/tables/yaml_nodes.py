"""YAML that people write, read as a graph of nodes that know their lines, and never turned into objects.

So a tag runs nothing, a word such as ``no`` stays the word it is, every value knows its line, and a value that stands
in two places is refused before it can multiply.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from opsretro.errors import InputError, Problem
from opsretro.words import LANGUAGES, pick

VALUE_SHOWN = 60
STANDARD = "tag:yaml.org,2002:"
PLAIN = frozenset(STANDARD + kind for kind in ("str", "int", "float", "bool", "timestamp"))

_MERGE = re.compile("<{7} |={7}$|>{7} ")
_BAD_COLON = re.compile(r"\s*(?:- )?([\w-]+)(?:：|:(?=[^\s:/]))")


def parsed(text: str, source: str) -> Node | None:
    """A text as nodes; None = there is nothing in it.

    Args:
        text: The whole file.
        source: Its name, for the error.

    Raises:
        InputError: It is no YAML; names the line and what to look at there.
    """
    try:
        return YAML(typ="safe", pure=True).compose(text)
    except RecursionError:
        raise InputError([Problem(code="yaml_nested", source=source)]) from None
    except YAMLError as error:
        raise InputError([_syntax(error, text, source)]) from None


def text_of(path: Path, source: str) -> str:
    """A file as text.

    Args:
        path: The file.
        source: Its name, for the error.

    Raises:
        InputError: It cannot be read, or is not UTF-8.
    """
    try:
        return decoded(path.read_bytes(), source)
    except OSError as error:
        raise InputError([Problem(code="unreadable", source=source, values={"why": str(error.strerror)})]) from None


def decoded(data: bytes, source: str) -> str:
    """The text of a file in UTF-8, without its mark.

    Args:
        data: The file.
        source: Its name, for the error.

    Raises:
        InputError: It is not UTF-8.
    """
    try:
        return data.removeprefix(codecs.BOM_UTF8).decode()
    except UnicodeDecodeError:
        raise InputError([Problem(code="toml_encoding", source=source)]) from None


def _syntax(error: Any, text: str, source: str) -> Problem:
    """What to look at where the parser gave up, or in the written line before: a tab, a colon, else what it says."""
    mark, lines = getattr(error, "problem_mark", None), [*text.splitlines(), ""]
    at = min(mark.line, len(lines) - 1) if mark else 0
    before = next((row for row in range(at - 1, -1, -1) if lines[row].strip()), at)
    merge = next((row for row, line in enumerate(lines) if _MERGE.match(line)), None)
    if merge is not None:
        return Problem(code="yaml_merge", source=source, rows=(merge + 1,))
    for row in (at, before):
        if "\t" in lines[row][: len(lines[row]) - len(lines[row].lstrip())]:
            return Problem(code="yaml_tab", source=source, rows=(row + 1,))
        if bad := _BAD_COLON.match(lines[row]):
            return Problem(code="yaml_colon", source=source, rows=(row + 1,), values={"value": bad[0].strip(" -")})
    why = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    if why.startswith("mapping values"):
        return Problem(code="yaml_quotes", source=source, rows=(at + 1,))
    return Problem(code="yaml_syntax", source=source, rows=(at + 1,) if mark else (), values={"why": why})


def is_empty(node: Node) -> bool:
    """Whether nothing is written there: no text, no items, or null."""
    value = node.value.strip() if isinstance(node, ScalarNode) else node.value
    return not value or node.tag == f"{STANDARD}null"


class Nodes:
    """What one file holds; grows by everything that is wrong with it.

    Args:
        source: The file's name, for its problems.
        examples: What to write by field, for what is missing.
    """

    def __init__(self, source: str, examples: Mapping[str, str]) -> None:
        self.source, self.examples = source, examples
        self.problems: list[Problem] = []
        self._seen: set[int] = set()

    def done(self) -> None:
        """Refuse the file if anything is wrong with it.

        Raises:
            InputError: Tells everything at once, in the order of the lines.
        """
        if self.problems:
            raise InputError(sorted(self.problems, key=lambda problem: problem.rows))

    def refuse(self, code: str, node: Node, field: str | None = None, **values: str) -> None:
        """One more thing that is wrong, at the line of a node."""
        self.problems.append(self.problem(code, node, field, **values))

    def problem(self, code: str, node: Node, field: str | None = None, **values: str) -> Problem:
        """Something about a node, with its line; what it quotes is cut to a length that can be read."""
        short = {key: text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…" for key, text in values.items()}
        return Problem(code=code, source=self.source, column=field, rows=(line_of(node),), values=short)

    def choice(self, fields: Mapping[str, Node], field: str, choices: Sequence[str]) -> str:
        """One of a few words; empty where nothing stands."""
        text = self.plain(fields, field)
        if text and text not in choices:
            self.refuse("not_a_choice_write", fields[field], field, value=text, fix=", ".join(choices))
            return ""
        return text

    def texts(self, fields: Mapping[str, Node], field: str) -> tuple[str, str]:
        """A text in Chinese and in English; one alone serves both."""
        if isinstance(fields.get(field), MappingNode):
            told = len(self.problems)
            own = self.fields(fields[field], (), LANGUAGES)
            if not own and len(self.problems) == told:
                self.refuse("yaml_missing", fields[field], field, example=f"{field}: …")
            found = {lang: self.plain(own, lang, text=True) for lang in own}
            return pick(found, "zh-CN"), pick(found, "en")
        text = self.plain(fields, field, text=True)
        return text, text

    def plain(self, fields: Mapping[str, Node], field: str, *, text: bool = False) -> str:
        """A value as it is written; only a text where it must be one."""
        if (node := fields.get(field)) is None:
            return ""
        if not isinstance(node, ScalarNode) or node.tag not in (PLAIN if not text else {f"{STANDARD}str"}):
            self.refuse("yaml_text", node, field)
            return ""
        return " ".join(node.value.split())

    def items(self, fields: Mapping[str, Node], field: str) -> list[Node]:
        """The items of a list; none where it is missing."""
        node = fields.get(field)
        if node is None or not self._is(node, SequenceNode, field):
            return []
        return list(node.value)

    def fields(self, node: Node, needed: Sequence[str] = (), optional: Sequence[str] | None = None) -> dict[str, Node]:
        """The filled values of a mapping by name; without a list of names any name will do, and each must be filled."""
        if not self._is(node, MappingNode):
            return {}
        found: dict[str, Node] = {}
        keys = {key.value if isinstance(key, ScalarNode) else "?": key for key, _ in node.value}
        guessed: list[str] = []
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            if name in found:
                self.refuse("yaml_twice", key, value=name)
            elif optional is not None and name not in (*needed, *optional):
                guessed += self.stranger(key, name, (*needed, *optional))
            else:
                found[name] = value
        filled = {name: value for name, value in found.items() if not is_empty(value)}
        for name in dict.fromkeys((*needed, *(found if optional is None else ()))):
            if name not in filled and name not in guessed:
                example = f"{name}: {self.examples.get(name, '…')}"
                self.refuse("yaml_missing", keys.get(name, node), name, example=example)
        return filled

    def stranger(self, key: Node, name: str, known: Sequence[str]) -> list[str]:
        """A field that does not exist, and the one it is probably meant to be."""
        if close := get_close_matches(name, known, n=1):
            self.refuse("yaml_misspelt", key, key=name, known=close[0])
        else:
            self.refuse("yaml_unknown", key, key=name, known=", ".join(known))
        return close

    def _is(self, node: Node, kind: type[Node], field: str | None = None) -> bool:
        """Whether a node is of a kind and stands in one place only."""
        if isinstance(node, kind):
            if id(node) not in self._seen:
                self._seen.add(id(node))
                return True
            self.refuse("yaml_alias", node, field)
        elif kind is SequenceNode:
            self.refuse("yaml_list", node, field)
        elif isinstance(node, ScalarNode) and node.value:
            self.refuse("yaml_colon", node, field, value=node.value)
        else:
            self.refuse("yaml_mapping", node, field)
        return False


def line_of(node: Node) -> int:
    """The line a node begins at, as an editor counts."""
    return int(node.start_mark.line) + 1
