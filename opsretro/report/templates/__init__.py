"""The templates of page and notebook: our own, self-contained, every value escaped."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from importlib.resources import files

from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateNotFound
from markupsafe import Markup

from opsretro.words import without_unseen

_SIGN = re.compile("([\u2212+])(?=[¥$€£])")
"""A sign before money: nothing else keeps a line from breaking between the two."""


class _Loader(BaseLoader):
    """Templates that lie beside this file, in a checkout and in a wheel."""

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        """Source of a template by file name."""
        del environment
        path = files(__name__).joinpath(template)
        if not path.is_file():
            raise TemplateNotFound(template)
        return path.read_text(encoding="utf-8"), None, None


@lru_cache(maxsize=1)
def _environment() -> Environment:
    return Environment(
        loader=_Loader(),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_plain,
    )


def _plain(value: object) -> object:
    """A text from data without the signs that would turn what stands beside it; markup is ours already."""
    return without_unseen(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def render(template: str, **values: object) -> Markup:
    """A template, filled in; every value that is not markup already is escaped."""
    text = _environment().get_template(template).render(**values)
    return Markup(_SIGN.sub("\\1&#8288;", text))  # noqa: S704 - escaped by the environment


def style(name: str = "page.css") -> Markup:
    """The style sheet of the page, or another one that lies here, or a script."""
    return Markup(files(__name__).joinpath(name).read_text(encoding="utf-8"))  # noqa: S704 - a file of ours


def anchor(kind: str, name: str) -> str:
    """An id for HTML: the name's own where it is plain, a hash of it where it is not.

    Example:
        >>> anchor("goal", "gmv")
        'goal-gmv'
    """
    if re.fullmatch(r"[A-Za-z0-9_-]+", name):
        return f"{kind}-{name}"
    return f"{kind}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"
