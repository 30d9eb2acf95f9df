"""What the browser tests need beyond Python packages: finds a Chromium, or installs one where it can."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from browsing import MISSING, find_chromium, is_required

LIMIT_SECONDS = 900


def main() -> int:
    """Exit code: 0 with a Chromium, and without one unless it is required."""
    if find_chromium():
        return 0
    trouble = [_tried(command) for command in _installers()]
    find_chromium.cache_clear()
    if find_chromium():
        return 0
    tried = "; ".join(dict.fromkeys(filter(None, trouble)))
    ending = "" if is_required() else "; tests and pictures that need one are left out"
    print(f"opsretro: {MISSING}{ending}" + (f" ({tried})" if tried else ""), file=sys.stderr)
    return int(is_required())


def _installers() -> list[list[str]]:
    """Commands that install a Chromium on this machine, in order."""
    if hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get"):
        return [["apt-get", "update", "-q"], ["apt-get", "install", "-y", "-q", "chromium"]]
    return [[sys.executable, "-m", "playwright", "install", "chromium"]]


def _tried(command: list[str]) -> str:
    """Run an installer and say nothing, or in a few words what it failed with."""
    name = Path(command[0]).name
    quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT_SECONDS, check=False, env=quiet)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{name}: {type(error).__name__}"
    lines = [line.strip() for line in (done.stdout + done.stderr).splitlines()]
    errors = [line for line in lines if line.startswith(("E: ", "Error"))] or ["failed"]
    return f"{name}: {errors[-1][:120]}" if done.returncode else ""


if __name__ == "__main__":
    sys.exit(main())
