"""What a month says in words: from its manifest; of one that an older version published, from its results."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from opsretro import __version__
from opsretro.monthly.reuse import sum_of
from opsretro.report.views import load, view
from opsretro.words import LANGUAGES

CACHE = ".archive.json"
"""Words of old months by the sum of what they were made of, so that they are made once; may be deleted at any time."""
Said = dict[str, dict[str, Any]]


def spoken(manifest: Mapping[str, Any]) -> Said:
    """What a manifest says in words, by language, as far as it has the shape of words."""
    told = manifest.get("says")
    found = told if isinstance(told, Mapping) else {}
    return {lang: _spoken(found[lang]) for lang in LANGUAGES if isinstance(found.get(lang), Mapping)}


def _spoken(told: Mapping[str, Any]) -> dict[str, Any]:
    conclusions, sections = told.get("conclusions"), told.get("sections")
    return {
        "conclusions": [text for text in _list(conclusions) if isinstance(text, str)],
        "sections": {str(key): text for key, text in _dict(sections).items() if isinstance(text, str)},
    }


def _list(found: object) -> list[Any]:
    return found if isinstance(found, list) else []


def _dict(found: object) -> Mapping[Any, Any]:
    return found if isinstance(found, Mapping) else {}


class OldWords:
    """The words of months whose manifest has none, kept between runs.

    Args:
        out: The reports folder.
    """

    def __init__(self, out: Path) -> None:
        self._path = out / CACHE
        self._used: dict[str, Said] = {}
        try:
            known = json.loads(self._path.read_bytes())
        except (OSError, ValueError, RecursionError):
            known = {}
        is_ours = isinstance(known, Mapping) and known.get("version") == __version__
        self._known: Mapping[str, Any] = _dict(known.get("said")) if is_ours else {}

    def of(self, path: Path, data: Mapping[str, Any]) -> Said:
        """The words of one section in every language.

        Args:
            path: Its JSON.
            data: What stands in it.
        """
        key = f"{path.name} {sum_of(path)}"
        known = self._known.get(key)
        said = {lang: _spoken(own) for lang, own in _dict(known).items() if lang in LANGUAGES and _dict(own)}
        self._used[key] = said if len(said) == len(LANGUAGES) else _made(data)
        return self._used[key]

    def keep(self) -> None:
        """Write what was used; a folder that takes no file is asked again next time."""
        if self._used == self._known or not (self._used or self._known):
            return
        draft = self._path.with_name(f"{CACHE}.{os.getpid()}")
        with contextlib.suppress(OSError):
            text = json.dumps({"version": __version__, "said": self._used}, ensure_ascii=False)
            draft.write_text(text, encoding="utf-8")
            draft.replace(self._path)


def _made(data: Mapping[str, Any]) -> Said:
    """The words of a result; none where its JSON cannot be shown."""
    try:
        result = load(dict(data), lang="en")
        shown = {lang: view(result.in_language(lang)) for lang in LANGUAGES}
        return {
            lang: {
                "conclusions": [str(text) for text, _ in own.conclusions()],
                "sections": {result.section: str(own.headline())},
            }
            for lang, own in shown.items()
        }
    except Exception:  # whatever a damaged or foreign file does to a view, the archive goes without its sentences
        return {lang: {"conclusions": [], "sections": {}} for lang in LANGUAGES}
