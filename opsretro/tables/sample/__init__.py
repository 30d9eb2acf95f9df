"""A whole workspace of synthetic tables with known truths planted in it.

`story` holds what is planted; `numbers`, `campaigns`, `recall` and `people` draw the tables from it; `readme` writes it
down; `static/` keeps the files that hold no random number.
"""

from pathlib import Path

import pandas as pd

from opsretro.tables.sample import campaigns, numbers, people, story
from opsretro.tables.sample.readme import readme

STATIC = ("retro.toml", "goals.csv", "events.csv", "activities.csv", "actions.yaml", "survey/items.csv")


def write_sample(folder: Path, *, seed: int = story.SEED) -> list[Path]:
    """Write the sample workspace: the same bytes for the same seed, on any platform.

    Args:
        folder: Where to write; made if it is not there. Files of the same name are replaced, others left alone.
        seed: Seed of every random number; the tables draw from streams of their own.

    Returns:
        The files written, sorted.

    Raises:
        OSError: The folder cannot be written to.

    Example:
        >>> write_sample(Path("data"))[0].name  # doctest: +SKIP
        'README.md'
    """
    written = []
    for name, content in sorted(_contents(seed).items()):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode("utf-8"))
        written.append(path)
    return written


def _contents(seed: int) -> dict[str, str]:
    """Relative path → text of every file of the workspace."""
    static = Path(__file__).parent / "static"
    texts = {name: (static / name).read_text(encoding="utf-8") for name in STATIC}
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
