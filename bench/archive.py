"""How long the archive of sixty months takes to read and write, how heavy it is, how soon it is seen and searched.

One month of the sample is really published; sixty are made of it, dates shifted and figures varied by a seed. Run it
with ``python bench/archive.py``; it takes a minute or two and needs a Chromium.
"""

from __future__ import annotations

import json
import random
import re
import shutil
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import chromium, find_chromium

from opsretro.cli import main as opsretro
from opsretro.monthly.archive import read_archive
from opsretro.monthly.archive_says import CACHE, OldWords
from opsretro.monthly.archive_write import write_archive
from opsretro.monthly.progress import Progress
from opsretro.tables.period import add_months
from opsretro.words import LANGUAGES

ROOT = Path(__file__).parents[1]
SECTIONS = ("goals", "roi", "rootcause", "health", "followup")
MONTH = "2026-10"
N = 60
LOADS = 7
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
DATE = re.compile(r"(?<![\d-])(20\d\d-(?:0[1-9]|1[0-2]))(-\d\d)?(?!\d)")
VARIED = {"actual", "value", "attainment", "roi", "roi_lower", "roi_upper", "profit", "effect"}


def published(folder: Path) -> Path:
    """The sample's month, published by the real command."""
    if opsretro(["run", "--month", MONTH, "--workspace", str(ROOT / "data"), "--out", str(folder)]):
        raise SystemExit("the sample month could not be published")
    return folder / MONTH


def many_months(month: Path, out: Path, n: int = N, *, seed: int = 1) -> None:
    """Months up to the published one, made of it.

    Args:
        month: The published month.
        out: Reports folder to make.
        n: How many.
        seed: Of the variation.
    """
    draw = random.Random(seed)
    texts = {key: (month / f"{key}.json").read_text(encoding="utf-8") for key in SECTIONS}
    words = OldWords(out)
    said: dict[str, dict[str, Any]] = {lang: {"conclusions": [], "sections": {}} for lang in LANGUAGES}
    for key in SECTIONS:
        own = words.of(month / f"{key}.json", json.loads(texts[key]))
        for lang in LANGUAGES:
            said[lang]["conclusions"] += own[lang]["conclusions"][:1]
            said[lang]["sections"] |= own[lang]["sections"]
    for back in range(n):
        folder = out / add_months(MONTH, -back)
        folder.mkdir(parents=True)
        for key, text in texts.items():
            data = _varied(json.loads(_shifted(text, back)), draw)
            (folder / f"{key}.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), encoding="utf-8")
        told = {lang: json.loads(_shifted(json.dumps(own), back)) for lang, own in said.items()}
        states = {key: {"status": "done"} for key in SECTIONS}
        manifest = {"schema": 2, "period": folder.name, "sections": states, "sha256": {}, "files": [], "says": told}
        (folder / "run.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
        for page in ("index.html", "index.en.html"):
            (folder / page).write_text("<!doctype html><title>page</title>", encoding="utf-8")


def _shifted(text: str, back: int) -> str:
    def earlier(found: re.Match[str]) -> str:
        return add_months(found[1], -back) + (f"-{min(int(found[2][1:]), 28):02d}" if found[2] else "")

    return DATE.sub(earlier, text)


def _varied(data: dict[str, Any], draw: random.Random) -> dict[str, Any]:
    """The same section with other figures and verdicts, as months differ."""
    for row in data.get("goals", []):
        if row["actual"] is not None:
            low, high = row["lower"], row["upper"]
            row["actual"] = draw.uniform(low, high) if low is not None and high is not None else row["actual"]
            row["variation"] = "signal" if draw.random() < 0.06 else "noise"
            if row["variation"] == "signal" and high is not None:
                row["actual"] = high + (high - low) * 0.15
            row["status"] = draw.choice(["met", "missed"])
    factor = draw.uniform(0.3, 1.4)
    for row in data.get("activities", []):
        row["activity_id"] = f"{row['activity_id']}_{data['period'].replace('-', '')}"
        for name in ("roi", "roi_lower", "roi_upper"):
            row[name] = None if row[name] is None else row[name] * factor
    for row in data.get("actions", []):
        if row.get("status") in ("check", "act"):
            row["verdict"] = draw.choice(["moved", "not_moved", "cannot_tell", "cannot_tell"])
    if data["section"] == "health":
        for row in data["changes"]:
            row["verdict"] = draw.choices(["steady", "up", "down", "cannot_tell"], [8, 1, 1, 2])[0]
    return data


def timed(out: Path) -> float:
    """Seconds to read all months and write the archive."""
    began = time.perf_counter()
    assert write_archive(out, LANGUAGES, Progress("en")) is not None
    return time.perf_counter() - began


@contextmanager
def page_of(path: str, size: tuple[int, int]) -> Iterator[Any]:
    """A page of a browser of a size."""
    with chromium(path) as browser:
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        yield context.new_page()


def seen(path: str, file: Path, size: tuple[int, int]) -> tuple[float, float]:
    """Median ms to the first paint of several loads, and from a keystroke to the hits."""
    paints, keys = [], []
    with page_of(path, size) as page:
        for _ in range(LOADS):
            page.goto(file.as_uri())
            while not (paint := page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime")):
                page.wait_for_timeout(20)
            paints.append(paint)
        keys = page.evaluate(
            """() => ["c", "co", "con", "conv", "conversion", "gmv"].map(text => {
                const find = document.getElementById("find"), began = performance.now()
                find.value = text
                find.dispatchEvent(new Event("input"))
                document.body.getBoundingClientRect()
                return performance.now() - began
            })"""
        )
    return statistics.median(paints), max(keys)


def main() -> int:
    """Exit code 0."""
    with TemporaryDirectory() as folder:
        out = Path(folder) / "reports"
        out.mkdir()
        many_months(published(Path(folder) / "one"), out)
        size = sum(file.stat().st_size for file in out.glob("*/*.json")) / 1e6
        newest = out / MONTH
        aside = Path(folder) / "aside"
        shutil.move(newest, aside)
        print(f"{N - 1} months, cold: {timed(out):.2f} s to read {size:.0f} MB of JSON and write both pages")
        shutil.move(aside, newest)
        began = time.perf_counter()
        read_archive(out)
        alone = time.perf_counter() - began
        print(f"one month added: {timed(out):.2f} s; reading alone {alone:.2f} s")
        for file in out.glob("*/run.json"):
            manifest = json.loads(file.read_text(encoding="utf-8"))
            del manifest["says"]
            file.write_text(json.dumps(manifest), encoding="utf-8")
        first, again = timed(out), timed(out)
        print(f"months of an older version, without words: {first:.2f} s, then {again:.2f} s with {CACHE}")
        for name in ("index.html", "index.en.html"):
            print(f"{name}: {(out / name).stat().st_size / 1000:.0f} kB")
        path = find_chromium()
        for kind, window in SIZES.items() if path else ():
            paint, key = seen(str(path), out / "index.html", window)
            print(f"{kind}: first paint {paint:.0f} ms (median of {LOADS}), keystroke to hits {key:.0f} ms at most")
    return 0


if __name__ == "__main__":
    sys.exit(main())
