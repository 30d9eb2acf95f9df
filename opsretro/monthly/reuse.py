"""What need not be computed again: the fingerprint of everything a section depends on, and the files it left."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from opsretro.monthly.publish import MANIFEST
from opsretro.report.sections import Section
from opsretro.tables.contracts import FORMS
from opsretro.tables.meetings import meetings_folder
from opsretro.tables.period import Period
from opsretro.tables.survey_files import REGISTER, survey_folder

if TYPE_CHECKING:
    from opsretro.workspace import Workspace

PACKAGES = ("jupyterlab", "matplotlib", "numpy", "pandas", "papermill", "seaborn")
WRITTEN = ("readings", "register")
"""Inputs a run adds to itself: their fingerprint is taken again when it has done so."""


def digest(data: bytes | str | Mapping[str, Any]) -> str:
    """A fingerprint, 16 hexadecimal digits."""
    if isinstance(data, Mapping):
        data = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of this package and of those whose work a reader sees."""
    known = {"opsretro": version("opsretro"), "python": platform.python_version()}
    return known | {package: version(package) for package in PACKAGES}


@lru_cache(maxsize=1)
def code() -> str:
    """A fingerprint of this package's own files: whoever works on it never gets the figures of yesterday's code."""
    package = Path(__file__).resolve().parents[1]
    files = sorted(path for kind in ("py", "toml", "jinja", "css", "js", "typ") for path in package.rglob(f"*.{kind}"))
    return digest(b"".join(path.read_bytes() for path in files))


def input_digests(ops: Workspace) -> dict[str, str]:
    """Fingerprint by input: every table as it was read, the settings, and what lies in folders."""
    folder, settings = ops.inputs.folder, ops.settings
    found = {name: source.sha256[:16] for name, source in ops.inputs.sources.items()}
    found["settings"] = digest(_bytes(folder / "retro.toml"))
    found["readings"] = digest(_bytes(folder / settings.sources.get("readings", FORMS["readings"])))
    survey = survey_folder(folder, settings)
    found["register"] = digest(_bytes(survey / REGISTER))
    found["survey"] = _folder(survey, but=REGISTER)
    return found | {"meetings": _folder(meetings_folder(folder, settings.sources))}


def _bytes(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def _folder(path: Path, *, but: str = "") -> str:
    found = path.rglob("*") if path.is_dir() else ()
    files = sorted(file for file in found if file.is_file() and file.name != but)
    return digest({file.relative_to(path).as_posix(): digest(file.read_bytes()) for file in files})


def fingerprint(
    section: Section | None, inputs: Mapping[str, str], values: Mapping[str, Any], notebook: bytes, period: Period
) -> dict[str, str]:
    """Everything a section's result depends on, a fingerprint each.

    Args:
        section: Which; None = a team's own notebook, which may read any input.
        inputs: Fingerprint by input.
        values: The notebook's parameters.
        notebook: Its bytes.
        period: What is reviewed; while it runs, a section that asks for today's date depends on the day.
    """
    ignored = section.ignores if section else ()
    today = min(date.today(), period.end + timedelta(days=1)).isoformat()
    parts = {name: value for name, value in inputs.items() if name not in ignored}
    parts |= {"today": today} if section is None or section.key == "health" else {}
    return parts | {
        "parameters": digest(values),
        "notebook": digest(notebook),
        "versions": digest(versions()),
        "code": code(),
    }


def read_object(path: Path) -> dict[str, Any]:
    """What a JSON file of ours holds; nothing where it cannot be read or is no object."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def read_manifest(final: Path) -> dict[str, Any]:
    """What an earlier run says of the month; empty where there is none or it cannot be used."""
    manifest = read_object(final / MANIFEST)
    usable = all(isinstance(manifest.get(name), dict) for name in ("sections", "sha256"))
    return manifest if usable else {}


def why_again(manifest: Mapping[str, Any], key: str, now: Mapping[str, str], final: Path) -> list[str]:
    """Why a section has to be computed again; empty = what is there can stay.

    Args:
        manifest: What the earlier run says.
        key: The section.
        now: Its fingerprint now.
        final: The month's folder.

    Returns:
        Names of what differs, or ``new``, ``failed before``, ``files``.
    """
    section = manifest.get("sections", {}).get(key)
    if not isinstance(section, dict):
        return ["new"]
    if section.get("status") != "done":
        return ["failed before" if section.get("status") == "failed" else "new"]
    sums = {f"{key}.{kind}": manifest["sha256"].get(f"{key}.{kind}") for kind in ("ipynb", "json")}
    if any(known and sum_of(final / name) != known for name, known in sums.items()) or not any(sums.values()):
        return ["files"]
    known = [entry for entry in section.get("depends_on") or () if isinstance(entry, dict)]
    if any(entry == now for entry in known):
        return []
    newest = known[-1] if known else {}
    return sorted(name for name in {*newest, *now} if newest.get(name) != now.get(name)) or ["new"]


def sum_of(path: Path) -> str:
    """SHA-256 of a file; empty where there is none."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""
