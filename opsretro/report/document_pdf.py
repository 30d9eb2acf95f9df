"""The document as a PDF: typst sets it with its own template and the bundled font, and reads nothing else."""

from __future__ import annotations

from importlib.resources import as_file, files

HERE = __package__ or ""


def pdf(document: str, *, picture: float | None = None) -> bytes | list[bytes]:
    """Set a document.

    Args:
        document: JSON of what `document.document` returned; data for the template, never part of it.
        picture: Points per inch, for its pages as PNG instead; None = a PDF.

    Returns:
        The PDF, the same for the same document; or a picture a page.

    Raises:
        RuntimeError: It could not be set.
    """
    import typst

    template = files(HERE).joinpath("templates", "retro.typ").read_bytes()
    with as_file(files(HERE).joinpath("fonts")) as folder:
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder])
        form = {"format": "pdf"} if picture is None else {"format": "png", "ppi": picture}
        made = typst.compile(template, root=folder, font_paths=fonts, sys_inputs={"document": document}, **form)
    return [made] if picture is not None and isinstance(made, bytes) else made
