"""A YAML file of a list of entries, changed in its text: what a hand wrote around a change stays as it is.

A file that is read and dumped as a whole loses some of what people wrote (spaces, quotes, ``null``, line ends), so a
value is replaced at its place, and a new one stands below the field or entry it comes after.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date
from typing import Any

from ruamel.yaml.nodes import CollectionNode, MappingNode, Node, ScalarNode, SequenceNode

from opsretro.errors import InputError, Problem
from opsretro.tables.actions import FIELDS
from opsretro.tables.yaml_nodes import STANDARD, decoded, parsed

_ORDER = {field: n for n, field in enumerate(FIELDS)}
_DASH = "  - "
_TO_END = re.compile(r"[^\r\n]*")
_BLANK = re.compile(r"\n[ \t]*\r?\n")
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_WORD = re.compile(r"(?!(?:null|true|false|yes|no|on|off|y|n)$)[a-z][\w-]*|\d{4}-\d\d(-\d\d)?", re.ASCII | re.I)
_UNSEEN = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
"""What a YAML file may not hold as it is, or a reader may take for the end of a line."""
Edit = tuple[int, int, str]
"""From, to, and what stands there instead."""


class Page:
    """A file of a list of mappings below one key, and where everything stands in its text.

    Args:
        data: The file.
        source: Its name, for the error.
        key: What the list stands below.

    Raises:
        InputError: It is no such file.
    """

    def __init__(self, data: bytes, source: str, key: str) -> None:
        self.data, self.key, self.text = data, key, decoded(data, source)
        self.eol = "\r\n" if "\r\n" in self.text else "\n"
        top = parsed(self.text, source)
        pairs = top.value if isinstance(top, MappingNode) else []
        self._pair: tuple[Node, Any] | None = next((pair for pair in pairs if pair[0].value == key), None)
        self._nodes: list[MappingNode] = list(self._pair[1].value) if self._pair else []
        if not isinstance(top, MappingNode | None) or not all(isinstance(node, MappingNode) for node in self._nodes):
            raise InputError([Problem(code="yaml_list", source=source, column=key)])
        self.everything: dict[str, Any] = {} if top is None else as_value(top)
        self.items: list[dict[str, Any]] = [as_value(node) for node in self._nodes]

    def encoded(self, text: str) -> bytes:
        """A text as this file is encoded."""
        return (codecs.BOM_UTF8 if self.data.startswith(codecs.BOM_UTF8) else b"") + text.encode()

    def place(self, action: str) -> int | None:
        """Which item an action is; None = there is none."""
        return next((n for n, item in enumerate(self.items) if str(item["id"]) == action), None)

    def changed(self, action: str, changes: Mapping[str, Any]) -> str:
        """The text with other values in one action."""
        at = self.place(action)
        return self.text if at is None else self._with(self._edits(self._nodes[at], changes))

    def without(self, gone: Sequence[Mapping[str, Any]]) -> str:
        """The text without some items."""
        pairs = [(node, item) for node, item in zip(self._nodes, self.items, strict=True) if item in gone]
        spans = [(self._line(node), self._to_end(self._end(None, node)) + len(self.eol)) for node, _ in pairs]
        return self._with([(start, end, "") for start, end in spans])

    def appended(self, item: Mapping[str, Any], header: str) -> str:
        """The text with one more item at the end of the list, written as the last one is."""
        if self._nodes and self._pair and self._pair[1].flow_style:
            at = self._end(None, self._nodes[-1])
            return self._with([(at, at, f", {as_yaml(item)}")])
        if self._nodes:
            return self._with([self._below(item)])
        block = self.eol + self._block(item, _DASH)
        if self._pair:
            colon, end = self._colon(self._pair[0]), max(self._colon(self._pair[0]), self._end(*self._pair))
            return self._with([(colon, end, ""), (self._to_end(end), self._to_end(end), block)])
        before = self.text.rstrip("\r\n") if self.text.strip() else header
        return f"{before}{self.eol}{self.key}:{block}{self.eol}"

    def _below(self, item: Mapping[str, Any]) -> Edit:
        last, before = self._nodes[-1], self._nodes[:-1][-1:]
        dash = self.text[self._line(last) : last.start_mark.index]
        if dash.strip() != "-":
            dash = " " * (last.start_mark.column - 2) + "- "
        deeper = len(dash) - len(dash.lstrip()) + 1
        own_comments = re.compile(rf"(?:\r?\n {{{deeper},}}#[^\r\n]*)*")
        end = self._to_end(self._end(None, last))
        found = own_comments.match(self.text, end)
        at = found.end() if found else end
        apart = any(_BLANK.search(self.text, self._end(None, node), self._line(last)) for node in before)
        return at, at, self.eol * (1 + apart) + self._block(item, dash)

    def _block(self, item: Mapping[str, Any], dash: str) -> str:
        lines = [f"{_key(field)}: {as_yaml(value)}" for field, value in item.items()]
        return dash + f"{self.eol}{' ' * len(dash)}".join(lines)

    def _edits(self, node: MappingNode, changes: Mapping[str, Any]) -> list[Edit]:
        pairs = {key.value: (key, value) for key, value in node.value}
        edits: list[Edit] = []
        for field, value in changes.items():
            if field not in pairs:
                edits.append(self._inserted(node, field, value))
            elif as_value(pairs[field][1]) != value:
                edits += self._replaced(*pairs[field], value)
        return edits

    def _inserted(self, node: MappingNode, field: str, value: object) -> Edit:
        """A field that is not there yet, below the one it comes after."""
        earlier = [pair for pair in node.value if rank(pair[0].value) < rank(field)] or node.value
        place = max(earlier, key=lambda pair: rank(pair[0].value))
        at, told = self._end(*place), f"{_key(field)}: {as_yaml(value)}"
        if node.flow_style:
            return at, at, f", {told}"
        return self._to_end(at), self._to_end(at), f"{self.eol}{' ' * node.start_mark.column}{told}"

    def _replaced(self, key: Node, node: Node, value: object) -> list[Edit]:
        if isinstance(node, MappingNode) and isinstance(value, Mapping) and set(value) == set(as_value(node)):
            return self._edits(node, value)
        end = self._end(key, node)
        if _is_bare(node) or (isinstance(node, CollectionNode) and not node.flow_style):
            return [(self._colon(key), end, f" {as_yaml(value)}")]
        return [(node.start_mark.index, end, as_yaml(value, like=node))]

    def _end(self, key: Node | None, node: Node) -> int:
        """Where a value ends, without the comments and blank lines below it."""
        if key is not None and _is_bare(node):
            return self._colon(key)
        if not isinstance(node, CollectionNode) or node.flow_style:
            return len(self.text[: node.end_mark.index].rstrip())
        last = node.value[-1]
        return self._end(*last) if isinstance(node, MappingNode) else self._end(None, last)

    def _colon(self, key: Node) -> int:
        return self.text.index(":", key.end_mark.index) + 1

    def _line(self, node: Node) -> int:
        return self.text.rfind("\n", 0, node.start_mark.index) + 1

    def _to_end(self, at: int) -> int:
        found = _TO_END.match(self.text, at)
        return found.end() if found else at

    def _with(self, edits: Sequence[Edit]) -> str:
        text = self.text
        for start, end, new in sorted(edits, key=lambda edit: edit[0])[::-1]:
            text = text[:start] + new + text[end:]
        return text


def plain(value: Any) -> Any:
    """A value as YAML knows it: text, number, None, or such by name; a day becomes text, a missing number None."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, date):
        return value.isoformat()[:10]
    if value is None or isinstance(value, bool | int | float):
        return None if value != value else value  # noqa: PLR0124 - only NaN differs from itself
    return str(value).encode(errors="replace").decode()


def as_value(node: Node) -> Any:
    """What a node holds; a number that is written in an unusual way stays the text it is."""
    if isinstance(node, MappingNode):
        return {str(key.value): as_value(value) for key, value in node.value}
    if isinstance(node, SequenceNode):
        return [as_value(item) for item in node.value]
    kind = str(node.tag).removeprefix(STANDARD)
    if kind == "null":
        return None
    with suppress(ValueError):
        return json.loads(node.value.lower()) if kind in ("bool", "int", "float") else node.value
    return node.value


def as_yaml(value: object, like: Node | None = None) -> str:
    r"""A value on one line of YAML; a text is never anything but that text.

    Args:
        value: As `plain` returns it.
        like: What stood there before; its quotation marks are kept where the text allows it.

    Example:
        >>> print(as_yaml({"en": "NO: #1", "n": 0.05, "none": None}))
        {en: "NO: #1", n: 0.05, none: null}
    """
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_key(str(key))}: {as_yaml(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_yaml, value)) + "]"
    if not isinstance(value, str):
        return json.dumps(value)
    if isinstance(like, ScalarNode) and like.value and like.style is None and _WORD.fullmatch(value):
        return value
    if isinstance(like, ScalarNode) and like.style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return _UNSEEN.sub(lambda sign: f"\\u{ord(sign[0]):04x}", json.dumps(value, ensure_ascii=False))


def rank(field: str) -> int:
    """The place of a field in a new entry; one of the team's own comes last."""
    return _ORDER.get(field, len(FIELDS))


def _key(field: str) -> str:
    return field if _NAME.fullmatch(field) else as_yaml(field)


def _is_bare(node: Node) -> bool:
    """Whether nothing at all is written, as in ``owner:``."""
    return bool(node.start_mark.index == node.end_mark.index)
