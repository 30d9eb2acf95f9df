"""A whole workspace of synthetic tables with known truths planted in it.

`story` holds what is planted; `numbers`, `campaigns`, `recall` and `people` draw the tables from it; `readme` writes it
down; `static/` keeps the files that hold no random number.
"""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from opsretro.errors import InputError, Problem
from opsretro.tables.meetings import FOLDER
from opsretro.tables.readings import FILE as READINGS
from opsretro.tables.sample import campaigns, numbers, people, story
from opsretro.tables.sample.readme import readme
from opsretro.tables.survey_files import OWN_ITEMS, REGISTER

STATIC = ("retro.toml", "goals.csv", "events.csv", "activities.csv", "actions.yaml", "lessons.yaml", "causes.yaml")
MEETING = "2026-10.json"


def write_sample(folder: Path, *, seed: int = story.SEED) -> list[Path]:
    """Write the sample workspace: the same bytes for the same seed, on any platform.

    Args:
        folder: Where to write; made if it is not there. An earlier sample is replaced; other files are left alone.
        seed: Seed of every random number; the tables draw from streams of their own.

    Returns:
        The files written, sorted.

    Raises:
        InputError: The folder holds a workspace that is not the sample; nothing is changed.
        OSError: The folder cannot be written to.

    Example:
        >>> from tempfile import mkdtemp
        >>> write_sample(Path(mkdtemp()))[0].name
        'README.md'
    """
    contents = _contents(seed)
    _check_free(folder, contents)
    written = []
    for name, content in sorted(contents.items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
        written.append(path)
    return written


def _check_free(folder: Path, contents: Mapping[str, str]) -> None:
    """Somebody's own tables are never overwritten."""
    there = [name for name in sorted(contents) if (folder / name).exists()]
    title = contents["README.md"].splitlines()[0]
    readme = folder / "README.md"
    if there and not (readme.exists() and readme.read_text(encoding="utf-8", errors="replace").startswith(title)):
        raise InputError([Problem(code="not_empty", source=str(folder), values={"files": ", ".join(there)})])


def _contents(seed: int) -> dict[str, str]:
    """Relative path → text of every file of the workspace."""
    static = Path(__file__).parent / "static"
    texts = {name: (static / name).read_text(encoding="utf-8") for name in STATIC}
    texts["survey/items.csv"] = OWN_ITEMS.read_text(encoding="utf-8")
    register = (static / REGISTER).read_text(encoding="utf-8")  # what was published of this very survey
    texts[f"survey/{REGISTER}"] = register if seed == story.SEED else register.partition("\n")[0] + "\n"
    archive = (static / READINGS).read_text(encoding="utf-8")  # what each month's run read
    texts[READINGS] = archive if seed == story.SEED else ""
    if seed == story.SEED:  # the facts on its boards are those of this very month
        texts[f"{FOLDER}/{MEETING}"] = (static / MEETING).read_text(encoding="utf-8")
    activity = campaigns.campaigns(seed)
    frames = {f"{name}.csv": frame for name, frame in activity.tables.items()}
    frames |= {f"survey/{name}": frame for name, frame in people.survey(seed).items()}
    frames |= {
        "metrics.csv": numbers.metrics(seed),
        "workload.csv": people.workload(seed),
        "assessments.csv": people.assessments(seed),
    }
    return texts | {name: _csv(frame) for name, frame in frames.items()} | {"README.md": readme(seed, activity.truth)}


def _csv(frame: pd.DataFrame) -> str:
    """Comma-separated text with bare line feeds on every platform."""
    return frame.to_csv(index=False, lineterminator="\n")
