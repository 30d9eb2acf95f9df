"""Controls above a card that follows them, however fast they change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
from markupsafe import Markup

from opsretro.errors import InputError

if TYPE_CHECKING:
    from opsretro.workspace import Workspace

WIDE = widgets.Layout(width="min(100%, 480px)", height="44px")


class Live:
    """The controls and the card they change; a subclass shows what they ask for in `_show`."""

    def __init__(self, ops: Workspace) -> None:
        self.ops, self.busy, self.asked = ops, False, 0
        self.card = widgets.HTML()

    def _box(self, controls: Sequence[Any]) -> widgets.VBox:
        """Listen to the controls, show the first card, and stack them all."""
        for control in controls:
            control.observe(self._follow, names="value")
            control.style.description_width = "120px"
        self._show()
        return widgets.VBox([*controls, self.card])

    def _follow(self, change: dict[str, Any]) -> None:
        """Show what the controls ask for, and again if they asked for something else meanwhile.

        A kernel may hand over the next change while it works on the one before: no wish is lost, the last one holds.
        """
        self.asked += 1
        self._before(change["owner"])
        if self.busy:
            return
        self.busy = True
        try:
            answered = 0
            while answered != self.asked:
                answered = self.asked
                self._answer()
        finally:
            self.busy = False

    def _quietly(self, control: Any, **values: Any) -> None:
        """Set a control without an answer to it: another wish is being answered, and it does not count as one."""
        busy, asked = self.busy, self.asked
        self.busy = True
        for name, value in values.items():
            setattr(control, name, value)
        self.busy, self.asked = busy, asked

    def _answer(self) -> None:
        """The card, or in its place what cannot be done."""
        try:
            self._show()
        except InputError as refused:
            self.card.value = str(Markup("<p>{}</p>").format(refused.text(self.ops.lang)))

    def _before(self, owner: Any) -> None:
        """What a changed control does to the others."""

    def _show(self) -> None:
        raise NotImplementedError
