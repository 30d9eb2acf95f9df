"""The pictures of the documentation: the sample month, published anew and photographed; run by `make pictures`."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import MISSING, ROOT, chromium, find_chromium, opened, picture, use_bundled_font

from opsretro.cli import main as opsretro

HERE = Path(__file__).parent
PICTURES = (
    ("page.zh-CN.png", "index.html", 1280, 1500, ""),
    ("page.en.png", "index.en.html", 1280, 1500, ""),
    ("page.phone.zh-CN.png", "index.html", 390, 1200, ""),
    ("card.en.png", "index.en.html", 1280, 1500, "#goal-conversion"),
)
"""File, page, width and height of the window in px, element that is shown alone."""


def main() -> int:
    """Exit code: 0 with all pictures written."""
    path = find_chromium()
    if path is None:
        print(f"opsretro: {MISSING}", file=sys.stderr)
        return 1
    with TemporaryDirectory() as folder:
        code = opsretro(["run", "--month", "2026-10", "--workspace", str(ROOT / "data"), "--out", folder])
        if code == 0:
            _take(path, Path(folder) / "2026-10")
    return code


def _take(path: str, month: Path) -> None:
    with chromium(path) as browser:
        for name, page_name, width, height, element in PICTURES:
            with opened(browser, (month / page_name).as_uri(), width, height) as page:
                use_bundled_font(page)
                picture(page.locator(element) if element else page, HERE / name)


if __name__ == "__main__":
    sys.exit(main())
