"""Windows of days in which something was done to somebody: which of them can be told apart, which only together."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from opsretro.analysis.methods.effect import Caution

EVERYBODY = "all"
"""A target that stands for all targets."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """Days in which something was done to some targets.

    Attributes:
        id: Its name, or those of a group joined by +.
        ids: The windows it is made of; itself, or a group's.
        targets: Who it is aimed at.
        start: First day.
        end: Last day, inclusive.
        cautions: What is known before any estimate.
        refused: Why it gets no figure of its own.
        controls: What to compare with, as somebody chose; None = whoever nothing is aimed at.
    """

    id: str
    ids: tuple[str, ...]
    targets: frozenset[str]
    start: pd.Timestamp
    end: pd.Timestamp
    cautions: tuple[Caution, ...] = ()
    refused: Caution | None = None
    controls: tuple[str, ...] | None = None

    def touches(self, other: Window) -> bool:
        """Whether both are aimed at somebody in common."""
        return bool(self.targets & other.targets) or EVERYBODY in self.targets or EVERYBODY in other.targets

    def meets(self, other: Window) -> bool:
        """Whether they share a day and somebody."""
        return self.touches(other) and self.start <= other.end and other.start <= self.end


def told_apart(windows: Sequence[Window], by_chance: Collection[str] = ()) -> tuple[list[Window], list[Window]]:
    """Refuse the windows that no day or target keeps apart, and put each group of them together.

    Args:
        windows: One each.
        by_chance: Ids of windows that chance keeps apart from the others: they are never refused.

    Returns:
        The windows, refused where they are part of a group (as NOT_SEPARABLE where they have no day of their own), and
        the groups as one window each, over the union of their days and targets.

    Example:
        >>> def window(name, start, end):
        ...     days = {"start": pd.Timestamp(start), "end": pd.Timestamp(end)}
        ...     return Window(id=name, ids=(name,), targets=frozenset(["vip"]), **days)
        >>> pair = [window("a", "2026-05-01", "2026-05-07"), window("b", "2026-05-06", "2026-05-09")]
        >>> singles, groups = told_apart(pair)
        >>> [str(one.refused) for one in singles], groups[0].id
        (['overlap', 'overlap'], 'a+b')
    """
    groups: list[list[Window]] = []
    for window in windows:
        near = [group for group in groups if any(window.meets(other) for other in group)]
        groups = [group for group in groups if group not in near] + [
            [*(one for group in near for one in group), window]
        ]
    order = {window.id: place for place, window in enumerate(windows)}
    judged, together = {window.id: window for window in windows}, []
    for group in groups:
        if len(group) > 1 and not all(window.id in by_chance for window in group):
            together.append(_together(sorted(group, key=lambda window: order[window.id]), taken=order))
            judged |= {window.id: _refused(window, group) for window in group if window.id not in by_chance}
    return list(judged.values()), together


def _together(group: Sequence[Window], taken: Collection[str]) -> Window:
    ids = tuple(window.id for window in group)
    name = "+".join(ids)
    return Window(
        id=f"{name}+" if name in taken else name,
        ids=ids,
        targets=frozenset().union(*(window.targets for window in group)),
        start=min(window.start for window in group),
        end=max(window.end for window in group),
        cautions=(Caution.OVERLAP,),
    )


def _refused(window: Window, group: Sequence[Window]) -> Window:
    days = pd.date_range(window.start, window.end)
    shared = np.zeros(len(days), dtype=bool)
    for other in group:
        if other is not window and window.meets(other):
            shared |= (days >= other.start) & (days <= other.end)
    cautions = (Caution.OVERLAP, Caution.NOT_SEPARABLE) if shared.all() else (Caution.OVERLAP,)
    return replace(window, cautions=cautions, refused=cautions[-1])
