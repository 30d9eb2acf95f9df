"""Fishbones and 5-whys as SVG: drawn by hand from the rows of a tree, in the colours of the page, for wall and phone.

Texts are data: every letter is escaped, and marks that steer the direction of writing are dropped.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from html import escape
from itertools import chain
from typing import Any

import pandas as pd
from markupsafe import Markup

from opsretro.report.look import LIGHT
from opsretro.words import say

WIDTHS = {False: 960.0, True: 358.0}
"""Width of a picture in px, by whether it is the narrow one."""
LEADING = {13: 20, 14: 20, 16: 24}
"""Height of a line by the size of its letters."""
HEAD, WIDEST, SLANT = 184.0, 400.0, 24.0
"""Least room for the problem, the most a category takes, and how far a bone leans."""
_JUPYTER = {
    "ink": "content-font-color1",
    "muted": "content-font-color2",
    "hairline": "border-color2",
    "paper": "layout-color0",
    "target": "content-link-color",
}
"""What JupyterLab calls the tokens, for an output that stands in no page of ours."""
_WORDS = re.compile(r"[（「『《【“‘]*(?:[\u2e80-\uffef]|[^\s\u2e80-\uffef]+)[，。、；：！？）」』》】”’…]*\s*")
_NARROW, _BROAD = frozenset("iljrtfI.,:;'|!/()[] "), frozenset("mwMW@%&—")
Row = dict[Hashable, Any]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The words of a drawing that are not the team's own.

    Attributes:
        lang: ``zh-CN`` or ``en``.
        basis, control, categories: Words by code.
        verify: What stands before the way to check a guess.
        root: What stands over the last why.
        comma: What stands between the words about one cause.
    """

    lang: str
    basis: Mapping[str, str]
    control: Mapping[str, str]
    categories: Mapping[str, str]
    verify: str
    root: str
    comma: str = " · "

    @classmethod
    def of(cls, lang: str) -> Labels:
        """The words of the catalogue."""
        from opsretro.tables.judgements import BASES, CONTROLS
        from opsretro.tables.trees import CATEGORIES

        return cls(
            lang=lang,
            basis={code: say(f"cause.basis_{code}", lang) for code in BASES},
            control={code: say(f"cause.control_{code}", lang) for code in CONTROLS},
            categories={code: say(f"cause.category_{code}", lang) for code in CATEGORIES},
            verify=say("cause.verify", lang),
            root=say("cause.root", lang),
            comma=say("cause.comma", lang),
        )


def fishbone_svg(
    tree: pd.DataFrame, *, labels: Labels, anchors: Mapping[str, str] | None = None, narrow: bool = False
) -> Markup:
    """A fishbone: the problem at the head, a bone a category; on a phone the same tree along one vertical spine.

    Args:
        tree: Rows of one tree, as `read_cause_trees` gives them. A row below the problem without a text makes its
            category a bone without causes.
        labels: Words.
        anchors: Where the data of a slice is on the page, by the text of the slice; its cause becomes a link there.
        narrow: For a phone (358 px) instead of a page (960 px).

    Returns:
        The SVG element, safe to stand in a page.

    Example:
        >>> from pathlib import Path
        >>> from opsretro.tables import sample, trees
        >>> path = Path(sample.__file__).parent / "static" / "causes.yaml"
        >>> rows = trees.read_cause_trees(path, people=())
        >>> words = Labels(lang="en", basis={}, control={}, categories={}, verify="Check: ", root="Root")
        >>> str(fishbone_svg(rows[rows["kind"] == "fishbone"], labels=words))[:20]
        '<svg viewBox="0 0 96'
    """
    told = _Tree(tree, labels, anchors or {})
    return _vertical(told) if narrow else _horizontal(told)


def whys_svg(
    tree: pd.DataFrame, *, labels: Labels, anchors: Mapping[str, str] | None = None, narrow: bool = False
) -> Markup:
    """A 5-whys as a ladder from the problem down to its root, which stands apart.

    Args:
        tree: Rows of one tree, as `read_cause_trees` gives them.
        labels: Words.
        anchors: Where the data of a slice is on the page, by the text of the slice; its cause becomes a link there.
        narrow: For a phone (358 px) instead of a page (960 px).

    Returns:
        The SVG element, safe to stand in a page.
    """
    pen, width = _Pen(_Tree(tree, labels, anchors or {}), y=8), WIDTHS[narrow]
    above = pen.y + 12
    pen.write(pen.tree.problem, 32, width, size=16, bold=True)
    pen.dot(12, above, tone="accent")
    for row in chain.from_iterable(pen.tree.below.values()):
        pen.y += 16
        if row["is_root"]:
            pen.line(32, pen.y, width, pen.y, tone="hairline")
            pen.y += 8
            pen.write(labels.root, 32, width, size=13, tone="muted")
        at = pen.rung(row, width, aside=not narrow)
        pen.line(12, above + 7, 12, at - 7, thick=1.5, dashed=row["basis"] == "guess")
        pen.dot(12, at, basis=row["basis"], tone="accent" if row["is_root"] else "ink")
        above = at
    return pen.svg(width, pen.y + 8)


def _vertical(tree: _Tree) -> Markup:
    """The fishbone of a phone: the spine runs down, a bone a category, causes indented."""
    pen, width = _Pen(tree, y=8), WIDTHS[True]
    top = at = pen.y + 12
    pen.write(tree.problem, 24, width, size=16, bold=True)
    for name, rows in tree.categories().items():
        pen.y += 24
        rail = at = pen.y + 10
        pen.line(8, at, 20, at, thick=1.5)
        pen.write(name, 24, width, bold=True)
        foot = pen.y
        for row in rows:
            pen.y += 8
            rail = pen.cause(row, 40, width)
            pen.rib(28, 40, rail, row)
        if rows:
            pen.line(28, foot, 28, rail, tone="hairline")
    pen.line(8, top, 8, at, thick=2)
    pen.dot(8, top, tone="accent")
    return pen.svg(width, pen.y + 8)


def _horizontal(tree: _Tree) -> Markup:
    """The classic fishbone: half of the categories above the spine, half below, the problem at the right."""
    bones = list(tree.categories().items())
    n = (len(bones) + 1) // 2
    width = min(WIDEST, (WIDTHS[False] - HEAD) / max(n, 1))
    upper = [_bone(tree, bone, i * width, width, up=True) for i, bone in enumerate(bones[:n])]
    lower = [_bone(tree, bone, i * width, width, up=False) for i, bone in enumerate(bones[n:])]
    end = max(n * width, 40)
    head = _Pen(tree)
    head.write(tree.problem, end + 24, min(end + WIDEST, WIDTHS[False]), size=16, bold=True)
    spine = 8 + max([head.y / 2, *(pen.y for pen in upper)])
    whole = _Pen(tree)
    whole.line(0, spine, end + 4, spine, thick=2)
    whole.parts.append(f'<path d="M{_n(end + 4)} {_n(spine - 7)}l12 7l-12 7z" fill="{_colour("accent")}"/>')
    whole.parts += [pen.moved(spine - pen.y) for pen in upper] + [pen.moved(spine) for pen in lower]
    whole.parts.append(head.moved(spine - head.y / 2))
    return whole.svg(WIDTHS[False], 8 + spine + max([head.y / 2, *(pen.y for pen in lower)]))


def _bone(tree: _Tree, bone: tuple[str, list[Row]], x: float, width: float, *, up: bool) -> _Pen:
    """A category: its name at the tip of a leaning bone, its causes at the right of it; the foot is on the spine."""
    pen, (name, rows) = _Pen(tree), bone
    if up:
        pen.write(name, x + 2, x + width - 16, bold=True)
    start = pen.y + 4 * up
    pen.y += 16
    heights = []
    for row in rows:
        heights.append((pen.cause(row, x + SLANT + 16, x + width - 16), row))
        pen.y += 12
    end = pen.y = max(pen.y + 4, start + 56)
    tip, foot = (start, end) if up else (end, start)
    pen.line(x + 2, tip, x + 2 + SLANT, foot, thick=1.5)
    for at, row in heights:
        pen.rib(x + 2 + SLANT * (at - tip) / (foot - tip), x + SLANT + 16, at, row)
    if not up:
        pen.y += 4
        pen.write(name, x + 2, x + width - 16, bold=True)
    return pen


class _Tree:
    """The rows of a tree as they hang on one another, and their words in one language."""

    def __init__(self, rows: pd.DataFrame, labels: Labels, anchors: Mapping[str, str]) -> None:
        self.labels, self.anchors = labels, anchors
        self.below: dict[str, list[Row]] = {}
        self.problem = ""
        for row in rows.to_dict("records"):
            if row["node"]:
                self.below.setdefault(row["parent"], []).append(row)
            else:
                self.problem = self.text(row)

    def text(self, row: Row, what: str = "text") -> str:
        """A text of a row; where it is in the other language only, that one."""
        texts = [row[f"{what}_zh"], row[f"{what}_en"]]
        return _clean(next(filter(None, texts if self.labels.lang == "zh-CN" else texts[::-1]), ""))

    def judged(self, row: Row) -> str:
        """Fact or guess, and who can change it."""
        words = [self.labels.basis.get(row["basis"]), self.labels.control.get(row["control"])]
        return self.labels.comma.join(filter(None, words))

    def checked(self, row: Row) -> str:
        """How to check a guess."""
        how = self.text(row, "verify")
        return f"{self.labels.verify}{how}" if how else ""

    def categories(self) -> dict[str, list[Row]]:
        """The causes by the name of their category."""
        found: dict[str, list[Row]] = {}
        for row in self.below.get("", []):
            name = self.text(row, "category") or self.labels.categories.get(row["category"], row["category"])
            found.setdefault(_clean(name), []).extend([row] if self.text(row) else [])
        return found

    def outline(self, above: str = "") -> str:
        """The tree in words, for a reader who sees no picture."""
        parts = []
        for row in self.below.get(above, []):
            words = ", ".join(filter(None, [self.judged(row), self.checked(row)]))
            parts += [f"{row['node']} {self.text(row)} ({words})", self.outline(row["node"])]
        return " ".join(filter(None, parts))


class _Pen:
    """Writes shapes from top to bottom; ``y`` is where the next text begins."""

    def __init__(self, tree: _Tree, y: float = 0.0) -> None:
        self.tree, self.y = tree, y
        self.parts: list[str] = []

    def write(
        self, text: str, x: float, right: float, *, size: int = 14, tone: str = "ink", bold: bool = False, to: str = ""
    ) -> None:
        """A text from x to the right edge, in as many lines as it takes; a link where it leads somewhere."""
        base, lead = self.y + LEADING[size] / 2 + size * 0.36, LEADING[size]
        lines = _lines(text, (right - x) / size / (1.08 if bold else 1.0))
        spans = "".join(
            f'<tspan x="{_n(x)}" y="{_n(base + i * lead)}">{escape(s.rstrip() if to else s)}</tspan>'
            for i, s in enumerate(lines)
        )
        look = f'font-size="{size}" fill="{_colour("target" if to else tone)}"'
        look += ' font-weight="600"' * bold + ' text-decoration="underline"' * bool(to)
        shape = f"<text {look}>{spans}</text>" if lines else ""
        self.parts.append(f'<a href="#{escape(to)}">{shape}</a>' if to else shape)
        self.y += lead * len(lines)

    def judge(self, row: Row, x: float, right: float) -> None:
        """What a cause rests on, who can change it, how to check it."""
        for words in (self.tree.judged(row), self.tree.checked(row)):
            self.write(words, x, right, size=13, tone="muted")

    def cause(self, row: Row, x: float, right: float) -> float:
        """A cause and all below it; gives the height of its dot."""
        at = last = self.y + 10
        self.write(self.tree.text(row), x + 12, right, to=self.tree.anchors.get(row["slice"], ""))
        self.judge(row, x + 12, right)
        for child in self.tree.below.get(row["node"], []):
            self.y += 8
            last = self.cause(child, x + 16, right)
            self.rib(x, x + 16, last, child)
        if last > at:
            self.line(x, at, x, last, tone="hairline")
        self.dot(x, at, basis=row["basis"])
        return at

    def rung(self, row: Row, width: float, *, aside: bool) -> float:
        """A why, with what it rests on at its side or below; gives the height of its dot."""
        top, size = self.y, 16 if aside or row["is_root"] else 14
        to = self.tree.anchors.get(row["slice"], "")
        self.write(self.tree.text(row), 32, 600 if aside else width, size=size, bold=bool(row["is_root"]), to=to)
        foot = self.y
        self.y = top + 2 if aside else foot
        self.judge(row, 640 if aside else 32, width)
        self.y = max(self.y, foot)
        return top + LEADING[size] / 2

    def rib(self, x: float, dot: float, y: float, row: Row) -> None:
        """What ties a cause to its bone: solid to a fact, dashed to a guess."""
        self.line(x, y, dot - 5, y, dashed=row["basis"] == "guess")

    def line(
        self, x1: float, y1: float, x2: float, y2: float, *, tone: str = "ink", thick: float = 1, dashed: bool = False
    ) -> None:
        """A straight line."""
        ends = " ".join(f'{k}="{_n(v)}"' for k, v in zip(("x1", "y1", "x2", "y2"), (x1, y1, x2, y2), strict=True))
        dash = ' stroke-dasharray="3 3"' * dashed
        self.parts.append(f'<line {ends} stroke="{_colour(tone)}" stroke-width="{_n(thick)}"{dash}/>')

    def dot(self, x: float, y: float, *, basis: str = "fact", tone: str = "ink") -> None:
        """A filled dot for a fact, a hollow one for a guess; the accent is larger."""
        fill, radius = "paper" if basis == "guess" else tone, 4 if tone == "ink" else 6
        colours = f'fill="{_colour(fill)}" stroke="{_colour(tone)}"'
        self.parts.append(f'<circle cx="{_n(x)}" cy="{_n(y)}" r="{radius}" {colours} stroke-width="1.5"/>')

    def moved(self, down: float) -> str:
        """The shapes, further down."""
        return f'<g transform="translate(0 {_n(down)})">{"".join(self.parts)}</g>'

    def svg(self, width: float, height: float) -> Markup:
        """The picture, with its words for a reader who sees none."""
        words = f"<title>{escape(self.tree.problem)}</title><desc>{escape(self.tree.outline())}</desc>"
        size = f'viewBox="0 0 {_n(width)} {_n(height)}" lang="{escape(self.tree.labels.lang)}" role="group"'
        return Markup(f"<svg {size}>{words}{''.join(self.parts)}</svg>")  # noqa: S704


def _colour(token: str) -> str:
    """A colour of the page, else of JupyterLab, else ours."""
    own = f"var(--jp-{_JUPYTER[token]},{LIGHT[token]})" if token in _JUPYTER else LIGHT[token]
    return f"var(--{token},{own})"


def _n(value: float) -> str:
    return f"{round(value, 1):g}"


def _clean(text: str) -> str:
    """A text on one line, without the marks nobody sees: they could break the file or turn the direction of writing."""
    kinds = ((letter, unicodedata.category(letter)) for letter in text if ord(letter) & 0xFFFE != 0xFFFE)
    return " ".join("".join(" " if kind == "Cc" else "" if kind in {"Cf", "Cs"} else c for c, kind in kinds).split())


def _lines(text: str, room: float) -> list[str]:
    """Lines of a text, each at most so many letter sizes wide, in about equal lengths: no last line of one letter."""
    n, longest = len(_filled(text, room)), max(map(_wide, _WORDS.findall(text)), default=0.0)
    tries = (_filled(text, share * room) for share in (0.6, 0.7, 0.8, 0.9, 1.0) if share * room >= min(longest, room))
    return next(lines for lines in tries if len(lines) == n)


def _filled(text: str, room: float) -> list[str]:
    """Lines as full as they can be; a word that is wider than a line is broken."""
    lines, used = [""] if text else [], 0.0
    for word in _WORDS.findall(text):
        for part in [word] if _wide(word.rstrip()) <= room else word:
            if lines[-1] and used + _wide(part.rstrip()) > room:
                lines, used = [*lines, ""], 0.0
            lines[-1] += part
            used += _wide(part)
    return lines


def _wide(text: str) -> float:
    """Width of a text in letter sizes, rather too wide than too narrow: which font will show it is not known."""
    return sum(map(_letter, text))


@lru_cache(maxsize=4096)
def _letter(letter: str) -> float:
    if unicodedata.category(letter) in {"Mn", "Me"}:
        return 0.0
    if ord(letter) > 0x250:
        return 1.4 if ord(letter) >= 0x1F000 else 1.0
    if letter in _NARROW:
        return 0.4
    return 1.02 if letter in _BROAD else 0.74 if letter.isupper() else 0.62
