"""causes.yaml: what the team thinks lies behind a movement, as fishbones and 5-whys, read and checked."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from ruamel.yaml.nodes import Node, SequenceNode

from opsretro.tables.judgements import BASES, CONTROLS
from opsretro.tables.people import named_people
from opsretro.tables.yaml_nodes import Nodes, parsed, text_of

FILE = "causes.yaml"
KINDS = {"fishbone": "fishbone", "5-whys": "whys"}
CATEGORIES = ("product", "process", "channel", "market", "data", "capacity")
"""Categories of a fishbone that names none of its own; their names come from the words."""
DEEPEST, MOST_WHYS = 4, 7
COLUMNS = (
    "tree", "kind", "month", "kpi", "node", "parent", "depth", "category", "category_zh", "category_en",
    "text_zh", "text_en", "basis", "verify_zh", "verify_en", "control", "slice", "is_root",
)  # fmt: skip
TYPES = dict.fromkeys(COLUMNS, "str") | {"depth": "int64", "is_root": "bool"}

_TREE = ("id", "kind", "month", "kpi", "problem")
_JUDGED = ("basis", "control")
_MORE = ("verify", "slice")
_MONTH = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:-\d\d)?")
_EXAMPLES = {"kind": "fishbone", "month": "2026-10", "category": "product", "basis": "guess", "control": "influence"}


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
    if (top := parsed(text_of(path, FILE), FILE)) is not None:
        trees.read(top)
    trees.done()
    return pd.DataFrame(trees.rows, columns=list(COLUMNS)).astype(TYPES)


class _Trees(Nodes):
    """Grows by the rows of each tree, and by everything that is wrong."""

    def __init__(self, people: Collection[str]) -> None:
        super().__init__(FILE, _EXAMPLES)
        self.people = people
        self.rows: list[dict[str, Any]] = []
        self._ids: set[str] = set()

    def read(self, top: Node) -> None:
        """Every tree of the file."""
        for node in self.items(self.fields(top, (), ("trees",)), "trees"):
            self._tree(node)

    def _tree(self, node: Node) -> None:
        fields = self.fields(node, _TREE, ("categories", "causes", "whys"))
        name, kind = self.plain(fields, "id"), self.choice(fields, "kind", tuple(KINDS))
        if name in self._ids:
            self.refuse("not_unique", fields["id"], "id", value=name)
        self._ids |= {name} - {""}
        base = {"tree": name, "kind": KINDS.get(kind, ""), "month": self._month(fields)}
        base |= {"kpi": self.plain(fields, "kpi")}
        categories = self._categories(fields)
        causes, whys = self.items(fields, "causes"), self.items(fields, "whys")
        self._fit(node, fields, kind, len(causes), len(whys))
        self._row(base, fields, "problem", depth=0, is_root=False)
        self._causes(causes, base, categories)
        for n, why in enumerate(whys, 1):
            told = self.fields(why, ("why", *_JUDGED), _MORE)
            above = str(n - 1) if n > 1 else ""
            self._row(base, told, "why", node=str(n), parent=above, depth=n, is_root=n == len(whys))

    def _fit(self, node: Node, fields: Mapping[str, Node], kind: str, n_causes: int, n_whys: int) -> None:
        """Whether a tree has what its kind asks for, and nothing of the other kind."""
        own, other = ("whys", ("causes", "categories")) if kind == "5-whys" else ("causes", ("whys",))
        for name in other if kind else ():
            if name in fields:
                self.refuse("cause_elsewhere", fields[name], name, kind=kind)
        if kind and not (n_whys if own == "whys" else n_causes):
            self.refuse("cause_none", fields.get(own, node), own)
        if n_whys > MOST_WHYS:
            self.refuse("cause_whys", fields["whys"], "whys", n=str(n_whys), most=str(MOST_WHYS))

    def _causes(
        self, nodes: Sequence[Node], base: Mapping[str, str], categories: Mapping[str, tuple[str, str]], above: str = ""
    ) -> None:
        for n, node in enumerate(nodes, 1):
            place = f"{above}.{n}" if above else str(n)
            depth = place.count(".") + 1
            fields = self.fields(node, ("cause", *_JUDGED, *(() if above else ("category",))), (*_MORE, "causes"))
            inside = {**base, **({} if above else self._category(fields, categories))}
            below = self.items(fields, "causes")
            self._row(inside, fields, "cause", node=place, parent=above, depth=depth, is_root=not below)
            if below and depth == DEEPEST:
                self.refuse("cause_deep", fields["causes"], "causes", most=str(DEEPEST))
            else:
                self._causes(below, inside, categories, place)

    def _row(self, base: Mapping[str, str], fields: Mapping[str, Node], field: str, **place: object) -> None:
        """One node: its words and what it rests on; no cause is a person, no guess goes unchecked."""
        texts, verify = self.texts(fields, field), self.texts(fields, "verify")
        basis, control = self.choice(fields, "basis", BASES), self.choice(fields, "control", CONTROLS)
        if field != "problem":
            self._nobody(texts, fields.get(field), field)
        if basis == "guess" and "verify" not in fields:
            self.refuse("cause_unverified", fields["basis"], "verify")
        words = {"text_zh": texts[0], "text_en": texts[1], "verify_zh": verify[0], "verify_en": verify[1]}
        judged = {"basis": basis, "control": control, "slice": self._slice(fields)}
        self.rows.append(dict.fromkeys(COLUMNS, "") | dict(base) | words | judged | place)

    def _nobody(self, texts: Sequence[str], node: Node | None, field: str) -> None:
        names = dict.fromkeys(name for text in texts for name in named_people(text, self.people))
        if node is not None and names:
            self.refuse("cause_person", node, field, value=", ".join(names))

    def _categories(self, fields: Mapping[str, Node]) -> dict[str, tuple[str, str]]:
        """Names of the categories in both languages, by id."""
        if "categories" not in fields:
            return dict.fromkeys(CATEGORIES, ("", ""))
        own = self.fields(fields["categories"])
        names = {name: self.texts(own, name) for name in own}
        for name, texts in names.items():
            self._nobody((name, *texts), own[name], "categories")
        return names

    def _category(self, fields: Mapping[str, Node], categories: Mapping[str, tuple[str, str]]) -> dict[str, str]:
        name = self.choice(fields, "category", tuple(categories))
        zh, en = categories.get(name, ("", ""))
        return {"category": name, "category_zh": zh, "category_en": en}

    def _month(self, fields: Mapping[str, Node]) -> str:
        text = self.plain(fields, "month")
        if text and not _MONTH.fullmatch(text):
            self.refuse("not_a_month", fields["month"], "month", value=text)
        return text[:7]

    def _slice(self, fields: Mapping[str, Node]) -> str:
        own, parts = self.fields(fields["slice"]) if "slice" in fields else {}, []
        for name, node in own.items():
            items = self.items(own, name) if isinstance(node, SequenceNode) else [node]
            parts.append(f"{name}={'|'.join(self.plain({name: item}, name) for item in items)}")
        return " & ".join(parts)
