"""What the documents of a month cost: typst beside Chromium that prints the same page, and the month with and without.

The month is the sample's, published anew each time, with and without documents in turns. Beside a document that is set
in a warm process, as the run does it, stands one that is set by a process that starts from nothing, as Chromium does.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from pypdf import PdfReader

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from browsing import ARGUMENTS, MISSING, find_chromium

from opsretro.report.document_pdf import pdf

ROOT = Path(__file__).resolve().parents[1]
MONTH = "2026-10"
PAGES = {"zh-CN": "index.html", "en": "index.en.html"}
TIMES = 5
BAR = 1.5
"""Seconds a language may add to the month."""
RUN = f"from opsretro.cli import main; raise SystemExit(main(['run', '--month', '{MONTH}', '--force', *sys.argv[1:]]))"
WITH = f"""
import sys, time
from opsretro.monthly import pages
write = pages.write_pdfs
def timed(*given):
    began = time.perf_counter()
    names = write(*given)
    print("step", time.perf_counter() - began)
    return names
pages.write_pdfs = timed
{RUN}
"""
WITHOUT = f"import sys; from opsretro.monthly import pages; pages.write_pdfs = lambda *given: []; {RUN}"
KEEP = f"""
import sys
from pathlib import Path
from opsretro.monthly import printing
done = printing.done
def kept(work, order, **how):
    path = Path(order["data"])
    (Path(sys.argv[-1]) / path.name).write_bytes(path.read_bytes())
    done(work, order, **how)
printing.done = kept
{RUN.replace("sys.argv[1:]", "sys.argv[1:-1]")}
"""
"""The run, with what each document is made of kept in a folder."""
COLD = """
import sys
from pathlib import Path
from opsretro.report.document_pdf import pdf
Path(sys.argv[2]).write_bytes(pdf(Path(sys.argv[1]).read_text(encoding="utf-8")))
"""


def seconds(do: Callable[[], object]) -> float:
    """How long something takes."""
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def command(*words: object) -> str:
    """Run a command; what it said.

    Raises:
        SystemExit: It failed.
    """
    done = subprocess.run(list(map(str, words)), cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"failed with {done.returncode}: {done.stderr}")
    return done.stdout


def month(code: str, folder: Path, *more: object) -> tuple[float, float]:
    """Seconds of one run of the sample, and of its documents alone."""
    words = ("--workspace", ROOT / "data", "--out", folder / "reports", *more)
    began = time.perf_counter()
    said = command(sys.executable, "-c", code, *words)
    steps = [float(text.split()[1]) for text in said.splitlines() if text.startswith("step ")]
    return time.perf_counter() - began, sum(steps)


def line(name: str, cost: float, path: Path) -> None:
    """Print what a document cost and what it is."""
    print(f"{name:44}{cost:9.2f}{path.stat().st_size / 1024:9.0f}{len(PdfReader(path).pages):7}")


def documents(folder: Path, browser: str | None) -> None:
    """Print a table: each way to a document, in each language."""
    print(f"{'The document of the sample':44}{'seconds':>9}{'kB':>9}{'pages':>7}  median of {TIMES}, the browser once")
    for lang, page in PAGES.items():
        data, ours = folder / f"retro.{lang}.document", folder / f"{lang}.pdf"
        text = data.read_text(encoding="utf-8")
        ours.write_bytes(pdf(text))
        line(
            f"{lang}: typst in a warm process", median(seconds(lambda text=text: pdf(text)) for _ in range(TIMES)), ours
        )
        cold = (sys.executable, "-c", COLD, data, ours)
        line(
            f"{lang}: typst in a new process",
            median(seconds(lambda cold=cold: command(*cold)) for _ in range(TIMES)),
            ours,
        )
        if browser:
            theirs, address = folder / f"{lang}.chromium.pdf", (folder / "reports" / MONTH / page).as_uri()
            words = (browser, "--headless", *ARGUMENTS, "--no-pdf-header-footer", f"--print-to-pdf={theirs}", address)
            line(f"{lang}: Chromium prints the page", seconds(lambda words=words: command(*words)), theirs)
    if not browser:
        print(MISSING)


def main(rounds: int = 1) -> None:
    """Print the tables.

    Args:
        rounds: How often the month is published each way.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        month(KEEP, folder, folder)
        documents(folder, find_chromium())
        runs: dict[str, list[tuple[float, float]]] = {WITHOUT: [], WITH: []}
        for _ in range(rounds):
            for code, costs in runs.items():
                costs.append(month(code, folder))
    without, with_them = (min(whole for whole, _ in runs[code]) for code in (WITHOUT, WITH))
    print(f"the month without documents {without:.2f} s, with them {with_them:.2f} s: {with_them / without:.2f} x")
    step, share = (min(found) for found in zip(*((step, step / whole) for whole, step in runs[WITH]), strict=True))
    more = step / len(PAGES)
    print(f"the documents alone, inside the same run: {step:.2f} s, {share:.1%} of it")
    print(f"bar: at most {BAR:g} s a language: {more:.2f}: {'holds' if more <= BAR else 'DOES NOT HOLD'}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
