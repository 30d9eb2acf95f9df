"""The document as a PDF: typst sets it with its own template and the bundled font, and reads nothing else."""

from __future__ import annotations

from importlib.resources import as_file, files
from typing import Any

HERE = __package__ or ""


def pdf(document: str) -> bytes:
    """Set a document.

    Args:
        document: JSON of what `document.document` returned; data for the template, never part of it.

    Returns:
        The PDF, the same for the same document.
    """
    made: bytes = _set(document, format="pdf")
    return made


def pictures(document: str, *, ppi: float) -> list[bytes]:
    """The pages of a document as PNG, the same arguments as `pdf` but for their size in points per inch."""
    made: bytes | list[bytes] = _set(document, format="png", ppi=ppi)
    return [made] if isinstance(made, bytes) else made


def _set(document: str, **form: Any) -> Any:
    import typst

    template = files(HERE).joinpath("templates", "retro.typ").read_bytes()
    with as_file(files(HERE).joinpath("fonts")) as folder:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
        return typst.compile(template, root=folder, font_paths=fonts, sys_inputs={"document": document}, **form)
