"""What folders of a reports folder are called that hold a published period."""

from __future__ import annotations

import re

_MONTH = r"[12]\d{3}-(?:0[1-9]|1[0-2])"
NAMED = re.compile(rf"(?P<month>{_MONTH})|[12]\d{{3}}-Q[1-4]|[12]\d{{3}}|{_MONTH}\.\.{_MONTH}")
"""Names of folders that hold a published period."""


def is_month(label: str) -> bool:
    """Whether a period is a single month."""
    named = NAMED.fullmatch(label)
    return named is not None and named["month"] is not None
