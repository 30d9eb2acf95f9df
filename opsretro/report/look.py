"""One visual language: the colours, the font and the sizes every chart and page is made of."""

from __future__ import annotations

import io
import re
from functools import lru_cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONT = "Noto Sans SC"
FALLBACKS = ("Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", "WenQuanYi Micro Hei")
"""Fonts of the system for signs the bundled one lacks (traditional and rare characters), where they are installed."""

LIGHT = {
    "paper": "#ffffff",
    "ink": "#1b2733",
    "muted": "#586673",
    "hairline": "#d8dfe6",
    "band": "#e4eaf0",
    "cone": "#b9cbd6",
    "data": "#44525f",
    "quiet": "#7d8995",
    "target": "#1f6d8c",
    "accent": "#b4470f",
}
DARK = {
    "paper": "#12181f",
    "ink": "#e8edf2",
    "muted": "#a3afba",
    "hairline": "#33404c",
    "band": "#243140",
    "cone": "#3d5566",
    "data": "#c2cdd8",
    "quiet": "#8593a0",
    "target": "#74bedb",
    "accent": "#f29a60",
}
"""The tokens: at most five colours on a chart, one accent that means "look here", contrast AA in light and dark."""

SIZES = {"wide": (1040, 20), "narrow": (358, 12), "beside": (470, 20)}
"""Width in px and size of the letters: for a room at 1280 px, a phone of 390 px, and beside a form in a room."""
ON_PAGE = ("wide", "narrow")
"""The sizes of a page, which shows the one that fits."""


@lru_cache(maxsize=1)
def use_theme() -> None:
    """Set seaborn's theme, the bundled font and reproducible SVG; once a process."""
    import matplotlib as mpl
    from matplotlib import font_manager

    from opsretro.later import seaborn

    seaborn().set_theme(style="white")
    with as_file(files(__package__).joinpath("fonts", "NotoSansSC-Regular-subset.ttf")) as path:
        font_manager.fontManager.addfont(str(path))
    installed = {font.name for font in font_manager.fontManager.ttflist}
    mpl.rcParams.update(
        {
            "font.family": [FONT, *(name for name in FALLBACKS if name in installed), "DejaVu Sans"],
            "axes.unicode_minus": True,
            "text.parse_math": False,
            "svg.fonttype": "path",
            "svg.hashsalt": "opsretro",
            "figure.dpi": 72,
            "figure.facecolor": LIGHT["paper"],
            "axes.facecolor": "none",
            "text.color": LIGHT["ink"],
            "axes.edgecolor": LIGHT["hairline"],
            "xtick.color": LIGHT["muted"],
            "ytick.color": LIGHT["muted"],
        }
    )


def new_figure(size: str, height: float) -> Figure:
    """An empty figure of one of the sizes, outside pyplot so that it is shown once.

    Args:
        size: A name of `SIZES`.
        height: In px.
    """
    from matplotlib.figure import Figure

    use_theme()
    width, _ = SIZES[size]
    return Figure(figsize=(width / 72, height / 72), dpi=72)


def svg(figure: Figure, *, ident: str, label: str) -> Markup:
    """A figure as inline SVG whose colours are the page's tokens, so that it follows light and dark.

    Args:
        figure: Made by `new_figure`.
        ident: Prefix that makes its ids unique on the page; letters, digits and dashes.
        label: What a screen reader says.
    """
    _measure_no_ticks(figure)
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, transparent=True)
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{ident}-', text)
    text = re.sub(r'(href="#|url\(#)', rf"\g<1>{ident}-", text)
    text = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", text, count=1)
    text = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", text, count=1)
    for token, colour in LIGHT.items():
        text = text.replace(colour, f"var(--{token})")
    return Markup(text.replace("<svg ", Markup('<svg role="img" aria-label="{}" ').format(label), 1))  # noqa: S704


def _measure_no_ticks(figure: Figure) -> None:
    """Spare a figure the measuring of its tick labels, a tenth of its time: what they keep clear of has no words."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if not axis.get_label_text():
            axis.set_label_coords(0, 0)
            for tick in axis.get_major_ticks():
                tick.label1.set_in_layout(False)


def light_tokens() -> str:
    """The light tokens alone, for a card inside somebody else's page."""
    return ";".join(f"--{token}:{colour}" for token, colour in LIGHT.items())


def css_tokens() -> str:
    """The tokens as CSS variables, light and dark."""
    light = light_tokens()
    dark = ";".join(f"--{token}:{colour}" for token, colour in DARK.items())
    return f":root{{{light}}}@media(prefers-color-scheme:dark){{@media screen{{:root{{{dark}}}}}}}"
