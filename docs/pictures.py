"""The pictures of the documentation: the sample month, published anew and photographed; run by `make pictures`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import MISSING, ROOT, chromium, find_chromium, opened, picture, use_bundled_font

from opsretro.cli import main as opsretro

HERE = Path(__file__).parent
Picture = tuple[str, str, int, int, str]
PICTURES = (
    ("page.zh-CN.png", "index.html", 1280, 1500, ""),
    ("page.en.png", "index.en.html", 1280, 1500, ""),
    ("page.phone.zh-CN.png", "index.html", 390, 1200, ""),
    ("followup.en.png", "index.en.html", 1280, 1500, "#followup ol.deeds >> nth=1"),
    ("followup.phone.zh-CN.png", "index.html", 390, 1200, "#followup ol.deeds >> nth=1"),
    ("card.en.png", "index.en.html", 1280, 1500, "#goal-conversion"),
    ("activities.en.png", "index.en.html", 1280, 1500, "#roi"),
    ("activity.phone.zh-CN.png", "index.html", 390, 1200, "#activity-d11_warmup"),
    ("causes.en.png", "index.en.html", 1280, 1500, "#rootcause"),
    ("cause.phone.zh-CN.png", "index.html", 390, 1200, "#cause-conversion"),
    ("health.en.png", "index.en.html", 1280, 1500, "#health figure >> nth=0"),
    ("health.phone.zh-CN.png", "index.html", 390, 1200, "#health figure >> nth=0"),
)
RUNNING = (
    ("pace.en.png", "index.en.html", 1280, 1500, "#goal-orders"),
    ("pace.phone.zh-CN.png", "index.html", 390, 1200, "#goal-orders"),
)
"""File, page, width and height of the window in px, element that is shown alone; of the month that is over, and of the
same month while it was running."""


def main() -> int:
    """Exit code: 0 with all pictures written."""
    path = find_chromium()
    if path is None:
        print(f"opsretro: {MISSING}", file=sys.stderr)
        return 1
    for pictures, more in ((PICTURES, []), (RUNNING, ["--as-of", "2026-10-20"])):
        with TemporaryDirectory() as folder:
            words = ["run", "--month", "2026-10", "--workspace", str(ROOT / "data"), "--out", folder, *more]
            if code := opsretro(words):
                return code
            _take(path, Path(folder) / "2026-10", pictures)
    return 0


def _take(path: str, month: Path, pictures: Sequence[Picture]) -> None:
    with chromium(path) as browser:
        for name, page_name, width, height, element in pictures:
            with opened(browser, (month / page_name).as_uri(), width, height) as page:
                use_bundled_font(page)
                if element:
                    page.locator(element).evaluate("card => card.open = true")
                picture(page.locator(element) if element else page, HERE / name)


if __name__ == "__main__":
    sys.exit(main())
