"""Keep the secrets of the environment out of what is written and said: whatever printed them, they become `***`."""

from __future__ import annotations

import html
import json
import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote

HIDDEN = "***"
SHORTEST = 8
"""Letters of the shortest value that counts as a secret; a shorter one would hide ordinary words."""
_NAMES = re.compile(
    r"TOKEN|SECRET|PASS(WD|WORD|PHRASE)?(_|$)|PASSWORD|CREDENTIAL|PRIVATE|API_?KEY|(^|_)KEY(_|$)|(^|_)(DSN|PWD)$"
    r"|NOTIFY_URLS|DATABASE_URL|WEBHOOK|CONNECTION_STRING|AUTH(ORI[SZ]ATION)?$",
    re.IGNORECASE,
)
_ORDINARY = re.compile(r"[\d.:/+-]+|[a-z]+(?:_[a-z]+)*|[A-Z]+|[A-Z][a-z]+")
"""Numbers, dates and single words: to hide one would make holes in a report, and none is a secret worth the name."""
_ADDRESSES = re.compile(r"NOTIFY_URLS|WEBHOOK", re.IGNORECASE)
"""Variables whose addresses are made of secrets: a path, a user or a query of one is a token."""
_TOKEN = re.compile(r"(?=.*[A-Za-z])(?=.*\d|.*[a-z].*[A-Z])(?!(?:[\w-]+\.)+[A-Za-z]+$).+")
"""A piece of an address that is one: letters with numbers or with capitals inside, and no name of a server."""
_USERS = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
_WRITTEN = {".html", ".ipynb", ".json", ".md", ".csv"}


def hide(text: str) -> str:
    """A text without the values of environment variables that are secrets by their name, or passwords in an address.

    Example:
        >>> os.environ["OPSRETRO_EXAMPLE_TOKEN"] = "tok-1234567"
        >>> hide("401 for tok-1234567")
        '401 for ***'
    """
    pattern = _pattern(tuple(sorted(secrets(os.environ))))
    return pattern.sub(HIDDEN, text) if pattern else text


def secrets(environment: Mapping[str, str]) -> set[str]:
    """Values that must not be shown, in every spelling a file may have them in."""
    values = {value for name, value in environment.items() if _NAMES.search(name) and len(value) >= SHORTEST}
    values |= {found for value in environment.values() for found in _USERS.findall(value) if len(found) >= SHORTEST}
    parts = {part for value in values for part in re.split(r"[,\s]+", value) if len(part) >= SHORTEST}
    parts |= {piece for name, value in environment.items() if _ADDRESSES.search(name) for piece in _pieces(value)}
    plain = {value for value in values | parts if not _is_a_path(value) and not _ORDINARY.fullmatch(value)}
    escaped = {html.escape(value) for value in plain} | {html.escape(value, quote=False) for value in plain}
    return plain | escaped | {json.dumps(value, ensure_ascii=ascii)[1:-1] for value in plain for ascii in (True, False)}


def _pieces(addresses: str) -> set[str]:
    """The tokens addresses are made of, as they stand there and as they are meant."""
    found = [piece for piece in re.split(r"[:/?&=@#,\s]+", addresses) if _TOKEN.fullmatch(piece)]
    return {text for piece in found for text in (piece, unquote(piece)) if len(text) >= SHORTEST}


def _is_a_path(value: str) -> bool:
    """A file that holds a secret is named, not told."""
    return value.startswith("/") and Path(value).exists()


@lru_cache(maxsize=1)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str] | None:
    longest = sorted(values, key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest))) if longest else None


def hide_in(folder: Path) -> None:
    """Hide secrets in every file of a folder that people or programs will read.

    Raises:
        OSError: A file cannot be written.
    """
    for path in folder.iterdir():
        if path.suffix in _WRITTEN:
            text = path.read_text(encoding="utf-8")
            if (safe := hide(text)) != text:
                path.write_text(safe, encoding="utf-8")
