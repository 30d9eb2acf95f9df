"""causes.yaml: what the team thinks lies behind a movement, as fishbones and 5-whys, read and checked.

The file is read as a graph of nodes and never turned into objects: a tag runs nothing, a word such as ``no`` stays the
word it is, every value knows its line, and a value that stands in two places is refused before it can multiply.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from opsretro.errors import InputError, Problem
from opsretro.tables.people import named_people
from opsretro.words import LANGUAGES, pick

FILE = "causes.yaml"
KINDS = {"fishbone": "fishbone", "5-whys": "whys"}
BASES = ("fact", "guess")
CONTROLS = ("controllable", "influence", "escalate")
CATEGORIES = ("product", "process", "channel", "market", "data", "capacity")
"""Categories of a fishbone that names none of its own; their names come from the words."""
DEEPEST, MOST_WHYS, VALUE_SHOWN = 4, 7, 60
COLUMNS = (
    "tree", "kind", "month", "kpi", "node", "parent", "depth", "category", "category_zh", "category_en",
    "text_zh", "text_en", "basis", "verify_zh", "verify_en", "control", "slice", "is_root",
)  # fmt: skip
TYPES = dict.fromkeys(COLUMNS, "str") | {"depth": "int64", "is_root": "bool"}

_TREE = ("id", "kind", "month", "kpi", "problem")
_JUDGED = ("basis", "control")
_MORE = ("verify", "slice")
_MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:-\d\d)?")
_BAD_COLON = re.compile(r"\s*(?:- )?([\w-]+)(?:：|:(?=[^\s:/]))")
_SHARED = frozenset({"not_a_month", "not_a_choice_write", "not_unique"})
_EXAMPLES = {"kind": "fishbone", "month": "2026-10", "category": "product", "basis": "guess", "control": "influence"}
_STANDARD = "tag:yaml.org,2002:"
_PLAIN = frozenset(_STANDARD + kind for kind in ("str", "int", "float", "bool", "timestamp"))


def read_cause_trees(path: Path, *, people: Collection[str]) -> pd.DataFrame:
    """The cause trees of a workspace.

    Args:
        path: The file; it exists.
        people: Names and ids of people; a cause that names one is refused.

    Returns:
        One row a node, in the order of the file. tree (id), kind (``fishbone`` or ``whys``), month, kpi; node (empty =
        the problem itself, else ``1``, ``1.2``; of 5-whys ``1``, ``2``, ``3``), parent (the node above), depth (0 = the
        problem); category (id), category_zh, category_en (empty = the words have its name); text_zh, text_en; basis,
        verify_zh, verify_en, control; slice (``device=android & city_tier=t3|t2``); is_root (nothing lies below it).

    Raises:
        InputError: The file cannot be read, or something in it is wrong; tells everything at once, with lines.

    Example:
        >>> from opsretro.tables import sample
        >>> path = Path(sample.__file__).parent / "static" / "causes.yaml"
        >>> read_cause_trees(path, people=["growth-2"])["tree"].unique().tolist()
        ['conversion-2026-10', 'conversion-2026-10-why']
    """
    trees = _Trees(people)
    if (top := _parsed(path)) is not None:
        trees.read(top)
    if trees.problems:
        raise InputError(sorted(trees.problems, key=lambda problem: problem.rows))
    return pd.DataFrame(trees.rows, columns=list(COLUMNS)).astype(TYPES)


def _parsed(path: Path) -> Node | None:
    """The file as nodes; None = there is nothing in it."""
    text = ""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return YAML(typ="safe", pure=True).compose(text)
    except OSError as error:
        raise InputError([Problem(code="unreadable", source=FILE, values={"why": str(error.strerror)})]) from None
    except UnicodeDecodeError:
        raise InputError([Problem(code="toml_encoding", source=FILE)]) from None
    except RecursionError:
        raise InputError([Problem(code="cause_nested", source=FILE)]) from None
    except YAMLError as error:
        raise InputError([_syntax(error, text)]) from None


def _syntax(error: Any, text: str) -> Problem:
    """What to look at where the parser gave up, or in the line before: a tab, a colon, else what the parser says."""
    mark, lines = getattr(error, "problem_mark", None), [*text.splitlines(), ""]
    at = min(mark.line, len(lines) - 1) if mark else 0
    for row in (at, max(at - 1, 0)):
        if "\t" in lines[row][: len(lines[row]) - len(lines[row].lstrip())]:
            return Problem(code="cause_tab", source=FILE, rows=(row + 1,))
        if bad := _BAD_COLON.match(lines[row]):
            return Problem(code="cause_colon", source=FILE, rows=(row + 1,), values={"value": bad[0].strip(" -")})
    why = getattr(error, "problem", None) or str(error).split("\n", 1)[0]
    return Problem(code="cause_syntax", source=FILE, rows=(at + 1,) if mark else (), values={"why": why})


def _is_empty(node: Node) -> bool:
    value = node.value.strip() if isinstance(node, ScalarNode) else node.value
    return not value or node.tag == f"{_STANDARD}null"


class _Trees:
    """Grows by the rows of each tree, and by everything that is wrong."""

    def __init__(self, people: Collection[str]) -> None:
        self.people = people
        self.problems: list[Problem] = []
        self.rows: list[dict[str, Any]] = []
        self._seen: set[int] = set()
        self._ids: set[str] = set()

    def read(self, top: Node) -> None:
        """Every tree of the file."""
        for node in self._items(self._fields(top, (), ("trees",)), "trees"):
            self._tree(node)

    def _tree(self, node: Node) -> None:
        fields = self._fields(node, _TREE, ("categories", "causes", "whys"))
        name, kind = self._plain(fields, "id"), self._choice(fields, "kind", tuple(KINDS))
        if name in self._ids:
            self._refuse("not_unique", fields["id"], "id", value=name)
        self._ids |= {name} - {""}
        base = {"tree": name, "kind": KINDS.get(kind, ""), "month": self._month(fields)}
        base |= {"kpi": self._plain(fields, "kpi")}
        categories = self._categories(fields)
        causes, whys = self._items(fields, "causes"), self._items(fields, "whys")
        self._fit(node, fields, kind, len(causes), len(whys))
        self._row(base, fields, "problem", depth=0, is_root=False)
        self._causes(causes, base, categories)
        for n, why in enumerate(whys, 1):
            told = self._fields(why, ("why", *_JUDGED), _MORE)
            above = str(n - 1) if n > 1 else ""
            self._row(base, told, "why", node=str(n), parent=above, depth=n, is_root=n == len(whys))

    def _fit(self, node: Node, fields: Mapping[str, Node], kind: str, n_causes: int, n_whys: int) -> None:
        """Whether a tree has what its kind asks for, and nothing of the other kind."""
        own, other = ("whys", ("causes", "categories")) if kind == "5-whys" else ("causes", ("whys",))
        for name in other if kind else ():
            if name in fields:
                self._refuse("elsewhere", fields[name], name, kind=kind)
        if kind and not (n_whys if own == "whys" else n_causes):
            self._refuse("none", fields.get(own, node), own)
        if n_whys > MOST_WHYS:
            self._refuse("whys", fields["whys"], "whys", n=str(n_whys), most=str(MOST_WHYS))

    def _causes(
        self, nodes: Sequence[Node], base: Mapping[str, str], categories: Mapping[str, tuple[str, str]], above: str = ""
    ) -> None:
        for n, node in enumerate(nodes, 1):
            place = f"{above}.{n}" if above else str(n)
            depth = place.count(".") + 1
            fields = self._fields(node, ("cause", *_JUDGED, *(() if above else ("category",))), (*_MORE, "causes"))
            inside = {**base, **({} if above else self._category(fields, categories))}
            below = self._items(fields, "causes")
            self._row(inside, fields, "cause", node=place, parent=above, depth=depth, is_root=not below)
            if below and depth == DEEPEST:
                self._refuse("deep", fields["causes"], "causes", most=str(DEEPEST))
            else:
                self._causes(below, inside, categories, place)

    def _row(self, base: Mapping[str, str], fields: Mapping[str, Node], field: str, **place: object) -> None:
        """One node: its words and what it rests on; no cause is a person, no guess goes unchecked."""
        texts, verify = self._texts(fields, field), self._texts(fields, "verify")
        basis, control = self._choice(fields, "basis", BASES), self._choice(fields, "control", CONTROLS)
        if field != "problem":
            self._nobody(texts, fields.get(field), field)
        if basis == "guess" and "verify" not in fields:
            self._refuse("unverified", fields["basis"], "verify")
        words = {"text_zh": texts[0], "text_en": texts[1], "verify_zh": verify[0], "verify_en": verify[1]}
        judged = {"basis": basis, "control": control, "slice": self._slice(fields)}
        self.rows.append(dict.fromkeys(COLUMNS, "") | dict(base) | words | judged | place)

    def _nobody(self, texts: Sequence[str], node: Node | None, field: str) -> None:
        names = dict.fromkeys(name for text in texts for name in named_people(text, self.people))
        if node is not None and names:
            self._refuse("person", node, field, value=", ".join(names))

    def _categories(self, fields: Mapping[str, Node]) -> dict[str, tuple[str, str]]:
        """Names of the categories in both languages, by id."""
        if "categories" not in fields:
            return dict.fromkeys(CATEGORIES, ("", ""))
        own = self._fields(fields["categories"])
        names = {name: self._texts(own, name) for name in own}
        for name, texts in names.items():
            self._nobody((name, *texts), own[name], "categories")
        return names

    def _category(self, fields: Mapping[str, Node], categories: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        name = self._choice(fields, "category", tuple(categories))
        zh, en = categories.get(name, ("", ""))
        return {"category": name, "category_zh": zh, "category_en": en}

    def _month(self, fields: Mapping[str, Node]) -> str:
        text = self._plain(fields, "month")
        if text and not _MONTH.fullmatch(text):
            self._refuse("not_a_month", fields["month"], "month", value=text)
        return text[:7]

    def _slice(self, fields: Mapping[str, Node]) -> str:
        own, parts = self._fields(fields["slice"]) if "slice" in fields else {}, []
        for name, node in own.items():
            items = self._items(own, name) if isinstance(node, SequenceNode) else [node]
            parts.append(f"{name}={'|'.join(self._plain({name: item}, name) for item in items)}")
        return " & ".join(parts)

    def _choice(self, fields: Mapping[str, Node], field: str, choices: Sequence[str]) -> str:
        text = self._plain(fields, field)
        if text and text not in choices:
            self._refuse("not_a_choice_write", fields[field], field, value=text, fix=", ".join(choices))
            return ""
        return text

    def _texts(self, fields: Mapping[str, Node], field: str) -> tuple[str, str]:
        """A text in Chinese and in English; one alone serves both."""
        if isinstance(fields.get(field), MappingNode):
            told = len(self.problems)
            own = self._fields(fields[field], (), LANGUAGES)
            if not own and len(self.problems) == told:
                self._refuse("missing", fields[field], field, example=f"{field}: …")
            texts = {lang: self._plain(own, lang, text=True) for lang in own}
            return pick(texts, "zh-CN"), pick(texts, "en")
        text = self._plain(fields, field, text=True)
        return text, text

    def _plain(self, fields: Mapping[str, Node], field: str, *, text: bool = False) -> str:
        """A value as it is written; only a text where it must be one."""
        if (node := fields.get(field)) is None:
            return ""
        if not isinstance(node, ScalarNode) or node.tag not in (_PLAIN if not text else {f"{_STANDARD}str"}):
            self._refuse("text", node, field)
            return ""
        return " ".join(node.value.split())

    def _items(self, fields: Mapping[str, Node], field: str) -> list[Node]:
        node = fields.get(field)
        if node is None or not self._is(node, SequenceNode, field):
            return []
        return list(node.value)

    def _fields(self, node: Node, needed: Sequence[str] = (), optional: Sequence[str] | None = None) -> dict[str, Node]:
        """The filled values of a mapping by name; without a list of names any name will do, and each must be filled."""
        if not self._is(node, MappingNode):
            return {}
        found: dict[str, Node] = {}
        keys = {key.value if isinstance(key, ScalarNode) else "?": key for key, _ in node.value}
        guessed: list[str] = []
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "?"
            if name in found:
                self._refuse("twice", key, value=name)
            elif optional is not None and name not in (*needed, *optional):
                guessed += self._stranger(key, name, (*needed, *optional))
            else:
                found[name] = value
        filled = {name: value for name, value in found.items() if not _is_empty(value)}
        for name in dict.fromkeys((*needed, *(found if optional is None else ()))):
            if name not in filled and name not in guessed:
                self._refuse("missing", keys.get(name, node), name, example=f"{name}: {_EXAMPLES.get(name, '…')}")
        return filled

    def _stranger(self, key: Node, name: str, known: Sequence[str]) -> list[str]:
        """A field that does not exist, and the one it is probably meant to be."""
        close = get_close_matches(name, known, n=1)
        self._refuse("misspelt" if close else "unknown", key, key=name, known=close[0] if close else ", ".join(known))
        return close

    def _is(self, node: Node, kind: type[Node], field: str | None = None) -> bool:
        """Whether a node is of a kind and stands in one place only."""
        if not isinstance(node, kind):
            text = node.value if isinstance(node, ScalarNode) else ""
            self._refuse("list" if kind is SequenceNode else "colon" if text else "mapping", node, field, value=text)
        elif id(node) in self._seen:
            self._refuse("alias", node, field)
        else:
            self._seen.add(id(node))
            return True
        return False

    def _refuse(self, what: str, node: Node, field: str | None = None, **values: str) -> None:
        short = {key: text if len(text) <= VALUE_SHOWN else f"{text[:VALUE_SHOWN]}…" for key, text in values.items()}
        code = what if what in _SHARED else f"cause_{what}"
        self.problems.append(
            Problem(code=code, source=FILE, column=field, rows=(node.start_mark.line + 1,), values=short)
        )
