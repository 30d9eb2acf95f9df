"""What all sections show alike: the answer, the findings in words, a table for a notebook, pictures in both sizes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from opsretro.report.lessons_view import learnt
from opsretro.report.look import ON_PAGE, svg
from opsretro.report.templates import render

if TYPE_CHECKING:
    from IPython.display import HTML
    from matplotlib.figure import Figure

    from opsretro.analysis.result import Finding, Result


class Shown:
    """The common part of a view.

    Args:
        text: Words of the section: `headline()` and `sentence(finding)`.
    """

    review: Result
    template = ""
    """The section of the page."""

    def __init__(self, text: Any) -> None:
        self._words = text

    def headline(self) -> str:
        """The answer in one sentence."""
        return str(self._words.headline())

    def sentence(self, finding: Finding) -> str:
        """A finding in words."""
        return str(self._words.sentence(finding))

    def section(self) -> Markup:
        """The section of the page."""
        return render(self.template, word=self._words.word, **self.made)

    @cached_property
    def made(self) -> dict[str, Any]:
        """What page and document show, by name; drawn once for both."""
        return self.parts()

    def parts(self) -> dict[str, Any]:
        """What the section of the page is made of, by its names in the template.

        Raises:
            NotImplementedError: A section says it itself.
        """
        raise NotImplementedError

    def learnt(self) -> HTML:
        """The team's earlier lessons about what comes up in the section, for a notebook."""
        return learnt(self.review)

    def html(self) -> Markup:
        """Headline and table, for a notebook."""
        return render("fragment.html.jinja", headline=self.headline(), table=self._table())

    def _table(self) -> Mapping[str, object]:
        """Columns, and rows of anchor, whether to look here, and cells."""
        raise NotImplementedError

    def _pictures(self, ident: str, label: str, draw: Callable[[str], Figure]) -> dict[str, Markup]:
        """The same picture in both sizes; the page shows the one that fits."""
        return {size: svg(draw(size), ident=f"{ident}-{size}", label=label) for size in ON_PAGE}
